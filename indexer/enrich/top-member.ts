const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN = 0x7b
const OPEN_LIST = 0x5b
const CLOSE = 0x7d
const CLOSE_LIST = 0x5d

const UNKNOWN = -2

/**
 * Finds a member of the top level that is an object, in line after line of canonical JSON, without parsing them. Its name
 * is looked for in the whole batch at once; where it is found, the brackets from there to the line's end say on which
 * level it stands. Of 1.5 KB lines that is 0.4 µs each, where parsing takes 9.
 */
export class TopMember {
  readonly #needle: Buffer
  #lines: Buffer = Buffer.alloc(0)
  /** The next place of the name, at or behind where was looked last; -1 where there is none any more, -2 before the first look. */
  #next = UNKNOWN
  #open = 0
  #close = 0

  constructor(name: string) {
    this.#needle = Buffer.from(`"${name}":{`)
  }

  begin(lines: Buffer): void {
    this.#lines = lines
    this.#next = UNKNOWN
  }

  /** The object as text, of the line from `start` to `end`; null where it has none. Lines are asked for in their order. */
  in(start: number, end: number): string | null {
    let found = false
    if (this.#next === UNKNOWN || (this.#next !== -1 && this.#next < start))
      this.#next = this.#lines.indexOf(this.#needle, start)
    while (this.#next !== -1 && this.#next < end) {
      const open = this.#next + this.#needle.length - 1
      if (this.#next >= start) {
        const close = this.#closeOf(open, end)
        if (close !== -1) {
          found = true
          this.#open = open
          this.#close = close
        }
      }
      this.#next = this.#lines.indexOf(this.#needle, open)
    }
    return found ? this.#lines.toString('utf8', this.#open, this.#close) : null
  }

  /** Behind the object that begins at `open`; -1 where it is no member of the line's own object. */
  #closeOf(open: number, end: number): number {
    const lines = this.#lines
    let depth = 0
    let close = -1
    let inText = false
    for (let i = open; i < end; i++) {
      const c = lines[i]!
      if (inText) {
        if (c === BACKSLASH) i++
        else if (c === QUOTE) inText = false
      } else if (c === QUOTE) inText = true
      else if (c === OPEN || c === OPEN_LIST) depth++
      else if (c === CLOSE || c === CLOSE_LIST) {
        depth--
        if (depth === 0 && close === -1) close = i + 1
      }
    }
    // Only the line's own object is still open.
    return depth === -1 ? close : -1
  }
}
