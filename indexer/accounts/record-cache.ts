import type * as z from 'zod'
import { type Records, SharedRecords } from '../store/index.ts'

/**
 * The records of one kind, in memory, as each request asks for some; the store's records are the truth. A change is
 * made to what the store holds, also by others who changed it in the meantime.
 */
export class RecordCache<Value> {
  readonly #records: Records
  readonly #kind: string
  readonly #schema: z.ZodType<Value>
  readonly #entries = new Map<string, { value: Value; version: number }>()
  /** Keys that were changed here while all are read again: what was read of them may be older. */
  readonly #touched = new Set<string>()

  private constructor(records: Records, kind: string, schema: z.ZodType<Value>) {
    this.#records = records
    this.#kind = kind
    this.#schema = schema
  }

  static async open<Value>(
    records: Records,
    kind: string,
    schema: z.ZodType<Value>,
  ): Promise<RecordCache<Value>> {
    const book = new RecordCache(records, kind, schema)
    for (const { key, value, version } of await records.list(kind))
      book.#entries.set(key, { value: schema.parse(value), version })
    if (records instanceof SharedRecords) records.follow(() => book.#readAgain())
    return book
  }

  async #readAgain(): Promise<void> {
    this.#touched.clear()
    const listed = await this.#records.list(this.#kind)
    const there = new Set(listed.map(({ key }) => key))
    for (const key of this.#entries.keys())
      if (!there.has(key) && !this.#touched.has(key)) this.#entries.delete(key)
    for (const { key, value, version } of listed)
      if (!this.#touched.has(key)) this.#entries.set(key, { value: this.#schema.parse(value), version })
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: string): Value | undefined {
    return this.#entries.get(key)?.value
  }

  entries(): [string, Value][] {
    return [...this.#entries].map(([key, { value }]) => [key, value])
  }

  /** False if the key is taken. */
  async add(key: string, value: Value): Promise<boolean> {
    if (!(await this.#records.put(this.#kind, key, value, null))) {
      await this.#reload(key)
      return false
    }
    await this.#reload(key)
    return true
  }

  /** Changes a value and returns it; undefined if there is none (any more). If `next` throws, nothing changes. */
  async change(key: string, next: (value: Value) => Value): Promise<Value | undefined> {
    for (;;) {
      const entry = this.#entries.get(key)
      if (entry === undefined) return undefined
      const value = next(entry.value)
      const put = await this.#records.put(this.#kind, key, value, entry.version)
      await this.#reload(key)
      if (put) return value
    }
  }

  async remove(key: string): Promise<void> {
    this.#touched.add(key)
    this.#entries.delete(key)
    await this.#records.remove(this.#kind, key)
    this.#touched.add(key)
    this.#entries.delete(key)
  }

  async #reload(key: string): Promise<void> {
    this.#touched.add(key)
    const record = await this.#records.get(this.#kind, key)
    this.#touched.add(key)
    if (record === null) this.#entries.delete(key)
    else this.#entries.set(key, { value: this.#schema.parse(record.value), version: record.version })
  }
}
