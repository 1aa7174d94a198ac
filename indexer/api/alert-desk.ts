import { isIP } from 'node:net'
import type { AlertDelivery, ToldAlert } from '../../schema/api/index.ts'
import type { Rule } from '../../schema/rule.ts'
import { ALERT_ACTION } from '../alerts/index.ts'
import { type Act, inTurn, isRecorded, type Trail } from '../ingest/index.ts'
import { Refusal } from '../refusal.ts'
import type { Store } from '../store/index.ts'
import type { Asker } from './access.ts'

/** Ids of alerts that were told lately: a cluster finds what was written a second later. */
const REMEMBERED = 10_000

/**
 * Takes alerts that another engine's rules raised into the audit trail, each once: a delivery that comes again, also after kill -9, and an
 * alert that continues are known by the alert's id.
 */
export class AlertDesk {
  readonly #readRule: (id: string) => Rule | null
  readonly #store: Pick<Store, 'search'>
  readonly #trail: Trail
  readonly #told = new Set<string>()
  readonly #turn = inTurn()

  constructor(parts: { ruleOf: (id: string) => Rule | null; store: Pick<Store, 'search'>; trail: Trail }) {
    this.#readRule = parts.ruleOf
    this.#store = parts.store
    this.#trail = parts.trail
  }

  take(delivery: AlertDelivery, by: Asker): Promise<{ taken: number; known: number }> {
    const rule = this.#ruleOf(delivery.rule)
    const alerts = [...delivery.alerts, ...(delivery.more > 0 ? [restOf(delivery, rule)] : [])]
    return this.#turn(async () => {
      let taken = 0
      for (const alert of alerts) {
        const { id } = alert
        if (this.#told.has(id) || (await isRecorded(this.#store, { action: ALERT_ACTION, entity: id })))
          continue
        await this.#trail.record(actOf(alert, rule, delivery, by))
        this.#remember(id)
        taken++
      }
      return { taken, known: alerts.length - taken }
    })
  }

  /** Read each time: a rule that somebody adds is known at once, and alerts are rare. */
  #ruleOf(id: string): Rule {
    const rule = this.#readRule(id)
    if (rule === null)
      throw new Refusal(
        'WB-RULE-UNKNOWN',
        `The indexer has no rule ${id}. Set \`rules\` in indexer.yml to the folder of rules that \`waybill setup --watcher\` used.`,
      )
    return rule
  }

  #remember(id: string): void {
    this.#told.add(id)
    const [oldest] = this.#told
    if (this.#told.size > REMEMBERED && oldest !== undefined) this.#told.delete(oldest)
  }
}

/** The alert for the rest: alerts of a run beyond the delivered ones get one of their own, so that they can't go unseen. */
function restOf({ execution, more, alerts }: AlertDelivery, { name }: Rule): ToldAlert {
  return {
    id: `${execution}.rest`,
    at: alerts[0]?.at ?? '',
    message: `${more} more alerts of "${name}" in one run of its watch: the index of alerts has all of them.`,
    count: more,
    group: {},
    events: [],
    users: [],
    addresses: [],
  }
}

function actOf(alert: ToldAlert, rule: Rule, { execution }: AlertDelivery, by: Asker): Act {
  const { id, at, message, count, group, events, users, addresses } = alert
  const values = Object.entries(group)
  const of = (isOne: (field: string, value: string) => boolean): string[] =>
    values.flatMap(([field, value]) => (isOne(field, value) ? [value] : []))
  return {
    action: ALERT_ACTION,
    category: 'security',
    message,
    outcome: 'unknown',
    by,
    rule: { id: rule.id, name: rule.name, risk: rule.priority },
    entity: { type: 'alert', id, name: rule.name },
    about: {
      users: [...users, ...of((field) => field.startsWith('user.'))],
      addresses: [...addresses, ...of((_, value) => isIP(value) !== 0)].filter((value) => isIP(value) !== 0),
    },
    count,
    payload: {
      at,
      execution,
      ...(rule.author !== undefined && { author: rule.author }),
      ...('within' in rule.condition && { window: `${rule.condition.within / 1000}s` }),
      ...(values.length > 0 && { group: values.map(([field, value]) => `${field}=${value}`).join(' ') }),
      ...(events.length > 0 && { events: events.join(' ') }),
    },
  }
}
