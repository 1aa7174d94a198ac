import { hash } from 'node:crypto'
import { cutAt, LIMITS } from '../../schema/index.ts'
import type { Trail } from '../ingest/index.ts'
import type { Asker } from './access.ts'

export type Asked = Readonly<Record<string, string | number | readonly string[] | undefined>>

/** What a client looked at. */
export interface Reading {
  readonly action:
    | 'search'
    | 'follow'
    | 'view'
    | 'export-begin'
    | 'export'
    | 'report-begin'
    | 'download'
    | 'count'
    | 'dead-letter-view'
  /** A sentence without its subject. */
  readonly did: string
  readonly entity?: { readonly type: string; readonly id: string; readonly name?: string }
  /** The whole question, under the API's names; empty parts are left out. */
  readonly payload?: Asked
  /** The number of events that it showed. */
  readonly count?: number
  readonly outcome?: 'success' | 'failure'
  readonly reason?: string
}

/**
 * An export takes data out of the house. That it began is written at once; how many events it took is known at its end, also where the
 * reader went away before. A crash between the two leaves a beginning without an end.
 */
export function exportOf(payload: Asked & { readonly query: string }): {
  readonly begun: Reading
  ended(count: number, isWhole: boolean): Reading
} {
  const q = payload.query
  const what = q.trim() === '' ? 'all events' : JSON.stringify(q)
  return {
    begun: { action: 'export-begin', did: `began an export of the events for ${what}`, payload },
    ended: (count, isWhole) => ({
      action: 'export',
      did: `exported ${count === 1 ? '1 event' : `${count} events`} found for ${what}`,
      payload,
      count,
      ...(isWhole
        ? {}
        : { outcome: 'failure', reason: 'the export was interrupted; at most these events were sent' }),
    }),
  }
}

/** Records in the audit trail who looked at what. */
export interface Readings {
  /** Records each reading, except a search that one view of a screen repeats. */
  note(asker: Asker, reading: Reading): void
  /** Records a question in parts (the next page, the next look at arrivals) once, as long as it continues. */
  goesOn(asker: Asker, reading: Reading): void
  /** Writes the gathered readings. */
  close(): void
}

/** These take data out of the organisation, so they are kept as long as changes of users. */
const TAKES_OUT: ReadonlySet<Reading['action']> = new Set([
  'export-begin',
  'export',
  'report-begin',
  'download',
])
/** A question silent for longer than this begins again. */
const GOES_ON_MS = 10 * 60_000
const MOST_REMEMBERED = 10_000
/** A screen sends a dozen requests at once; those within this time are one view, and one event. */
const GATHERED_WITHIN_MS = 1000
/** An event names every question that it represents; where these would not fit, it is written and another begun. */
const MOST_GATHERED = 50

/** One look at a screen. */
interface Look {
  readonly asker: Asker
  readonly screen: string
  readonly readings: Reading[]
  /** The questions as JSON, each once. */
  readonly questions: Set<string>
  readonly timer: ReturnType<typeof setTimeout>
}

export function openReadings(trail: Trail, clock: () => number): Readings {
  const last = new Map<string, number>()

  /** Whether the same question came shortly before; with a visit, within one view of a screen. */
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
    const parts = inParts(payload ?? {})
    const joined = hash('sha256', JSON.stringify([name, clock(), action, payload])).slice(0, 16)
    for (const [i, part] of parts.entries()) {
      const place = parts.length === 1 ? {} : { question: joined, part: i + 1, parts: parts.length }
      trail.note({
        ...(entity === undefined ? {} : { entity }),
        ...(payload === undefined ? {} : { payload: { ...part, ...place } }),
        action,
        category: TAKES_OUT.has(action) ? 'security' : 'view',
        message: sentence(name, did, i, parts.length),
        outcome: outcome ?? 'success',
        ...(reason === undefined ? {} : { reason }),
        ...(count === undefined || i > 0 ? {} : { count }),
        by: { name, address, ...(channel === undefined ? {} : { channel }) },
      })
    }
  }

  const looks = new Map<string, Look>()

  /** A search or a count of a screen waits for the screen's other questions. */
  function gather(asker: Asker, reading: Reading): void {
    const { visit, name, channel, address } = asker
    if (visit === undefined || (reading.action !== 'search' && reading.action !== 'count')) {
      write(asker, reading)
      return
    }
    const key = JSON.stringify([name, channel, address, visit])
    const question = JSON.stringify({ action: reading.action, ...filled(reading.payload ?? {}) })
    const known = looks.get(key)
    const fits =
      known === undefined ||
      (known.readings.length < MOST_GATHERED && lengthOf(known.questions) + question.length < MOST_TOGETHER)
    if (!fits) finish(key)
    const look = looks.get(key) ?? begin(key, asker, visit)
    look.readings.push(reading)
    look.questions.add(question)
  }

  function begin(key: string, asker: Asker, visit: string): Look {
    const timer = setTimeout(() => finish(key), GATHERED_WITHIN_MS)
    timer.unref()
    const screen = visit.slice(0, visit.indexOf('.'))
    const look = { asker, screen, readings: [], questions: new Set<string>(), timer }
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
      // A screen that refreshes itself repeats its questions: that is still the same view.
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

const lengthOf = (texts: ReadonlySet<string>): number =>
  [...texts].reduce((sum, text) => sum + text.length, 0)

/** Combines the questions of one screen. */
function lookAsReading({ screen, readings, questions }: Look): Reading {
  const searches = readings.filter(({ action }) => action === 'search')
  const [first] = searches.length > 0 ? searches : readings
  if (first === undefined) throw new Error('a look in which nothing was asked')
  const { action, did, payload } = first
  if (questions.size === 1) return { action, did, payload: { ...payload, screen } }
  const queries = new Set(readings.map((one) => String(one.payload?.query ?? '')))
  return {
    action,
    // Beside one search the counts are those of its filters and its time line.
    did: searches.length === 1 ? did : `looked at the screen ${screen}, with ${readings.length} queries`,
    payload: {
      screen,
      searches: searches.length,
      counts: readings.length - searches.length,
      query: [...queries],
      questions: [...questions],
    },
  }
}

const filled = (payload: Asked): Asked =>
  Object.fromEntries(Object.entries(payload).filter(([, value]) => value !== undefined && value !== ''))

/** A value that is longer than this is not found by its text: longer ones are kept as a list of their pieces. */
const PIECE = LIMITS.indexedLength
/** Characters of one event's pieces: so nearly all of their words are found, too. */
const MOST_TOGETHER = 6000

/** Splits a question over as many events as it takes; the pieces in their order give the whole. */
function inParts(payload: Asked): Record<string, string | number | readonly string[]>[] {
  const parts: Record<string, string | number | readonly string[]>[] = [{}]
  let length = 0
  for (const [name, value] of Object.entries(filled(payload))) {
    if (value === undefined) continue
    if (typeof value === 'number') {
      parts.at(-1)![name] = value
      continue
    }
    const pieces = typeof value === 'string' ? piecesOf(value) : value.flatMap(piecesOf)
    const isList = typeof value !== 'string' || pieces.length > 1
    for (const piece of pieces) {
      if (length > 0 && length + piece.length > MOST_TOGETHER) {
        parts.push({})
        length = 0
      }
      length += piece.length
      const part = parts.at(-1)!
      const before = part[name]
      part[name] = isList ? [...(Array.isArray(before) ? before : []), piece] : piece
    }
  }
  return parts
}

/** Cuts a text after a space if possible, and outside of quotes if possible, so that no value of a query is torn. */
function piecesOf(text: string): string[] {
  const pieces: string[] = []
  let rest = text
  while (rest.length > PIECE) {
    const piece = rest.slice(0, lastGap(rest)) || cutAt(rest, PIECE)
    pieces.push(piece)
    rest = rest.slice(piece.length)
  }
  return [...pieces, rest]
}

/** Returns the end of a piece; 0 if it has no space. */
function lastGap(text: string): number {
  let quoted = false
  let gap = 0
  for (let i = 0; i < PIECE; i++) {
    if (text[i] === '\\') i++
    else if (text[i] === '"') quoted = !quoted
    else if (text[i] === ' ' && !quoted) gap = i + 1
  }
  return gap > 0 ? gap : text.lastIndexOf(' ', PIECE - 1) + 1
}

/** The sentence is for a person; all of the query is in the payload. */
const LONGEST = 2000
function sentence(name: string, did: string, part: number, parts: number): string {
  const text = `${name} ${did}.`
  const short = text.length <= LONGEST ? text : `${cutAt(text, LONGEST)}…`
  return parts === 1 ? short : `${short} (part ${part + 1} of ${parts})`
}
