import { isMembers, type Members } from '../integration/members.ts'
import type { NameNode, NameTree } from '../integration/names.ts'
import type { Memory } from '../wasm/memory.ts'
import { ESCAPED, FROM, KEY_FROM, KEY_TO, KIND, NEXT, NODE, ROW_BYTES, TO } from '../wasm/rows.ts'

const COLON = 0x3a
const COMMA = 0x2c
const NONE = -1

/** Takes the value of a known name: its row, as an address. */
type Note = (node: NameNode, row: number, value: unknown) => void

/**
 * Writes values as JSON, with the rows that the kernel would make of them: for records that the kernel does not accept (other number
 * notations, repeated members, deep nesting), and for composed values.
 */
export class RowWriter {
  readonly #memory: Memory
  readonly #names: NameTree
  readonly #note: Note
  /** The place of the next byte, and of the next row. */
  #at = 0
  #row = 0

  constructor(memory: Memory, names: NameTree, note: Note) {
    this.#memory = memory
    this.#names = names
    this.#note = note
  }

  /** Writes a record, from this row on; returns the end of its rows. */
  record(members: Members, row: number): number {
    return this.#whole(members, row, this.#names.root)
  }

  /** The same for a value whose members have no known names. */
  value(value: unknown, row: number): number {
    return this.#whole(value, row, undefined)
  }

  #whole(value: unknown, row: number, node: NameNode | undefined): number {
    const { recordNotes } = this.#memory
    this.#at = recordNotes.at
    this.#row = row
    this.#value(value, 0, 0, node)
    recordNotes.end(this.#at)
    return this.#row
  }

  #value(value: unknown, keyFrom: number, keyTo: number, node: NameNode | undefined): number {
    const { numbers, rowsEnd, bytes } = this.#memory
    const address = this.#row
    if (address + ROW_BYTES > rowsEnd) throw new Error('there is no room for the values of a record')
    this.#row = address + ROW_BYTES
    const row = address >> 2
    numbers[row + KEY_FROM] = keyFrom
    numbers[row + KEY_TO] = keyTo
    numbers[row + NODE] = node?.id ?? NONE
    numbers[row + ESCAPED] = 0
    const start = this.#at
    let kind: number = KIND.null
    if (typeof value === 'object' && value !== null) {
      const isList = Array.isArray(value)
      kind = isList ? KIND.array : KIND.object
      this.#sign(isList ? '[' : '{')
      if (isList) this.#items(value)
      else if (isMembers(value)) this.#members(value, node)
      this.#sign(isList ? ']' : '}')
    } else {
      const json = JSON.stringify(value)
      this.#write(json)
      if (typeof value === 'string') {
        kind = KIND.string
        if (json.includes('\\')) numbers[row + ESCAPED] = 1
      } else if (typeof value === 'number') kind = KIND.number
      else if (typeof value === 'boolean') kind = value ? KIND.true : KIND.false
    }
    const isText = kind === KIND.string
    numbers[row] = kind
    numbers[row + FROM] = isText ? start + 1 : start
    numbers[row + TO] = isText ? this.#at - 1 : this.#at
    numbers[row + NEXT] = this.#row
    bytes[this.#at] = 0
    return address
  }

  #items(list: readonly unknown[]): void {
    for (let i = 0; i < list.length; i++) {
      if (i > 0) this.#byte(COMMA)
      this.#value(list[i], 0, 0, undefined)
    }
  }

  #members(members: Members, node: NameNode | undefined): void {
    let isFirst = true
    for (const name of Object.keys(members)) {
      if (members[name] === undefined) continue
      if (!isFirst) this.#byte(COMMA)
      isFirst = false
      const from = this.#at
      this.#write(JSON.stringify(name))
      const to = this.#at
      this.#byte(COLON)
      const child = node === undefined ? undefined : this.#names.child(node, name)
      const row = this.#value(members[name], from + 1, to - 1, child)
      if (child !== undefined) this.#note(child, row, members[name])
    }
  }

  #sign(sign: string): void {
    this.#byte(sign.charCodeAt(0))
  }

  #byte(byte: number): void {
    this.#memory.bytes[this.#at++] = byte
  }

  #write(text: string): void {
    const { bytes, recordNotes } = this.#memory
    recordNotes.reserve(this.#at - recordNotes.at + text.length * 3 + 1)
    this.#at += bytes.write(text, this.#at)
  }
}
