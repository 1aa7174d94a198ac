import { CATEGORIES, type Category, textAt, valueAt } from '../../../schema/index.ts'
import { ageText } from '../../lifecycle/index.ts'
import { BY_INDEXER } from '../../query/index.ts'
import type { Chain } from '../../store/index.ts'
import { listText, type Span } from '../asked.ts'
import type { Cell, Section, Verdict } from '../document.ts'
import type { ReportSources, View } from './view.ts'

/** Says whether everything is in a report that belongs to its period, and what is missing. */

export interface MissingWaybills {
  readonly agent: string
  readonly incarnation: string
  readonly from: number
  readonly to: number
  /** When the waybill after the gap was received, ms; null if unknown. What is missing was sealed before. */
  readonly before: number | null
}

/** Gaps of one chain beyond these are not looked at: they count. */
const MOST_LOOKED_AT = 20

/** The waybills that have not arrived and may hold events of the period: those sealed after its beginning. */
export async function missingIn(
  { store, agents }: Pick<ReportSources, 'store' | 'agents'>,
  { from }: Pick<Span, 'from'>,
): Promise<MissingWaybills[]> {
  const missing: MissingWaybills[] = []
  for (const { id } of agents.list()) {
    for (const chain of await store.chains(id)) {
      if (chain.lastAt < from) continue
      for (const [i, gap] of chain.gaps.entries()) {
        const before = i < MOST_LOOKED_AT ? await receiptAfter(store, id, chain, gap.to) : null
        if (before === null || before >= from)
          missing.push({ agent: id, incarnation: chain.incarnation, from: gap.from, to: gap.to, before })
      }
    }
  }
  return missing
}

/** When the first waybill after a gap was received, by one of its events; null if none of its events is here. */
async function receiptAfter(
  store: ReportSources['store'],
  agent: string,
  { incarnation }: Chain,
  gapEnd: number,
): Promise<number | null> {
  const { events: found } = await store.search({
    query: {
      kind: 'and',
      of: [
        { kind: 'equals', field: 'audit.seal.agent', value: agent },
        { kind: 'equals', field: 'audit.seal.incarnation', value: incarnation },
        { kind: 'range', field: 'audit.seal.sequence', gte: gapEnd + 1, lte: gapEnd + 1 },
      ],
    },
    order: 'oldest',
    limit: 1,
  })
  const [event] = found
  const text = event === undefined ? undefined : textAt(event, 'event.ingested')
  return text === undefined ? null : Date.parse(text)
}

export interface Account {
  readonly verdict: Verdict
  readonly sections: readonly Section[]
}

const MOST_LETTERS = 10_000

/** Counts dead letters that may belong to the period: their event can't be read, so the time of receipt decides. */
export async function lettersIn(
  { store }: Pick<ReportSources, 'store'>,
  { from }: Pick<Span, 'from'>,
): Promise<{ count: number; total: number }> {
  let count = 0
  let seen = 0
  let after: string | undefined
  for (;;) {
    const page = await store.deadLetters.list({ limit: 1000, ...(after !== undefined && { after }) })
    count += page.letters.filter(({ at }) => at >= from).length
    seen += page.letters.length
    if (page.next === null || seen >= MOST_LETTERS)
      return { count: page.next === null ? count : page.total, total: page.total }
    after = page.next
  }
}

/** Everything that may be missing, in sentences. */
export async function accountOf(
  sources: ReportSources,
  {
    view,
    span,
    partial,
    unknown,
  }: {
    readonly view: View
    readonly span: Span
    /** What could not be counted whole. */
    readonly partial: ReadonlySet<string>
    /** Names of the question that no event has. */
    readonly unknown: readonly string[]
  },
): Promise<Account> {
  const now = sources.clock()
  const reasons: string[] = []
  const sections: Section[] = []
  const { only, mask } = view.visibility
  if (span.to > now) reasons.push('the period was not over when the report was made')
  reasons.push(...unknown)
  if (only !== null) {
    reasons.push('the requester may see only some events, and the account of all agents is not shown')
  } else {
    const nameOf = (id: string): string => sources.agents.get(id)?.name ?? id
    const missing = await missingIn(sources, span)
    if (missing.length > 0) {
      const count = missing.reduce((sum, { from, to }) => sum + to - from + 1, 0)
      const whose = listText([...new Set(missing.map(({ agent }) => nameOf(agent)))])
      reasons.push(
        `${count === 1 ? '1 waybill' : `${count} waybills`} of ${whose} ${count === 1 ? 'has' : 'have'} not arrived`,
      )
    }
    sections.push(missingSection(missing, nameOf))
    const letters = await lettersIn(sources, span)
    if (letters.count > 0)
      reasons.push(
        `${letters.count === 1 ? '1 event' : `${letters.count} events`} could not be stored and ${letters.count === 1 ? 'is' : 'are'} among the dead letters`,
      )
    sections.push({
      title: 'Events that could not be stored',
      note:
        letters.count === 0
          ? 'None since the beginning of the period: every event that arrived is stored.'
          : `${letters.count} since the beginning of the period. They are kept with their reasons; the report "Logging health" lists them.`,
      chart: null,
      table: null,
    })
    for (const sentence of collectedFrom(sources, span)) reasons.push(sentence)
    for (const sentence of await behind(sources, span, now)) reasons.push(sentence)
    for (const sentence of await expiredIn(sources, span, now)) reasons.push(sentence)
  }
  for (const sentence of partial) reasons.push(`some figures are not whole: ${lower(sentence)}`)
  if (!mask.isEmpty && only === null)
    sections.push({
      title: 'Masked fields',
      note: `The requester sees these fields masked, and so does the report: ${listText(mask.named)}. Searches and exports of other users are left out.`,
      chart: null,
      table: null,
    })
  return { verdict: verdictOf(reasons), sections }
}

export function verdictOf(reasons: readonly string[]): Verdict {
  const sentences = reasons.map((reason) => `${upper(reason)}.`)
  if (reasons.length === 0) return { complete: true, sentence: 'complete', reasons: [] }
  return { complete: false, sentence: `incomplete, because ${listText(reasons)}`, reasons: sentences }
}

const upper = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
const lower = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1).replace(/\.$/, '')

function missingSection(missing: readonly MissingWaybills[], nameOf: (agent: string) => string): Section {
  const rows = missing.map(({ agent, incarnation, from, to, before }): Cell[] => [
    nameOf(agent),
    incarnation,
    from === to ? String(from) : `${from} to ${to}`,
    to - from + 1,
    before,
  ])
  return {
    title: 'Waybills that have not arrived',
    note:
      rows.length === 0
        ? 'None: each agent numbers its waybills, and no number that may belong to the period is missing.'
        : 'Each agent numbers its waybills. What is in the missing ones is not in this report.',
    chart: null,
    table:
      rows.length === 0
        ? null
        : {
            columns: [
              { title: 'Agent', kind: 'text' },
              { title: 'Chain', kind: 'id' },
              { title: 'Numbers', kind: 'text' },
              { title: 'Waybills', kind: 'number' },
              { title: 'Sealed before', kind: 'time' },
            ],
            rows,
            more: 0,
          },
  }
}

/** Agents whose records of the period may still be on their hosts. */
async function behind(sources: ReportSources, { to }: Span, now: number): Promise<string[]> {
  const silent: string[] = []
  const pending: string[] = []
  for (const { id, name, revoked } of sources.agents.list()) {
    const seen = await sources.presences.lastSeen(id)
    const end = Math.min(to, now)
    if (revoked !== null && revoked < end) continue
    if (seen === null || seen < end - REPORTS_EVERY) silent.push(name)
    const heartbeat = sources.presences.get(id)?.heartbeat
    if (heartbeat === null || heartbeat === undefined || seen === null) continue
    const oldest = heartbeat.oldestPending
    if (oldest !== null && seen - oldest < end && oldest > PENDING_IS_USUAL) pending.push(name)
  }
  return [
    ...(silent.length === 0
      ? []
      : [
          `${listText(silent)} ${silent.length === 1 ? 'has' : 'have'} not reported since before the end of the period`,
        ]),
    ...(pending.length === 0
      ? []
      : [
          `${listText(pending)} ${pending.length === 1 ? 'has' : 'have'} read records that are not stored yet`,
        ]),
  ]
}

/** A batch is on its way for a moment at any time. */
const PENDING_IS_USUAL = 60_000
/** Agents report more often than this. */
const REPORTS_EVERY = 90_000

/** Nothing was collected before the first agent was there, but for what its files still had. */
function collectedFrom({ agents, clock }: ReportSources, { from, to }: Span): string[] {
  const all = agents.list()
  if (all.length === 0) return ['no agent is enrolled, so nothing is collected']
  const first = Math.min(...all.map(({ enrolled }) => enrolled))
  const day = (time: number): string => new Date(time).toISOString().slice(0, 10)
  if (first <= from || from >= clock()) return []
  return [
    first >= to
      ? `the first agent was enrolled on ${day(first)}, after the period: only what its files still had is here`
      : `the first agent was enrolled on ${day(first)}: of the time before only what its files still had is here`,
  ]
}

/** Categories of which events of the period may have expired. */
async function expiredIn(
  { retention, store }: ReportSources,
  { from }: Span,
  now: number,
): Promise<string[]> {
  const { table } = retention.current
  const gone = CATEGORIES.filter((category) => from < now - table[category].searchable)
  if (gone.length === 0) return []
  const sentences: string[] = []
  for (const category of gone) {
    const expired = await lastExpired(store, category)
    if (expired !== null && expired >= from)
      sentences.push(
        `${category} events that were received before ${new Date(expired).toISOString().slice(0, 10)} have expired: they were searchable for ${ageText(table[category].searchable)}`,
      )
  }
  return sentences
}

/** The time of receipt of the last event of a category that retention removed; null if it never removed any. */
async function lastExpired(store: ReportSources['store'], category: Category): Promise<number | null> {
  const { events } = await store.search({
    query: {
      kind: 'and',
      of: [
        BY_INDEXER,
        { kind: 'equals', field: 'event.action', value: 'retention-expire' },
        { kind: 'wildcard', field: 'audit.entity.id', parts: ['', category, ''] },
      ],
    },
    order: 'newest',
    limit: 1,
  })
  const [event] = events
  if (event === undefined) return null
  const last = valueAt(event, 'audit.payload.last')
  const time = Date.parse(typeof last === 'string' ? last : (textAt(event, '@timestamp') ?? ''))
  return Number.isNaN(time) ? null : time
}
