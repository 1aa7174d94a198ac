import { wordsOf } from '../../schema/index.ts'
import { addressKey, addressText, blockOf } from './address.ts'
import { numberOf } from './evaluate.ts'
import { fullName, type NamedField } from './field-names.ts'
import type { Literal, RangeOperator } from './reader.ts'
import { timeOf, timeText } from './time.ts'
import type { Query } from './tree.ts'

/** Why a literal can't be asked of a field. */
export interface Complaint {
  readonly complaint: string
  readonly expected: string
  readonly suggestion?: string | undefined
}

export const isComplaint = (result: Query | Complaint): result is Complaint => 'complaint' in result

const wholeText = (literal: Literal): string => literal.parts.join('*')

/** The literal is one wildcard and nothing else: any value. */
export const isAnything = (literal: Literal): boolean =>
  !literal.quoted && literal.parts.length === 2 && literal.parts.every((part) => part === '')

/** `field: literal` for one field. */
export function conditionOf(field: NamedField, literal: Literal, now: number): Query | Complaint {
  const name = fullName(field)
  if (field.unindexed === true || field.type === 'geo') {
    return {
      complaint: `${name} is stored, but not indexed; search its words without a field, or show it with \`waybill show\``,
      expected: 'a field that can be searched',
    }
  }
  if (isAnything(literal)) {
    return field.type === 'changes'
      ? { kind: 'change', of: { kind: 'exists', member: 'field' } }
      : { kind: 'exists', field: name }
  }
  if (name === 'audit.words') return wordsCondition(literal)
  switch (field.type) {
    case 'keyword':
    case 'flattened':
      return literal.parts.length > 1
        ? { kind: 'wildcard', field: name, parts: literal.parts }
        : { kind: 'equals', field: name, value: wholeText(literal) }
    case 'text':
      return textCondition(name, literal)
    case 'changes':
      return {
        complaint: `${name} is a list of changes; ask for them as ${name}: { field: credit_limit and new: 15* }`,
        expected: '{',
      }
    default:
      return literal.parts.length > 1
        ? wildcardComplaint(name, field.type, literal)
        : scalarCondition(name, field.type, wholeText(literal), now)
  }
}

function wildcardComplaint(name: string, type: ScalarType, literal: Literal): Complaint {
  if (type !== 'ip') {
    return {
      complaint: `${name} is a ${TYPE_NAMES[type]}, and wildcards work only on texts; ${type === 'boolean' ? 'write true or false' : 'use <, <=, > or >='}`,
      expected: EXPECTED[type],
    }
  }
  const octets = /^((?:\d{1,3}\.){1,3})\*$/.exec(wholeText(literal))?.[1]?.split('.').filter(Boolean) ?? []
  const block =
    octets.length === 0
      ? undefined
      : `${[...octets, '0', '0', '0'].slice(0, 4).join('.')}/${octets.length * 8}`
  return {
    complaint: `${name} holds addresses, and wildcards don't work on them; write a block, such as ${block ?? '10.0.0.0/8'}`,
    expected: EXPECTED.ip,
    ...(block === undefined ? {} : { suggestion: block }),
  }
}

type ScalarType = 'ip' | 'date' | 'long' | 'float' | 'boolean'

const TYPE_NAMES: Readonly<Record<ScalarType, string>> = {
  ip: 'field of addresses',
  date: 'time',
  long: 'number',
  float: 'number',
  boolean: 'truth value',
}

const EXPECTED: Readonly<Record<ScalarType, string>> = {
  ip: 'an address (10.1.2.3, 2001:db8::1) or a block (10.0.0.0/8)',
  date: 'a time: 2026-01-15, "2026-01-15T10:30:00Z", now-1d or now-7d/d',
  long: 'a number',
  float: 'a number',
  boolean: 'true or false',
}

function scalarCondition(name: string, type: ScalarType, text: string, now: number): Query | Complaint {
  switch (type) {
    case 'ip': {
      const block = blockOf(text)
      if (block !== undefined) return { kind: 'cidr', field: name, ...block }
      const key = addressKey(text)
      return key === undefined
        ? noAddress(name, text)
        : { kind: 'equals', field: name, value: addressText(key) }
    }
    case 'date': {
      const first = timeOf(text, now, 'first')
      const last = timeOf(text, now, 'last')
      if (first === undefined || last === undefined) return notOfType(name, type, text)
      if (first === last) return { kind: 'equals', field: name, value: timeText(first) }
      return {
        kind: 'and',
        of: [
          { kind: 'range', field: name, gte: first },
          { kind: 'range', field: name, lte: last },
        ],
      }
    }
    case 'boolean': {
      const value = text.toLowerCase()
      if (value !== 'true' && value !== 'false') return notOfType(name, type, text)
      return { kind: 'equals', field: name, value }
    }
    default: {
      const number = numberOf(text)
      return number === undefined
        ? notOfType(name, type, text)
        : { kind: 'equals', field: name, value: String(number) }
    }
  }
}

function noAddress(name: string, text: string): Complaint {
  if (text.includes('/')) {
    return {
      complaint: `${shown(text)} is not a block of addresses, as ${name} needs; an IPv4 block ends in /0 to /32, an IPv6 block in /0 to /128`,
      expected: EXPECTED.ip,
    }
  }
  return { complaint: `${shown(text)} is not an address, and ${name} holds addresses`, expected: EXPECTED.ip }
}

function notOfType(name: string, type: ScalarType, text: string): Complaint {
  const expected = EXPECTED[type]
  const several = /\s/.test(text) && type !== 'date' ? '; for one of several write (a or b)' : ''
  return { complaint: `${name} takes ${expected}, not ${shown(text)}${several}`, expected }
}

const shown = (text: string): string =>
  `"${(text.length > 60 ? `${text.slice(0, 60)}…` : text).toWellFormed()}"`

/** A text is asked for word by word, any of them; in quotes for its words in a row. */
function textCondition(name: string, literal: Literal): Query | Complaint {
  const found: Query[] = []
  for (const word of literal.words) {
    if (word.parts.length === 1) {
      const value = word.parts[0] ?? ''
      if (wordsOf(value).length > 0) found.push({ kind: 'equals', field: name, value })
      continue
    }
    const isPrefix = word.parts.length === 2 && word.parts[1] === ''
    const good = isPrefix
      ? wordsOf(word.parts[0] ?? '').length > 0
      : word.parts.every((part) => part === '' || /^[\p{L}\p{M}\p{N}]+$/u.test(part.normalize('NFKC')))
    if (!good) {
      return {
        complaint: `${name} is found by its words, so a wildcard applies within one word, such as cred* or *limit`,
        expected: 'a word with a wildcard',
      }
    }
    found.push({ kind: 'wildcard', field: name, parts: word.parts })
  }
  return anyOf(found) ?? NO_WORDS
}

const NO_WORDS: Complaint = {
  complaint:
    'There is no letter or digit here to search for; put a field before it to find a value of other characters, such as tags: "--"',
  expected: 'a word',
}

function anyOf(found: readonly Query[]): Query | undefined {
  return found.length > 1 ? { kind: 'or', of: found } : found[0]
}

/** A literal without a field: any of its words; in quotes its words in a row. */
export function wordsCondition(literal: Literal): Query | Complaint {
  if (isAnything(literal)) return { kind: 'all' }
  const found: Query[] = []
  for (const { parts } of literal.words) {
    const [start = '', end] = parts
    const words = wordsOf(start)
    if (parts.length === 1) {
      if (words.length > 0) found.push({ kind: 'words', words, prefix: false })
    } else if (parts.length === 2 && end === '' && words.length > 0) {
      found.push({ kind: 'words', words, prefix: true })
    } else {
      return {
        complaint:
          'Without a field a * is allowed only at the end of a word (cred*); name a field to use it elsewhere, such as message: *limit',
        expected: 'a word, or its beginning with a * after it',
      }
    }
  }
  return anyOf(found) ?? NO_WORDS
}

const BOUNDS = { '>': 'gt', '>=': 'gte', '<': 'lt', '<=': 'lte' } as const

/** `field >= literal` for one field. */
export function rangeOf(
  field: NamedField,
  operator: RangeOperator,
  literal: Literal,
  now: number,
): Query | Complaint {
  const name = fullName(field)
  const text = wholeText(literal)
  if (field.unindexed === true || field.type === 'geo') return conditionOf(field, literal, now)
  if (field.type === 'text' || field.type === 'boolean' || field.type === 'changes') {
    return { complaint: `${name} has no order, so ${operator} can't be used with it`, expected: ':' }
  }
  if (literal.parts.length > 1)
    return { complaint: `A wildcard is not allowed after ${operator}`, expected: 'one value' }
  const range = (bound: string | number): Query => ({ kind: 'range', field: name, [BOUNDS[operator]]: bound })
  switch (field.type) {
    case 'keyword':
    case 'flattened':
      return range(text)
    case 'ip': {
      const key = addressKey(text)
      if (key !== undefined) return range(addressText(key))
      return text.includes('/')
        ? { complaint: `A block needs a colon: ${name}: ${text}`, expected: 'an address' }
        : noAddress(name, text)
    }
    case 'date': {
      // After the 15th is behind its end, up to the 15th is with it: as Elasticsearch reads a day.
      const time = timeOf(text, now, operator === '>' || operator === '<=' ? 'last' : 'first')
      return time === undefined ? notOfType(name, field.type, text) : range(time)
    }
    default: {
      const number = numberOf(text)
      return number === undefined ? notOfType(name, field.type, text) : range(number)
    }
  }
}
