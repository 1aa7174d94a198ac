import { LEAF_COUNT } from '../layout.ts'
import type { Piece } from './piece.ts'

/** How a leaf's value is to be written. */
export const HOW = {
  absent: 0,
  /** A text of the record, as it stands between its quotes. */
  text: 1,
  /** A number, true or false of the record, as a text. */
  quoted: 2,
  /** Bytes that are JSON already. */
  json: 3,
  /** A row of the record that is a list of scalars. */
  list: 4,
  /** One scalar of the record as a list. */
  single: 5,
  /** From here on: what is written by a way of its own. */
  original: 6,
  offset: 7,
  id: 8,
  message: 9,
  related: 10,
  payload: 11,
  changes: 12,
  changeFields: 13,
  changeBefore: 14,
  changeAfter: 15,
} as const

/** The event of one record, by leaf, as places in bytes. */
export class Values {
  readonly how = new Uint8Array(LEAF_COUNT)
  readonly from = new Int32Array(LEAF_COUNT)
  readonly to = new Int32Array(LEAF_COUNT)
  readonly json: (Piece | undefined)[] = new Array(LEAF_COUNT).fill(undefined)

  clear(): void {
    this.how.fill(0)
  }

  setJson(leaf: number, json: Piece): void {
    this.how[leaf] = HOW.json
    this.json[leaf] = json
  }

  setSpan(leaf: number, how: number, from: number, to: number): void {
    this.how[leaf] = how
    this.from[leaf] = from
    this.to[leaf] = to
  }

  /** Whether it has a text: a text, or what becomes one; not a list. */
  hasText(leaf: number): boolean {
    const how = this.how[leaf]!
    if (how === HOW.text || how === HOW.quoted) return true
    if (how !== HOW.json) return false
    const { bytes } = this.json[leaf]!
    return bytes[0] !== 0x5b && bytes.length > (bytes[0] === 0x22 ? 2 : 0)
  }

  /** Where its text stands: in these bytes, from, to; escaped as in JSON. */
  textBytes(leaf: number, record: Uint8Array): Uint8Array {
    return this.how[leaf] === HOW.json ? this.json[leaf]!.bytes : record
  }

  textWords(leaf: number, record: DataView): DataView {
    return this.how[leaf] === HOW.json ? this.json[leaf]!.words : record
  }

  textFrom(leaf: number): number {
    return this.how[leaf] === HOW.json ? (this.json[leaf]!.bytes[0] === 0x22 ? 1 : 0) : this.from[leaf]!
  }

  textTo(leaf: number): number {
    if (this.how[leaf] !== HOW.json) return this.to[leaf]!
    const { bytes } = this.json[leaf]!
    return bytes[0] === 0x22 ? bytes.length - 1 : bytes.length
  }
}
