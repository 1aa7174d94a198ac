import type { Client, estypes } from '@elastic/elasticsearch'
import type { Manifest } from '../../../schema/wire/index.ts'
import { decodeCursor, encodeCursor, noCursor } from '../cursor.ts'
import type { DeadLetter, DeadReason } from '../port.ts'
import { errorOf, failureOf, statusOf } from './failures.ts'
import { type Names, waybillId } from './names.ts'

/** A dead letter's document. */
export interface StoredLetter {
  readonly id: string
  readonly at: number
  readonly kind: DeadReason
  readonly reason: string
  readonly eventId: string
  readonly agent: string
  readonly incarnation: string
  readonly sequence: number
  readonly position: number
  readonly source: string
  /** Where its event goes when it is replayed: chosen once. */
  readonly pin?: string
  /** Base64. */
  readonly line: string
}

export interface ReadLetter {
  readonly letter: StoredLetter
  readonly version: { readonly if_seq_no: number; readonly if_primary_term: number }
}

export interface NewLetter {
  readonly position: number
  readonly kind: DeadReason
  readonly reason: string
  readonly eventId: string
  readonly source: string
  readonly line: Buffer
}

const ORDER = [{ at: 'desc' }, { sequence: 'desc' }, { position: 'desc' }, { id: 'desc' }] as const
/** Lines of a MiB each: so many are carried to the cluster, or back, at once. */
const AT_A_TIME = 20

/** The dead letters' index. */
export class Letters {
  readonly #client: Client
  readonly #index: string

  constructor(client: Client, names: Names) {
    this.#client = client
    this.#index = names.deadLetters
  }

  /** Each under an id of its own place, so that burying twice is burying once. */
  async bury(
    manifest: Pick<Manifest, 'agent' | 'incarnation' | 'sequence'>,
    at: number,
    letters: readonly NewLetter[],
  ): Promise<void> {
    const { agent, incarnation, sequence } = manifest
    for (let i = 0; i < letters.length; i += AT_A_TIME) {
      const operations = letters.slice(i, i + AT_A_TIME).flatMap(({ line, ...rest }) => {
        const id = `${waybillId(manifest)}.${rest.position}`
        const letter: StoredLetter = {
          id,
          at,
          agent,
          incarnation,
          sequence,
          ...rest,
          line: line.toString('base64'),
        }
        return [{ create: { _index: this.#index, _id: id } }, letter]
      })
      const { items } = await this.#client.bulk<StoredLetter>({ operations })
      for (const { create } of items) {
        if (create?.error === undefined || create.status === 409) continue
        throw errorOf(failureOf(create.status, create.error))
      }
    }
  }

  async read(id: string): Promise<ReadLetter | null> {
    try {
      const answer = await this.#client.get<StoredLetter>({ index: this.#index, id })
      const { _source: letter, _seq_no, _primary_term } = answer
      if (letter === undefined || _seq_no === undefined || _primary_term === undefined) return null
      return { letter, version: { if_seq_no: _seq_no, if_primary_term: _primary_term } }
    } catch (thrown) {
      if (statusOf(thrown) === 404) return null
      throw thrown
    }
  }

  /** Says where the event of a letter goes; false where someone else changed or removed the letter meanwhile. */
  async pin({ letter, version }: ReadLetter, pin: string): Promise<boolean> {
    try {
      const document = { ...letter, pin }
      await this.#client.index<StoredLetter>({ index: this.#index, id: letter.id, document, ...version })
      return true
    } catch (thrown) {
      if (statusOf(thrown) === 409) return false
      throw thrown
    }
  }

  async discard(id: string): Promise<boolean> {
    try {
      const { result } = await this.#client.delete({ index: this.#index, id })
      return result === 'deleted'
    } catch (thrown) {
      if (statusOf(thrown) === 404) return false
      throw thrown
    }
  }

  /** Newest first. */
  async list({ limit, after }: { limit: number; after?: string }): Promise<{
    letters: DeadLetter[]
    next: string | null
    total: number
  }> {
    await this.#client.indices.refresh({ index: this.#index })
    const letters: StoredLetter[] = []
    let from: estypes.SortResults | undefined = after === undefined ? undefined : placeOf(after)
    let total = 0
    // One more than asked for says whether there is more.
    while (letters.length <= limit) {
      const size = Math.min(AT_A_TIME, limit + 1 - letters.length)
      const { hits } = await this.#client.search<StoredLetter>({
        index: this.#index,
        size,
        sort: [...ORDER],
        track_total_hits: true,
        allow_partial_search_results: false,
        ...(from !== undefined && { search_after: from }),
      })
      total = typeof hits.total === 'number' ? hits.total : (hits.total?.value ?? 0)
      for (const { _source } of hits.hits) if (_source !== undefined) letters.push(_source)
      from = hits.hits.at(-1)?.sort
      if (hits.hits.length < size || from === undefined) break
    }
    const shown = letters.slice(0, limit)
    const last = shown.at(-1)
    return {
      letters: shown.map(letterOf),
      next: letters.length > limit && last !== undefined ? cursorOf(last) : null,
      total,
    }
  }

  async count(): Promise<number> {
    const { count } = await this.#client.count({ index: this.#index })
    return count
  }
}

export function letterOf({ line, pin: _, ...letter }: StoredLetter): DeadLetter {
  return { ...letter, line: Buffer.from(line, 'base64') }
}

const cursorOf = ({ at, sequence, position, id }: StoredLetter): string =>
  encodeCursor([at, sequence, position, id])

function placeOf(cursor: string): (string | number)[] {
  const parts = decodeCursor(cursor)
  const isPlace = (list: unknown): list is (string | number)[] =>
    Array.isArray(list) &&
    list.length === 4 &&
    list.every((part, i) => typeof part === (i < 3 ? 'number' : 'string'))
  if (!isPlace(parts)) throw noCursor()
  return parts
}
