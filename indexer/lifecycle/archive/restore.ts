import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import * as z from 'zod'
import { logged, OperatorError, reasonOf } from '../../../schema/index.ts'
import type { Act, Trail } from '../../ingest/index.ts'
import { openEmbeddedStore, type Store } from '../../store/index.ts'
import type { Consignment, Records } from '../../store/port.ts'
import type { Archive } from './archive.ts'
import type { ObjectRecord } from './catalogue.ts'

/**
 * A waybill lies in each object that has lines of it. A store takes it once, and further lines of it without the waybill.
 */
export function oncePer(consignment: Consignment, seen: Set<string>): Consignment {
  const { agent, incarnation, sequence } = consignment
  const key = `${agent}/${incarnation}/${sequence}`
  if (seen.has(key)) return { ...consignment, waybill: null }
  seen.add(key)
  return consignment
}

/** Where restored events are put, apart from those of the indexer. */
export interface RestorePlace {
  /** Opens the store of a restore, and makes it if it is not there. */
  open(id: string): Promise<Store>
  /** Removes it with everything in it. It is not open then. */
  remove(id: string): Promise<void>
}

/** Each restore is an embedded store of its own, in a folder of the indexer. */
export function restoresIn(folder: string, now: () => number): RestorePlace {
  const at = (id: string): string => join(folder, 'restored', id)
  return {
    open: (id) => openEmbeddedStore({ path: at(id), now, isTimed: true }),
    remove: (id) => rm(at(id), { recursive: true, force: true }),
  }
}

const KIND = 'restore'
const PAGE_BYTES = 4 * 1024 * 1024

const restoreSchema = z.object({
  objects: z.array(z.string()),
  by: z.string(),
  made: z.number(),
  until: z.number(),
  events: z.number(),
  of: z.number(),
  state: z.enum(['copying', 'ready', 'failed']),
  problem: z.string().nullable(),
})
export type Restore = z.output<typeof restoreSchema> & { readonly id: string }

export interface RestoreWanted {
  /** `event.ingested`, ms: objects that overlap this time. */
  readonly from: number
  readonly to: number
  readonly categories: readonly string[] | null
  readonly until: number
}

/** Archived events that are searchable again until an end date, each restore in a store of its own. */
export class Restores {
  readonly #records: Records
  readonly #archive: Archive
  readonly #place: RestorePlace
  readonly #trail: Trail
  readonly #clock: () => number
  readonly #random: (bytes: number) => Buffer
  readonly #log: Logger
  readonly #open = new Map<string, Promise<Store>>()
  readonly #copying = new Map<string, Promise<void>>()
  #closed = false

  constructor(parts: {
    readonly records: Records
    readonly archive: Archive
    readonly place: RestorePlace
    readonly trail: Trail
    readonly clock: () => number
    readonly random: (bytes: number) => Buffer
    readonly log: Logger
  }) {
    this.#records = parts.records
    this.#archive = parts.archive
    this.#place = parts.place
    this.#trail = parts.trail
    this.#clock = parts.clock
    this.#random = parts.random
    this.#log = parts.log
  }

  async list(): Promise<Restore[]> {
    const records = await this.#records.list(KIND)
    return records
      .map(({ key, value }) => ({ id: key, ...restoreSchema.parse(value) }))
      .sort((a, b) => b.made - a.made)
  }

  /** Begins a restore; it goes on in the background. */
  async begin({ from, to, categories, until }: RestoreWanted, by: Act['by']): Promise<Restore> {
    const made = this.#clock()
    if (until <= made) throw new OperatorError('WB-REQUEST-INVALID', 'until: expected a time in the future')
    const objects = (await this.#archive.catalogue.objects()).filter(
      ({ of, received }) =>
        of.kind === 'partition' &&
        received !== null &&
        received.last >= from &&
        received.first < to &&
        (categories === null || categories.includes(of.category)),
    )
    if (objects.length === 0)
      throw new OperatorError(
        'WB-ARCHIVE-REFUSED',
        'The archive has no object of this time and category: list what there is with `waybill archive list`',
      )
    const id = this.#random(4).toString('hex')
    const record = {
      objects: objects.map(({ name }) => name),
      by: by.name,
      made,
      until,
      events: 0,
      of: sum(objects),
      state: 'copying' as const,
      problem: null,
    }
    await this.#trail.record({
      action: 'archive-restore',
      category: 'security',
      message: `${record.of} archived events in ${objects.length === 1 ? '1 object' : `${objects.length} objects`} are restored as ${id}, searchable until ${dayOf(until)}.`,
      outcome: 'success',
      by,
      entity: { type: 'restore', id },
      count: record.of,
      payload: { objects: record.objects },
    })
    await this.#records.put(KIND, id, record, null)
    this.#copy({ id, ...record })
    return { id, ...record }
  }

  /** The store of a restore. */
  async store(id: string): Promise<Store> {
    const record = await this.#get(id)
    if (record.state === 'failed')
      throw new OperatorError('WB-ARCHIVE-REFUSED', `The restore ${id} failed: ${record.problem ?? ''}`)
    return this.#opened(id)
  }

  async get(id: string): Promise<Restore> {
    return this.#get(id)
  }

  async remove(id: string, by: Act['by']): Promise<void> {
    const { events } = await this.#get(id)
    await this.#trail.record({
      action: 'archive-restore-end',
      category: 'security',
      message: `The restore ${id} was removed; its ${events} events are still in the archive.`,
      outcome: 'success',
      by,
      entity: { type: 'restore', id },
    })
    const copying = this.#copying.get(id)
    await this.#records.remove(KIND, id)
    await copying
    await (await this.#open.get(id))?.close()
    this.#open.delete(id)
    await this.#place.remove(id)
  }

  /** Removes what is past its end date, and continues what was interrupted. */
  async round(): Promise<void> {
    for (const restore of await this.list()) {
      if (restore.until <= this.#clock()) await this.remove(restore.id, { name: 'archive' })
      else if (restore.state === 'copying' && !this.#copying.has(restore.id)) this.#copy(restore)
    }
  }

  /** Resolves when everything that was begun is restored. */
  async settled(): Promise<void> {
    await Promise.all(this.#copying.values())
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.settled()
    for (const store of this.#open.values()) await (await store).close()
  }

  #copy(restore: Restore): void {
    const work = this.#copyAll(restore)
      .catch(async (thrown: unknown) => {
        this.#log.error(logged(thrown), `The restore ${restore.id} failed: ${reasonOf(thrown)}`)
        await this.#note(restore.id, { state: 'failed', problem: reasonOf(thrown) })
      })
      .finally(() => this.#copying.delete(restore.id))
    this.#copying.set(restore.id, work)
  }

  /** A page that is put twice changes nothing: an interrupted restore begins anew. */
  async #copyAll({ id, objects }: Restore): Promise<void> {
    const store = await this.#opened(id)
    const seen = new Set<string>()
    let events = 0
    for (const name of objects) {
      const object = await this.#archive.open(name)
      let page: Consignment[] = []
      let bytes = 0
      const put = async (): Promise<boolean> => {
        await store.consignments.put(page)
        events += page.reduce((all, { lines }) => all + lines.length, 0)
        page = []
        bytes = 0
        return !this.#closed && (await this.#note(id, { events }))
      }
      for await (const one of object.consignments()) {
        page.push(oncePer(one, seen))
        bytes += one.lines.reduce((all, { line }) => all + line.length, 0)
        if (bytes >= PAGE_BYTES && !(await put())) return
      }
      if (!(await put())) return
    }
    // Not `complete`: no policy of a cluster may move or delete these before their end date.
    await this.#note(id, { state: 'ready' })
  }

  #opened(id: string): Promise<Store> {
    const known = this.#open.get(id)
    if (known !== undefined) return known
    const opening = this.#place.open(id)
    this.#open.set(id, opening)
    opening.catch(() => this.#open.delete(id))
    return opening
  }

  /** False if the restore was removed meanwhile. */
  async #note(id: string, some: Partial<z.output<typeof restoreSchema>>): Promise<boolean> {
    const record = await this.#records.get(KIND, id)
    if (record === null) return false
    return this.#records.put(KIND, id, { ...restoreSchema.parse(record.value), ...some }, record.version)
  }

  async #get(id: string): Promise<Restore> {
    const record = await this.#records.get(KIND, id)
    if (record === null)
      throw new OperatorError(
        'WB-NOT-FOUND',
        `There is no restore ${id}: \`waybill archive restores\` lists them`,
      )
    return { id, ...restoreSchema.parse(record.value) }
  }
}

const sum = (objects: readonly ObjectRecord[]): number => objects.reduce((all, { events }) => all + events, 0)
const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 16).replace('T', ' ')
