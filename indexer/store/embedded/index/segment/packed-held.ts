import { Bytes, Reading, uint32s } from './codec.ts'
import type { HeldColumn } from './held-column.ts'
import { type HeldReader, HeldTexts } from './held-reader.ts'
import { type PackedPlace, packedColumn } from './packed-column.ts'
import { type Packet, unpackedBytes } from './seal.ts'
import type { Source } from './source.ts'

/** The place of a column of values. */
export type PackedHeldPlace =
  | {
      readonly kind: 'texts'
      readonly ordinals: PackedPlace
      readonly count: number
      /** The texts' lengths (varints), then the texts. */
      readonly texts: Packet
    }
  | {
      readonly kind: 'numbers'
      readonly values: PackedPlace
      /** Bits of the documents that have a value; null if all have. */
      readonly present: Packet | null
    }

/** Writes the parts of a segment: columns, and compressed bytes. */
export interface PartWriter {
  /** `counted`: by counts, which go through all of them. */
  column(values: ArrayLike<number>, width: 1 | 2 | 4 | 8, counted: boolean): PackedPlace
  packet(bytes: Uint8Array): Packet
}

export function writeHeld(column: HeldColumn, { column: write, packet }: PartWriter): PackedHeldPlace {
  if (column.kind === 'texts') {
    const { ordinals, bytes, ends } = column
    const texts = new Bytes(bytes.length + ends.length * 2)
    let start = 0
    for (const end of ends) {
      texts.varint(end - start)
      start = end
    }
    texts.bytes(bytes)
    const width = ordinals.BYTES_PER_ELEMENT as 1 | 2 | 4
    return {
      kind: 'texts',
      ordinals: write(ordinals, width, true),
      count: ends.length,
      texts: packet(texts.view()),
    }
  }
  const { values, present } = column
  if (present === null)
    return { kind: 'numbers', values: write(values, widthOf(values), false), present: null }
  // A missing number takes the least room as a repetition of the value before it.
  const filled = values.slice()
  let before = 0
  for (let doc = 0; doc < filled.length; doc++) {
    if (((present[doc >>> 5]! >>> (doc & 31)) & 1) === 1) before = filled[doc]!
    else filled[doc] = before
  }
  const bits = packet(Buffer.from(present.buffer, present.byteOffset, present.byteLength))
  return { kind: 'numbers', values: write(filled, widthOf(filled), false), present: bits }
}

const widthOf = (values: Uint32Array | Float64Array): 4 | 8 => (values instanceof Uint32Array ? 4 : 8)

export function packedHeld(source: Source, place: PackedHeldPlace, docs: number): HeldReader {
  const bytesOf = ({ offset, length }: Packet): Buffer =>
    unpackedBytes(source.read(offset, length), 'a column of values')
  if (place.kind === 'numbers') {
    const { values, present } = place
    return {
      kind: 'numbers',
      values: packedColumn(source, values, docs),
      present: present === null ? null : uint32s(bytesOf(present)),
    }
  }
  const { ordinals, count, texts } = place
  const reading = new Reading(bytesOf(texts))
  const ends = new Uint32Array(count)
  let end = 0
  for (let i = 0; i < count; i++) {
    end += reading.varint()
    ends[i] = end
  }
  const bytes = Buffer.from(reading.buffer.subarray(reading.at))
  return { kind: 'texts', ordinals: packedColumn(source, ordinals, docs), texts: new HeldTexts(bytes, ends) }
}
