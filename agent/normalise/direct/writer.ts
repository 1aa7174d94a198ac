import { LIMITS } from '../../../schema/index.ts'
import { between, LEAF_COUNT } from '../layout.ts'
import type { Output } from '../output.ts'
import type { Pipeline } from '../pipeline.ts'
import type { ChangeRows } from './change-rows.ts'
import type { Memory, Noted } from './memory.ts'
import type { Values } from './values.ts'

/** How often a byte of the record may stand in its event at most (in original, field, message, changes, payload), escaped. */
const MOST_COPIES = 7
/** Keys, brackets, quotes, numbers and times of an event, at most. */
const FRAME_BYTES = 8 * 1024

/** What the kernel is told of a line: the places in its list of numbers. */
const CHANGE_COUNT = 7
const ID_FROM = 12
const ID_TO = 13
/** The kernel's answer where the plain way must write; below it, the pair of leaves whose text between it doesn't know. */
const DECLINED = -1
const FIRST_MISSING = -2

/** Writes the values of an event as one line of canonical JSON: it tells the kernel where everything stands. */
export class LineWriter {
  readonly #memory: Memory
  readonly #changes: ChangeRows
  readonly #line: Int32Array
  readonly #gaps: Int32Array
  readonly #constantBytes: number
  readonly #copies: number

  constructor(pipeline: Pipeline, memory: Memory, values: Values, changes: ChangeRows) {
    this.#memory = memory
    this.#changes = changes
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

  /** The next events' ids begin so. */
  begin(idPrefix: Noted): void {
    this.#line[ID_FROM] = idPrefix.from
    this.#line[ID_TO] = idPrefix.to
  }

  /** False, and nothing written, where the plain way must. */
  write(output: Output, recordLength: number, offset: number): boolean {
    output.reserve(recordLength * this.#copies + this.#constantBytes)
    this.#line[CHANGE_COUNT] = this.#changes.count
    for (;;) {
      const end = this.#memory.kernel.writeLine(this.#line.byteOffset, output.at, offset)
      if (end > DECLINED) {
        output.end(end)
        return true
      }
      if (end === DECLINED) return false
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

/** Bytes of all texts that are not the record's own: whatever an operator wrote, it has room. */
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
