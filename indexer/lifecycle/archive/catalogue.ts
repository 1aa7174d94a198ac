import * as z from 'zod'
import type { Records } from '../../store/port.ts'
import { contentsSchema } from './layout.ts'

/** What the store remembers of the archive. It finds objects; their content proves itself. */
const OBJECT = 'archive-object'
const PARTITION = 'archive-partition'

const count = z.number().int().nonnegative()
const time = z.number().int()

const objectSchema = z.object({
  of: contentsSchema.shape.of,
  /** Where it is, for people. */
  place: z.string(),
  events: count,
  waybills: count,
  bytes: count,
  sha256: z.string(),
  received: contentsSchema.shape.received,
  happened: contentsSchema.shape.happened,
  written: time,
  /** When it was last read back as a whole, and what was wrong then; null if nothing was. */
  verified: time,
  problem: z.string().nullable(),
  /** The end of its archive time. */
  until: time.nullable(),
  /** The end of its lock; null if its place does not lock. */
  lockedUntil: time.nullable(),
  /** The name of the key that encrypts its key. */
  key: z.string(),
  /** Whether it has events of a legal hold, by the hold's id: an object never changes, so each is looked for once. */
  holds: z.record(z.string(), z.boolean()).default({}),
})
export type ObjectRecord = z.output<typeof objectSchema> & { readonly name: string }

const partitionSchema = z.object({
  events: count,
  objects: z.array(z.string()),
  at: time,
})
export type PartitionRecord = z.output<typeof partitionSchema>

export class Catalogue {
  readonly #records: Records

  constructor(records: Records) {
    this.#records = records
  }

  async objects(): Promise<ObjectRecord[]> {
    const records = await this.#records.list(OBJECT)
    return records.map(({ key, value }) => ({ name: key, ...objectSchema.parse(value) }))
  }

  async object(name: string): Promise<ObjectRecord | null> {
    const record = await this.#records.get(OBJECT, name)
    return record === null ? null : { name, ...objectSchema.parse(record.value) }
  }

  async putObject({ name, ...value }: ObjectRecord): Promise<void> {
    await this.#put(OBJECT, name, value)
  }

  async removeObject(name: string): Promise<void> {
    await this.#records.remove(OBJECT, name)
  }

  async partition(name: string): Promise<PartitionRecord | null> {
    const record = await this.#records.get(PARTITION, name)
    return record === null ? null : partitionSchema.parse(record.value)
  }

  async putPartition(name: string, value: PartitionRecord): Promise<void> {
    await this.#put(PARTITION, name, value)
  }

  async removePartition(name: string): Promise<void> {
    await this.#records.remove(PARTITION, name)
  }

  /** Only who has the lease of the archive writes these, so the last one is right. */
  async #put(kind: string, key: string, value: unknown): Promise<void> {
    for (;;) {
      const known = await this.#records.get(kind, key)
      if (await this.#records.put(kind, key, value, known?.version ?? null)) return
    }
  }
}
