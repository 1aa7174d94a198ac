import { hash } from 'node:crypto'
import type { Trail } from '../ingest/index.ts'
import type { Asker } from './access.ts'

/** What somebody looked at. */
export interface Reading {
  readonly action: 'search' | 'follow' | 'view' | 'export' | 'count' | 'dead-letter-view'
  /** A sentence without who it was. */
  readonly did: string
  readonly entity?: { readonly type: string; readonly id: string; readonly name?: string }
  readonly payload?: Readonly<Record<string, string | number>>
}

/** Writes into the audit trail who looked at what. */
export interface Readings {
  note(asker: Asker, reading: Reading): void
  /** The same for a question in parts (the next page, the next look at what arrived): once, as long as it goes on. */
  goesOn(asker: Asker, reading: Reading): void
}

/** A question silent for longer than this begins anew. */
const GOES_ON_MS = 10 * 60_000
const MOST_REMEMBERED = 10_000

export function openReadings(trail: Trail, clock: () => number): Readings {
  const last = new Map<string, number>()

  function remember(asker: Asker, reading: Reading): boolean {
    const { action, payload, entity } = reading
    const key = hash(
      'sha256',
      JSON.stringify([asker.name, asker.channel, asker.address, action, payload, entity]),
    )
    const now = clock()
    const before = last.get(key)
    last.delete(key)
    last.set(key, now)
    if (last.size > MOST_REMEMBERED) for (const oldest of last.keys().take(1)) last.delete(oldest)
    return before !== undefined && now - before < GOES_ON_MS
  }

  function write(asker: Asker, { action, did, entity, payload }: Reading): void {
    const { name, address, channel } = asker
    trail.note({
      ...(entity === undefined ? {} : { entity }),
      ...(payload === undefined ? {} : { payload: shortened(payload) }),
      action,
      // An export takes data out of the house; it is kept as long as what is done to users.
      category: action === 'export' ? 'security' : 'view',
      message: short(`${name} ${did}.`),
      outcome: 'success',
      by: { name, address, ...(channel === undefined ? {} : { channel }) },
    })
  }

  return {
    note(asker, reading) {
      remember(asker, reading)
      write(asker, reading)
    },
    goesOn(asker, reading) {
      if (!remember(asker, reading)) write(asker, reading)
    },
  }
}

/** A query may have 10,000 characters; what is kept of each for the trail is enough to know it again. */
const LONGEST = 2000
const short = (text: string): string => (text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`)
const shortened = (payload: NonNullable<Reading['payload']>): NonNullable<Reading['payload']> =>
  Object.fromEntries(
    Object.entries(payload).map(([name, value]) => [name, typeof value === 'string' ? short(value) : value]),
  )
