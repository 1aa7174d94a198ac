import { fieldOf } from '../../../schema/index.ts'
import { blockOf, numberOf, parseQuery, printQuery, type Query } from '../../query/index.ts'
import type { Target } from './mapping.ts'
import { type Path, Refused } from './refused.ts'

/** The fixed texts between the `*`s of a Sigma value; one part means that there is no wildcard. */
type Shape = readonly string[]

export const anyOf = (of: readonly Query[]): Query => joined('or', of)
export const allOf = (of: readonly Query[]): Query => joined('and', of)

function joined(kind: 'and' | 'or', of: readonly Query[]): Query {
  const [first] = of
  return first !== undefined && of.length === 1 ? first : { kind, of }
}

/** Modifiers without a meaning in the query language, and why. */
const REFUSED: Readonly<Record<string, string>> = {
  re: 'the query language has no regular expressions',
  cased: 'the query language does not distinguish between a and A',
  fieldref: 'the query language does not compare two fields',
  expand: 'it needs values of your environment; write them into the rule',
  ...Object.fromEntries(
    ['minute', 'hour', 'day', 'week', 'month', 'year'].map((part) => [
      part,
      'the query language has no parts of a time',
    ]),
  ),
}

const RANGES = ['gt', 'gte', 'lt', 'lte'] as const
const isRange = (name: string): name is (typeof RANGES)[number] =>
  (RANGES as readonly string[]).includes(name)
const WIDE = ['wide', 'utf16le', 'utf16', 'utf16be'] as const
const isWide = (name: string): name is (typeof WIDE)[number] => (WIDE as readonly string[]).includes(name)
const SHAPING: ReadonlySet<string> = new Set([
  'contains',
  'startswith',
  'endswith',
  'windash',
  'base64',
  'base64offset',
  ...WIDE,
])

/** The query for one member of a selection: `field|modifier|modifier` and its values. Target null: the words of the event. */
export function valuesQuery(
  target: Target | null,
  modifiers: readonly string[],
  given: unknown,
  path: Path,
): Query {
  for (const modifier of modifiers) {
    const why = REFUSED[modifier]
    if (why !== undefined) throw new Refused(path, `the modifier "${modifier}" can't be translated: ${why}`)
  }
  const values: readonly unknown[] = Array.isArray(given) ? given : [given]
  if (values.length === 0) throw new Refused(path, 'the list of values is empty')
  const all = modifiers.includes('all')
  const found = values.map((value, index) =>
    valueQuery(
      target,
      modifiers.filter((modifier) => modifier !== 'all' && modifier !== 'neq'),
      value,
      Array.isArray(given) ? [...path, index] : path,
    ),
  )
  const query = all ? allOf(found) : anyOf(found)
  return modifiers.includes('neq') ? { kind: 'not', of: query } : query
}

function valueQuery(target: Target | null, modifiers: readonly string[], value: unknown, path: Path): Query {
  const [first, ...others] = modifiers
  const alone = (): void => {
    if (others.length > 0) throw new Refused(path, `"${first}" can't be combined with "${others.join('|')}"`)
  }
  if (target !== null && first !== undefined && (first === 'exists' || first === 'cidr' || isRange(first))) {
    alone()
    if (first === 'exists') return existsQuery(target, value, path)
    return eachField(target, path, (field) =>
      first === 'cidr' ? blockQuery(field, value, path) : rangeQuery(field, first, value, path),
    )
  }
  for (const modifier of modifiers)
    if (!SHAPING.has(modifier))
      throw new Refused(
        path,
        target === null ? `"${modifier}" needs a field` : `there is no modifier "${modifier}"`,
      )
  if (value === null) {
    if (target === null || modifiers.length > 0) throw new Refused(path, 'null is not allowed here')
    return { kind: 'not', of: existsQuery(target, true, path) }
  }
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
    throw new Refused(path, 'expected a text, a number, true, false or null')
  const shapes = shaped(shapeOf(String(value), path), modifiers, path)
  return anyOf(
    shapes.map((shape) => (target === null ? wordsQuery(shape, path) : shapeQuery(target, shape, path))),
  )
}

/** `*` is any text, `?` one sign; a backslash before one of them, or before a backslash, makes it an ordinary sign. */
function shapeOf(text: string, path: Path): Shape {
  const parts = ['']
  const add = (sign: string): void => {
    parts[parts.length - 1] += sign
  }
  for (let at = 0; at < text.length; at++) {
    const sign = text[at]!
    const next = text[at + 1]
    if (sign === '\\' && (next === '*' || next === '?' || next === '\\')) {
      add(next)
      at++
    } else if (sign === '*') parts.push('')
    else if (sign === '?') throw new Refused(path, 'the query language has no wildcard for one sign (?)')
    else add(sign)
  }
  return tidy(parts)
}

/** Several `*` in a row are one. */
const tidy = (parts: Shape): Shape =>
  parts.filter((part, index) => part !== '' || index === 0 || index === parts.length - 1)

const fixed = (shape: Shape, modifier: string, path: Path): string => {
  if (shape.length > 1) throw new Refused(path, `"${modifier}" can't be applied to wildcards`)
  return shape[0] ?? ''
}

function shaped(given: Shape, modifiers: readonly string[], path: Path): Shape[] {
  let shapes: Shape[] = [given]
  let encoding: (typeof WIDE)[number] | null = null
  for (const modifier of modifiers) {
    const before = encoding
    if (isWide(modifier)) {
      encoding = modifier
      continue
    }
    encoding = null
    if (before !== null && !modifier.startsWith('base64'))
      throw new Refused(path, `"${before}" is only allowed before base64 and base64offset`)
    shapes = shapes.flatMap((shape): Shape[] => {
      switch (modifier) {
        case 'contains':
          return [tidy(['', ...shape, ''])]
        case 'startswith':
          return [tidy([...shape, ''])]
        case 'endswith':
          return [tidy(['', ...shape])]
        case 'windash':
          return dashes(shape, path)
        case 'base64':
          return [[bytesOf(fixed(shape, modifier, path), before).toString('base64')]]
        default:
          return offsets(bytesOf(fixed(shape, modifier, path), before)).map((text) => [text])
      }
    })
  }
  if (encoding !== null)
    throw new Refused(path, `"${encoding}" is only allowed before base64 and base64offset`)
  return shapes
}

function bytesOf(text: string, encoding: (typeof WIDE)[number] | null): Buffer {
  if (encoding === null) return Buffer.from(text)
  const wide = Buffer.from(encoding === 'utf16' ? `\ufeff${text}` : text, 'utf16le')
  return encoding === 'utf16be' ? wide.swap16() : wide
}

/** What is constant in Base64 of a text that has these bytes at any place. */
const offsets = (bytes: Buffer): string[] =>
  [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset, ' '), bytes]).toString('base64')
    const end = [0, 3, 2][(bytes.length + offset) % 3]!
    return text.slice([0, 2, 3][offset], text.length - end)
  })

const DASHES = ['-', '/', '\u2013', '\u2014', '\u2015'] as const
const MOST_DASHES = 3

/** A dash or slash that begins an option may be any of them. */
function dashes(shape: Shape, path: Path): Shape[] {
  const split = shape.map((part) => part.split(/\B[-/]\b/))
  const count = split.reduce((sum, parts) => sum + parts.length - 1, 0)
  if (count > MOST_DASHES) throw new Refused(path, '"windash" is allowed for at most three dashes')
  let found: string[][] = [[]]
  for (const [first = '', ...others] of split) {
    let texts = [first]
    for (const other of others) texts = texts.flatMap((text) => DASHES.map((dash) => text + dash + other))
    found = found.flatMap((parts) => texts.map((text) => [...parts, text]))
  }
  return found
}

function eachField(target: Target, path: Path, query: (field: string) => Query): Query {
  if (target.words !== null || target.values !== null)
    throw new Refused(path, 'this field is compared with whole values only')
  return anyOf(target.fields.map(query))
}

function existsQuery(target: Target, value: unknown, path: Path): Query {
  if (typeof value !== 'boolean') throw new Refused(path, 'expected true or false')
  const names = [...target.fields, ...(target.words === null ? [] : [target.words])]
  const exists = anyOf(names.map((field): Query => ({ kind: 'exists', field })))
  return value ? exists : { kind: 'not', of: exists }
}

function blockQuery(field: string, value: unknown, path: Path): Query {
  if (fieldOf(field)?.type !== 'ip') throw new Refused(path, `${field} has no addresses`)
  const block = typeof value === 'string' ? blockOf(value) : undefined
  if (block === undefined) throw new Refused(path, `"${String(value)}" is not a block of addresses`)
  return { kind: 'cidr', field, ...block }
}

function rangeQuery(field: string, end: (typeof RANGES)[number], value: unknown, path: Path): Query {
  const type = fieldOf(field)?.type
  if (type !== 'long' && type !== 'float')
    throw new Refused(path, `${field} is not a number in Waybill, so it has no order of numbers`)
  const number = typeof value === 'number' ? value : numberOf(String(value))
  if (number === undefined) throw new Refused(path, `"${String(value)}" is not a number`)
  return { kind: 'range', field, [end]: number }
}

function shapeQuery(target: Target, shape: Shape, path: Path): Query {
  const whole = shape.length === 1 ? (shape[0] ?? '') : null
  if (target.values !== null) {
    const value = whole === null ? undefined : target.values.get(whole.toLowerCase())
    if (value === undefined)
      throw new Refused(path, `allowed values of this field: ${[...target.values.keys()].join(', ')}`)
    return anyOf(target.fields.map((field): Query => ({ kind: 'equals', field, value })))
  }
  const found = target.fields.map((field) => fieldQuery(field, shape, path))
  if (target.words === null) return anyOf(found)
  const { words: field } = target
  if (whole === null || whole === '') throw new Refused(path, 'this field is compared with whole values only')
  return anyOf([
    ...found,
    { kind: 'equals', field, value: whole },
    { kind: 'wildcard', field, parts: [`${whole} `, ''] },
    { kind: 'wildcard', field, parts: ['', ` ${whole}`] },
    { kind: 'wildcard', field, parts: ['', ` ${whole} `, ''] },
  ])
}

function fieldQuery(field: string, shape: Shape, path: Path): Query {
  if (shape.length > 1 && shape.every((part) => part === '')) return { kind: 'exists', field }
  const type = fieldOf(field)?.type
  const [value = ''] = shape
  if (type === 'keyword' || type === 'flattened')
    return shape.length > 1 ? { kind: 'wildcard', field, parts: shape } : { kind: 'equals', field, value }
  if (type === 'ip' && shape.length > 1) {
    const octets = shape.length === 2 && shape[1] === '' ? /^(\d{1,3}\.){1,3}$/.exec(value) : null
    if (octets === null)
      throw new Refused(path, `${field} has addresses; write a block with the modifier cidr`)
    const given = value.split('.').filter((octet) => octet !== '')
    const block = `${[...given, '0', '0', '0'].slice(0, 4).join('.')}/${given.length * 8}`
    return blockQuery(field, block, path)
  }
  if (type === 'text' || type === 'date' || type === undefined || type === 'changes' || type === 'geo')
    throw new Refused(path, `${field} can't be compared with a value`)
  if (shape.length > 1) throw new Refused(path, `${field} is a ${type}: wildcards find nothing in it`)
  return parsed(printQuery({ kind: 'equals', field, value }), path)
}

/** A value without a field: its words in a row, anywhere in the event. */
function wordsQuery(shape: Shape, path: Path): Query {
  const [text = '', end] = shape
  const open = shape.length === 2 && end === ''
  if (shape.length > 1 && !open)
    throw new Refused(path, 'without a field the query language has a * only at the end')
  const words = parsed(printQuery({ kind: 'equals', field: 'audit.words', value: text }), path)
  if (words.kind !== 'words') throw new Refused(path, `"${text}" has no word to search for`)
  return { ...words, prefix: open }
}

function parsed(text: string, path: Path): Query {
  try {
    return parseQuery(text, { now: 0 })
  } catch (error) {
    throw new Refused(path, error instanceof Error ? error.message : String(error))
  }
}
