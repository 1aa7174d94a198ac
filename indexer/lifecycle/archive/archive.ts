import type { Logger } from 'pino'
import * as z from 'zod'
import { bytesText } from '../../../config/index.ts'
import { type Category, logged, OperatorError, reasonOf } from '../../../schema/index.ts'
import { type Act, type Agents, isRecorded, type Trail } from '../../ingest/index.ts'
import { parseQuery, type Query } from '../../query/index.ts'
import type { Store, StoredPartition } from '../../store/port.ts'
import { inTurn } from '../../turn.ts'
import { type Holds, queryOf } from '../holds.ts'
import type { ArchivedCategory, Archive as ArchiveOfRetention, ArchiveUse } from '../standing.ts'
import type { RetentionTable } from '../table.ts'
import { Catalogue, type ObjectRecord } from './catalogue.ts'
import { type Destination, putObject } from './destination.ts'
import { exportQuery } from './export.ts'
import type { KeyRing } from './keys.ts'
import { EXTENSION, KEY_EXTENSION } from './layout.ts'
import { copyLog } from './log-copy.ts'
import { ArchiveObject, rewrap } from './read.ts'
import { README } from './readme.ts'
import { ArchiveStoppedError, archivePartition, verifyObject } from './run.ts'
import { dueExport } from './schedule.ts'
import { isAboutContent } from './seal.ts'
import { searchObject } from './search.ts'
import type { ScheduledExport } from './settings.ts'
import type { WriterParts } from './write.ts'

/** A partition is archived this long after its last event: a batch that was on its way has arrived by then. */
const SETTLED_AFTER = 10 * 60_000
/** Before a partition is removed, its objects were read back as a whole within this time. */
const CONFIRMED_WITHIN = 24 * 3_600_000
const LOOKED_FOR_EVERY = 24 * 3_600_000
const LEASE = 'archive-lease'
/** The last period of each scheduled export that is in the archive. */
const EXPORTED = 'archive-exported'
const LEASE_TIME = 10 * 60_000

export interface ArchiveParts {
  readonly store: Store
  readonly trail: Trail
  readonly agents: Pick<Agents, 'get'>
  readonly destination: Destination
  readonly keys: KeyRing
  readonly deletesAfter: boolean
  /** How much may be in the archive, for the storage report. */
  readonly capacity: number | null
  readonly exports: readonly ScheduledExport[]
  readonly holds: Pick<Holds, 'active'>
  readonly namespace: string
  /** The folder of the transparency log; null if there is none. */
  readonly logFolder: string | null
  readonly table: () => RetentionTable
  readonly log: Logger
  readonly clock: () => number
  readonly random: (bytes: number) => Buffer
}

/** What the archive does now. */
export interface ArchiveWork {
  readonly what: string
  readonly events: number
  readonly of: number
}

export interface ArchiveState {
  readonly place: string
  readonly locks: boolean
  /** Events leave the store once they are in the archive and their searchable time is over. */
  readonly deletesAfter: boolean
  /** The id of the key that new objects use. */
  readonly key: string
  readonly work: ArchiveWork | null
  /** When the last run ended, and why it failed; null before the first one, or if it did not. */
  readonly ran: number | null
  readonly problem: string | null
}

/** What this indexer archives, and all that the archive holds. */
export class Archive implements ArchiveOfRetention {
  readonly catalogue: Catalogue
  readonly #parts: ArchiveParts
  readonly #turn = inTurn()
  readonly #self: string
  #closed = false
  #work: ArchiveWork | null = null
  #ran: number | null = null
  #problem: string | null = null
  #looked = Number.NEGATIVE_INFINITY

  constructor(parts: ArchiveParts) {
    this.#parts = parts
    this.#self = parts.random(16).toString('hex')
    this.catalogue = new Catalogue(parts.store.records)
  }

  get state(): ArchiveState {
    const { destination, deletesAfter, keys } = this.#parts
    const { place, locks } = destination
    return {
      place,
      locks,
      deletesAfter,
      key: keys.current,
      work: this.#work,
      ran: this.#ran,
      problem: this.#problem,
    }
  }

  get deletesAfter(): boolean {
    return this.#parts.deletesAfter
  }

  async holds({ name, events }: StoredPartition): Promise<boolean> {
    return (await this.catalogue.partition(name))?.events === events
  }

  async use(): Promise<ArchiveUse> {
    const categories: Partial<Record<Category, ArchivedCategory>> = {}
    let bytes = 0
    for (const { of, events, bytes: size, problem } of await this.catalogue.objects()) {
      bytes += size
      if (of.kind !== 'partition') continue
      const known = categories[of.category] ?? { objects: 0, events: 0, bytes: 0, damaged: 0 }
      categories[of.category] = {
        objects: known.objects + 1,
        events: known.events + events,
        bytes: known.bytes + size,
        damaged: known.damaged + (problem === null ? 0 : 1),
      }
    }
    const { destination, capacity } = this.#parts
    return { place: destination.place, capacity, bytes, problem: this.#problem, categories }
  }

  /** Reads back what was not read back lately. Rejects with what is wrong: then the partition must stay. */
  async confirm({ name, events }: StoredPartition): Promise<void> {
    const record = await this.catalogue.partition(name)
    if (record === null || record.events !== events)
      throw new OperatorError('WB-ARCHIVE-REFUSED', `${name} is not in the archive yet`)
    let found = 0
    for (const object of record.objects) {
      const known = await this.catalogue.object(object)
      if (known === null)
        throw new OperatorError(
          'WB-ARCHIVE-DAMAGED',
          `${object} is not in the list of the archive any more: run \`waybill archive run\` to write it again`,
        )
      const { clock, destination } = this.#parts
      const isFresh = known.problem === null && clock() - known.verified < CONFIRMED_WITHIN
      if (!isFresh || (await destination.size(object)) !== known.bytes) await this.verify(object)
      found += known.events
    }
    if (found !== events)
      throw new OperatorError(
        'WB-ARCHIVE-DAMAGED',
        `the objects of ${name} have ${found} of its ${events} events: run \`waybill archive run\` to write them again`,
      )
  }

  /** Reads an object back as a whole, and remembers what was found. Rejects with what is wrong. */
  async verify(name: string, report?: (events: number) => void): Promise<ObjectRecord> {
    const known = await this.catalogue.object(name)
    if (known === null)
      throw new OperatorError(
        'WB-ARCHIVE-REFUSED',
        `There is no object ${name} in the archive: list them with \`waybill archive list\``,
      )
    const verified = this.#parts.clock()
    try {
      await verifyObject(name, this.#parts, report)
    } catch (thrown) {
      // An archive that can't be reached says nothing about its content.
      if (!isAboutContent(thrown)) throw thrown
      await this.catalogue.putObject({ ...known, verified, problem: reasonOf(thrown) })
      // Its events are archived anew, if the store still has them.
      if (known.of.kind === 'partition') await this.catalogue.removePartition(known.of.partition)
      await this.#parts.trail.record({
        action: 'archive-damage',
        category: 'security',
        message: `${reasonOf(thrown)}.`,
        outcome: 'failure',
        by: { name: 'archive' },
        entity: { type: 'archive', id: name },
      })
      throw thrown
    }
    const sound = { ...known, verified, problem: null }
    await this.catalogue.putObject(sound)
    return sound
  }

  /** Looks once a day whether each object is still in its place, and has its size: what somebody removed must not be found when it is needed. */
  async #lookForObjects(): Promise<void> {
    const { clock, destination, log } = this.#parts
    if (clock() - this.#looked < LOOKED_FOR_EVERY) return
    const known = (await this.catalogue.objects()).filter(({ problem }) => problem === null)
    const gone: string[] = []
    for (const { name, bytes } of known) if ((await destination.size(name)) !== bytes) gone.push(name)
    if (gone.length > 1 && gone.length === known.length)
      throw new OperatorError(
        'WB-ARCHIVE-DAMAGED',
        `none of the ${known.length} objects of the archive is in ${destination.place}: check that it is mounted, and the right one`,
      )
    this.#looked = clock()
    for (const name of gone) {
      try {
        await this.verify(name)
      } catch (thrown) {
        if (!isAboutContent(thrown)) throw thrown
        log.error(`${thrown.message}.`)
      }
    }
  }

  /** Archives all partitions that need it; returns their names. Only one indexer does so at a time. */
  round(): Promise<string[]> {
    return this.#turn(async () => {
      if (this.#closed || !(await this.#takeLease())) return []
      try {
        const archived = await this.#archiveAll()
        await this.#exportDue()
        await this.#applyHolds()
        await this.#expireObjects()
        await this.#lookForObjects()
        this.#problem = null
        return archived
      } catch (thrown) {
        if (thrown instanceof ArchiveStoppedError) return []
        this.#problem = reasonOf(thrown)
        throw thrown
      } finally {
        this.#work = null
        this.#ran = this.#parts.clock()
        await this.#endLease()
      }
    })
  }

  async #archiveAll(): Promise<string[]> {
    const { store, table, clock, destination } = this.#parts
    const due: StoredPartition[] = []
    for (const partition of (await store.storage()).partitions) {
      const { open, events, last, category } = partition
      if (open || events === 0 || table()[category].archive === null) continue
      // What is past its archive time too would leave the archive at once.
      if (last + (table()[category].archive ?? 0) <= clock()) continue
      if (last > clock() - SETTLED_AFTER || (await this.holds(partition))) continue
      due.push(partition)
    }
    if (due.length === 0) return []
    await destination.tidy()
    await this.#describe()
    for (const partition of due) await this.#archive(partition)
    // The waybills of these partitions are in the log by now: it follows the store within seconds.
    if (this.#parts.logFolder !== null) await copyLog(this.#parts.logFolder, destination)
    return due.map(({ name }) => name)
  }

  async #archive(partition: StoredPartition): Promise<void> {
    const { store, trail, table, clock, log } = this.#parts
    const { name, category, events } = partition
    const until = partition.last + (table()[category].archive ?? 0)
    this.#work = { what: name, events: 0, of: events }
    const objects = await archivePartition(partition, {
      ...this.writerParts(),
      consignments: store.consignments,
      until,
      stopped: () => this.#closed,
      report: (done) => {
        this.#work = { what: name, events: done, of: events }
        // A lease that is lost is noticed before anything is removed: counts and objects are compared then.
        void this.#takeLease().catch(() => {})
      },
    })
    const archived = objects.reduce((sum, one) => sum + one.events, 0)
    for (const object of objects) await this.catalogue.putObject(object)
    await trail.record({
      action: 'archive-write',
      category: 'system',
      message: `Partition ${name} is archived: ${archived} ${category} events in ${objects.length === 1 ? '1 object' : `${objects.length} objects`} in ${this.#parts.destination.place}, read back and verified.`,
      outcome: 'success',
      by: { name: 'archive' },
      entity: { type: 'partition', id: name },
      count: archived,
      payload: { objects: objects.map((one) => one.name) },
    })
    await this.catalogue.putPartition(name, {
      events: archived,
      objects: objects.map((one) => one.name),
      at: clock(),
    })
    const bytes = objects.reduce((sum, one) => sum + one.bytes, 0)
    log.info(`Partition ${name} is archived: ${archived} events in ${bytesText(bytes)}.`)
  }

  /** Opens an object for reading. */
  open(name: string): Promise<ArchiveObject> {
    return ArchiveObject.open(name, this.#parts, { forAll: true })
  }

  /** Looks for the events of each hold in each object once, and protects what has some also in its place. */
  async #applyHolds(): Promise<void> {
    const active = await this.#parts.holds.active()
    const ids = new Set(active.map(({ id }) => id))
    for (const known of await this.catalogue.objects()) {
      const unknown = active.filter(({ id }) => known.holds[id] === undefined)
      const isHeld = (holds: ObjectRecord['holds']): boolean =>
        Object.entries(holds).some(([id, has]) => has && ids.has(id))
      const before = Object.values(known.holds).some(Boolean)
      const holds = Object.fromEntries(Object.entries(known.holds).filter(([id]) => ids.has(id)))
      const isStale = Object.keys(holds).length < Object.keys(known.holds).length
      if (unknown.length === 0 && !isStale) continue
      if (unknown.length > 0) {
        const object = await ArchiveObject.open(known.name, this.#parts)
        for (const hold of unknown) holds[hold.id] = await hasAny(object, queryOf(hold))
      }
      if (isHeld(holds) !== before) await this.#parts.destination.hold(known.name, isHeld(holds))
      await this.catalogue.putObject({ ...known, holds })
    }
  }

  /** Removes objects at the end of their archive time, unless a hold or a lock protects them. */
  async #expireObjects(): Promise<void> {
    const { clock, holds, store, trail, destination, log } = this.#parts
    const active = new Set((await holds.active()).map(({ id }) => id))
    for (const { name, until, of, events, holds: held, received } of await this.catalogue.objects()) {
      if (until === null || until > clock()) continue
      if ([...active].some((id) => held[id] !== false)) continue
      if (!(await isRecorded(store, { action: 'archive-expire', entity: name, since: until })))
        await trail.record({
          action: 'archive-expire',
          category: 'system',
          message: `The archived object ${name} has reached the end of its archive time, and is removed: ${events} events${received === null ? '' : ` that were received until ${new Date(received.last).toISOString()}`}.`,
          outcome: 'success',
          by: { name: 'archive' },
          entity: { type: 'archive', id: name },
          count: events,
        })
      try {
        await destination.remove(name)
        await destination.remove(`${name}${KEY_EXTENSION}`)
      } catch (thrown) {
        if (!(thrown instanceof OperatorError) || thrown.code !== 'WB-ARCHIVE-LOCKED') throw thrown
        log.warn(logged(thrown), reasonOf(thrown))
        continue
      }
      await this.catalogue.removeObject(name)
      if (of.kind === 'partition') await this.catalogue.removePartition(of.partition)
      log.info(`The archived object ${name} has reached the end of its archive time: it is removed.`)
    }
  }

  /** Writes the events that a query finds as objects that stay until then, or for ever. */
  export(
    asked: { readonly name: string; readonly query: string; readonly until: number | null },
    by: Act['by'],
  ): Promise<ObjectRecord[]> {
    return this.#turn(async () => {
      const objects = await this.#export(asked, by)
      if (objects.length > 0) return objects
      throw new OperatorError(
        'WB-ARCHIVE-REFUSED',
        `The query finds no event, so nothing was exported: ${asked.query}`,
      )
    })
  }

  /** Exports the periods that have ended, each once. */
  async #exportDue(): Promise<void> {
    const { exports, store, clock, log } = this.#parts
    for (const one of exports) {
      const due = dueExport(one, clock())
      if ((await store.records.get(EXPORTED, one.name))?.value === due.name) continue
      const known = (await this.catalogue.object(`query/${due.name}.1${EXTENSION}`)) !== null
      const objects = known ? [] : await this.#export(due, { name: 'archive' })
      const record = await store.records.get(EXPORTED, one.name)
      await store.records.put(EXPORTED, one.name, due.name, record?.version ?? null)
      log.info(
        `The export ${due.name} is in the archive: ${objects.reduce((sum, { events }) => sum + events, 0)} events.`,
      )
    }
  }

  async #export(
    asked: {
      readonly name: string
      readonly query: string
      readonly until: number | null
      readonly from?: number
      readonly to?: number
    },
    by: Act['by'],
  ): Promise<ObjectRecord[]> {
    const { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = asked
    const { store, trail, clock } = this.#parts
    const query = parseQuery(asked.query, { now: clock() })
    if ((await this.catalogue.object(`query/${asked.name}.1${EXTENSION}`)) !== null)
      throw new OperatorError(
        'WB-ARCHIVE-REFUSED',
        `The archive has an export "${asked.name}" already: give this one another name`,
      )
    await trail.record({
      action: 'archive-export',
      category: 'security',
      message: `The events of a query are exported to the archive as "${asked.name}".`,
      outcome: 'success',
      by,
      entity: { type: 'archive', id: asked.name },
      payload: { query: asked.query },
    })
    await this.#parts.destination.tidy()
    await this.#describe()
    const partitions = (await store.storage()).partitions.filter(
      ({ first, last }) => last >= from && first < to,
    )
    try {
      const objects = await exportQuery(
        { name: asked.name, text: asked.query, query, until: asked.until },
        {
          ...this.writerParts(),
          consignments: store.consignments,
          partitions,
          report: (done) => {
            this.#work = { what: `query/${asked.name}`, events: done, of: partitions.length }
          },
        },
      )
      for (const object of objects) await this.catalogue.putObject(object)
      return objects
    } finally {
      this.#work = null
    }
  }

  /** Encrypts the keys of all objects with the present key; the objects stay as they are. Returns their number. */
  rotateKeys(by: Act['by']): Promise<number> {
    return this.#turn(async () => {
      const { destination, keys, trail } = this.#parts
      const old = (await this.catalogue.objects()).filter(({ key }) => key !== keys.current)
      if (old.length === 0) return 0
      await trail.record({
        action: 'archive-rotate-key',
        category: 'security',
        message: `The keys of ${old.length} archived objects are encrypted with "${keys.current}" from now on.`,
        outcome: 'success',
        by,
        entity: { type: 'archive', id: 'keys' },
        count: old.length,
      })
      for (const known of old) {
        await rewrap(known.name, destination, keys)
        await this.catalogue.putObject({ ...known, key: keys.current })
      }
      return old.length
    })
  }

  writerParts(): WriterParts {
    const { destination, keys, random, namespace, clock, agents } = this.#parts
    return {
      destination,
      keys,
      random,
      namespace,
      now: clock,
      keysOf: async (agent) => agents.get(agent)?.keys.map(({ id, pem }) => ({ agent, key: id, pem })) ?? [],
    }
  }

  /** A person who finds the archive in ten years must know what it is. */
  async #describe(): Promise<void> {
    const { destination } = this.#parts
    const bytes = Buffer.from(README)
    if ((await destination.size('README.md')) === bytes.length) return
    await putObject(destination, 'README.md', bytes)
  }

  async #takeLease(): Promise<boolean> {
    const { store, clock } = this.#parts
    const known = await store.records.get(LEASE, 'run')
    const held = leaseSchema.safeParse(known?.value)
    if (held.success && held.data.by !== this.#self && clock() - held.data.at < LEASE_TIME) return false
    return store.records.put(LEASE, 'run', { by: this.#self, at: clock() }, known?.version ?? null)
  }

  async #endLease(): Promise<void> {
    const { store } = this.#parts
    const known = leaseSchema.safeParse((await store.records.get(LEASE, 'run'))?.value)
    if (known.success && known.data.by === this.#self) await store.records.remove(LEASE, 'run')
  }

  async close(): Promise<void> {
    this.#closed = true
    // Work that has begun ends while the store is still open.
    await this.#turn(async () => {})
    await this.#parts.destination.close()
  }
}

const leaseSchema = z.object({ by: z.string(), at: z.number() })

async function hasAny(object: ArchiveObject, query: Query): Promise<boolean> {
  for await (const _ of searchObject(object, { query })) return true
  return false
}
