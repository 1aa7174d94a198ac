import { isIP } from 'node:net'
import { folded } from '../../schema/index.ts'
import { isMembers, isPlausible, LocalTime, type Members, timeReader } from '../normalise/index.ts'

/** The values of a member over all records of a sample. */
export interface Profile {
  /** Dots lead into members; `targets[type=User].name` leads into the items of a list in which a member has this text. */
  readonly path: string
  /** The values that exist, as texts. */
  readonly values: readonly string[]
  /** The share of records that have the member. */
  readonly share: number
  readonly distinct: number
  /** A format that reads (nearly) all values as times; null if there is none. */
  readonly time: string | null
  /** The share of values that are addresses, alone or with a port, or the first of a list. */
  readonly address: { readonly share: number; readonly written: 'alone' | 'port' | 'list' }
  readonly emails: number
  /** The share of values that are long and random: a token, a hash, an id. */
  readonly random: number
}

const MOST_VALUES = 500
const DEEPEST = 5
const NEARLY_ALL = 0.9

/** The formats, tried in this order; days precede months in most countries, unless a value excludes it. */
const TIME_FORMATS = [
  'auto',
  'YYYYMMDD HH:mm:ss',
  'YYYY/MM/DD HH:mm:ss',
  'DD.MM.YYYY HH:mm:ss',
  'DD.MM.YYYY HH:mm',
  'DD/MM/YYYY HH:mm:ss',
  'DD/MM/YYYY HH:mm',
  'MM/DD/YYYY HH:mm:ss',
  'MM/DD/YYYY hh:mm:ss A',
  'MM/DD/YYYY hh:mm A',
  'DD-MM-YYYY HH:mm:ss',
  'DD/MMM/YYYY:HH:mm:ss Z',
  'MMM DD, YYYY hh:mm:ss A',
  'YYYY-MM-DD HH:mm:ss.SSS Z',
]

export function profilesOf(records: readonly Readonly<Record<string, unknown>>[], now: number): Profile[] {
  const values = new Map<string, string[]>()
  const note = (path: string, value: unknown): void => {
    if (value === null || value === '') return
    const known = values.get(path) ?? []
    values.set(path, known)
    known.push(typeof value === 'string' ? value : JSON.stringify(value))
  }
  const walk = (members: Readonly<Record<string, unknown>>, before: string, depth: number): void => {
    for (const [name, value] of Object.entries(members)) {
      const path = `${before}${name}`
      if (Array.isArray(value)) {
        if (value.length > 0 && value.every((one) => typeof one !== 'object')) note(path, value[0])
        else if (depth < DEEPEST && value.every(isMembers)) walkList(path, value, depth + 1)
      } else if (typeof value === 'object' && value !== null) {
        if (depth < DEEPEST) walk(value as Record<string, unknown>, `${path}.`, depth + 1)
      } else note(path, value)
    }
  }
  const heads = records.slice(0, MOST_VALUES)
  const choosers = choosersIn(heads)
  const walkList = (path: string, items: readonly Members[], depth: number): void => {
    const chooser = choosers.get(path)
    const seen = new Set<string>()
    for (const item of items) {
      const chosen = chooser === undefined ? '' : `${chooser}=${String(item[chooser])}`
      // A field takes the first of several items.
      if (seen.has(chosen)) continue
      seen.add(chosen)
      const { [chooser ?? '']: _, ...rest } = item
      walk(rest, `${path}[${chosen}].`, depth)
    }
  }
  for (const record of heads) walk(record, '', 1)
  const count = Math.min(records.length, MOST_VALUES)
  return [...values].map(([path, list]) => profileOf(path, list, list.length / count, now))
}

/** Members that may identify the kind of an item in a list. */
const CHOOSERS = [
  'type',
  'kind',
  'name',
  'key',
  'role',
  'field',
  'attribute',
  'property',
  'typ',
  'art',
  'feld',
  'tipo',
  'тип',
]
const MOST_CHOSEN = 12
const PLAIN_TEXT = /^[^[\]=]{1,64}$/

/** Finds for each list of objects the member that distinguishes its items: all have it, with few short texts over all records. */
function choosersIn(records: readonly Members[]): Map<string, string> {
  const lists = new Map<string, Members[]>()
  const walk = (members: Members, before: string, depth: number): void => {
    for (const [name, value] of Object.entries(members)) {
      const path = `${before}${name}`
      if (isMembers(value) && depth < DEEPEST) walk(value, `${path}.`, depth + 1)
      if (Array.isArray(value) && value.length > 0 && value.every(isMembers))
        lists.set(path, [...(lists.get(path) ?? []), ...value])
    }
  }
  for (const record of records) walk(record, '', 1)
  const choosers = new Map<string, string>()
  for (const [path, items] of lists) {
    const found = CHOOSERS.map((name) =>
      Object.keys(items[0]!).find((member) => folded(member) === name),
    ).find(
      (member) =>
        member !== undefined &&
        items.every(
          (item) => PLAIN_TEXT.test(String(item[member] ?? '')) && typeof item[member] === 'string',
        ) &&
        new Set(items.map((item) => item[member])).size <= MOST_CHOSEN,
    )
    if (found !== undefined) choosers.set(path, found)
  }
  return choosers
}

function profileOf(path: string, values: readonly string[], share: number, now: number): Profile {
  const shareOf = (test: (value: string) => boolean): number => values.filter(test).length / values.length
  const alone = shareOf((value) => isIP(value) !== 0)
  const port = shareOf((value) => isIP(addressBefore(value)) !== 0)
  const list = shareOf((value) => /, ?/.test(value) && isIP(value.split(/, ?/)[0]!) !== 0)
  return {
    path,
    values,
    share,
    distinct: new Set(values).size,
    time: TIME_FORMATS.find((format) => shareOf(isTime(format, now)) >= NEARLY_ALL) ?? null,
    address: {
      share: Math.max(alone, port, alone + list),
      written: list > 0 ? 'list' : port > alone ? 'port' : 'alone',
    },
    emails: shareOf((value) => /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value)),
    random: shareOf(
      (value) => value.length >= 24 && /^[\w+/=.-]+$/.test(value) && /\d/.test(value) && /[a-z]/i.test(value),
    ),
  }
}

/** Removes the ports of `192.0.2.7:51000` and `[2001:db8::7]:51000`. */
function addressBefore(value: string): string {
  const [, six, four] = /^(?:\[([\da-fA-F:.]+)\]|([\d.]+)):\d{1,5}$/.exec(value) ?? []
  return six ?? four ?? ''
}

function isTime(format: string, now: number): (value: string) => boolean {
  const reader = timeReader([format], new LocalTime('UTC'))
  return (value) => {
    if (value.length < 8) return false
    const time = reader.read(value, now)
    return !Number.isNaN(time) && isPlausible(time, now)
  }
}
