export const QUOTE = 0x22
export const BACKSLASH = 0x5c
export const COMMA = 0x2c
export const COLON = 0x3a
export const OPEN = 0x7b
export const CLOSE = 0x7d
export const OPEN_LIST = 0x5b
export const CLOSE_LIST = 0x5d
export const DEEPEST = 32

/** Thrown where the plain way must decide; one object, since it may be thrown for every line of a batch. */
export const UNSURE = new Error('not sure')

export function nameHash(bytes: Uint8Array): number {
  let hash = 0
  for (const byte of bytes) hash = (Math.imul(hash, 31) + byte) | 0
  return hash
}

/** JSON without white space, read byte by byte. `at` is where the reader stands. */
export class JsonBytes {
  bytes: Buffer = Buffer.alloc(0)
  at = 0
  end = 0

  /** A name and its colon; `at` stands on its quote. */
  name(): number {
    const bytes = this.bytes
    if (bytes[this.at++] !== QUOTE) throw UNSURE
    let hash = 0
    for (;;) {
      const c = bytes[this.at++]!
      if (c === QUOTE) break
      if (c === BACKSLASH || c < 0x20 || c > 0x7e || this.at >= this.end) throw UNSURE
      hash = (Math.imul(hash, 31) + c) | 0
    }
    if (bytes[this.at++] !== COLON) throw UNSURE
    return hash
  }

  isNamed(name: Uint8Array, start: number, end: number): boolean {
    if (end - start !== name.length) return false
    for (let i = 0; i < name.length; i++) if (this.bytes[start + i] !== name[i]) return false
    return true
  }

  /** Names in canonical order stand once each. */
  demandAscending(start: number, end: number, next: number, nextEnd: number): void {
    const bytes = this.bytes
    while (start < end && next < nextEnd) {
      const difference = bytes[next++]! - bytes[start++]!
      if (difference > 0) return
      if (difference < 0) throw UNSURE
    }
    if (next >= nextEnd) throw UNSURE
  }

  /** Whether this name and its colon come next; `at` is then behind them. */
  isNext(name: Uint8Array): boolean {
    const bytes = this.bytes
    let at = this.at
    if (bytes[at++] !== QUOTE) return false
    for (let i = 0; i < name.length; i++) if (bytes[at++] !== name[i]) return false
    if (bytes[at] !== QUOTE || bytes[at + 1] !== COLON) return false
    this.at = at + 2
    return true
  }

  /** The number from `start` to `at`, which is one. */
  number(start: number): number {
    const bytes = this.bytes
    const end = this.at
    if (end - start > 15) return Number(bytes.toString('latin1', start, end))
    let number = 0
    for (let i = start; i < end; i++) {
      const digit = bytes[i]! - 0x30
      if (digit < 0 || digit > 9) return Number(bytes.toString('latin1', start, end))
      number = number * 10 + digit
    }
    return number
  }

  /** The string that begins at `start` and ends before `at`. */
  text(start: number): string {
    return JSON.parse(this.bytes.toString('utf8', start, this.at)) as string
  }

  /** Passes a value of any kind, and makes sure that it is one. */
  skip(depth: number): void {
    const bytes = this.bytes
    const c = bytes[this.at]!
    if (c === QUOTE) this.#skipString()
    else if (c === OPEN || c === OPEN_LIST) this.#skipNested(c, depth)
    else if (c === 0x74) this.#skipLiteral(TRUE)
    else if (c === 0x66) this.#skipLiteral(FALSE)
    else if (c === 0x6e) this.#skipLiteral(NULL)
    else this.#skipNumber()
    if (this.at > this.end) throw UNSURE
  }

  #skipString(): void {
    const bytes = this.bytes
    let at = this.at + 1
    for (;;) {
      const c = bytes[at++]
      if (c === QUOTE) break
      if (c === BACKSLASH) {
        const escaped = bytes[at++]!
        if (escaped === 0x75) {
          for (const stop = at + 4; at < stop; at++) if (HEX[bytes[at]!] !== 1) throw UNSURE
        } else if (ESCAPED[escaped] !== 1) throw UNSURE
      } else if (c === undefined || c < 0x20) throw UNSURE
    }
    this.at = at
  }

  #skipNested(open: number, depth: number): void {
    if (depth > DEEPEST) throw UNSURE
    const bytes = this.bytes
    const close = open + 2
    this.at++
    if (bytes[this.at] === close) {
      this.at++
      return
    }
    for (;;) {
      if (open === OPEN) {
        if (bytes[this.at] !== QUOTE) throw UNSURE
        this.#skipString()
        if (bytes[this.at++] !== COLON) throw UNSURE
      }
      this.skip(depth + 1)
      const next = bytes[this.at++]
      if (next === close) return
      if (next !== COMMA) throw UNSURE
    }
  }

  #skipLiteral(literal: Uint8Array): void {
    for (const c of literal) if (this.bytes[this.at++] !== c) throw UNSURE
  }

  #skipNumber(): void {
    const bytes = this.bytes
    const digits = (): void => {
      const start = this.at
      while (bytes[this.at]! >= 0x30 && bytes[this.at]! <= 0x39) this.at++
      if (this.at === start) throw UNSURE
    }
    if (bytes[this.at] === 0x2d) this.at++
    if (bytes[this.at] === 0x30) this.at++
    else digits()
    if (bytes[this.at] === 0x2e) {
      this.at++
      digits()
    }
    if (bytes[this.at] === 0x65 || bytes[this.at] === 0x45) {
      this.at++
      if (bytes[this.at] === 0x2b || bytes[this.at] === 0x2d) this.at++
      digits()
    }
  }
}

const TRUE = Buffer.from('true')
const FALSE = Buffer.from('false')
const NULL = Buffer.from('null')
const ESCAPED = new Uint8Array(256)
for (const c of Buffer.from('"\\/bfnrt')) ESCAPED[c] = 1
const HEX = new Uint8Array(256)
for (const c of Buffer.from('0123456789abcdefABCDEF')) HEX[c] = 1
