import { LIMITS } from '../../../schema/index.ts'
import { LEAF_COUNT } from '../integration/layout.ts'
import { type Kernel, startKernel } from './index.ts'

/**
 * The memory that the kernel shares with this side: the records of a task, their events, and everything that is copied into events. All
 * addresses in this folder refer to it. Only its address space is large: pages that are never written to take no memory.
 */
const PAGE = 64 * 1024
/** Reading and writing 16 bytes at a time goes beyond the end. */
export const SLACK = 64

const PROGRAM = 16 * 1024
const PROGRAM_END = 96 * 1024
const SLICE_NOTES = PROGRAM_END
const ARENA = 128 * 1024
const ARENA_END = 48 * 1024 * 1024
const SCRATCH = ARENA_END
const SCRATCH_BYTES = 256 * 1024
const ROOM = SCRATCH + SCRATCH_BYTES
const ROOM_BYTES = 128 * 1024
const INPUT = ROOM + ROOM_BYTES
const INPUT_BYTES = LIMITS.taskBytes + LIMITS.recordBytes
/** The byte before the first line serves as the 0x00 of its hash. */
const OUTPUT = INPUT + INPUT_BYTES + SLACK
/** The second half is room for the largest possible record. */
const OUTPUT_BYTES = 2 * LIMITS.batchBytes
/** A value of two bytes takes a row of 32. */
const ROWS = PAGE * Math.ceil((OUTPUT + OUTPUT_BYTES + SLACK) / PAGE)
const ROWS_BYTES = 32 * LIMITS.recordBytes
/** A byte of a record takes up to six bytes as JSON: in its text, in its members, and in fields and a payload that are cut. */
const RECORD_NOTES = ROWS + ROWS_BYTES
const RECORD_NOTES_BYTES = 32 * LIMITS.recordBytes
const PAGES = Math.ceil((RECORD_NOTES + RECORD_NOTES_BYTES) / PAGE)
/** When the arena is filled to this address, the memory is created anew before the next batch. */
const ARENA_FULL = ARENA_END - 1024 * 1024

const MUCH_OF_NOTES = 4 * 1024 * 1024

/** A noted text, by the place of its bytes. */
export interface Noted {
  readonly from: number
  readonly to: number
}

const SHORT = 64
const QUOTE = 0x22
const BACKSLASH = 0x5c
/** The ASCII characters that JSON never escapes, except the two above. */
const LEAST_PLAIN = 0x20
const MOST_PLAIN = 0x7f

/** Room for texts that are needed for a limited time. */
export class Notes {
  #most = 0
  readonly #bytes: Buffer
  readonly #start: number
  readonly #end: number
  #at: number

  constructor(bytes: Buffer, start: number, end: number) {
    this.#bytes = bytes
    this.#start = start
    this.#end = end
    this.#at = start
  }

  /** Discards all notes. */
  begin(): void {
    this.#most = this.most
    this.#at = this.#start
  }

  /** The largest number of bytes that were noted at once. */
  get most(): number {
    return Math.max(this.#most, this.length)
  }

  /** The number of noted bytes. */
  get length(): number {
    return this.#at - this.#start
  }

  add(text: string): Noted {
    const from = this.#at
    this.reserve(text.length * 3)
    const isWritten = text.length <= SHORT && this.#write(text, from, 0)
    return this.#note(from, isWritten ? text.length : this.#bytes.write(text, from, 'utf8'))
  }

  /** The same for the JSON of a text. */
  addText(text: string): Noted {
    const from = this.#at
    const length = text.length + 2
    if (length > SHORT) return this.add(JSON.stringify(text))
    this.reserve(length)
    if (!this.#write(text, from + 1, LEAST_PLAIN)) return this.add(JSON.stringify(text))
    this.#bytes[from] = QUOTE
    this.#bytes[from + length - 1] = QUOTE
    return this.#note(from, length)
  }

  /** The beginning of the next text, which may be written without being added. */
  get at(): number {
    return this.#at
  }

  /** Ensures room for this many more bytes; every record has enough. */
  reserve(bytes: number): void {
    if (this.#at + bytes + SLACK > this.#end)
      throw new Error('there is no room for what is noted of a record')
  }

  /** Marks the bytes up to here as noted. */
  end(at: number): void {
    this.#at = at + SLACK
  }

  #note(from: number, length: number): Noted {
    const to = from + length
    this.#at = to + SLACK
    return { from, to }
  }

  /**
   * Returns false if a character is not ASCII or, with `least`, has to be escaped in JSON. For short texts this takes a third of a native
   * call.
   */
  #write(text: string, from: number, least: number): boolean {
    const bytes = this.#bytes
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      if (code > MOST_PLAIN || code < least || (least > 0 && (code === QUOTE || code === BACKSLASH)))
        return false
      bytes[from + i] = code
    }
    return true
  }
}

export class Memory {
  readonly bytes: Buffer
  /** The same memory as numbers of four bytes: an address is shifted by two. */
  readonly numbers: Int32Array
  readonly rows = ROWS
  readonly rowsEnd = ROWS + ROWS_BYTES
  readonly program = PROGRAM
  readonly programEnd = PROGRAM_END
  /** Room for a record that was read by other code. */
  readonly scratch = SCRATCH
  readonly scratchBytes = SCRATCH_BYTES
  /** The room in which the kernel puts its findings while it reads a record. */
  readonly room = ROOM
  readonly output = OUTPUT
  readonly outputEnd = OUTPUT + OUTPUT_BYTES
  readonly input = INPUT
  readonly kernel: Kernel
  /** Notes for the current slice, and notes for the current record. */
  readonly sliceNotes: Notes
  readonly recordNotes: Notes
  /** By pair of leaves: the place and the length of the text between them; the same for all integrations. */
  readonly gaps: Int32Array
  #free = ARENA

  /** Whether the bytes at this address never change. */
  static isKept(address: number): boolean {
    return address >= ARENA && address < ARENA_END
  }

  constructor() {
    const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES })
    this.kernel = startKernel(memory)
    this.bytes = Buffer.from(memory.buffer)
    this.numbers = new Int32Array(memory.buffer)
    this.gaps = this.numbersOf((LEAF_COUNT + 1) ** 2 * 2)
    this.sliceNotes = new Notes(this.bytes, SLICE_NOTES, ARENA)
    this.recordNotes = new Notes(this.bytes, RECORD_NOTES, RECORD_NOTES + RECORD_NOTES_BYTES)
  }

  /** Whether little room is left for permanent data, so that a new memory is due. */
  get isFull(): boolean {
    return this.#free > ARENA_FULL
  }

  /** Whether an enormous record took room that no other record needs. */
  get wasStretched(): boolean {
    return this.recordNotes.most > MUCH_OF_NOTES
  }

  /** Reserves a permanent list of numbers. */
  numbersOf(length: number): Int32Array {
    return new Int32Array(this.numbers.buffer, this.take(length * 4), length)
  }

  bytesOf(length: number): Uint8Array {
    return new Uint8Array(this.numbers.buffer, this.take(length), length)
  }

  /** Reserves permanent room, at an address that is a multiple of four. */
  take(length: number): number {
    const address = this.#free
    this.#free += (length + SLACK) & ~3
    if (this.#free > ARENA_END) throw new Error('the memory of a worker is too small for its integrations')
    return address
  }

  keep(content: Uint8Array): number {
    const address = this.take(content.length)
    this.bytes.set(content, address)
    return address
  }
}
