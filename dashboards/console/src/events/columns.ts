/** The columns of the viewer: those it begins with, and their names. */
export const FIRST_COLUMNS: readonly string[] = [
  '@timestamp',
  'audit.category',
  'user.name',
  'event.action',
  'audit.entity.name',
  'audit.changes',
  'event.outcome',
  'event.module',
  'message',
]

const NAMES: Readonly<Record<string, string>> = {
  '@timestamp': 'Time',
  'audit.category': 'Category',
  'user.name': 'User',
  'event.action': 'Action',
  'audit.entity.name': 'Record',
  'audit.entity.type': 'Entity',
  'audit.entity.id': 'Record id',
  'audit.changes': 'Changes',
  'event.id': 'Event',
  'event.type': 'Kind',
  'event.outcome': 'Outcome',
  'event.module': 'Source',
  'event.code': 'Event type',
  'event.reason': 'Reason',
  'source.ip': 'Address',
  'user.email': 'E-mail',
  'user.roles': 'Role',
  'user.target.name': 'Target user',
  'audit.session.id': 'Session',
  'audit.record_count': 'Records',
  'audit.risk': 'Risk',
  'audit.status': 'Status',
  'audit.variant': 'Variant',
  'audit.module': 'Module',
  'audit.channel': 'Channel',
  'audit.component': 'Component',
  person: 'Person',
  verb: 'Verb',
  object: 'Object',
  'agent.name': 'Agent',
  'host.name': 'Host',
  message: 'Message',
}

export const columnName = (field: string): string => NAMES[field] ?? field

/** Columns whose values take a line of a card, or more; two others share a line. */
const LONG: ReadonlySet<string> = new Set(['audit.entity.name', 'audit.changes', 'message'])

export const isLong = (field: string): boolean => LONG.has(field)

/**
 * The lines of a card with these columns, on a phone: the time and the outcome share the first one. A message takes two, or that of changes
 * where the event has none.
 */
export function cardLines(columns: readonly string[]): number {
  const first = ['@timestamp', 'event.outcome'].some((field) => columns.includes(field)) ? 1 : 0
  const others = columns.filter((field) => field !== '@timestamp' && field !== 'event.outcome')
  const long = others.filter(isLong)
  const second = long.includes('message') && !long.includes('audit.changes') ? 1 : 0
  return first + Math.ceil((others.length - long.length) / 2) + long.length + second
}
