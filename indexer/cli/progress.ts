import { fitted, harmless } from './terminal.ts'

/** What is over sooner needs no bar. */
const SHOWN_AFTER = 2000
const EVERY = 200
const BAR = 24

/** How far something is, on one line of a terminal; nothing elsewhere. */
export class Progress {
  readonly #what: string
  readonly #begun = performance.now()
  #shownAt = 0
  #isShown = false

  constructor(what: string) {
    this.#what = harmless(what)
  }

  /** `share` is from 0 to 1; null if it is not known. */
  show(text: string, share: number | null): void {
    const now = performance.now()
    const { stderr } = process
    if (stderr.isTTY !== true || now - this.#begun < SHOWN_AFTER || now - this.#shownAt < EVERY) return
    this.#shownAt = now
    this.#isShown = true
    const done = share === null ? 0 : Math.round(Math.min(1, Math.max(0, share)) * BAR)
    const bar = share === null ? '' : `[${'#'.repeat(done)}${'.'.repeat(BAR - done)}] `
    stderr.write(`\r${fitted(`${bar}${text}  ${this.#what}`, (stderr.columns || 80) - 1)}`)
  }

  end(): void {
    if (this.#isShown) process.stderr.write('\r\x1b[K')
    this.#isShown = false
  }
}
