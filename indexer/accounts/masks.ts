import { type AuditEvent, FIELDS, type Field, fieldOf } from '../../schema/index.ts'
import { Refusal } from '../ingest/index.ts'
import type { Query } from '../query/index.ts'

/** What stands in the place of a value that a role does not see. */
export const MASKED = '(masked)'

/** Fields that hold copies of others: they are masked with them. */
const COPIES: readonly (readonly [of: RegExp, copies: readonly string[]])[] = [
  [/^source\.ip$/, ['network.forwarded_ip', 'related.ip', 'source.geo', 'source.as']],
  [/^audit\.chang/, ['audit.changes', 'audit.change']],
  [/^user\b/, ['related.user']],
  [/^host\b|^log\.syslog\.hostname$/, ['related.hosts']],
  [/^audit\.(entity|parent)\b/, ['related.entity']],
  // The whole record stands in the original, and its words in the words.
  [/./, ['event.original', 'audit.words']],
]

const isUnder = (path: string, outer: string): boolean => path === outer || path.startsWith(`${outer}.`)

/** What an event is known by, and groups that hold it. */
const NEVER = new Set(['@timestamp', 'event', 'event.id', 'event.sequence', 'agent', 'agent.id', 'audit'])

/** Whether it names a field, a path into a flattened one, or a group of fields such as `user`. */
export const isMaskable = (name: string): boolean =>
  !NEVER.has(name) &&
  (fieldOf(name) !== undefined || Object.keys(FIELDS).some((field) => field.startsWith(`${name}.`)))

/** Which fields somebody sees masked: as the settings name them, and all that hold copies of them. */
export class Mask {
  readonly #paths: readonly string[]
  /** Words of masked fields are among those that a search without a field looks into. */
  readonly #words: boolean

  constructor(named: readonly string[]) {
    const copies = COPIES.filter(([of]) => named.some((path) => of.test(path))).flatMap(([, paths]) => paths)
    this.#paths = [...new Set([...named, ...copies])]
    this.#words = Object.entries<Field>(FIELDS).some(
      ([path, field]) => field.words === true && this.hides(path),
    )
  }

  get isEmpty(): boolean {
    return this.#paths.length === 0
  }

  hides(field: string): boolean {
    return this.#paths.some((path) => isUnder(field, path) || isUnder(path, field))
  }

  /** The event as they see it. */
  over(event: AuditEvent): AuditEvent {
    return this.isEmpty ? event : this.#over(event, '')
  }

  #over(record: Readonly<Record<string, unknown>>, at: string): Record<string, unknown> {
    const shown: Record<string, unknown> = {}
    for (const [key, value] of Object.entries(record)) {
      const path = at === '' ? key : `${at}.${key}`
      if (this.#paths.some((hidden) => isUnder(path, hidden))) shown[key] = masked(value)
      else if (isRecord(value)) shown[key] = this.#over(value, path)
      else shown[key] = value
    }
    return shown
  }

  /** Refuses a query that would tell what a masked field holds by what it finds. */
  demand(query: Query): void {
    const found = this.isEmpty ? null : this.#hiddenIn(query)
    if (found === null) return
    throw new Refusal(
      403,
      'forbidden',
      found === 'words'
        ? 'Some fields are masked for your role, so you can search in fields only, such as `message: word`: words without a field would be looked for in the masked ones, too.'
        : `${found} is masked for your role, so it can't be searched by it.`,
    )
  }

  #hiddenIn(query: Query): string | null {
    switch (query.kind) {
      case 'all':
      case 'none':
        return null
      case 'and':
      case 'or':
        return first(query.of, (part) => this.#hiddenIn(part))
      case 'not':
        return this.#hiddenIn(query.of)
      case 'words':
        return this.#words ? 'words' : null
      case 'change':
        return this.hides('audit.changes') ? 'audit.changes' : null
      default:
        // Those words are looked into by name as they are without one.
        if (query.field === 'audit.words') return this.#words ? 'words' : null
        return this.hides(query.field) ? query.field : null
    }
  }
}

export const NO_MASK = new Mask([])

function first<Item>(items: readonly Item[], found: (item: Item) => string | null): string | null {
  for (const item of items) {
    const one = found(item)
    if (one !== null) return one
  }
  return null
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** As many items as there were, since whether there is a change at all is no secret; but no key and no value. */
const masked = (value: unknown): unknown => (Array.isArray(value) ? value.map(() => MASKED) : MASKED)
