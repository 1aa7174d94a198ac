import type { Events } from '../accounts/index.ts'
import { Refusal } from '../refusal.ts'
import { askedThrough, CancelledError, type Share, type Store } from '../store/port.ts'
import type { Asker } from './access.ts'

/** Questions that may wait, of one user and of all: a screen of the console asks a dozen at once. */
const MOST_WAITING: Share = { each: 100, all: 1000 }
/** Seconds after which there is room again, most likely. */
const COME_BACK = 5

interface Line {
  running: number
  readonly waiting: (() => void)[]
}

/**
 * Work of one kind, done for one user after another: however much one of them asks, the others wait only for the work that runs already.
 * The numbers of running and queued tasks are limited for each user, and for all together.
 */
export class Turns {
  readonly #what: string
  readonly #atOnce: Share
  readonly #most: Share
  /** The users' lines, in the order of their turns. */
  readonly #lines = new Map<string, Line>()
  #running = 0
  #waiting = 0

  constructor(what: string, atOnce: Share, most: Share = MOST_WAITING) {
    this.#what = what
    this.#atOnce = atOnce
    this.#most = most
  }

  async run<Result>(
    user: string,
    gone: AbortSignal | undefined,
    work: () => Promise<Result>,
  ): Promise<Result> {
    const line = this.#lineOf(user)
    if (line.running >= this.#atOnce.each || this.#running >= this.#atOnce.all) {
      this.#demandRoom(user, line)
      await this.#wait(user, line, gone)
    } else {
      line.running++
      this.#running++
    }
    try {
      if (gone?.aborted === true) throw new CancelledError()
      return await work()
    } finally {
      line.running--
      this.#running--
      this.#forgetIdle(user, line)
      this.#admit()
    }
  }

  #lineOf(user: string): Line {
    let line = this.#lines.get(user)
    if (line === undefined) {
      line = { running: 0, waiting: [] }
      this.#lines.set(user, line)
    }
    return line
  }

  #forgetIdle(user: string, line: Line): void {
    if (line.running === 0 && line.waiting.length === 0) this.#lines.delete(user)
  }

  #demandRoom(user: string, line: Line): void {
    const { waiting } = line
    if (waiting.length >= this.#most.each)
      throw new Refusal(
        'WB-TOO-MANY-QUERIES',
        `${waiting.length} ${this.#what} of yours are waiting, which is the limit: try again later.`,
        { retryAfter: COME_BACK },
      )
    if (this.#waiting >= this.#most.all) {
      this.#forgetIdle(user, line)
      throw new Refusal(
        'WB-TOO-MANY-QUERIES',
        `${this.#waiting} ${this.#what} of all users are waiting, which is the limit: try again in a moment.`,
        { retryAfter: COME_BACK },
      )
    }
  }

  #wait(user: string, line: Line, gone: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        gone?.removeEventListener('abort', leave)
        resolve()
      }
      const leave = (): void => {
        line.waiting.splice(line.waiting.indexOf(enter), 1)
        this.#waiting--
        this.#forgetIdle(user, line)
        reject(new CancelledError())
      }
      if (gone?.aborted === true) {
        this.#forgetIdle(user, line)
        reject(new CancelledError())
        return
      }
      gone?.addEventListener('abort', leave, { once: true })
      line.waiting.push(enter)
      this.#waiting++
    })
  }

  /** Starts the next tasks in turn, as long as there is room. */
  #admit(): void {
    while (this.#running < this.#atOnce.all) {
      const next = this.#lines
        .entries()
        .find(([, line]) => line.waiting.length > 0 && line.running < this.#atOnce.each)
      if (next === undefined) return
      const [user, line] = next
      // This user comes after all others now.
      this.#lines.delete(user)
      this.#lines.set(user, line)
      line.running++
      this.#running++
      this.#waiting--
      line.waiting.shift()?.()
    }
  }
}

/** The store's answers about events, with a fair share for each user. */
export class FairShares {
  readonly #store: Store
  readonly #searches: Turns
  readonly #counts: Turns

  constructor(store: Store) {
    this.#store = store
    this.#searches = new Turns('searches', store.shares.searches)
    this.#counts = new Turns('counts', store.shares.counts)
  }

  /** The questions of one client in this request; they are cancelled when the client goes away. */
  of(asker: Pick<Asker, 'name' | 'user' | 'gone'>): Events {
    const store = this.#store
    const { gone } = asker
    // All tokens and sessions of a user have one share.
    const user = asker.user?.id ?? `no user: ${asker.name}`
    const searching = <Result>(work: () => Promise<Result>) => this.#searches.run(user, gone, work)
    const reading = (at: Pick<Store, 'search' | 'aggregate'>): Pick<Store, 'search' | 'aggregate'> => ({
      search: (request) => searching(() => at.search(request, gone)),
      aggregate: (request) => this.#counts.run(user, gone, () => at.aggregate(request, gone)),
    })
    return {
      ...reading(store),
      arrivals: (request) => searching(() => store.arrivals(request, gone)),
      arrivalsEnd: () => searching(() => store.arrivalsEnd()),
      get: (id) => searching(() => store.get(id)),
      counts: (request) => searching(() => store.counts(request)),
      async moment() {
        const moment = await store.moment()
        return askedThrough(moment, reading(moment))
      },
    }
  }
}
