import type { Client, estypes } from '@elastic/elasticsearch'
import { LIMITS, leafHash } from '../../../schema/index.ts'
import type { Manifest } from '../../../schema/wire/index.ts'
import { decodeCursor, encodeCursor, noCursor } from '../cursor.ts'
import type { DeadLetter, WholeLine } from '../port.ts'
import { CUT_FOR_SIZE, errorOf, type Failure, failureOf, failureOfThrown, statusOf } from './failures.ts'
import { type Names, waybillId } from './names.ts'
import type { BuriedEvent } from './outcome.ts'

/** A dead letter's document. */
export type DeadLetterDocument = Omit<DeadLetter, 'line'> & {
  /** The line in base64; only its beginning if there is `whole`. */
  readonly line: string
  /** The index for its event when it is replayed: chosen once. */
  readonly pin?: string
}

/** A letter to write, and the line from which to shorten it. */
interface PendingDeadLetter {
  readonly letter: DeadLetterDocument
  readonly line: Buffer
  readonly whole: WholeLine
}

/** Returns the letter with less of its line, or null if there is no less. */
function shortened({ letter, line, whole }: PendingDeadLetter): PendingDeadLetter | null {
  const now = Buffer.byteLength(letter.line, 'base64')
  const kept = KEPT_BYTES.find((bytes) => bytes < now)
  if (kept === undefined) return null
  return {
    letter: { ...letter, line: line.subarray(0, kept).toString('base64'), whole },
    line,
    whole,
  }
}

export interface ReadLetter {
  readonly letter: DeadLetterDocument
  readonly version: { readonly if_seq_no: number; readonly if_primary_term: number }
}

const ORDER = [{ at: 'desc' }, { sequence: 'desc' }, { position: 'desc' }, { id: 'desc' }] as const
/** Lines of a MiB each: this many are carried to the cluster, or back, at once. */
const AT_A_TIME = 20
/** The bytes that are kept of a line that is too large for the cluster, or for a proxy before it: the first of these sizes that fits. */
const KEPT_BYTES = [64 * 1024, 4 * 1024, 0]
/** The length of a kept reason: a cluster may repeat the document in it, and a proxy may answer with a page. */
const REASON_LENGTH = 2000

/** The dead letters' index. */
export class DeadLetterIndex {
  readonly #client: Client
  readonly #index: string

  constructor(client: Client, names: Names) {
    this.#client = client
    this.#index = names.deadLetters
  }

  /** Each letter has an id made from its own place, so that burying it twice stores it once. */
  async bury(
    manifest: Pick<Manifest, 'agent' | 'incarnation' | 'sequence'>,
    at: number,
    letters: readonly (BuriedEvent & { readonly line: Buffer })[],
  ): Promise<void> {
    const { agent, incarnation, sequence } = manifest
    for (let i = 0; i < letters.length; i += AT_A_TIME) {
      const some = letters.slice(i, i + AT_A_TIME).map(({ leaf, at: place, line, reason, ...rest }) => ({
        letter: {
          id: `${waybillId(manifest)}.${rest.position}`,
          at,
          agent,
          incarnation,
          sequence,
          ...rest,
          reason: reason.slice(0, REASON_LENGTH),
          line: line.toString('base64'),
        },
        line,
        whole: { bytes: line.length, leaf, at: place },
      }))
      // An oversized line is not an event, so the cluster need not carry all of it.
      await this.#put(
        some.map((burial) =>
          burial.line.length > LIMITS.eventBytes ? (shortened(burial) ?? burial) : burial,
        ),
      )
    }
  }

  async #put(letters: readonly PendingDeadLetter[]): Promise<void> {
    const failure = await this.#createOrTooLarge(letters.map(({ letter }) => letter))
    if (failure === null) return
    const [first] = letters
    if (failure.kind !== 'too-large' || first === undefined) throw errorOf(failure)
    if (letters.length > 1) {
      const half = Math.ceil(letters.length / 2)
      await this.#put(letters.slice(0, half))
      await this.#put(letters.slice(half))
      return
    }
    const shorter = shortened(first)
    if (shorter === null) throw errorOf(failure)
    await this.#put([shorter])
  }

  /** Some proxies cut the connection in place of an answer. */
  async #createOrTooLarge(letters: readonly DeadLetterDocument[]): Promise<Failure | null> {
    const bytes = letters.reduce((sum, { line }) => sum + line.length, 0)
    for (let cuts = 1; ; cuts++) {
      const failure = await this.#create(letters)
      if (failure?.kind !== 'busy' || failure.cut !== true || bytes <= CUT_FOR_SIZE.bytes) return failure
      if (cuts >= CUT_FOR_SIZE.times) return { kind: 'too-large', reason: failure.reason }
    }
  }

  /** Returns null if all are there now. */
  async #create(letters: readonly DeadLetterDocument[]): Promise<Failure | null> {
    try {
      const { items } = await this.#client.bulk<DeadLetterDocument>({
        operations: letters.flatMap((letter) => [
          { create: { _index: this.#index, _id: letter.id } },
          letter,
        ]),
      })
      for (const { create } of items) {
        if (create?.error === undefined || create.status === 409) continue
        return failureOf(create.status, create.error)
      }
      return null
    } catch (thrown) {
      const failure = failureOfThrown(thrown)
      if (failure === null) throw thrown
      return failure
    }
  }

  /** Keeps letters of another store, under the ids that they have here. */
  async put(letters: readonly DeadLetter[]): Promise<void> {
    for (let i = 0; i < letters.length; i += AT_A_TIME)
      await this.#put(
        letters.slice(i, i + AT_A_TIME).map(({ line, ...letter }) => ({
          letter: { ...letter, id: `${waybillId(letter)}.${letter.position}`, line: line.toString('base64') },
          line,
          whole: letter.whole ?? { bytes: line.length, leaf: leafHash(line).toString('hex'), at: null },
        })),
      )
  }

  async read(id: string): Promise<ReadLetter | null> {
    try {
      const answer = await this.#client.get<DeadLetterDocument>({ index: this.#index, id })
      const { _source: letter, _seq_no, _primary_term } = answer
      if (letter === undefined || _seq_no === undefined || _primary_term === undefined) return null
      return { letter, version: { if_seq_no: _seq_no, if_primary_term: _primary_term } }
    } catch (thrown) {
      if (statusOf(thrown) === 404) return null
      throw thrown
    }
  }

  /** Records the index for the event of a letter. Returns false if someone else changed or removed the letter in the meantime. */
  async pin({ letter, version }: ReadLetter, pin: string): Promise<boolean> {
    try {
      const document = { ...letter, pin }
      await this.#client.index<DeadLetterDocument>({
        index: this.#index,
        id: letter.id,
        document,
        ...version,
      })
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
    const letters: DeadLetterDocument[] = []
    let from: estypes.SortResults | undefined = after === undefined ? undefined : placeOf(after)
    let total = 0
    // One letter more than requested shows whether there is more.
    while (letters.length <= limit) {
      const size = Math.min(AT_A_TIME, limit + 1 - letters.length)
      const { hits } = await this.#client.search<DeadLetterDocument>({
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

export function letterOf({ line, pin: _, ...letter }: DeadLetterDocument): DeadLetter {
  return { ...letter, line: Buffer.from(line, 'base64') }
}

const cursorOf = ({ at, sequence, position, id }: DeadLetterDocument): string =>
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
