import type { Logger } from 'pino'
import * as z from 'zod'
import type { RetentionTableShape } from '../../schema/api/index.ts'
import { Refusal } from '../refusal.ts'
import type { Records } from '../store/port.ts'
import { retentionSchema } from './retention-file.ts'
import { ageText, byCategory, type RetentionTable, type Rule } from './table.ts'

const KIND = 'retention'
const KEY = 'edited'
const MOST_EARLIER = 20

const changeShape = z.object({ at: z.number(), by: z.string(), table: z.record(z.string(), z.unknown()) })
const editedShape = z.object({
  format: z.literal(1),
  /** The table, and those before it, the newest first. Null: the table of the file counts again. */
  table: z.record(z.string(), z.unknown()).nullable(),
  at: z.number(),
  by: z.string(),
  earlier: z.array(changeShape),
})
type Edited = z.output<typeof editedShape>

/** The retention table that counts. */
export interface CurrentTable {
  readonly table: RetentionTable
  readonly origin: 'file' | 'console'
  /** Of what the store has of it; 0 if it has nothing. */
  readonly version: number
  /** The last change in the store; null for the file's. */
  readonly changed: { readonly at: number; readonly by: string } | null
  readonly earlier: readonly z.output<typeof changeShape>[]
}

/** The retention table: that of the file, until somebody with the permission edits it in the console. */
export class RetentionBook {
  readonly #records: Pick<Records, 'get' | 'put'>
  readonly #clock: () => number
  #file: RetentionTable
  #current: CurrentTable

  private constructor(records: Pick<Records, 'get' | 'put'>, file: RetentionTable, clock: () => number) {
    this.#records = records
    this.#clock = clock
    this.#file = file
    this.#current = { table: file, origin: 'file', version: 0, changed: null, earlier: [] }
  }

  static async open(
    records: Pick<Records, 'get' | 'put'>,
    file: RetentionTable,
    { clock, log }: { clock: () => number; log: Pick<Logger, 'warn'> },
  ): Promise<RetentionBook> {
    const book = new RetentionBook(records, file, clock)
    await book.read()
    const { origin, changed } = book.#current
    if (origin === 'console')
      log.warn(
        `The retention table of the console is in use, which ${changed?.by} changed at ${new Date(changed?.at ?? 0).toISOString()}, not that of the file.`,
      )
    return book
  }

  get current(): CurrentTable {
    return this.#current
  }

  /** Takes the file's table from now on, where nobody has edited it. */
  takeFile(table: RetentionTable): void {
    this.#file = table
    if (this.#current.origin === 'file') this.#current = { ...this.#current, table }
  }

  /** Reads what the store has: another indexer may have changed it. */
  async read(): Promise<CurrentTable> {
    const { edited, version } = await editedIn(this.#records)
    const changed = edited === null ? null : { at: edited.at, by: edited.by }
    const earlier = edited?.earlier ?? []
    this.#current =
      edited === null || edited.table === null
        ? { table: this.#file, origin: 'file', version, changed, earlier }
        : { table: tableOf(edited.table), origin: 'console', version, changed, earlier }
    return this.#current
  }

  /** Saves a table, or with null goes back to the file's. `version` is the one that it changes. */
  async save(table: RetentionTable | null, version: number, by: string): Promise<CurrentTable> {
    const before = this.#current
    const value: Edited = {
      format: 1,
      table: table === null ? null : textsOf(table),
      at: this.#clock(),
      by,
      earlier:
        before.origin === 'file' && before.changed === null
          ? []
          : [
              { ...(before.changed ?? { at: 0, by: '' }), table: textsOf(before.table) },
              ...before.earlier,
            ].slice(0, MOST_EARLIER),
    }
    const isMine =
      version === before.version &&
      (await this.#records.put(KIND, KEY, value, version === 0 ? null : version))
    if (!isMine) {
      await this.read()
      throw new Refusal('WB-CHANGED', 'Somebody changed the retention table in the meantime: read it again.')
    }
    return this.read()
  }
}

/** Returns the table that a store's records make of that of the file. */
export const editedTable = async (
  records: Pick<Records, 'get'>,
  file: RetentionTable,
): Promise<RetentionTable> => {
  const { edited } = await editedIn(records)
  return edited === null || edited.table === null ? file : tableOf(edited.table)
}

async function editedIn(records: Pick<Records, 'get'>): Promise<{ edited: Edited | null; version: number }> {
  const record = await records.get(KIND, KEY)
  return record === null
    ? { edited: null, version: 0 }
    : { edited: editedShape.parse(record.value), version: record.version }
}

/** Reads a table as a file has it; throws a refusal that names the mistake. */
export function tableOf(given: unknown): RetentionTable {
  const parsed = retentionSchema.safeParse(given)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new Refusal('WB-REQUEST-INVALID', `${issue?.path.join('.') || 'table'}: ${issue?.message}`)
}

const orNone = (ms: number | null): string => (ms === null ? 'none' : ageText(ms))

const textOf = ({ searchable, archive, warm, cold }: Rule) => ({
  searchable: ageText(searchable),
  archive: orNone(archive),
  warm: orNone(warm),
  cold: orNone(cold),
})

/** The table as a file would have it. */
export const textsOf = (table: RetentionTable): RetentionTableShape =>
  byCategory((category) => textOf(table[category]))
