import { hash } from 'node:crypto'
import type { Trail } from '../ingest/index.ts'
import type { Asker } from './access.ts'

/** What somebody looked at. */
export interface Reading {
  readonly action: 'search' | 'follow' | 'view' | 'export-begin' | 'export' | 'count' | 'dead-letter-view'
  /** A sentence without who it was. */
  readonly did: string
  readonly entity?: { readonly type: string; readonly id: string; readonly name?: string }
  readonly payload?: Readonly<Record<string, string | number>>
  /** How many events it was about. */
  readonly count?: number
  readonly outcome?: 'success' | 'failure'
  readonly reason?: string
}

/**
 * An export takes data out of the house. That it began is written at once; how many events it took is known at its end, also where the reader
 * went away before. A crash between the two leaves a beginning without an end.
 */
export function exportOf(
  q: string,
  more: Readonly<Record<string, string>>,
): { readonly begun: Reading; ended(count: number, isWhole: boolean): Reading } {
  const what = q.trim() === '' ? 'all events' : JSON.stringify(q)
  const payload = { query: q, ...more }
  return {
    begun: { action: 'export-begin', did: `began to export what was found for ${what}`, payload },
    ended: (count, isWhole) => ({
      action: 'export',
      did: `exported ${count === 1 ? '1 event' : `${count} events`} found for ${what}`,
      payload,
      count,
      ...(isWhole
        ? {}
        : { outcome: 'failure', reason: 'the export ended before its end; at most these events were sent' }),
    }),
  }
}

/** Writes into the audit trail who looked at what. */
export interface Readings {
  /** Each time, but for a search that one look at a screen repeats. */
  note(asker: Asker, reading: Reading): void
  /** The same for a question in parts (the next page, the next look at what arrived): once, as long as it goes on. */
  goesOn(asker: Asker, reading: Reading): void
  /** Writes what is still gathered. */
  close(): void
}

/** A question silent for longer than this begins anew. */
const GOES_ON_MS = 10 * 60_000
const MOST_REMEMBERED = 10_000
/** A screen asks a dozen things at once; what it asks within this time is one look, and one event. */
const GATHERED_WITHIN_MS = 1000
/** An event names every query that it stands for; where these would not fit, it is written and another begun. */
const MOST_GATHERED = 50

/** One look at a screen. */
interface Look {
  readonly asker: Asker
  readonly screen: string
  readonly readings: Reading[]
  readonly queries: Set<string>
  readonly timer: ReturnType<typeof setTimeout>
}

export function openReadings(trail: Trail, clock: () => number): Readings {
  const last = new Map<string, number>()

  /** Whether the same was asked shortly before: within one look at a screen, where a visit is given. */
  function remember(asker: Asker, { action, payload, entity }: Reading, visit?: string): boolean {
    const key = hash(
      'sha256',
      JSON.stringify([asker.name, asker.channel, asker.address, action, payload, entity, visit]),
    )
    const now = clock()
    const before = last.get(key)
    last.delete(key)
    last.set(key, now)
    if (last.size > MOST_REMEMBERED) for (const oldest of last.keys().take(1)) last.delete(oldest)
    return before !== undefined && now - before < GOES_ON_MS
  }

  function write(asker: Asker, { action, did, entity, payload, count, outcome, reason }: Reading): void {
    const { name, address, channel } = asker
    trail.note({
      ...(entity === undefined ? {} : { entity }),
      ...(payload === undefined ? {} : { payload: shortened(payload) }),
      action,
      // An export takes data out of the house; it is kept as long as what is done to users.
      category: action === 'export' || action === 'export-begin' ? 'security' : 'view',
      message: short(`${name} ${did}.`),
      outcome: outcome ?? 'success',
      ...(reason === undefined ? {} : { reason }),
      ...(count === undefined ? {} : { count }),
      by: { name, address, ...(channel === undefined ? {} : { channel }) },
    })
  }

  const looks = new Map<string, Look>()

  /** A search or a count of a screen waits for what else the screen asks. */
  function gather(asker: Asker, reading: Reading): void {
    const { visit, name, channel, address } = asker
    if (visit === undefined || (reading.action !== 'search' && reading.action !== 'count')) {
      write(asker, reading)
      return
    }
    const key = JSON.stringify([name, channel, address, visit])
    const query = String(reading.payload?.query ?? reading.did)
    const known = looks.get(key)
    const fits =
      known === undefined ||
      (known.readings.length < MOST_GATHERED && lengthOf(known.queries) + query.length < LONGEST)
    if (!fits) finish(key)
    const look = looks.get(key) ?? begin(key, asker, visit)
    look.readings.push(reading)
    look.queries.add(query)
  }

  function begin(key: string, asker: Asker, visit: string): Look {
    const timer = setTimeout(() => finish(key), GATHERED_WITHIN_MS)
    timer.unref()
    const screen = visit.slice(0, visit.indexOf('.'))
    const look = { asker, screen, readings: [], queries: new Set<string>(), timer }
    looks.set(key, look)
    return look
  }

  function finish(key: string): void {
    const look = looks.get(key)
    if (look === undefined) return
    looks.delete(key)
    clearTimeout(look.timer)
    write(look.asker, lookAsReading(look))
  }

  return {
    note(asker, reading) {
      const { visit } = asker
      remember(asker, reading)
      // A screen that refreshes itself asks the same again: it is still the same look.
      if (visit !== undefined && reading.action === 'search' && remember(asker, reading, visit)) return
      gather(asker, reading)
    },
    goesOn(asker, reading) {
      if (!remember(asker, reading)) gather(asker, reading)
    },
    close() {
      for (const key of [...looks.keys()]) finish(key)
    },
  }
}

const lengthOf = (queries: ReadonlySet<string>): number =>
  [...queries].reduce((sum, query) => sum + query.length + 1, 0)

/** All that a screen asked, as one. */
function lookAsReading({ screen, readings, queries }: Look): Reading {
  const searches = readings.filter(({ action }) => action === 'search')
  const [first] = searches.length > 0 ? searches : readings
  if (first === undefined) throw new Error('a look in which nothing was asked')
  const counts = readings.length - searches.length
  const payload = {
    ...first.payload,
    screen,
    searches: searches.length,
    counts,
    queries: [...queries].join('\n'),
  }
  // Beside one search the counts are those of its filters and its time line.
  const did =
    searches.length === 1 || readings.length === 1
      ? first.did
      : `looked at the screen ${screen}, which asked ${readings.length} things`
  return { action: first.action, did, payload }
}

/** A query may have 10,000 characters; what is kept of each for the trail is enough to know it again. */
const LONGEST = 2000
const short = (text: string): string => (text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`)
const shortened = (payload: NonNullable<Reading['payload']>): NonNullable<Reading['payload']> =>
  Object.fromEntries(
    Object.entries(payload).map(([name, value]) => [name, typeof value === 'string' ? short(value) : value]),
  )
