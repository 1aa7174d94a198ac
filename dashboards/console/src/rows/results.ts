/** An answer of the indexer: a page may be short, or empty, and have a next. */
export interface Page<Row> {
  readonly rows: readonly Row[]
  /** Null at the end. */
  readonly next: string | null
}

/** The start of a reading: after a cursor, or at a moment. */
export type Start = { readonly after: string | undefined } | { readonly moment: number }

export interface Asking<Row> {
  page(start: Start, most: number, signal: AbortSignal): Promise<Page<Row>>
  /** A moment that is as near before a row as can be told, and the row that begins there; null if rows are not in the order of time. */
  locate: ((row: number, near: number, signal: AbortSignal) => Promise<Place>) | null
}

export interface Place {
  readonly row: number
  readonly moment: number
}

interface Known<Row> {
  readonly first: number
  readonly length: number
  readonly start: Start
  readonly next: string | null
  /** Null if they were released. */
  rows: readonly Row[] | null
}

export const PAGE = 200
/** This many pages are held; others are asked for again when somebody comes back to them. */
const HELD = 40
/** The distance up to which reading on is quicker than locating the place. */
const NEAR = 2 * PAGE
const AHEAD = PAGE / 4

/**
 * The rows of a question; those near the reader are held. The next rows are read by cursor; distant ones are found by their time: the rows
 * before each moment can be counted.
 */
export class Results<Row> {
  readonly #asking: Asking<Row>
  readonly #changed: () => void
  #stop = new AbortController()
  /** Known pages in their order, without overlap. */
  #pages: Known<Row>[] = []
  #counted: number | null = null
  #end: number | null = null
  #wanted: readonly [first: number, end: number] = [0, 1]
  #running: Promise<void> | null = null
  problem: Error | null = null

  constructor(asking: Asking<Row>, changed: () => void) {
    this.#asking = asking
    this.#changed = changed
  }

  /** Rows as far as is known: all of them once they were counted, where each can be looked for. */
  get rows(): number {
    const last = this.#pages.at(-1)
    const read = last === undefined ? 0 : last.first + last.length
    if (this.#end !== null) return this.#end
    return this.#asking.locate === null ? read : Math.max(read, this.#counted ?? 0)
  }

  /** Nothing is known yet, not even that there are no rows. */
  get isPending(): boolean {
    return this.#pages.length === 0 && this.#end === null && this.problem === null
  }

  get hasMore(): boolean {
    return this.#end === null
  }

  get isReading(): boolean {
    return this.#running !== null
  }

  /** The number of held rows. */
  get held(): number {
    return this.#pages.reduce((sum, { rows }) => sum + (rows?.length ?? 0), 0)
  }

  at(row: number): Row | undefined {
    const page = this.#pageOf(row)
    return page?.rows?.[row - page.first]
  }

  /** Returns the first held row that fits, or -1. */
  rowOf(isIt: (row: Row) => boolean): number {
    for (const { first, rows } of this.#pages) {
      const index = rows?.findIndex(isIt) ?? -1
      if (index !== -1) return first + index
    }
    return -1
  }

  /** The rows that were in view last. */
  get wanted(): readonly [first: number, end: number] {
    return this.#wanted
  }

  /** The rows of the first page, which what arrives may be among. */
  get newest(): readonly Row[] {
    const first = this.#pages[0]
    return first?.first === 0 ? (first.rows ?? []) : []
  }

  counted(count: number): void {
    if (this.#counted === count) return
    this.#counted = count
    this.#changed()
  }

  /** Reads these rows, which are in view. Resolves when none of them is pending any more. */
  want(first: number, end: number): Promise<void> {
    this.#wanted = [first, Math.max(end, first + 1)]
    if (this.#stop.signal.aborted) this.#stop = new AbortController()
    this.#running ??= this.#read().finally(() => {
      this.#running = null
      this.#changed()
    })
    return this.#running
  }

  /** Notes that asking again for everything has failed; the present rows stay. */
  failed(problem: Error): void {
    this.problem = problem
    this.#changed()
  }

  retry(): void {
    this.problem = null
    void this.want(...this.#wanted)
  }

  /** Cancels pending requests. */
  close(): void {
    this.#stop.abort()
  }

  async #read(): Promise<void> {
    let signal: AbortSignal
    do {
      signal = this.#stop.signal
      await this.#readUntil(signal)
      // Given up and wanted again in the meantime: anybody who wanted it waits for this reading.
    } while (signal !== this.#stop.signal)
  }

  async #readUntil(signal: AbortSignal): Promise<void> {
    try {
      for (let missing = this.#missing(); missing !== null && !signal.aborted; missing = this.#missing()) {
        await this.#fill(missing, signal)
        this.#letGo()
        this.problem = null
        this.#changed()
      }
    } catch (thrown) {
      if (!signal.aborted) this.problem = thrown instanceof Error ? thrown : new Error(String(thrown))
    }
  }

  /** The first row in view that is not here. */
  #missing(): number | null {
    if (this.problem !== null) return null
    const [first, end] = this.#wanted
    // Then a little more on both sides, so that reading is ahead of the reader.
    return (
      this.#missingIn(first, end) ??
      this.#missingIn(end, end + AHEAD) ??
      this.#missingIn(first - AHEAD, first)
    )
  }

  #missingIn(first: number, end: number): number | null {
    const until = Math.min(end, this.#end ?? Number.POSITIVE_INFINITY)
    for (let row = Math.max(0, first); row < until; row++) if (this.at(row) === undefined) return row
    return null
  }

  #pageOf(row: number): Known<Row> | undefined {
    const page = this.#pages[this.#before(row)]
    return page !== undefined && row < page.first + page.length ? page : undefined
  }

  /** Returns the last page that begins at or before a row, or -1. */
  #before(row: number): number {
    let low = 0
    let high = this.#pages.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#pages[middle]!.first <= row) low = middle + 1
      else high = middle
    }
    return low - 1
  }

  async #fill(row: number, signal: AbortSignal): Promise<void> {
    const known = this.#pageOf(row)
    if (known !== undefined) {
      known.rows = await this.#whole(known, signal)
      return
    }
    const before = this.#pages[this.#before(row)]
    const behind = before === undefined ? 0 : before.first + before.length
    const { locate } = this.#asking
    const isNear = locate === null || row - behind < NEAR
    if (isNear && before?.next !== null) {
      await this.#readOn(behind, { after: before?.next ?? undefined }, signal)
      return
    }
    if (locate === null) {
      this.#end = behind
      return
    }
    // Begin well before the row, so that a reader who scrolls back finds rows, too.
    const place = await locate(Math.max(behind, row - PAGE / 2), PAGE / 4, signal)
    // Events that were stored in the meantime shift the other rows: never beyond the requested one.
    const first = Math.min(place.row, row)
    if (first >= behind) await this.#readOn(first, { moment: place.moment }, signal)
    // If one moment has more rows than a page, reading can continue only from a known page.
    else if (before?.next !== null) await this.#readOn(behind, { after: before?.next }, signal)
  }

  /** Reads a released page again. */
  async #whole({ start, length }: Known<Row>, signal: AbortSignal): Promise<readonly Row[]> {
    const rows: Row[] = []
    let next: Start | null = start
    while (next !== null && rows.length < length) {
      const page: Page<Row> = await this.#asking.page(next, length - rows.length, signal)
      rows.push(...page.rows)
      next = page.next === null ? null : { after: page.next }
    }
    return rows
  }

  async #readOn(first: number, start: Start, signal: AbortSignal): Promise<void> {
    const following = this.#pages[this.#before(first) + 1]
    const most = Math.min(PAGE, following === undefined ? PAGE : following.first - first)
    let page = await this.#asking.page(start, most, signal)
    // A rare match in many events gives empty pages at first.
    while (page.rows.length === 0 && page.next !== null)
      page = await this.#asking.page({ after: page.next }, most, signal)
    const { rows, next } = page
    if (rows.length > 0)
      this.#pages.splice(this.#before(first) + 1, 0, { first, length: rows.length, start, next, rows })
    if (next !== null) return
    const end = first + rows.length
    this.#end = end
    // Fewer than were counted: the others have expired since.
    this.#pages = this.#pages.filter((known) => known.first < end)
  }

  /** Releases the pages farthest from the view, until few enough are held. */
  #letGo(): void {
    const held = this.#pages.filter(({ rows }) => rows !== null)
    if (held.length <= HELD) return
    const [first] = this.#wanted
    const far = (page: Known<Row>): number => Math.abs(page.first - first)
    for (const page of held.sort((a, b) => far(b) - far(a)).slice(0, held.length - HELD)) page.rows = null
  }
}
