import type { Client } from '@elastic/elasticsearch'
import { type Additions, leafHash } from '../../../schema/index.ts'
import { Authorship } from '../authorship.ts'
import { readLine } from '../line.ts'
import { type Author, StoreUnavailableError, type WholeLine } from '../port.ts'
import type { Replay } from './arrivals.ts'
import type { BulkSink } from './bulk.ts'
import type { DeadLetterDocument, DeadLetterIndex } from './dead-letter-index.ts'
import type { Families } from './families.ts'
import type { Names } from './names.ts'
import { ClosedIndexError, Placing } from './placing.ts'
import { type Origin, parcelOf } from './prepare.ts'

export interface ReplayParts {
  readonly client: Client
  readonly names: Names
  readonly families: Families
  readonly letters: DeadLetterIndex
  readonly sink: BulkSink
  readonly now: number
}

/**
 * Tries to store a dead letter's event. As with a waybill, its index is recorded first, so another attempt, later or at the same time, uses
 * the same index.
 */
export async function replayed(
  id: string,
  { additions, author }: { readonly additions: Additions | null; readonly author: Author | null },
  parts: ReplayParts,
): Promise<{ stored: true } | { stored: false; reason: string } | null> {
  const { client, families, letters, sink } = parts
  const found = await letters.read(id)
  if (found === null) return null
  const { letter } = found
  if (letter.whole !== undefined) return { stored: false, reason: notWhole(letter.whole) }
  const line = Buffer.from(letter.line, 'base64')
  const authorship = author === null ? null : new Authorship(author)
  const read = readLine(line, authorship)
  if ('reason' in read) return { stored: false, reason: read.reason }
  const { position } = letter
  const origin: Origin = { ...originOf(letter, line, additions, parts.now), authorship }
  const parcel = parcelOf(origin, position, line, read.event, null)
  const family = await families.of(parcel.category)
  const pin = letter.pin ?? family.write
  if (letter.pin === undefined && !(await letters.pin(found, pin)))
    throw new StoreUnavailableError(`somebody else is replaying dead letter ${id}; try again`)
  const placing = new Placing(client, sink, origin)
  try {
    const others = family.all.filter((index) => index !== pin)
    const elsewhere = (await families.all()).filter((index) => !family.all.includes(index))
    await placing.place([parcel], { pin, others, former: [], elsewhere })
  } catch (thrown) {
    if (!(thrown instanceof ClosedIndexError)) throw thrown
    // The next attempt finds out whether the event was stored after all.
    families.forget()
    const { write } = await families.of(parcel.category)
    const again = await letters.read(id)
    if (write !== pin && again !== null) await letters.pin(again, write)
    return { stored: false, reason: `${pin} refuses writes: ${thrown.message}; try again in a minute` }
  }
  const outcome = placing.outcomes.get(position)
  if (outcome === undefined) throw new Error(`nothing became of dead letter ${id}`)
  if (outcome.kind === 'dead') return { stored: false, reason: outcome.reason }
  if (outcome.kind === 'stored') await announce(letter, outcome.id, origin.ingested, parts)
  await letters.discard(id)
  return { stored: true }
}

function notWhole({ bytes, at }: WholeLine): string {
  const where =
    at === null ? '' : `; its agent read it from ${at.path}, between bytes ${at.from} and ${at.to}`
  return `only the beginning of its ${bytes} bytes is stored here${where}`
}

function originOf(
  letter: DeadLetterDocument,
  line: Buffer,
  additions: Additions | null,
  now: number,
): Omit<Origin, 'authorship'> {
  const { agent, incarnation, sequence } = letter
  const leaf = leafHash(line).toString('hex')
  // This is never the waybill's own time: that distinguishes its other events from this one.
  const ingested = Math.max(now, letter.at + 1)
  return {
    agent,
    incarnation,
    sequence,
    ingested,
    line: () => line,
    leaf: () => leaf,
    additions: () => additions,
  }
}

/** Announces the event to the readers of arrivals. */
async function announce(
  { id, agent, incarnation, sequence }: DeadLetterDocument,
  eventId: string,
  at: number,
  { client, names }: ReplayParts,
): Promise<void> {
  const document: Replay = {
    kind: 'replay',
    agent,
    incarnation,
    sequence,
    state: 'stored',
    at,
    body: { eventId },
  }
  await client.index<Replay>({ index: names.waybills, id: `replay.${id}`, document })
}
