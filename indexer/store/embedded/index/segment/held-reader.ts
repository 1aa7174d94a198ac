import { uint32s } from './codec.ts'
import { type Column, plainColumn } from './column.ts'
import type { Source } from './source.ts'
import type { TextBook } from './text-book.ts'
import type { HeldPlace } from './write.ts'

/** A column of values, opened for reading. */
export type HeldReader =
  | {
      readonly kind: 'texts'
      readonly ordinals: Column
      readonly texts: HeldTexts
    }
  | {
      readonly kind: 'numbers'
      readonly values: Column
      readonly present: Uint32Array | null
    }

/** The different texts (JSON) of a column, by their ordinals from 1. */
export class HeldTexts {
  readonly count: number
  readonly bytes: Buffer
  readonly ends: Uint32Array

  constructor(bytes: Buffer, ends: Uint32Array) {
    this.count = ends.length
    this.bytes = bytes
    this.ends = ends
  }

  startOf(ordinal: number): number {
    return ordinal === 1 ? 0 : this.ends[ordinal - 2]!
  }
}

/** The texts of a column in the thread's book: `ids` begins with the number of the text with ordinal 1. */
export interface KnownTexts {
  readonly book: TextBook
  readonly ids: Uint32Array
}

export function heldReader(source: Source, place: HeldPlace, docs: number): HeldReader {
  if (place.kind === 'numbers') {
    const { width, values, present } = place
    return {
      kind: 'numbers',
      values: plainColumn(source, values, width, docs),
      present: present === -1 ? null : uint32s(source.read(present, ((docs + 31) >>> 5) * 4)),
    }
  }
  const { width, ordinals, count, ends, bytes, length } = place
  return {
    kind: 'texts',
    ordinals: plainColumn(source, ordinals, width, docs),
    texts: new HeldTexts(source.read(bytes, length), uint32s(source.read(ends, count * 4))),
  }
}
