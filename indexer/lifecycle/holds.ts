import * as z from 'zod'
import { OperatorError } from '../../schema/index.ts'
import type { Act, Trail } from '../ingest/index.ts'
import { parseQuery, type Query } from '../query/index.ts'
import type { Store, StoredPartition } from '../store/port.ts'

const KIND = 'legal-hold'

const holdSchema = z.object({
  query: z.string(),
  /** Why: the name or number of the case. */
  case: z.string(),
  by: z.string(),
  made: z.number(),
  /** It ends by itself then; null if somebody must end it. */
  until: z.number().nullable(),
  ended: z.object({ at: z.number(), by: z.string() }).nullable(),
})
export type Hold = z.output<typeof holdSchema> & { readonly id: string }

/**
 * Legal holds: nothing that holds an event that their query finds leaves the store or the archive. The query's times count from when the
 * hold was made.
 */
export class Holds {
  readonly #store: Store
  readonly #trail: Trail
  readonly #clock: () => number
  readonly #random: (bytes: number) => Buffer

  constructor(parts: {
    readonly store: Store
    readonly trail: Trail
    readonly clock: () => number
    readonly random: (bytes: number) => Buffer
  }) {
    this.#store = parts.store
    this.#trail = parts.trail
    this.#clock = parts.clock
    this.#random = parts.random
  }

  /** All holds, the newest first. */
  async list(): Promise<Hold[]> {
    const records = await this.#store.records.list(KIND)
    return records
      .map(({ key, value }) => ({ id: key, ...holdSchema.parse(value) }))
      .sort((a, b) => b.made - a.made)
  }

  async active(): Promise<Hold[]> {
    return (await this.list()).filter((hold) => isActive(hold, this.#clock()))
  }

  async add(
    asked: { readonly query: string; readonly case: string; readonly until: number | null },
    by: Act['by'],
  ): Promise<Hold> {
    const made = this.#clock()
    if (asked.until !== null && asked.until <= made)
      throw new OperatorError('WB-REQUEST-INVALID', 'until: expected a time in the future, or none')
    // A query that can't be understood is refused before it is relied on.
    parseQuery(asked.query, { now: made })
    const id = this.#random(6).toString('hex')
    const hold = { ...asked, by: by.name, made, ended: null }
    await this.#record('hold-add', { id, ...hold }, by, `was made${endText(asked.until)}`)
    await this.#store.records.put(KIND, id, hold, null)
    return { id, ...hold }
  }

  /** Changes the end date of a hold. */
  async change(id: string, until: number | null, by: Act['by']): Promise<Hold> {
    const { hold, version } = await this.#find(id)
    const next = { ...hold, until }
    await this.#record(
      'hold-change',
      next,
      by,
      `was changed: it now ends ${until === null ? 'when somebody ends it' : dayOf(until)}`,
      [
        {
          field: 'until',
          old: hold.until === null ? null : dayOf(hold.until),
          new: until === null ? null : dayOf(until),
        },
      ],
    )
    return this.#put(next, version)
  }

  async end(id: string, by: Act['by']): Promise<Hold> {
    const { hold, version } = await this.#find(id)
    await this.#record('hold-end', hold, by, 'was ended')
    return this.#put({ ...hold, ended: { at: this.#clock(), by: by.name } }, version)
  }

  /** The first hold with an event in this partition; null if there is none. */
  async of({ category, first, last }: StoredPartition): Promise<Hold | null> {
    for (const hold of await this.active()) {
      const query: Query = {
        kind: 'and',
        of: [
          { kind: 'equals', field: 'audit.category', value: category },
          { kind: 'range', field: 'event.ingested', gte: first, lte: last },
          queryOf(hold),
        ],
      }
      let after: string | undefined
      do {
        const page = await this.#store.search({
          query,
          order: 'oldest',
          limit: 1,
          ...(after !== undefined && { after }),
        })
        if (page.events.length > 0) return hold
        after = page.next ?? undefined
      } while (after !== undefined)
    }
    return null
  }

  async #find(id: string): Promise<{ hold: Hold; version: number }> {
    const record = await this.#store.records.get(KIND, id)
    const value = holdSchema.safeParse(record?.value)
    if (record === null || !value.success || !isActive(value.data, this.#clock()))
      throw new OperatorError('WB-NOT-FOUND', `There is no hold ${id} that is in force`)
    return { hold: { id, ...value.data }, version: record.version }
  }

  async #put({ id, ...value }: Hold, version: number): Promise<Hold> {
    if (!(await this.#store.records.put(KIND, id, value, version)))
      throw new OperatorError(
        'WB-CHANGED',
        `The hold ${id} was changed by somebody else meanwhile: look again`,
      )
    return { id, ...value }
  }

  #record(
    action: string,
    hold: Hold,
    by: Act['by'],
    what: string,
    changes: Act['changes'] = [],
  ): Promise<void> {
    return this.#trail.record({
      action,
      category: 'security',
      message: `The legal hold ${hold.id} for "${hold.case}" ${what}.`,
      outcome: 'success',
      by,
      entity: { type: 'legal-hold', id: hold.id, name: hold.case },
      ...(changes.length > 0 && { changes }),
      payload: { query: hold.query },
    })
  }
}

export const queryOf = (hold: Hold): Query => parseQuery(hold.query, { now: hold.made })

const isActive = ({ until, ended }: Pick<Hold, 'until' | 'ended'>, now: number): boolean =>
  ended === null && (until === null || until > now)

const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 16).replace('T', ' ')
const endText = (until: number | null): string => (until === null ? '' : ` until ${dayOf(until)}`)
