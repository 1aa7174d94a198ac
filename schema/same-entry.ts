import { type AuditEvent, changesOf, leavesUnder, textAt, textsOf, valueAt, valuesOf } from './event.ts'
import { FIELDS, type Field } from './fields.ts'
import { isRecord } from './record.ts'

/**
 * Whether two events with one declared id are the same entry. A source writes an entry in several forms: as JSON and as a row, with more
 * columns or fewer, with other spellings of numbers and dates. So the content of the entry is compared in a normal form, and not its text.
 *
 * - Values that both have must be equal.
 * - Between two texts of the same form, a value that only one has is a difference. Another form may have more values, or fewer.
 */
export function isSameEntry(known: AuditEvent, other: AuditEvent): boolean {
  const [one, two] = [textAt(known, 'event.original') ?? '', textAt(other, 'event.original') ?? '']
  // A JSON record contains its names. The meaning of a row depends on its header.
  const hasNames = one.trimStart().startsWith('{')
  if (hasNames && one === two && isWhole(known) && isWhole(other)) return true
  const mayLack = isOtherForm(one, two)
  const [its, others] = [sayingsOf(known), sayingsOf(other)]
  if (!its.has('@timestamp') || !others.has('@timestamp')) {
    its.delete('@timestamp')
    others.delete('@timestamp')
  }
  for (const [path, values] of its) {
    const said = others.get(path)
    if (said === undefined ? !mayLack : !agree(path, values, said)) return false
  }
  return mayLack || [...others.keys()].every((path) => its.has(path))
}

const isWhole = (event: AuditEvent): boolean => valueAt(event, 'audit.truncated') === undefined

/** The content of an entry, by path: its values in a normal form. */
type Sayings = Map<string, string[]>

/**
 * Fields that are no part of an entry: its reader, place and form, Waybill's conclusions, and fields that follow from others. An unknown
 * outcome has no content.
 */
const NOT_SAID =
  /^(?:tags|labels|message|event\.(?:id|kind|category|type|code|module|dataset|original|sequence|ingested)|agent\..*|log\..*|network\.transport|related\..*|host\.name|audit\.(?:category|old_unknown|truncated.*|seal.*|words|derived|revision_of|change\..*|changes|payload))$/
/** Names of kinds: case, blanks, `_` and `-` are ignored. */
const NAMES_KIND =
  /^(?:event\.(?:action|outcome)|audit\.(?:entity\.type|parent\.type|module|component|status|risk|variant|channel))$/
const SAID: readonly (readonly [path: string, field: Field])[] = Object.entries<Field>(FIELDS).filter(
  ([path, { derived }]) => derived !== true && !NOT_SAID.test(path),
)
/** Tags of an event that has its time of reading: its time does not come from the entry. */
const UNTIMED = new Set(['timestamp_missing', 'timestamp_invalid'])

function sayingsOf(event: AuditEvent): Sayings {
  const said = new Map<string, string[]>()
  const say = (path: string, text: string): void => {
    if (text === '') return
    const values = said.get(path)
    if (values === undefined) said.set(path, [text])
    else values.push(text)
  }
  const isUntimed = valuesOf(event, 'tags').some((tag) => UNTIMED.has(tag))
  for (const [path, { type }] of SAID) {
    if (path === '@timestamp' && isUntimed) continue
    const value = valueAt(event, path)
    if (type === 'flattened') {
      for (const leaf of leavesUnder(value)) say(`${path}/${foldedName(leaf.path)}`, normal(leaf.value))
      continue
    }
    for (const text of textsOf(unfolded(value))) {
      const norm = NAMES_KIND.test(path) ? foldedName(text) : normal(text)
      if (path !== 'event.outcome' || norm !== 'unknown') say(path, norm)
    }
  }
  for (const change of changesOf(event)) {
    const path = `audit.changes/${foldedName(change.field)}`
    say(`${path}/old`, normal(change.old ?? ''))
    say(`${path}/new`, normal(change.new ?? ''))
  }
  for (const leaf of leavesUnder(unfolded(valueAt(event, 'audit.payload'))))
    say(`audit.payload/${foldedName(leaf.path)}`, normal(leaf.value))
  const message = textAt(event, 'message')
  if (message !== undefined && !isMadeOf(message, event)) say('message', normal(message))
  for (const values of said.values()) values.sort()
  return said
}

/** Unfolds objects and lists that a row contains as JSON text. */
function unfolded(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unfolded)
  if (isRecord(value))
    return Object.fromEntries(Object.entries(value).map(([member, inner]) => [member, unfolded(inner)]))
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return value
  try {
    return unfolded(JSON.parse(value))
  } catch {
    return value
  }
}

const foldedName = (name: string): string =>
  name
    .normalize('NFC')
    .toLowerCase()
    .replace(/[\s_.-]/g, '')

const NUMBER = /^-?(?:0|[1-9]\d{0,2}(?:,\d{3})+|[1-9]\d{0,14})(?:\.\d{1,15})?$/
const TIME = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?$/

/** A value without differences of spelling: white space at its ends, `1,000.0` for 1000, `True`, an ISO date with a blank. */
function normal(value: string): string {
  const text = value.normalize('NFC').trim()
  if (NUMBER.test(text)) return String(Number(text.replaceAll(',', '')))
  if (/^(?:true|false)$/i.test(text)) return text.toLowerCase()
  if (TIME.test(text)) {
    const time = Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text.replace(' ', 'T')}Z`)
    if (!Number.isNaN(time)) return new Date(time).toISOString()
  }
  return text
}

function agree(path: string, ones: readonly string[], others: readonly string[]): boolean {
  if (path === '@timestamp') return isSameTime(ones[0]!, others[0]!)
  const same = (a: readonly string[], b: readonly string[]): boolean =>
    a.length === b.length && a.every((text, i) => text === b[i])
  if (same(ones, others)) return true
  // A list in one form may be a text in the other: `a; b`.
  if (ones.length > 1 === others.length > 1) return false
  return same(itemsOf(ones), itemsOf(others))
}

const itemsOf = (texts: readonly string[]): string[] =>
  texts
    .flatMap((text) => text.split(/[,;|]/))
    .map(normal)
    .filter((text) => text !== '')
    .sort()

/** Screens show no milliseconds, and some no seconds: the comparison uses the coarser precision. */
function isSameTime(one: string, other: string): boolean {
  const [a, b] = [Date.parse(one), Date.parse(other)]
  const coarse = Math.max(
    ...[a, b].map((time) => (time % 60_000 === 0 ? 60_000 : time % 1000 === 0 ? 1000 : 1)),
  )
  return Math.floor(a / coarse) === Math.floor(b / coarse)
}

/** Whether a message only repeats other fields: agents compose such a message if the record has none. */
function isMadeOf(message: string, event: AuditEvent): boolean {
  const texts = SAID.flatMap(([path]) => valuesOf(event, path)).filter((text) => text !== '')
  texts.sort((a, b) => b.length - a.length)
  let left = message
  while (left !== '') {
    const next = texts.find((text) => left === text || left.startsWith(`${text} `))
    if (next === undefined) return false
    left = left.slice(next.length + 1)
  }
  return true
}

/**
 * Whether two texts of records have different forms: JSON and a row, JSON with mostly other members, or rows of which one has all cells of
 * the other and more.
 */
function isOtherForm(one: string, other: string): boolean {
  const [a, b] = [membersOf(one), membersOf(other)]
  if ((a === null) !== (b === null)) return one !== '' && other !== ''
  if (a !== null && b !== null) {
    const shared = [...a].filter((member) => b.has(member)).length
    return shared * 2 < a.size + b.size - shared
  }
  const [few, many] = [cellsOf(one), cellsOf(other)].sort((x, y) => x.length - y.length)
  if (few!.length < 3 || few!.length === many!.length) return false
  const left = new Map<string, number>()
  for (const cell of many!) left.set(cell, (left.get(cell) ?? 0) + 1)
  return few!.every((cell) => {
    const count = left.get(cell) ?? 0
    left.set(cell, count - 1)
    return count > 0
  })
}

/** Folded names of a JSON record's members; null if the text is not JSON. */
function membersOf(text: string): ReadonlySet<string> | null {
  if (!text.trimStart().startsWith('{')) return null
  try {
    const record: unknown = JSON.parse(text)
    return isRecord(record) ? new Set(Object.keys(record).map(foldedName)) : null
  } catch {
    return null
  }
}

/** The cells of a row, split by its most frequent delimiter; a text of pairs (`a=1`) has none. */
function cellsOf(row: string): string[] {
  const byDelimiter = [',', ';', '\t', '|'].map((delimiter) => split(row, delimiter))
  const cells = byDelimiter.reduce((best, some) => (some.length > best.length ? some : best))
  return cells.some((cell) => /^\w+=/.test(cell)) ? [] : cells
}

function split(row: string, delimiter: string): string[] {
  const cells = ['']
  let isQuoted = false
  for (const sign of row) {
    if (sign === '"') isQuoted = !isQuoted
    else if (sign === delimiter && !isQuoted) cells.push('')
    else cells[cells.length - 1] += sign
  }
  return cells.map((cell) => cell.trim())
}
