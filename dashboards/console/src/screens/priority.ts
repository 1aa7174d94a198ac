/**
 * Events that a person should look at first. Alerts have a list of their own: here they would repeat the events that they are about. Jobs of
 * a system count many records each day.
 */
export const HIGH_PRIORITY =
  '(audit.risk: (high or critical) or (audit.record_count >= 1000 and not audit.category: system) or (event.action: *lock* and not event.action: *unlock* and audit.category: security)) and not event.kind: alert'
export const FAILED_SIGN_INS = 'event.category: authentication and event.outcome: failure'
export const SIGN_INS = 'event.category: authentication and event.outcome: success and event.type: start'
export const EXPORTS = 'event.action: *export* or event.code: *export*'
