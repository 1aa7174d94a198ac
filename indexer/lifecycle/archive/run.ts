import { OperatorError } from '../../../schema/index.ts'
import type { Consignments, StoredPartition } from '../../store/port.ts'
import type { ObjectRecord } from './catalogue.ts'
import type { Destination } from './destination.ts'
import type { KeyRing } from './keys.ts'
import { type Contents, EXTENSION, MOST_EVENTS } from './layout.ts'
import { ArchiveObject, whatIsWrong } from './read.ts'
import { damagedLines, ObjectWriter, type WriterParts, type Written } from './write.ts'

const DAY = 86_400_000
/** Waybills of a page: stores also end it at some MiB of lines. */
const PAGE = 256

export interface PartitionRun extends WriterParts {
  readonly consignments: Pick<Consignments, 'inPartition'>
  /** The end of the archive time of the last event. */
  readonly until: number
  /** Asks whether the work should stop, after each page. */
  readonly stopped: () => boolean
  readonly report: (events: number) => void
}

/** Thrown when the indexer stops in the middle: the next run begins the partition anew. */
export class ArchiveStoppedError extends Error {
  override name = 'ArchiveStoppedError'
}

/**
 * Writes a partition as objects, one for each day of receipt, and reads each back. Waybills come in the order of receipt, but for a few at
 * midnight and dead letters that were stored later: these are in the object that is open.
 */
export async function archivePartition(
  { category, name: partition }: StoredPartition,
  run: PartitionRun,
): Promise<ObjectRecord[]> {
  const done: ObjectRecord[] = []
  let day = Number.NEGATIVE_INFINITY
  let writer: ObjectWriter | null = null
  let events = 0
  const end = async (): Promise<void> => {
    if (writer === null) return
    const written = await writer.finish()
    writer = null
    done.push(await readBack(written, run))
  }
  try {
    for (let after: string | null = null; ; ) {
      const page = await run.consignments.inPartition(partition, { after, limit: PAGE })
      const [damaged] = page.damaged
      if (damaged !== undefined) throw damagedLines(partition, damaged.where)
      for (const consignment of page.consignments) {
        const wrong = whatIsWrong(consignment)
        if (wrong !== null) throw damagedLines(partition, wrong)
        const received = consignment.lines[0]?.ingested ?? consignment.waybill?.at ?? 0
        const its = Math.floor(received / DAY) * DAY
        if (writer === null || its > day || (writer as ObjectWriter).events >= MOST_EVENTS) {
          await end()
          day = Math.max(day, its)
          const part = done.length + 1
          const path = `${category}/${new Date(day).toISOString().slice(0, 10).replaceAll('-', '/')}`
          writer = await ObjectWriter.create(
            `${path}/${partition}.${part}${EXTENSION}`,
            { kind: 'partition', category, partition, part },
            run.until,
            run,
          )
        }
        await (writer as ObjectWriter).add(consignment)
        events += consignment.lines.length
      }
      run.report(events)
      if (run.stopped()) throw new ArchiveStoppedError()
      if (page.isEnd) break
      after = page.next
    }
    await end()
    return done
  } catch (thrown) {
    await (writer as ObjectWriter | null)?.abort()
    throw thrown
  }
}

/** Reads what was written back from its place, as a whole; proves the lock where there is one. */
export async function readBack(
  { contents, bytes, sha256 }: Written,
  {
    destination,
    keys,
    now,
    until,
  }: {
    readonly destination: Destination
    readonly keys: KeyRing
    readonly now: () => number
    readonly until: number | null
  },
): Promise<ObjectRecord> {
  const { name, of, events, waybills, received, happened, written } = contents
  await verifyObject(name, { destination, keys })
  if (destination.locks && until !== null) await destination.proveLock(name, until)
  return {
    name,
    of,
    place: destination.place,
    events,
    waybills,
    bytes,
    sha256,
    received,
    happened,
    written,
    verified: now(),
    problem: null,
    until,
    lockedUntil: destination.locks ? until : null,
    key: keys.current,
    holds: {},
  }
}

export async function verifyObject(
  name: string,
  parts: { readonly destination: Destination; readonly keys: KeyRing },
  report?: (events: number) => void,
): Promise<Contents> {
  const object = await ArchiveObject.open(name, parts, { forAll: true })
  await object.verify(report)
  return object.contents
}

export const notHere = (what: string): OperatorError =>
  new OperatorError('WB-ARCHIVE-REFUSED', `${what}: list what there is with \`waybill archive list\``)
