import { FOLDED, LETTER, magnitudeOf, POWERS, startWasm, type Wasm } from '../index/index.ts'

/**
 * The memory that the module and this side share: tables that never change, what was found in a line, and the lines themselves, a window at
 * a time. Addresses are of this memory. `module.as.ts` has the same.
 */
const PAGE = 64 * 1024
const CLASSES = 1024
const LETTERS = 1280
const HEX = 1536
const ESCAPED = 1792
const POWER_TABLE = 2048
const MAGNITUDES = 2560
const RESULT = 4096
const PRESENT = RESULT + 64
const PRESENT_BYTES = 64
const PLACES = RESULT + 128
const ID = RESULT + 1024
const HELD_PLACES = 8192
const REST = 24_576
const SCHEMA = 40_960
const HIGH = 65_536
const LOW = HIGH + 32_768
const MOST_TERMS = 8192
/** Small enough that a line is still in the processor's cache when it is read. */
const WINDOW = 2 * PAGE
const WINDOW_BYTES = 4 * PAGE
/** Behind the window: facets that were met. What is never written to takes no memory. */
const FACETS_END = 128 * PAGE
/** Room for the output of a line's changes (`changes.as.ts`). */
const CHANGES_BYTES = PAGE
const PAGES = (FACETS_END + CHANGES_BYTES) / PAGE
const NEWLINE = 10
const LEAST_HALF = 40

export class LineMemory {
  readonly wasm: Wasm
  readonly bytes: Buffer
  readonly high: Uint32Array
  readonly low: Uint16Array
  /** Bits for the fields whose presence a facet remembers. */
  readonly present: Int32Array
  /** The starts and ends of the facets' values, by place. */
  readonly places: Int32Array
  readonly heldPlaces: Int32Array
  readonly rest: Int32Array
  readonly #numbers: Int32Array
  readonly #doubles: Float64Array
  #free = SCHEMA
  #source: Buffer | null = null
  #from = 0
  #to = 0

  constructor(presentNumbers: number, places: number) {
    const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES })
    if (presentNumbers * 4 > PRESENT_BYTES)
      throw new Error('the schema has more fields than the module has room for')
    const { buffer } = memory
    this.wasm = startWasm(memory)
    this.bytes = Buffer.from(buffer)
    this.#numbers = new Int32Array(buffer)
    this.#doubles = new Float64Array(buffer, RESULT, 2)
    this.high = new Uint32Array(buffer, HIGH, MOST_TERMS)
    this.low = new Uint16Array(buffer, LOW, MOST_TERMS)
    this.present = new Int32Array(buffer, PRESENT, presentNumbers)
    this.places = new Int32Array(buffer, PLACES, places * 2)
    this.heldPlaces = new Int32Array(buffer, HELD_PLACES, (REST - HELD_PLACES) >> 2)
    this.rest = new Int32Array(buffer, REST, (SCHEMA - REST) >> 2)
    this.#writeTables(buffer)
  }

  #writeTables(buffer: ArrayBuffer): void {
    const { bytes } = this
    for (const [c, folded] of FOLDED.entries()) {
      bytes[CLASSES + c] = folded
      bytes[LETTERS + c] = LETTER[folded]!
    }
    for (const c of Buffer.from('0123456789abcdefABCDEF')) bytes[HEX + c] = 1
    for (const c of Buffer.from('"\\/bfnrt')) bytes[ESCAPED + c] = 1
    new Int32Array(buffer, POWER_TABLE, POWERS.length).set(POWERS)
    const least = leastOfHalves()
    new Float64Array(buffer, MAGNITUDES, least.length).set(least)
  }

  /** Reserves room for the schema's data, `numbers` numbers; returns its address. */
  take(numbers: number): number {
    const address = this.#free
    this.#free += numbers * 4
    if (this.#free > HIGH) throw new Error('the schema is larger than the room that the module has for it')
    return address
  }

  /** Keeps a text, with room behind it for reading eight bytes at a time. */
  keep(text: string): number {
    const address = this.take(Math.ceil(text.length / 4) + 2)
    this.bytes.write(text, address, 'latin1')
    return address
  }

  set(address: number, number: number): void {
    this.#numbers[address >> 2] = number
  }

  /** Announces that the next lines lie in other bytes. */
  begin(): void {
    this.#source = null
  }

  /** Reads a line; returns false if the plain parser must read it. */
  scan(source: Buffer, start: number, end: number): boolean {
    if (this.#source !== source || start < this.#from || end > this.#to) {
      if (end - start > WINDOW_BYTES - 1) return false
      this.#source = source
      this.#from = start
      this.#to = Math.min(source.length, start + WINDOW_BYTES - 1)
      source.copy(this.bytes, WINDOW, start, this.#to)
    }
    const from = WINDOW + start - this.#from
    const to = from + end - start
    this.bytes[to] = NEWLINE
    return this.wasm.scan(from, to) === 1
  }

  /** Whether there is room for the facets of one more line. */
  get hasRoomForFacets(): boolean {
    return FACETS_END - this.wasm.facetsEnd() > 2 * WINDOW_BYTES
  }

  get time(): number {
    return this.#doubles[0]!
  }
  get sequence(): number {
    return this.#doubles[1]!
  }
  /** The address of the id's bytes. */
  readonly id = ID
  /** The start of the user's name; it includes the quotes if the name has escapes or more than ASCII. */
  get user(): number {
    return this.#numbers[(RESULT + 20) >> 2]!
  }
  get userEnd(): number {
    return this.#numbers[(RESULT + 24) >> 2]!
  }
  get termCount(): number {
    return this.#numbers[(RESULT + 28) >> 2]!
  }
  /** The number of terms that are words. */
  get wordCount(): number {
    return this.#numbers[(RESULT + 32) >> 2]!
  }
  get heldCount(): number {
    return this.#numbers[(RESULT + 36) >> 2]!
  }
  get restCount(): number {
    return this.#numbers[(RESULT + 40) >> 2]!
  }
}

/** For each half octave the least whole number that `magnitudeOf` puts there or above: so both sides agree to the last bit. */
function leastOfHalves(): Float64Array {
  const greatest = magnitudeOf(2 ** 50)
  const least = new Float64Array(greatest - LEAST_HALF + 1)
  for (let half = LEAST_HALF; half <= greatest; half++) {
    let low = 1
    let high = 2 ** 50
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      if (magnitudeOf(middle) >= half) high = middle
      else low = middle + 1
    }
    least[half - LEAST_HALF] = low
  }
  return least
}
