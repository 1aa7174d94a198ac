import type { Answer } from '../api/ask.ts'
import { readFilter } from '../events/question.ts'
import { isRange } from '../time/ranges.ts'

/** A part of the address that says nothing. */
export interface Wrong {
  readonly name: string
  readonly value: string
  /** What is wrong, and what may stand there. */
  readonly sentence: string
}

/** The fields of the schema; null while they are not known. */
type Fields = Answer<'getFields'>['fields'] | null
/** What is wrong with a value; null where it is right. */
type Check = (value: string, fields: Fields) => string | null

const RANGE =
  'Write a length back from now (now-15m, now-24h, now-7d), all, or FROM..TO in milliseconds since 1970.'
const range: Check = (value) => (isRange(value) ? null : `is no time. ${RANGE}`)
const any: Check = () => null

/** Fields below these may have any name. */
const OPEN = /^(?:audit\.payload|labels)\./
const fieldProblem = (name: string, fields: Fields): string | null => {
  if (OPEN.test(name)) return null
  if (!/^[\w@][\w@.-]*$/.test(name)) return `“${name}” is no name of a field.`
  const isKnown = fields === null || fields.some((field) => field.name === name)
  return isKnown ? null : `There is no field ${name}.`
}

const columns: Check = (value, fields) => {
  const names = value.split(',')
  const problem = names.map((name) => fieldProblem(name, fields)).find((one) => one !== null)
  return problem === undefined
    ? null
    : `does not name columns. ${problem} Write names of fields with commas between them.`
}

const sort: Check = (value, fields) => {
  if (value === 'newest' || value === 'oldest') return null
  const name = value.replace(/^-/, '')
  const isCountable = fields === null || fields.some((field) => field.name === name && field.countable)
  const problem =
    fieldProblem(name, fields) ?? (isCountable ? null : `The values of ${name} can not be counted.`)
  return problem === null
    ? null
    : `is no order. ${problem} Write newest, oldest, or a field whose values can be counted, with - before it for its last value first.`
}

const filter: Check = (value, fields) => {
  const [read] = readFilter(value)
  const problem = read === undefined ? 'It may have been cut off.' : fieldProblem(read.field, fields)
  return problem === null
    ? null
    : `is no filter. ${problem} Write FIELD:["VALUE"], with ! before it to leave the value out.`
}

const id: Check = (value) =>
  /^[\w-]{1,256}$/.test(value) ? null : 'is no id of an event. Open the event from the list.'
const yes: Check = (value) => (value === 'yes' ? null : 'must be yes, or not be there.')

const EVENTS: Readonly<Record<string, Check>> = {
  q: any,
  range,
  f: filter,
  sort,
  columns,
  event: id,
  follow: yes,
  own: yes,
}
const RANGED = { range }
/** What the address of each screen may hold; a screen that is not here takes nothing. */
const TAKES: Readonly<Record<string, Readonly<Record<string, Check>>>> = {
  '/': RANGED,
  '/events': EVENTS,
  '/security': RANGED,
  '/people': { user: any, with: any, range, 'with-range': range },
  '/system': RANGED,
  '/auditor': RANGED,
}

/** Every part of an address that its screen can't take. Nothing is shown in place of what was asked for. */
export function wrongIn(path: string, search: string, fields: Fields): Wrong[] {
  const takes = TAKES[path] ?? {}
  const seen = new Set<string>()
  return [...new URLSearchParams(search)].flatMap(([name, value]) => {
    const check = Object.hasOwn(takes, name) ? takes[name] : undefined
    const isTwice = seen.has(name) && name !== 'f'
    seen.add(name)
    const sentence =
      check === undefined
        ? 'is nothing that this screen knows.'
        : isTwice
          ? 'is there twice; only one can hold.'
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
