import type { AuditEvent } from '../../../../schema/index.ts'
import { eventWith } from '../facets.ts'
import { uint32s } from './codec.ts'
import { Column, type Source } from './read.ts'
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

  readonly #field: string

  constructor(field: string, bytes: Buffer, ends: Uint32Array) {
    this.#field = field
    this.count = ends.length
    this.bytes = bytes
    this.ends = ends
  }

  startOf(ordinal: number): number {
    return ordinal === 1 ? 0 : this.ends[ordinal - 2]!
  }

  readonly #events: AuditEvent[] = []

  /** An event with this value alone. */
  event(ordinal: number): AuditEvent {
    let event = this.#events[ordinal]
    if (event === undefined) {
      const text = this.bytes.toString('utf8', this.startOf(ordinal), this.ends[ordinal - 1]!)
      event = eventWith([[this.#field, JSON.parse(text)]])
      this.#events[ordinal] = event
    }
    return event
  }
}

export function heldReader(source: Source, field: string, place: HeldPlace, docs: number): HeldReader {
  if (place.kind === 'numbers') {
    const { width, values, present } = place
    return {
      kind: 'numbers',
      values: new Column(source, values, width, docs),
      present: present === -1 ? null : uint32s(source.read(present, ((docs + 31) >>> 5) * 4)),
    }
  }
  const { width, ordinals, count, ends, bytes, length } = place
  return {
    kind: 'texts',
    ordinals: new Column(source, ordinals, width, docs),
    texts: new HeldTexts(field, source.read(bytes, length), uint32s(source.read(ends, count * 4))),
  }
}
