import type { Answer } from '../api/ask.ts'
import { isSide } from '../compare/sides.ts'
import { ENTRY_TABS } from '../entry/tabs.ts'
import { readFilter } from '../events/question.ts'
import { FORMAT_NAMES, isDate, isFormat } from '../reports/asked.ts'
import { namedPeriod, PERIODS } from '../reports/periods.ts'
import { isRange } from '../time/ranges.ts'
import { isZone } from '../time/zones.ts'

/** An invalid part of the address. */
export interface Wrong {
  readonly name: string
  readonly value: string
  /** The mistake, and the valid forms. */
  readonly sentence: string
}

/** The fields of the schema; null while they are not known. */
type Fields = Answer<'getFields'>['fields'] | null
/** Returns the mistake of a value, or null. */
type Check = (value: string, fields: Fields) => string | null

const RANGE =
  'Write a span back from now (now-15m, now-24h, now-7d), all, or FROM..TO in milliseconds since 1970.'
const range: Check = (value) => (isRange(value) ? null : `is not a time. ${RANGE}`)
const any: Check = () => null

/** Fields below these may have any name. */
const OPEN = /^(?:audit\.payload|labels)\./
const fieldProblem = (name: string, fields: Fields): string | null => {
  if (OPEN.test(name)) return null
  if (!/^[\w@][\w@.-]*$/.test(name)) return `“${name}” is not the name of a field.`
  const isKnown = fields === null || fields.some((field) => field.name === name)
  return isKnown ? null : `There is no field ${name}.`
}

const columns: Check = (value, fields) => {
  const names = value.split(',')
  const problem = names.map((name) => fieldProblem(name, fields)).find((one) => one !== null)
  return problem === undefined
    ? null
    : `does not name columns. ${problem} Write names of fields, separated by commas.`
}

const sort: Check = (value, fields) => {
  if (value === 'newest' || value === 'oldest') return null
  const name = value.replace(/^-/, '')
  const isCountable = fields === null || fields.some((field) => field.name === name && field.countable)
  const problem =
    fieldProblem(name, fields) ?? (isCountable ? null : `The values of ${name} can not be counted.`)
  return problem === null
    ? null
    : `is not an order. ${problem} Write newest, oldest, or a field whose values can be counted, with - before it for descending order.`
}

const filter: Check = (value, fields) => {
  const [read] = readFilter(value)
  const problem = read === undefined ? 'It may have been cut off.' : fieldProblem(read.field, fields)
  return problem === null
    ? null
    : `is not a filter. ${problem} Write FIELD:["VALUE"], with ! before it to exclude the value.`
}

const id: Check = (value) =>
  /^[\w-]{1,256}$/.test(value) ? null : 'is not the id of an event. Open the event from the list.'
const yes: Check = (value) => (value === 'yes' ? null : 'must be yes, or be left out.')

const oneOf =
  (...allowed: readonly string[]): Check =>
  (value) =>
    allowed.includes(value) ? null : `must be one of ${allowed.join(', ')}, or be left out.`

const side: Check = (value) =>
  isSide(value)
    ? null
    : 'is not a side of a comparison. Write user:NAME or record:ID, or leave it out for all events.'

const ENTRY: Readonly<Record<string, Check>> = { tab: oneOf(...ENTRY_TABS), at: id, 'with-at': id }
const EVENTS: Readonly<Record<string, Check>> = {
  q: any,
  range,
  f: filter,
  sort,
  columns,
  event: id,
  follow: yes,
  own: yes,
  ...ENTRY,
}
const RANGED = { range }
const ALERTS: Readonly<Record<string, Check>> = {
  state: oneOf('unresolved', 'open', 'acknowledged', 'resolved', 'any'),
  priority: oneOf('low', 'medium', 'high', 'critical'),
  assignee: any,
  text: any,
  rule: any,
  sort: oneOf('newest', 'priority'),
}
const date: Check = (value) => (isDate(value) ? null : 'is not a date. Write one such as 2026-12-31.')
const REPORT: Readonly<Record<string, Check>> = {
  last: oneOf(...Object.keys(PERIODS)),
  from: date,
  to: date,
  zone: (value) => (isZone(value) ? null : 'is not a time zone. Write one such as Europe/Berlin.'),
  user: any,
  person: any,
  entity: any,
  system: any,
  outcome: oneOf('success', 'failure'),
  q: any,
  formats: (value) =>
    value.split(',').every(isFormat)
      ? null
      : `does not name formats. Write some of ${FORMAT_NAMES.join(', ')}, separated by commas.`,
  paper: oneOf('a4', 'letter'),
}
const REPORTS: Readonly<Record<string, Readonly<Record<string, Check>>>> = {
  '/reports/jobs': {
    state: oneOf('waiting', 'running', 'done', 'failed', 'cancelled'),
    report: any,
  },
  '/reports/new-schedule': { ...REPORT, report: any, template: any },
  '/reports/coverage': {
    period: (value) =>
      namedPeriod(value) === null ? 'is not a period. Write a quarter such as 2026-Q4, or a year.' : null,
    framework: any,
    state: oneOf('evidence', 'no-report', 'no-source'),
  },
}
/** The parameters of each screen; a screen that is not here takes none. */
const TAKES: Readonly<Record<string, Readonly<Record<string, Check>>>> = {
  '/': RANGED,
  '/alerts': ALERTS,
  '/incidents': ALERTS,
  '/events': EVENTS,
  '/cases': { state: oneOf('open', 'closed', 'any') },
  '/security': RANGED,
  '/people': { user: any, with: any, range, 'with-range': range },
  '/compare': { a: side, b: side, range, 'with-range': range, only: oneOf('differences') },
  '/system': RANGED,
  '/auditor': RANGED,
  '/rules': { event: id },
  '/new-rule': { q: any },
  ...REPORTS,
}
/** These may be given several times. */
const SEVERAL: ReadonlySet<string> = new Set(['f', 'user', 'person', 'entity', 'system'])

const takesOf = (path: string): Readonly<Record<string, Check>> =>
  TAKES[path] ??
  (path.startsWith('/events/') ? ENTRY : path.startsWith('/reports/make/') ? { ...REPORT, preview: yes } : {})

/** Every part of an address that its screen can't take. Nothing is shown in place of what was asked for. */
export function wrongIn(path: string, search: string, fields: Fields): Wrong[] {
  const takes = takesOf(path)
  const seen = new Set<string>()
  return [...new URLSearchParams(search)].flatMap(([name, value]) => {
    const check = Object.hasOwn(takes, name) ? takes[name] : undefined
    const isTwice = seen.has(name) && !(SEVERAL.has(name) && path !== '/people')
    seen.add(name)
    const sentence =
      check === undefined
        ? 'is unknown to this screen.'
        : isTwice
          ? 'is given twice.'
          : value === '' && check === any
            ? null
            : check(value, fields)
    return sentence === null ? [] : [{ name, value, sentence }]
  })
}

/** The address without what is wrong. */
export function withoutWrong(path: string, search: string, wrong: readonly Wrong[]): string {
  const left = new URLSearchParams()
  const isWrong = (name: string, value: string): boolean =>
    wrong.some((one) => one.name === name && one.value === value)
  for (const [name, value] of new URLSearchParams(search)) if (!isWrong(name, value)) left.append(name, value)
  const text = left.toString()
  return text === '' ? path : `${path}?${text}`
}
