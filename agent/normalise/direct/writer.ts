import { LIMITS } from '../../../schema/index.ts'
import { between, LEAF_COUNT } from '../layout.ts'
import type { Output } from '../output.ts'
import type { Pipeline, Place } from '../pipeline.ts'
import { RELATED } from '../record.ts'
import type { ChangeRows } from './change-rows.ts'
import { ChangeWriter } from './change-writer.ts'
import type { Found } from './found.ts'
import { copyWords, Piece, writeScalar } from './piece.ts'
import type { Rest } from './rest.ts'
import { ROW } from './tape.ts'
import { HOW, type Values } from './values.ts'

const QUOTE = 0x22
const COMMA = 0x2c
const BACKSLASH = 0x5c
const OPEN = 0x5b
const CLOSE = 0x5d

/** How often a byte of the record may stand in its event at most (in original, field, related, message, changes twice, payload), escaped. */
const MOST_COPIES = 9
/** Keys, brackets, quotes, numbers and times of an event, at most. */
const FRAME_BYTES = 8 * 1024

const HEX = Buffer.from('0123456789abcdef')

interface Run {
  readonly piece: Piece
  readonly last: number
}

/** Writes the values of an event as one line of canonical JSON. */
export class LineWriter {
  readonly #pipeline: Pipeline
  readonly #found: Found
  readonly #values: Values
  readonly #changes: ChangeWriter
  readonly #rest: Rest
  /** By pair of leaves: what stands between them. */
  readonly #between: (Piece | undefined)[] = new Array((LEAF_COUNT + 1) ** 2).fill(undefined)
  readonly #runs: (Run | undefined)[] = new Array((LEAF_COUNT + 1) ** 2).fill(undefined)
  readonly #constants: readonly (string | undefined)[]
  readonly #constantBytes: number
  readonly #copies: number
  readonly #relatedOf: readonly (readonly number[] | undefined)[]
  #offset = 0

  constructor(pipeline: Pipeline, found: Found, values: Values, changes: ChangeRows, rest: Rest) {
    this.#pipeline = pipeline
    this.#found = found
    this.#values = values
    this.#changes = new ChangeWriter(found, changes)
    this.#rest = rest
    this.#constants = Array.from({ length: LEAF_COUNT }, (_, leaf) => pipeline.constants[leaf])
    this.#constantBytes = FRAME_BYTES + MOST_COPIES * textBytesOf(pipeline)
    this.#copies = MOST_COPIES + pipeline.mapping.message.length
    const related: (readonly number[] | undefined)[] = []
    for (const { leaf, of } of RELATED) related[leaf] = of
    this.#relatedOf = related
  }

  /** False, and nothing written, where the plain way must. */
  write(output: Output, place: Place, recordLength: number, offset: number): boolean {
    output.reserve(recordLength * this.#copies + this.#constantBytes + place.pathPiece.length)
    this.#offset = offset
    const out = output.words
    const values = this.#values
    const { how, from, to, json } = values
    const record = this.#found.words
    const constants = this.#constants
    let at = output.at
    let previous = -1
    for (let leaf = 0; leaf < LEAF_COUNT; leaf++) {
      const way = how[leaf]!
      let constant: Piece | undefined
      if (way === HOW.absent) {
        if (constants[leaf] === undefined) continue
        const run = this.#runs[(previous + 1) * (LEAF_COUNT + 1) + leaf] ?? this.#makeRun(previous, leaf)
        at = copyWords(out, at, run.piece.words, 0, run.piece.length)
        leaf = run.last
        previous = leaf
        continue
      }
      if (way === HOW.json) constant = json[leaf]!
      else if (way >= HOW.changeFields && !this.#changes.hasIndexed(way)) continue

      const pair = (previous + 1) * (LEAF_COUNT + 1) + leaf
      const gap = this.#between[pair] ?? this.#makeBetween(pair, previous, leaf)
      at = copyWords(out, at, gap.words, 0, gap.length)
      previous = leaf
      if (constant !== undefined) {
        at = copyWords(out, at, constant.words, 0, constant.length)
        continue
      }
      switch (way) {
        case HOW.text:
          // With its quotes.
          at = copyWords(out, at, record, from[leaf]! - 1, to[leaf]! + 1)
          break
        case HOW.quoted:
          out.setUint8(at++, QUOTE)
          at = copyWords(out, at, record, from[leaf]!, to[leaf]!)
          out.setUint8(at++, QUOTE)
          break
        case HOW.original:
          at = this.#writeOriginal(out, at, from[leaf]!, to[leaf]!)
          break
        case HOW.offset:
          at = writeNumber(out, at, offset)
          break
        case HOW.id:
          at = this.#writeId(out, at, place)
          break
        default:
          at = this.#writeOther(way, leaf, out, at)
          if (at === -1) return false
      }
    }
    const last = (previous + 1) * (LEAF_COUNT + 1) + LEAF_COUNT
    const end = this.#between[last] ?? this.#makeBetween(last, previous, LEAF_COUNT)
    at = copyWords(out, at, end.words, 0, end.length)
    out.setUint8(at++, 0x0a)
    output.end(at)
    return true
  }

  #makeBetween(place: number, previous: number, next: number): Piece {
    const piece = new Piece(between(previous, next))
    this.#between[place] = piece
    return piece
  }

  /** Leaves that are the same in all events, one behind the other (`agent.*`), are written in one piece with what is before them. */
  #makeRun(previous: number, first: number): Run {
    let last = first
    let text = between(previous, first) + this.#constants[first]
    while (this.#constants[last + 1] !== undefined) {
      text += between(last, last + 1) + this.#constants[last + 1]
      last++
    }
    const run = { piece: new Piece(text), last }
    this.#runs[(previous + 1) * (LEAF_COUNT + 1) + first] = run
    return run
  }

  #writeOther(way: number, leaf: number, out: DataView, at: number): number {
    switch (way) {
      case HOW.list:
        return this.#writeList(leaf, out, at)
      case HOW.single:
        out.setUint8(at, OPEN)
        at = writeScalar(this.#found, this.#values.from[leaf]!, out, at + 1)
        out.setUint8(at, CLOSE)
        return at + 1
      case HOW.message:
        return this.#writeMessage(out, at)
      case HOW.related:
        return this.#writeRelated(leaf, out, at)
      case HOW.payload:
        return this.#rest.write(out, at)
      default:
        return this.#changes.write(way, out, at)
    }
  }

  /** The record as a JSON text: the scan has noted what is to be escaped. */
  #writeOriginal(out: DataView, start: number, from: number, to: number): number {
    const { bytes, words } = this.#found
    const { escapes, escapeCount } = this.#found.tape
    let at = start
    out.setUint8(at++, QUOTE)
    at = copyWords(out, at, words, from, escapeCount === 0 ? to : escapes[0]!)
    for (let i = 0; i < escapeCount; i++) {
      let place = escapes[i]!
      const byte = bytes[place]!
      out.setUint8(at++, BACKSLASH)
      if (byte < 0x20) {
        out.setUint8(at++, byte === 0x0a ? 0x6e : byte === 0x0d ? 0x72 : 0x74)
        place++
      }
      // As copyWords, in place: there are a hundred such pieces in a record, of five bytes.
      const end = i + 1 < escapeCount ? escapes[i + 1]! : to
      let rest = at
      for (let k = place; k < end; k += 8, rest += 8)
        out.setBigUint64(rest, words.getBigUint64(k, true), true)
      at += end - place
    }
    out.setUint8(at++, QUOTE)
    return at
  }

  #writeId(out: DataView, from: number, place: Place): number {
    let at = from
    out.setUint8(at++, QUOTE)
    at = copyWords(out, at, place.idPrefixPiece.words, 0, place.idPrefixPiece.length)
    let high = Math.floor(this.#offset / 0x1_0000_0000)
    let low = (this.#offset % 0x1_0000_0000) | 0
    for (let i = 15; i >= 8; i--, low >>>= 4) out.setUint8(at + i, HEX[low & 15]!)
    for (let i = 7; i >= 0; i--, high >>>= 4) out.setUint8(at + i, HEX[high & 15]!)
    at += 16
    out.setUint8(at++, QUOTE)
    return at
  }

  #writeList(leaf: number, out: DataView, from: number): number {
    const found = this.#found
    const list = this.#values.from[leaf]!
    let at = from
    out.setUint8(at++, OPEN)
    for (let item = list + ROW; item < found.next(list); item = found.next(item)) {
      if (item > list + ROW) out.setUint8(at++, COMMA)
      at = writeScalar(this.#found, item, out, at)
    }
    out.setUint8(at++, CLOSE)
    return at
  }

  #writeText(leaf: number, out: DataView, from: number): number {
    const values = this.#values
    const words = values.textWords(leaf, this.#found.words)
    return copyWords(out, from, words, values.textFrom(leaf), values.textTo(leaf))
  }

  #writeMessage(out: DataView, from: number): number {
    const values = this.#values
    let at = from
    out.setUint8(at++, QUOTE)
    const start = at
    for (const alternatives of this.#pipeline.mapping.message) {
      for (let i = 0; i < alternatives.length; i++) {
        const leaf = alternatives[i]!
        if (!values.hasText(leaf)) continue
        if (at > start) out.setUint8(at++, 0x20)
        at = this.#writeText(leaf, out, at)
        break
      }
    }
    if (at - start > LIMITS.keywordLength) return -1
    out.setUint8(at++, QUOTE)
    return at
  }

  /** Each text once, in the order of the leaves. */
  #writeRelated(leaf: number, out: DataView, from: number): number {
    const values = this.#values
    const of = this.#relatedOf[leaf]!
    let at = from
    out.setUint8(at++, OPEN)
    for (let i = 0; i < of.length; i++) {
      const one = of[i]!
      if (!values.hasText(one) || this.#isBefore(of, i)) continue
      if (at > from + 1) out.setUint8(at++, COMMA)
      out.setUint8(at++, QUOTE)
      at = this.#writeText(one, out, at)
      out.setUint8(at++, QUOTE)
    }
    out.setUint8(at++, CLOSE)
    return at
  }

  #isBefore(of: readonly number[], i: number): boolean {
    const values = this.#values
    const record = this.#found.bytes
    const bytes = values.textBytes(of[i]!, record)
    const from = values.textFrom(of[i]!)
    const length = values.textTo(of[i]!) - from
    for (let k = 0; k < i; k++) {
      const other = of[k]!
      if (!values.hasText(other)) continue
      const otherBytes = values.textBytes(other, record)
      const otherFrom = values.textFrom(other)
      if (values.textTo(other) - otherFrom !== length) continue
      let n = 0
      while (n < length && bytes[from + n] === otherBytes[otherFrom + n]) n++
      if (n === length) return true
    }
    return false
  }
}

/** Bytes of all texts that are not the record's own: whatever an operator wrote, it has room. */
function textBytesOf(pipeline: Pipeline): number {
  const { lookups, set, rules } = pipeline.mapping
  const given = [...lookups.all(), ...set].reduce((sum, { json }) => sum + json.length, 0)
  const values = rules.reduce((sum, { values }) => sum + (values?.bytes ?? 0), 0)
  const constants = pipeline.constants.reduce((sum, json) => sum + Buffer.byteLength(json ?? ''), 0)
  const tags = Buffer.byteLength(pipeline.tags.json(-1) ?? '')
  return given + values + constants + tags + Buffer.byteLength(pipeline.host)
}

function writeNumber(out: DataView, at: number, value: number): number {
  let digits = 1
  for (let power = 10; power <= value; power *= 10) digits++
  let rest = value
  for (let i = at + digits - 1; i >= at; i--) {
    const next = Math.floor(rest / 10)
    out.setUint8(i, 0x30 + (rest - next * 10))
    rest = next
  }
  return at + digits
}
