import { LIMITS } from '../../../schema/index.ts'
import { between, LEAF_COUNT } from '../integration/layout.ts'
import type { Memory, Noted } from '../wasm/memory.ts'
import type { ChangeRows } from './change-rows.ts'
import type { Output } from './output.ts'
import type { Pipeline } from './pipeline.ts'
import { HOW, type Values } from './values.ts'

/** How often a byte of the record may occur in its event at most (in original, field, message, changes, payload), escaped. */
const MOST_COPIES = 7
/** The largest size of an event's keys, brackets, quotes, numbers and times. */
const FRAME_BYTES = 8 * 1024
/** The largest size of a byte as JSON. */
const MOST_OF_BYTE = 6
const COPIED: ReadonlySet<number> = new Set([HOW.list, HOW.single, HOW.program, HOW.changes])

/** The kernel's data about a line: the places in its list of numbers. */
const CHANGE_COUNT = 7
const ID_FROM = 12
const ID_TO = 13
/** Values below this are a pair of leaves for which the kernel does not know the text between them. */
const NONE = -1
const FIRST_MISSING = -2

/** Writes the values of an event as one line of canonical JSON: it gives the kernel the places of everything. */
export class LineWriter {
  readonly #memory: Memory
  readonly #changes: ChangeRows
  readonly #values: Values
  readonly #line: Int32Array
  readonly #gaps: Int32Array
  readonly #constantBytes: number
  readonly #copies: number

  constructor(pipeline: Pipeline, memory: Memory, values: Values, changes: ChangeRows) {
    this.#memory = memory
    this.#changes = changes
    this.#values = values
    this.#gaps = memory.gaps
    const { message } = pipeline.mapping
    const line = [
      LEAF_COUNT,
      values.how.byteOffset,
      values.from.byteOffset,
      values.to.byteOffset,
      this.#gaps.byteOffset,
      kept(memory, [message.length, ...message.flatMap((leaves) => [leaves.length, ...leaves])]),
      LIMITS.keywordLength,
      0,
      changes.fieldFrom.byteOffset,
      changes.fieldTo.byteOffset,
      changes.old.byteOffset,
      changes.now.byteOffset,
      0,
      0,
    ]
    this.#line = memory.numbersOf(line.length)
    this.#line.set(line)
    this.#constantBytes = FRAME_BYTES + MOST_COPIES * textBytesOf(pipeline)
    this.#copies = MOST_COPIES + message.length
  }

  /** Sets the prefix of the next events' ids. */
  begin(idPrefix: Noted): void {
    this.#line[ID_FROM] = idPrefix.from
    this.#line[ID_TO] = idPrefix.to
  }

  /** The number of bytes that the event of a record of this length may take. */
  roomFor(recordLength: number): number {
    return recordLength * this.#copies + this.#constantBytes
  }

  /** The same for the current event, by its values: for a long record, the general bound would exceed the memory. */
  bytesOf(recordLength: number): number {
    const { how, from, to } = this.#values
    let bytes = FRAME_BYTES + LIMITS.keywordLength
    for (let leaf = 0; leaf < how.length; leaf++) {
      if (how[leaf] === HOW.text || how[leaf] === HOW.quoted || how[leaf] === HOW.json)
        bytes += to[leaf]! - from[leaf]! + 2
      else if (how[leaf] === HOW.original) bytes += MOST_OF_BYTE * (to[leaf]! - from[leaf]!)
      // Each item of a list gets quotes.
      else if (COPIED.has(how[leaf]!)) bytes += 3 * recordLength
    }
    return bytes
  }

  write(output: Output, room: number, offset: number): void {
    output.reserve(room)
    this.#line[CHANGE_COUNT] = this.#changes.count
    for (;;) {
      const end = this.#memory.kernel.writeLine(this.#line.byteOffset, output.at, offset)
      if (end > NONE) {
        output.end(end)
        break
      }
      if (end === NONE) throw new Error('a message is longer than was found')
      this.#addGap(FIRST_MISSING - end)
    }
  }

  #addGap(pair: number): void {
    const text = Buffer.from(between(Math.floor(pair / (LEAF_COUNT + 1)) - 1, pair % (LEAF_COUNT + 1)))
    this.#gaps[pair * 2] = this.#memory.keep(text)
    this.#gaps[pair * 2 + 1] = text.length
  }
}

function kept(memory: Memory, numbers: readonly number[]): number {
  const list = memory.numbersOf(numbers.length)
  list.set(numbers)
  return list.byteOffset
}

/** The size of all texts that do not come from the record: there is room for everything that an operator wrote. */
function textBytesOf(pipeline: Pipeline): number {
  const { events, lookups, set, rules } = pipeline.mapping
  const given = [...events.all(), ...lookups.all(), ...set].reduce((sum, { json }) => sum + json.length, 0)
  const values = rules.reduce(
    (sum, { values, constant }) => sum + (values?.bytes ?? 0) + (constant?.json.length ?? 0),
    0,
  )
  const constants = pipeline.constants.reduce((sum, json) => sum + Buffer.byteLength(json ?? ''), 0)
  const tags = Buffer.byteLength(pipeline.tags.json(-1) ?? '')
  return given + values + constants + tags + Buffer.byteLength(pipeline.host)
}
