import { reasonOf } from '../../../schema/index.ts'
import { Refused, store } from '../http/index.ts'
import type { Journal } from '../journal/index.ts'
import type { Log } from '../listen/index.ts'
import type { Ask } from './ask.ts'
import { type Cursor, Refusal, type Source } from './source.ts'

export interface FetcherParts {
  readonly journal: Journal
  readonly clock: () => number
  readonly log: Log
  readonly ask: Ask
  /** A pause that ends early when the signal fires. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>
  readonly cursors: Cursors
}

/** The durable places of all fetchers, by name. */
export interface Cursors {
  get(name: string): Cursor | null
  /** Resolves when the cursor is on the disk. */
  put(name: string, cursor: Cursor): Promise<void>
}

export interface FetcherStatus {
  readonly name: string
  readonly from: string
  /** The records since the start, and the time of the last page. */
  readonly records: number
  readonly fetched: number | null
  readonly problem: string | null
  /** When it asks again. */
  readonly next: number | null
}

const FIRST_RETRY_MS = 5000
const LAST_RETRY_MS = 5 * 60_000
const LONGEST_WAIT_MS = 3_600_000
/** Pages are written to the journal in pieces of about this size. */
const PIECE_BYTES = 1024 * 1024

/**
 * Fetches the records of a source for as long as it runs. A cursor is stored after the records before it are synced in the journal. So a
 * crash between the two fetches a page again, and the records' own identities make duplicates of it.
 */
export class Fetcher {
  readonly name: string
  readonly #source: Source
  readonly #every: number
  readonly #parts: FetcherParts
  readonly #stop = new AbortController()
  readonly #running: Promise<void>
  #records = 0
  #fetched: number | null = null
  #problem: string | null = null
  #next: number | null = null
  #failures = 0

  constructor(name: string, source: Source, every: number, parts: FetcherParts) {
    this.name = name
    this.#source = source
    this.#every = every
    this.#parts = parts
    this.#running = this.#run()
  }

  status(): FetcherStatus {
    const { name } = this
    const { from } = this.#source
    return {
      name,
      from,
      records: this.#records,
      fetched: this.#fetched,
      problem: this.#problem,
      next: this.#next,
    }
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { clock, log, pause } = this.#parts
    const { signal } = this.#stop
    while (!signal.aborted) {
      let wait = 0
      try {
        wait = (await this.#once()) ? 0 : this.#every
        if (this.#problem !== null) log.info(`fetch ${this.name}: ${this.#source.from} answers again.`)
        this.#problem = null
        this.#failures = 0
      } catch (error) {
        const sentence = `fetch ${this.name}: ${reasonOf(error)}`
        if (this.#problem !== sentence) log.warn(sentence)
        this.#problem = sentence
        const again = error instanceof Refusal ? error.again : null
        wait =
          again === null
            ? Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures)
            : Math.max(0, Math.min(LONGEST_WAIT_MS, again - clock()))
        this.#failures = Math.min(this.#failures + 1, 16)
      }
      if (wait === 0 || signal.aborted) continue
      this.#next = clock() + wait
      await pause(wait, signal)
      this.#next = null
    }
  }

  /** Fetches a page; returns whether there is more at once. */
  async #once(): Promise<boolean> {
    const { clock, ask, cursors } = this.#parts
    const page = await this.#source.page(cursors.get(this.name), ask, clock())
    let piece: Buffer[] = []
    let bytes = 0
    for (const record of page.records) {
      piece.push(record)
      bytes += record.length
      if (bytes < PIECE_BYTES) continue
      if (!(await this.#keep(piece))) return false
      piece = []
      bytes = 0
    }
    if (!(await this.#keep(piece))) return false
    await cursors.put(this.name, page.cursor)
    this.#fetched = clock()
    return page.more
  }

  /** Writes records to the journal, as soon as it has room; false if it is time to stop. */
  async #keep(piece: readonly Buffer[]): Promise<boolean> {
    const { journal, clock } = this.#parts
    const door = doorOf(this.name)
    const common = { received: clock(), door, from: this.#source.from, subject: null }
    const records = piece.map((bytes) => ({ bytes, route: '', key: [] }))
    while (!this.#stop.signal.aborted) {
      try {
        await store(journal, journal.accountOf('stream', door), common, records)
        this.#records += piece.length
        return true
      } catch (error) {
        if (!(error instanceof Refused && error.status === 429)) throw error
      }
    }
    return false
  }
}

/** The name of a fetcher in the journal. */
export const doorOf = (name: string): string => `fetch ${name}`
