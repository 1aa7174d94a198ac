import { type AuditEvent, comparePlaces, OperatorError, placeOf } from '../../schema/index.ts'
import type { Query } from '../query/tree.ts'
import type { ValueOrder } from './aggregate.ts'
import { decodeCursor, encodeCursor, noCursor } from './cursor.ts'
import { countableField, type FieldValue, valueOrder } from './field-values.ts'
import type { Page, Store } from './port.ts'

/** The query, and the field to sort by. */
export interface SortedRequest {
  readonly query: Query
  readonly from?: number
  readonly to?: number
  readonly field: string
  readonly order: ValueOrder
  /** At most 1,000. */
  readonly limit: number
  /** `next` of the page before. */
  readonly after?: string
}

/** Values of one look. */
const GROUPS = 1000
/** A page is short, with a cursor, rather than late. */
const MOST_SEARCHES = 20

/** The start of a page: after a value, or within the events of one value (null: those without a value), after a cursor of theirs. */
type Standing =
  | { readonly behind: FieldValue | null }
  | { readonly within: FieldValue | null; readonly after: string | null }

interface Group {
  readonly value: FieldValue
  readonly count: number
}

/**
 * A page of events in the order of a field's values: among equals the newest first, and last those without a value. Of several values of an
 * event the first in the order counts. It asks what any store can answer: which values come next and how many events have each, then the
 * events of these. So both stores sort alike, and no page needs more than a page in memory.
 */
export async function sortedPage(
  events: Pick<Store, 'search' | 'aggregate'>,
  request: SortedRequest,
): Promise<Page> {
  const { query, from, to, field, order, limit } = request
  const span = { ...(from !== undefined && { from }), ...(to !== undefined && { to }) }
  const { kind, valuesIn } = countableField(field)
  const { folded, compare, compareFolded } = valueOrder(kind, order)
  const placedBy = (event: AuditEvent): FieldValue | undefined => valuesIn(event).sort(compare)[0]
  const found: AuditEvent[] = []
  let searches = 0

  const search = (of: readonly Query[], most: number, after: string | null): Promise<Page> => {
    searches++
    return events.search({
      ...span,
      query: { kind: 'and', of: [query, ...of] },
      order: 'newest',
      limit: most,
      ...(after !== null && { after }),
    })
  }
  const equals = ({ value }: { value: FieldValue }): Query => ({
    kind: 'equals',
    field,
    value: String(value),
  })

  /** The next values, each once however it is spelled. */
  async function groupsBehind(value: FieldValue | null): Promise<Group[]> {
    const split = {
      kind: 'values',
      field,
      top: GROUPS,
      order,
      ...(value !== null && { after: value }),
    } as const
    const answer = await events.aggregate({ ...span, query, by: [split], whole: true })
    if (answer.partial !== null)
      throw new OperatorError(
        'WB-ANSWER-TOO-LARGE',
        `there are too many events to sort by ${field}: choose a shorter time, narrow the search, or sort by a field with fewer values, such as user.name`,
      )
    const groups: Group[] = []
    const buckets = answer.split?.buckets ?? []
    for (const { key, count } of buckets) {
      const last = groups.at(-1)
      if (last !== undefined && compareFolded(last.value, key) === 0)
        groups[groups.length - 1] = { value: last.value, count: last.count + count }
      else groups.push({ value: folded(key), count })
    }
    // The last value may have more spellings beyond the limit, so it is left to the next lookup.
    return buckets.length === GROUPS && groups.length > 1 ? groups.slice(0, -1) : groups
  }

  /** Takes the events of one value, or of none, newest first. */
  async function take(value: FieldValue | null, after: string | null): Promise<Standing | null> {
    const condition: Query =
      value === null ? { kind: 'not', of: { kind: 'exists', field } } : equals({ value })
    const page = await search([condition], limit - found.length, after)
    for (const event of page.events) {
      const own = placedBy(event)
      if (value === null ? own === undefined : own !== undefined && compareFolded(own, value) === 0)
        found.push(event)
    }
    if (page.next !== null) return { within: value, after: page.next }
    return value === null ? null : { behind: value }
  }

  /** Takes all events of several values, which fit the page. */
  async function takeAll(groups: readonly Group[]): Promise<void> {
    const together: AuditEvent[] = []
    let after: string | null = null
    do {
      const page: Page = await search([{ kind: 'or', of: groups.map(equals) }], 1000, after)
      together.push(...page.events)
      after = page.next
    } while (after !== null)
    const [first, last] = [groups[0]?.value ?? '', groups.at(-1)?.value ?? '']
    const kept = together.flatMap((event) => {
      const value = placedBy(event)
      if (value === undefined || compareFolded(value, first) < 0 || compareFolded(value, last) > 0) return []
      return [{ value, event }]
    })
    kept.sort((a, b) => compareFolded(a.value, b.value) || comparePlaces(placeOf(b.event), placeOf(a.event)))
    for (const { event } of kept) found.push(event)
  }

  let standing: Standing | null = request.after === undefined ? { behind: null } : standingOf(request.after)
  while (standing !== null && found.length < limit && searches < MOST_SEARCHES) {
    if ('within' in standing) {
      standing = await take(standing.within, standing.after)
      continue
    }
    const groups = await groupsBehind(standing.behind)
    const [first] = groups
    if (first === undefined) {
      standing = { within: null, after: null }
      continue
    }
    const room = limit - found.length
    if (first.count > room) {
      standing = { within: first.value, after: null }
      continue
    }
    const fitting = groups.slice(0, howManyFit(groups, room))
    await takeAll(fitting)
    standing = { behind: fitting.at(-1)?.value ?? first.value }
  }
  return { events: found, next: standing === null ? null : cursorOf(standing) }
}

function howManyFit(groups: readonly Group[], room: number): number {
  let left = room
  const end = groups.findIndex(({ count }) => {
    left -= count
    return left < 0
  })
  return end === -1 ? groups.length : end
}

const cursorOf = (standing: Standing): string =>
  encodeCursor(
    'within' in standing ? ['within', standing.within, standing.after] : ['behind', standing.behind],
  )

const isValue = (value: unknown): value is FieldValue | null =>
  value === null || typeof value === 'string' || typeof value === 'number'

function standingOf(text: string): Standing {
  const parts = decodeCursor(text)
  const [kind, value, after] = Array.isArray(parts) ? (parts as unknown[]) : []
  if (isValue(value)) {
    if (kind === 'behind') return { behind: value }
    if (kind === 'within' && (after === null || typeof after === 'string')) return { within: value, after }
  }
  throw noCursor()
}
