import type { Operations } from '../api/client.ts'
import { isPeriod, type Period } from './periods.ts'

/** What the form of a report asks for. All of it can be in the address, so that a link opens the same form. */
export interface Asked {
  /** A period of the calendar that is over, or two dates. */
  readonly period: Period | 'dates'
  readonly from: string
  readonly to: string
  /** Empty: the time zone of the organisation. */
  readonly zone: string
  readonly users: readonly string[]
  /** With all their accounts. */
  readonly people: readonly string[]
  readonly entities: readonly string[]
  readonly systems: readonly string[]
  readonly success: boolean
  readonly failure: boolean
  readonly q: string
  readonly formats: readonly Format[]
  readonly paper: Paper
}

export type Parameters = NonNullable<Operations['postReportsPreview']['body']['parameters']>
export type Report = Operations['getReports']['answer']['reports'][number]

export const FORMATS = {
  pdf: 'PDF',
  html: 'HTML',
  csv: 'CSV',
  xlsx: 'XLSX',
  json: 'JSON',
  ndjson: 'NDJSON',
} as const
export type Format = keyof typeof FORMATS
export const FORMAT_NAMES = Object.keys(FORMATS) as readonly Format[]
export const isFormat = (text: string): text is Format => Object.hasOwn(FORMATS, text)

export const PAPERS = { a4: 'A4', letter: 'Letter' } as const
export type Paper = keyof typeof PAPERS

export const isDate = (text: string): boolean => {
  try {
    return /^\d{4}-\d{2}-\d{2}$/.test(text) && Temporal.PlainDate.from(text) !== null
  } catch {
    // The 31st of February.
    return false
  }
}

export const FIRST: Asked = {
  period: 'month',
  from: '',
  to: '',
  zone: '',
  users: [],
  people: [],
  entities: [],
  systems: [],
  success: true,
  failure: true,
  q: '',
  formats: ['pdf'],
  paper: 'a4',
}

/** Reads the parameters of an address, which was checked before (`wrongIn`). */
export function readAsked(search: string): Asked {
  const given = new URLSearchParams(search)
  const text = (name: string): string => given.get(name) ?? ''
  const last = text('last')
  const outcome = given.get('outcome')
  const formats = text('formats').split(',').filter(isFormat)
  return {
    period: isPeriod(last) ? last : text('from') !== '' || text('to') !== '' ? 'dates' : FIRST.period,
    from: text('from'),
    to: text('to'),
    zone: text('zone'),
    users: given.getAll('user'),
    people: given.getAll('person'),
    entities: given.getAll('entity'),
    systems: given.getAll('system'),
    success: outcome === null || outcome === 'success',
    failure: outcome === null || outcome === 'failure',
    q: text('q'),
    formats: formats.length === 0 ? FIRST.formats : formats,
    paper: text('paper') === 'letter' ? 'letter' : 'a4',
  }
}

export function writeAsked(asked: Asked, rest: Readonly<Record<string, string>> = {}): string {
  const search = new URLSearchParams()
  const put = (name: string, value: string, otherwise = ''): void => {
    if (value !== otherwise) search.set(name, value)
  }
  if (asked.period === 'dates') {
    put('from', asked.from)
    put('to', asked.to)
  } else put('last', asked.period, FIRST.period)
  put('zone', asked.zone)
  for (const user of asked.users) search.append('user', user)
  for (const person of asked.people) search.append('person', person)
  for (const entity of asked.entities) search.append('entity', entity)
  for (const system of asked.systems) search.append('system', system)
  if (asked.success !== asked.failure) put('outcome', asked.success ? 'success' : 'failure')
  put('q', asked.q)
  put('formats', asked.formats.join(','), FIRST.formats.join(','))
  put('paper', asked.paper, FIRST.paper)
  for (const [name, value] of Object.entries(rest)) search.set(name, value)
  const text = search.toString()
  return text === '' ? '' : `?${text}`
}

/** Which events are in it, in the form of the API; a schedule has these, and a period of its own. */
export interface Filter {
  readonly users: string[]
  readonly people: string[]
  readonly entities: string[]
  readonly systems: string[]
  readonly outcomes: ('success' | 'failure')[]
  readonly q: string
  readonly paper: Paper
}

export const filterOf = ({
  users,
  people,
  entities,
  systems,
  success,
  failure,
  q,
  paper,
}: Asked): Filter => ({
  users: [...users],
  people: [...people],
  entities: [...entities],
  systems: [...systems],
  // Both: also events whose outcome is unknown.
  outcomes: success === failure ? [] : [success ? 'success' : 'failure'],
  q,
  paper,
})

export const parametersOf = (asked: Asked): Parameters => ({
  ...(asked.period === 'dates' ? { from: asked.from, to: asked.to } : { last: asked.period }),
  ...(asked.zone !== '' && { zone: asked.zone }),
  ...filterOf(asked),
})

/** The form of the parameters of a schedule. */
export const askedOf = (parameters: Partial<Parameters>): Asked => {
  const outcomes = parameters.outcomes ?? []
  return {
    ...FIRST,
    users: parameters.users ?? [],
    people: parameters.people ?? [],
    entities: parameters.entities ?? [],
    systems: parameters.systems ?? [],
    success: outcomes.length === 0 || outcomes.includes('success'),
    failure: outcomes.length === 0 || outcomes.includes('failure'),
    q: parameters.q ?? '',
    paper: parameters.paper ?? 'a4',
  }
}

/** What is missing or wrong, in a sentence; null if it can be asked for. */
export function problemOf(asked: Asked, needs: Report['needs']): string | null {
  const { period, from, to, success, failure, users, people } = asked
  if (needs.includes('users') && users.length === 0 && people.length === 0)
    return 'This report is about people: name at least one user or person.'
  if (period === 'dates' && !(isDate(from) && isDate(to))) return 'Give both dates of the period.'
  if (period === 'dates' && from > to) return 'The first date must not be after the last one.'
  if (!success && !failure) return 'Include successful actions, failed attempts, or both.'
  return null
}
