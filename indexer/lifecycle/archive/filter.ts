import { hash } from 'node:crypto'
import { type AuditEvent, fieldOf, leavesUnder, wordsOf } from '../../../schema/index.ts'
import type { Query } from '../../query/index.ts'

/**
 * A Bloom filter over the words of all values of a block's events: a search skips a block that surely has none. 10 bits and 7 hashes for
 * each word let through one block in a hundred that has nothing.
 */
const BITS = 10
const HASHES = 7

function* places(word: string, bits: number): Generator<number> {
  const digest = hash('sha256', word, 'buffer')
  const first = digest.readUInt32BE(0)
  // Odd, so that the steps do not repeat early.
  const step = (digest.readUInt32BE(4) | 1) >>> 0
  for (let i = 0; i < HASHES; i++) yield (first + i * step) % bits
}

const WORDLESS: ReadonlySet<string> = new Set(['date', 'long', 'float', 'boolean'])

const known = new Map<string, boolean>()
const MOST_KNOWN = 10_000

/** Times and numbers are not found by words; their digits would be in each block. */
function hasWords(path: string): boolean {
  let has = known.get(path)
  if (has === undefined) {
    const field = fieldOf(path)
    has = field === undefined || field.words === true || !WORDLESS.has(field.type)
    // Payloads have any names.
    if (known.size < MOST_KNOWN) known.set(path, has)
  }
  return has
}

export function addWords(event: AuditEvent, seen: Set<string>, words: Set<string>): void {
  for (const { path, value } of leavesUnder(event)) {
    if (seen.has(value) || !hasWords(path)) continue
    seen.add(value)
    for (const word of wordsOf(value)) words.add(word)
  }
}

export function filterOf(words: ReadonlySet<string>): Buffer {
  const bytes = Buffer.alloc(Math.max(1, Math.ceil((words.size * BITS) / 8)))
  for (const word of words)
    for (const bit of places(word, bytes.length * 8)) bytes[bit >>> 3]! |= 1 << (bit & 7)
  return bytes
}

const has = (filter: Buffer, word: string): boolean =>
  places(word, filter.length * 8).every((bit) => (filter[bit >>> 3]! & (1 << (bit & 7))) !== 0)

/** Whether a block with this filter may have events that the query finds. */
export function mayMatch(query: Query, filter: Buffer): boolean {
  switch (query.kind) {
    case 'none':
      return false
    case 'and':
      return query.of.every((part) => mayMatch(part, filter))
    case 'or':
      return query.of.some((part) => mayMatch(part, filter))
    case 'words': {
      const whole = query.prefix ? query.words.slice(0, -1) : query.words
      return whole.every((word) => has(filter, word))
    }
    case 'equals': {
      // Other types compare values that may be written in several ways. Words of an event are not all words of a field.
      const type = fieldOf(query.field)?.type
      if (type !== 'keyword' && type !== 'flattened' && type !== 'text') return true
      return wordsOf(query.value).every((word) => has(filter, word))
    }
    default:
      return true
  }
}
