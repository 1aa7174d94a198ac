import { FIRST_RANGES, rangeOf } from '../time/ranges.ts'

/** Values of one field; null represents events without any. */
export interface Filter {
  readonly field: string
  readonly values: readonly (string | null)[]
  /** Leave out what has one of them, rather than keep it. */
  readonly not: boolean
}

/** The viewer's question: all of it is in the address, so that a link shows the same. */
export interface Question {
  readonly q: string
  readonly range: string
  readonly filters: readonly Filter[]
  /** `newest`, `oldest`, or a field, with - before it from its last value to its first. */
  readonly sort: string
  readonly columns: readonly string[] | null
  /** Includes Waybill's own events of searches and views. */
  readonly own: boolean
}

export const FIRST_RANGE = FIRST_RANGES['/events']

export function readQuestion(search: string): Question {
  const parameters = new URLSearchParams(search)
  return {
    q: parameters.get('q') ?? '',
    range: parameters.get('range') ?? FIRST_RANGE,
    filters: parameters.getAll('f').flatMap(readFilter),
    sort: parameters.get('sort') ?? 'newest',
    columns: parameters.get('columns')?.split(',') ?? null,
    own: parameters.get('own') === 'yes',
  }
}

export function writeQuestion(
  question: Question,
  rest: Readonly<Record<string, string | null>> = {},
): string {
  const parameters = new URLSearchParams()
  if (question.q !== '') parameters.set('q', question.q)
  if (question.range !== FIRST_RANGE) parameters.set('range', question.range)
  for (const { field, values, not } of question.filters)
    parameters.append('f', `${not ? '!' : ''}${field}:${JSON.stringify(values)}`)
  if (question.sort !== 'newest') parameters.set('sort', question.sort)
  if (question.columns !== null) parameters.set('columns', question.columns.join(','))
  if (question.own) parameters.set('own', 'yes')
  for (const [name, value] of Object.entries(rest)) if (value !== null) parameters.set(name, value)
  const text = parameters.toString()
  return text === '' ? '' : `?${text}`
}

/** The address of the events that a query finds. */
export const eventsWith = (q: string, range = 'all'): string =>
  `/events${writeQuestion({ q, range, filters: [], sort: 'newest', columns: null, own: false })}`

/** Returns the order in which the question has the values of a field, or null. */
export function sortedBy({ sort }: Question, field: string): 'ascending' | 'descending' | null {
  if (field === '@timestamp') return sort === 'newest' ? 'descending' : sort === 'oldest' ? 'ascending' : null
  return sort === field ? 'ascending' : sort === `-${field}` ? 'descending' : null
}

/** The order that comes next for a field: from its first value, from its last, and then by time again. */
export function nextSort(question: Question, field: string): string {
  const now = sortedBy(question, field)
  if (field === '@timestamp') return now === 'descending' ? 'oldest' : 'newest'
  return now === null ? field : now === 'ascending' ? `-${field}` : 'newest'
}

/** Reads a filter; empty if the text is none. The address is checked before a screen reads it (`wrongIn`). */
export function readFilter(text: string): Filter[] {
  const match = /^(!?)([@\w.-]+):(\[.*\])$/s.exec(text)
  if (match === null) return []
  try {
    const values: unknown = JSON.parse(match[3] ?? '[]')
    if (!Array.isArray(values)) return []
    const known = values.filter((value) => value === null || typeof value === 'string')
    return known.length === 0 ? [] : [{ field: match[2] ?? '', values: known, not: match[1] === '!' }]
  } catch {
    return []
  }
}

/** Puts a value in quotation marks, so that no part of it is taken for a part of the query. */
export const quoted = (value: string): string => `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`

export const is = (field: string, value: string): string => `${field}: ${quoted(value)}`

export function queryOfFilter({ field, values, not }: Filter): string {
  const given = values.filter((value) => value !== null)
  const parts = [
    ...(given.length === 0 ? [] : [`${field}: (${given.map(quoted).join(' or ')})`]),
    ...(values.includes(null) ? [`not ${field}: *`] : []),
  ]
  const either = parts.length === 1 ? parts.join('') : `(${parts.join(' or ')})`
  return not ? `not (${either})` : either
}

/** Joins conditions that must all hold. */
export function all(...queries: readonly string[]): string {
  const given = queries.map((query) => query.trim()).filter((query) => query !== '')
  return given.length === 1 ? (given[0] ?? '') : given.map((query) => `(${query})`).join(' and ')
}

/** The query of it all, in the language of the indexer; without the filters on one field, where its own values are counted. */
export const queryOf = ({ q, filters }: Question, except?: string): string =>
  all(q, ...filters.filter(({ field }) => field !== except).map(queryOfFilter))

/** The parameters of a question in an address: only texts. */
export function asked(question: Question): {
  q: string
  from: string | undefined
  to: string | undefined
  own?: 'true'
} {
  return { q: queryOf(question), ...rangeOf(question.range), ...(question.own ? { own: 'true' } : {}) }
}

/** Adds this value of a field to the filters, or removes it if it was there. */
export function toggled(
  filters: readonly Filter[],
  field: string,
  value: string | null,
  not = false,
): Filter[] {
  const own = filters.find((one) => one.field === field && one.not === not)
  const rest = filters.filter((one) => one !== own)
  const values = own?.values ?? []
  const next = values.includes(value) ? values.filter((one) => one !== value) : [...values, value]
  return next.length === 0 ? rest : [...rest, { field, values: next, not }]
}
