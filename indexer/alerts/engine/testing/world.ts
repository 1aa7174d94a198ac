import { pino } from 'pino'
import { type AuditEvent, textAt } from '../../../../schema/index.ts'
import type { LedgerSample } from '../../../../schema/rule.ts'
import type { Act, Trail } from '../../../ingest/index.ts'
import { matches } from '../../../query/index.ts'
import type { Records, SearchRequest } from '../../../store/index.ts'
import { AlertBook } from '../../book.ts'
import type { News } from '../../news.ts'
import { type ParsedRule, parseRule } from '../../rules.ts'
import { AlertEngine } from '../engine.ts'
import type { Calendar } from '../time-of-day.ts'

/** The process dies here: what was written stays, and nothing else. */
export class Killed extends Error {}

/**
 * A store, its records and the audit trail, plainly in memory; they outlive the engine. `killAfter` writes the process dies.
 */
export class World {
  readonly arrived: AuditEvent[] = []
  readonly news = new Map<string, News>()
  readonly told: Act[] = []
  now = Date.UTC(2026, 0, 22, 12)
  ledger: Omit<LedgerSample, 'at'> = { agents: [], deadLetters: 0 }
  calendar: Calendar = { zone: 'UTC' }
  killAfter = Number.POSITIVE_INFINITY
  /** Events of before are not there any more. */
  expiredBefore = Number.NEGATIVE_INFINITY
  rules: ParsedRule[]
  /** Another indexer can change the records: there are leases. */
  isShared = false
  readonly #records = new Map<string, { value: string; version: number }>()
  #writes = 0

  constructor(...rules: ParsedRule[]) {
    this.rules = rules
  }

  /** A new process, which dies after this many writes. */
  revive(killAfter: number | undefined): void {
    this.#writes = 0
    this.killAfter = killAfter ?? Number.POSITIVE_INFINITY
  }

  arrive(...events: AuditEvent[]): void {
    this.arrived.push(...events)
  }

  /** A process of an indexer. */
  async start(self = 'one'): Promise<{ engine: AlertEngine; book: AlertBook }> {
    const log = pino({ level: 'silent' })
    const clock = (): number => this.now
    const book = await AlertBook.open({
      store: { search: (request) => this.#search(request), get: (id) => this.#get(id) },
      records: this.records,
      trail: this.#trail,
      tell: async (news) => {
        this.#write()
        this.news.set(news.key, news)
      },
      clock,
      log,
    })
    const engine = new AlertEngine({
      store: {
        records: this.records,
        search: (request) => this.#search(request),
        arrivals: async ({ after, query, limit }) => {
          const from = Number(after ?? 0)
          const events = this.arrived.slice(from, from + limit)
          return {
            events: events.filter((event) => matches(query, event)),
            next: String(from + events.length),
          }
        },
        arrivalsEnd: async () => String(this.arrived.length),
        aggregate: async ({ query, from, to }) => ({
          count: this.#found({ query, from: from ?? 0, to: to ?? Number.POSITIVE_INFINITY }).length,
          partial: null,
        }),
      },
      book,
      rules: () => this.rules,
      sample: async (missing) => {
        const agents = this.ledger.agents.map((agent) => ({
          ...agent,
          missingSince: agent.missingSince === null ? null : (missing[agent.id] ?? this.now),
        }))
        return { ...this.ledger, agents, at: this.now }
      },
      calendar: () => this.calendar,
      horizon: () => 7 * 86_400_000,
      clock,
      log,
      self,
    })
    return { engine, book }
  }

  readonly records: Records = {
    kinds: async () => [...new Set([...this.#records.keys()].map((name) => name.split('/')[0] ?? ''))].sort(),
    get: async (kind, key) => {
      const found = this.#records.get(`${kind}/${key}`)
      return found === undefined ? null : { value: JSON.parse(found.value), version: found.version }
    },
    put: async (kind, key, value, version) => {
      const known = this.#records.get(`${kind}/${key}`)
      if ((known?.version ?? null) !== version) return false
      this.#write()
      this.#records.set(`${kind}/${key}`, {
        value: JSON.stringify(value),
        version: (known?.version ?? 0) + 1,
      })
      return true
    },
    list: async (kind) =>
      [...this.#records]
        .filter(([name]) => name.startsWith(`${kind}/`))
        .map(([name, { value, version }]) => ({
          key: name.slice(kind.length + 1),
          value: JSON.parse(value),
          version,
        })),
    remove: async (kind, key) => void this.#records.delete(`${kind}/${key}`),
    version: async () => (this.isShared ? String(this.#writes) : null),
  }

  readonly #trail: Trail = {
    record: async (...acts) => {
      for (const act of acts) {
        this.#write()
        this.told.push(act)
      }
    },
    note: (act) => void this.told.push(act),
    waiting: 0,
    close: async () => {},
  }

  #write(): void {
    if (this.#writes++ >= this.killAfter) throw new Killed('killed')
  }

  /** The acts of the trail are events, too. */
  get #all(): AuditEvent[] {
    const acts = this.told.map((act, i) => ({
      '@timestamp': new Date(this.now).toISOString(),
      event: { id: `act-${i}`, action: act.action, module: 'waybill' },
      audit: { entity: act.entity, seal: { agent: 'indexer-of-the-test' } },
    }))
    return [...this.arrived, ...acts]
  }

  #found({ query, from, to }: { query: SearchRequest['query']; from: number; to: number }): AuditEvent[] {
    const time = (event: AuditEvent): number => Date.parse(textAt(event, '@timestamp') ?? '')
    const known = new Set<string>()
    return this.#all
      .filter((event) => {
        const id = textAt(event, 'event.id') ?? ''
        if (known.has(id)) return false
        known.add(id)
        return time(event) >= Math.max(from, this.expiredBefore) && time(event) < to && matches(query, event)
      })
      .toSorted((a, b) => time(a) - time(b))
  }

  async #search({ query, from = 0, to = Number.POSITIVE_INFINITY, order, limit, after }: SearchRequest) {
    const found = this.#found({ query, from, to })
    if (order === 'newest') found.reverse()
    const start = Number(after ?? 0)
    const events = found.slice(start, start + limit)
    return { events, next: start + limit < found.length ? String(start + limit) : null }
  }

  async #get(id: string): Promise<AuditEvent | null> {
    return this.#all.find((event) => textAt(event, 'event.id') === id) ?? null
  }
}

export const MINUTE = 60_000

/** A rule with this condition, on sign-ins. */
export const ruleOf = (
  condition: string,
  { group = '[user.name]', throttle = '30m', id = 'a-rule', more = '' } = {},
): ParsedRule =>
  parseRule(
    `name: A rule
about: a
query: "action: login"
group-by: ${group}
condition: ${condition}
priority: high
channels: [security]
message: "{user.name} from {source.ip}, {count} times"
throttle: ${throttle}
response: r
${more}
examples:
  - { is: fires, fires: 1, events: [{ at: 2026-01-22T10:00:00Z }] }
  - { is: does not, fires: 0 }
`,
    `${id}.yml`,
  )

let number = 0

/** A sign-in at a time. */
export function login(
  at: number,
  { user = 'jane', ip = '203.0.113.9', id = `e${String(++number).padStart(6, '0')}`, ...more } = {},
): AuditEvent {
  return {
    '@timestamp': new Date(at).toISOString(),
    event: { id, action: 'Login' },
    user: { name: user },
    source: { ip },
    related: { user: [user], ip: [ip] },
    ...more,
  }
}
