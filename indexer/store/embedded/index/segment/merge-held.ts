import { hashOf } from '../held.ts'
import { HELD, HELD_KINDS } from '../layout.ts'
import { type HeldColumn, type HeldKind, heldText, numberColumn, TextNumbers } from './held-column.ts'
import type { HeldReader } from './held-reader.ts'
import type { Segment } from './read.ts'

/** A column as one of the segments has it, and where its documents go. */
interface Part {
  readonly reader: HeldReader
  readonly docs: number
  readonly renumbered: Uint32Array
}

/** The columns of values of several segments as one; each is valid until the next is asked for. */
export function* mergedHeld(
  segments: readonly Segment[],
  renumbered: readonly Uint32Array[],
  total: number,
): Generator<readonly [field: number, column: HeldColumn]> {
  const texts = new TextNumbers()
  for (const [field, path] of HELD.entries()) {
    const parts: Part[] = []
    for (const [s, segment] of segments.entries()) {
      const reader = segment.held(path)
      if (reader !== undefined) parts.push({ reader, docs: segment.docs, renumbered: renumbered[s]! })
    }
    if (parts.length === 0) continue
    if (parts.every(({ reader }) => reader.kind === 'numbers')) yield [field, mergedNumbers(parts, total)]
    else {
      texts.clear()
      yield [field, mergedTexts(parts, total, texts, HELD_KINDS[field]!)]
    }
  }
}

const isSet = (bits: Uint32Array | null, doc: number): boolean =>
  bits === null || ((bits[doc >>> 5]! >>> (doc & 31)) & 1) === 1

function mergedNumbers(parts: readonly Part[], total: number): HeldColumn {
  const merged = new Float64Array(total).fill(Number.NaN)
  for (const { reader, docs, renumbered } of parts) {
    if (reader.kind !== 'numbers') continue
    const values = reader.values.slice(0, docs)
    for (let doc = 0; doc < docs; doc++)
      if (isSet(reader.present, doc)) merged[renumbered[doc]!] = values[doc]!
  }
  return numberColumn(merged)
}

function mergedTexts(parts: readonly Part[], total: number, texts: TextNumbers, kind: HeldKind): HeldColumn {
  const merged = new Uint32Array(total)
  for (const { reader, docs, renumbered } of parts) {
    if (reader.kind === 'numbers') {
      // Elsewhere this field has something that is no number, so here its numbers become texts, too.
      const values = reader.values.slice(0, docs)
      for (let doc = 0; doc < docs; doc++) {
        if (!isSet(reader.present, doc)) continue
        const bytes = Buffer.from(heldText(kind, values[doc]!))
        merged[renumbered[doc]!] = texts.of(hashOf(bytes, 0, bytes.length), bytes, 0, bytes.length)
      }
      continue
    }
    const { bytes, ends, count } = reader.texts
    const numbers = new Uint32Array(count + 1)
    for (let ordinal = 1; ordinal <= count; ordinal++) {
      const start = reader.texts.startOf(ordinal)
      const end = ends[ordinal - 1]!
      numbers[ordinal] = texts.of(hashOf(bytes, start, end), bytes, start, end)
    }
    const ordinals = reader.ordinals.slice(0, docs)
    for (let doc = 0; doc < docs; doc++) merged[renumbered[doc]!] = numbers[ordinals[doc]!]!
  }
  return texts.column(merged)
}
