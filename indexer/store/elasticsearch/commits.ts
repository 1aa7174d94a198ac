import type { Client } from '@elastic/elasticsearch'
import type { Category } from '../../../schema/index.ts'
import type { Manifest } from '../../../schema/wire/index.ts'
import type { Links, StoreBatch, WriteResult } from '../port.ts'
import { statusOf } from './failures.ts'
import { type Names, waybillId } from './names.ts'

/**
 * The document of a waybill. It exists before the first of its events, and names the index for the events of each category. Each attempt
 * writes them there, so a conflict proves that an event is there.
 */
export interface Commit {
  readonly kind: 'waybill'
  readonly agent: string
  readonly incarnation: string
  readonly sequence: number
  readonly hash: string
  readonly state: 'open' | 'stored'
  /** `event.ingested` of its events. */
  readonly at: number
  readonly events: number
  /** The bytes of its lines before compression. */
  readonly bytes: number
  readonly body: CommitBody
}

export type Pins = { readonly [category in Category]?: string }

export interface CommitBody {
  readonly pins: Pins
  /** Indices that its events were pinned to before, and which were closed to writing. */
  readonly former: readonly string[]
  /** The pinned indices that were found closed, and the times of that. */
  readonly closed: { readonly [index: string]: number }
  readonly result?: WriteResult
  /** The hash of the previous waybill that its manifest names; waybills of earlier versions of Waybill lack it. */
  readonly previous?: string | null
  /** The manifest that was shipped with the events, in base64. */
  readonly manifest?: string
  readonly signature?: string
  /** The leaf hashes of all lines in their order, or of those at `positions`, in base64. */
  readonly leaves?: string
  /** In a waybill that was moved here from a store that had not all of its leaf hashes. */
  readonly positions?: readonly number[]
}

/** A commit with its version: a write based on it succeeds only while nobody has changed it. */
export interface ReadCommit {
  readonly commit: Commit
  readonly version: { readonly if_seq_no: number; readonly if_primary_term: number }
}

export class Commits {
  readonly #client: Client
  readonly #index: string

  constructor(client: Client, names: Names) {
    this.#client = client
    this.#index = names.waybills
  }

  async find(id: string): Promise<ReadCommit | null> {
    try {
      const { _source, _seq_no, _primary_term } = await this.#client.get<Commit>({ index: this.#index, id })
      if (_source === undefined || _seq_no === undefined || _primary_term === undefined) return null
      return { commit: _source, version: { if_seq_no: _seq_no, if_primary_term: _primary_term } }
    } catch (thrown) {
      if (statusOf(thrown) === 404) return null
      throw thrown
    }
  }

  /**
   * The waybills that this one is bound to. The lookup comes after its own commit: of two concurrent writes, one sees the other.
   */
  async linksOf({ agent, incarnation, sequence, cites }: Manifest): Promise<Links> {
    const idOf = (its: string, number: number): string =>
      waybillId({ agent, incarnation: its, sequence: number })
    const ids = [idOf(incarnation, sequence - 1), idOf(incarnation, sequence + 1)]
    if (cites !== null) ids.push(idOf(cites.incarnation, cites.sequence))
    const { docs } = await this.#client.mget<Pick<Commit, 'hash' | 'body'>>({
      index: this.#index,
      ids,
      _source_includes: ['hash', 'body.previous'],
    })
    const [before, after, cited] = docs.map((doc) => {
      if ('error' in doc) throw new Error(`${this.#index} can't be read: ${doc.error.reason ?? ''}`)
      return doc.found ? doc._source : undefined
    })
    const claimed = after?.body?.previous
    return {
      before: before?.hash ?? null,
      ...(claimed !== undefined && { after: claimed }),
      cited: cited?.hash ?? null,
    }
  }

  /** Reads the waybill's commit, or writes a new one. */
  async open(batch: StoreBatch, pinned: () => Promise<Pins>): Promise<ReadCommit> {
    const { agent, incarnation, sequence, events, bytes } = batch.manifest
    const id = waybillId(batch.manifest)
    for (;;) {
      const commit: Commit = {
        kind: 'waybill',
        agent,
        incarnation,
        sequence,
        hash: batch.hash,
        state: 'open',
        at: batch.ingested,
        events,
        bytes,
        body: { pins: await pinned(), former: [], closed: {}, previous: batch.manifest.previous },
      }
      const made = await this.#put(id, commit, 'create')
      if (made !== null) return made
      const found = await this.find(id)
      if (found !== null) return found
    }
  }

  /** Returns null if someone else has written it since it was read. */
  change(read: ReadCommit, commit: Commit): Promise<ReadCommit | null> {
    return this.#put(waybillId(commit), commit, read.version)
  }

  async #put(id: string, commit: Commit, how: 'create' | ReadCommit['version']): Promise<ReadCommit | null> {
    try {
      const { _seq_no, _primary_term } = await this.#client.index<Commit>({
        index: this.#index,
        id,
        document: commit,
        ...(how === 'create' ? { op_type: how } : how),
      })
      if (_seq_no === undefined || _primary_term === undefined)
        throw new Error('Elasticsearch did not say which version of a waybill it wrote')
      return { commit, version: { if_seq_no: _seq_no, if_primary_term: _primary_term } }
    } catch (thrown) {
      if (statusOf(thrown) === 409) return null
      throw thrown
    }
  }
}
