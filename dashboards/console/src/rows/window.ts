/** Higher than this a browser does not make anything: Firefox's bound, with room. */
const HIGHEST = 15_000_000

/** What is to be drawn: rows from `first` up to but without `end`, the first of them so far down, px. */
export interface Drawn {
  readonly first: number
  readonly end: number
  readonly top: number
  /** Of all rows, as the scrollbar has it, px. */
  readonly height: number
}

/** Rows beyond both edges that are drawn, too, so that nothing is blank while somebody scrolls. */
const BEYOND = 12

/**
 * Which of many rows of one height are in view. More rows than fit into the height that a browser can make share it: then a drag of the
 * scrollbar goes to the same part of the whole, and a turn of the wheel still moves row by row.
 */
export class RowWindow {
  readonly #rowHeight: number
  #rows = 0
  #viewport = 0
  /** Where the scrollbar stands, and which part of the whole is there, px. */
  #scrolled = 0
  #at = 0

  constructor(rowHeight: number) {
    this.#rowHeight = rowHeight
  }

  get height(): number {
    return Math.min(HIGHEST, this.#whole)
  }

  get #whole(): number {
    return this.#rows * this.#rowHeight
  }

  resize(rows: number, viewport: number): void {
    this.#rows = rows
    this.#viewport = viewport
    this.scrolledTo(this.#scrolled)
  }

  scrolledTo(scrolled: number): void {
    const [most, last] = [
      Math.max(0, this.height - this.#viewport),
      Math.max(0, this.#whole - this.#viewport),
    ]
    const moved = scrolled - this.#scrolled
    this.#scrolled = scrolled
    if (most === last) this.#at = scrolled
    else if (scrolled <= 0 || scrolled >= most) this.#at = scrolled <= 0 ? 0 : last
    else if (Math.abs(moved) <= this.#viewport) this.#at = Math.min(last, Math.max(0, this.#at + moved))
    else this.#at = (scrolled / most) * last
  }

  get drawn(): Drawn {
    const first = Math.max(0, Math.floor(this.#at / this.#rowHeight) - BEYOND)
    const end = Math.min(this.#rows, Math.ceil((this.#at + this.#viewport) / this.#rowHeight) + BEYOND)
    return { first, end, top: first * this.#rowHeight - this.#at + this.#scrolled, height: this.height }
  }

  /** Where to scroll to, so that a row is in view; where it is already, there. */
  toSee(row: number): number {
    const [start, end] = [row * this.#rowHeight, (row + 1) * this.#rowHeight]
    const wanted =
      start < this.#at ? start : end > this.#at + this.#viewport ? end - this.#viewport : this.#at
    const moved = wanted - this.#at
    if (Math.abs(moved) <= this.#viewport || this.height === this.#whole) return this.#scrolled + moved
    return (wanted / (this.#whole - this.#viewport)) * (this.height - this.#viewport)
  }
}
