import { fieldOf } from '../../schema/index.ts'
import { addressText, blockText } from './address.ts'
import { timeText } from './time.ts'
import type { Bound, ChangeQuery, Meaning, Query } from './tree.ts'

/**
 * Prints a tree in its query language: parsing the text gives the same tree. (A tree that no query text produces is printed with the same
 * meaning: an `and` of nothing as `*`, a range with two ends as two ranges.)
 */
export function printQuery(query: Query): string {
  switch (query.kind) {
    case 'all':
      return '*'
    case 'none':
      return 'not *'
    case 'and':
      return joined(query.of, ' and ', '*', printQuery)
    case 'or':
      if (query.meant !== undefined) return meaningText(query.meant)
      return joined(query.of, ' or ', 'not *', printQuery)
    case 'not':
      return `not ${inner(query.of, printQuery)}`
    case 'exists':
      return `${fieldText(query.field)}: *`
    case 'equals':
      return `${fieldText(query.field)}: ${valueText(query.value)}`
    case 'wildcard':
      return `${fieldText(query.field)}: ${shapeText(query.parts)}`
    case 'range':
      return rangeText(query)
    case 'cidr':
      return cidrText(query)
    case 'words':
      return wordsText(query.words, query.prefix)
    case 'change':
      return `audit.changes: { ${printChange(query.of)} }`
  }
}

function printChange(query: ChangeQuery): string {
  switch (query.kind) {
    case 'and':
      return joined(query.of, ' and ', 'field: *', printChange)
    case 'or':
      return joined(query.of, ' or ', 'not field: *', printChange)
    case 'not':
      return `not ${inner(query.of, printChange)}`
    case 'exists':
      return `${query.member}: *`
    case 'equals':
      return `${query.member}: ${valueText(query.value)}`
    case 'wildcard':
      return `${query.member}: ${shapeText(query.parts)}`
  }
}

function joined<Tree extends { readonly kind: string }>(
  of: readonly Tree[],
  by: string,
  ofNothing: string,
  print: (tree: Tree) => string,
): string {
  const [first] = of
  if (first === undefined) return ofNothing
  return of.length === 1 ? print(first) : of.map((part) => inner(part, print)).join(by)
}

const inner = <Tree extends { readonly kind: string }>(tree: Tree, print: (tree: Tree) => string): string =>
  (tree.kind === 'and' || tree.kind === 'or') && !('meant' in tree) ? `(${print(tree)})` : print(tree)

const meaningText = ({ field, parts }: Meaning): string =>
  `${field}: ${parts.length > 1 ? shapeText(parts) : valueText(parts[0] ?? '')}`

const KEYWORD = /^(?:and|or|not)$/i
const PLAIN = /^[\p{L}\p{N}_.@/+-]+$/u

/** Quotes a value unless it is one plain word. */
function valueText(value: string): string {
  return PLAIN.test(value) && !KEYWORD.test(value) ? value : quoted(value)
}

function quoted(text: string): string {
  const escaped = text.replace(/["\\]|[\p{Cc}\u2028\u2029]/gu, (sign) =>
    sign === '"' || sign === '\\' ? `\\${sign}` : unicodeEscape(sign),
  )
  return `"${escaped}"`
}

const unicodeEscape = (sign: string): string => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`

function fieldText(field: string): string {
  return /^[\w@.-]+$/.test(field) && !KEYWORD.test(field) ? field : quoted(field)
}

/** Escapes each special sign separately, since wildcards must not be quoted. */
function shapeText(parts: readonly string[]): string {
  const escaped = (part: string): string =>
    part.replace(/[\\():<>"*{}]|[\s\p{Cc}]/gu, (sign) =>
      /[\s\p{Cc}]/u.test(sign) ? unicodeEscape(sign) : `\\${sign}`,
    )
  return parts.map(escaped).join('*')
}

function wordsText(words: readonly string[], prefix: boolean): string {
  if (prefix) return `${words.join('-')}*`
  const [first = ''] = words
  return words.length === 1 ? valueText(first) : quoted(words.join(' '))
}

function rangeText(query: Extract<Query, { kind: 'range' }>): string {
  const field = fieldText(query.field)
  const ends: string[] = []
  const end = (operator: string, bound: Bound | undefined): void => {
    if (bound !== undefined) ends.push(`${field} ${operator} ${boundText(query.field, bound)}`)
  }
  end('>', query.gt)
  end('>=', query.gte)
  end('<', query.lt)
  end('<=', query.lte)
  return ends.length > 1 ? `(${ends.join(' and ')})` : (ends[0] ?? `${field}: *`)
}

function boundText(field: string, bound: Bound): string {
  if (typeof bound === 'string') return valueText(bound)
  return fieldOf(field)?.type === 'date' ? quoted(timeText(bound)) : String(bound)
}

function cidrText(query: Extract<Query, { kind: 'cidr' }>): string {
  const field = fieldText(query.field)
  const block = blockText(query)
  if (block !== undefined) return `${field}: ${valueText(block)}`
  return `(${field} >= ${valueText(addressText(query.first))} and ${field} <= ${valueText(addressText(query.last))})`
}
