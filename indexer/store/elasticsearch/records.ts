import type { Client, estypes } from '@elastic/elasticsearch'
import { sha256 } from '../../../schema/index.ts'
import type { Records } from '../port.ts'
import { checkpointOf } from './checkpoint.ts'
import { asking, statusOf } from './failures.ts'
import type { Names } from './names.ts'
import { WHOLE } from './search.ts'

interface StoredRecord {
  readonly kind: string
  readonly key: string
  readonly version: number
  /** JSON. */
  readonly value: string
}

const AT_A_TIME = 500
/** There are some fifteen. */
const MOST_KINDS = 1000

/** The indexer's own documents, in an index of theirs. */
export function openRecords(client: Client, names: Names): Records {
  const index = names.records
  /** Keys are of any length and letters, ids are not. */
  const idOf = (kind: string, key: string): string => sha256(`${kind.length}:${kind}${key}`)

  const find = async (kind: string, key: string) => {
    try {
      const { _source, _seq_no, _primary_term } = await client.get<StoredRecord>({
        index,
        id: idOf(kind, key),
      })
      if (_source === undefined || _seq_no === undefined || _primary_term === undefined) return null
      return { record: _source, at: { if_seq_no: _seq_no, if_primary_term: _primary_term } }
    } catch (thrown) {
      if (statusOf(thrown) === 404) return null
      throw thrown
    }
  }

  const put = async (
    record: StoredRecord,
    how: { op_type: 'create' } | { if_seq_no: number; if_primary_term: number },
  ): Promise<boolean> => {
    try {
      await client.index<StoredRecord>({ index, id: idOf(record.kind, record.key), document: record, ...how })
      return true
    } catch (thrown) {
      if (statusOf(thrown) === 409) return false
      throw thrown
    }
  }

  return {
    get: (kind, key) =>
      asking(async () => {
        const found = await find(kind, key)
        return found === null ? null : { value: contentOf(found.record), version: found.record.version }
      }),
    put: (kind, key, value, version) =>
      asking(async () => {
        const record = { kind, key, value: JSON.stringify(value) }
        if (version === null) return put({ ...record, version: 1 }, { op_type: 'create' })
        const found = await find(kind, key)
        if (found === null || found.record.version !== version) return false
        return put({ ...record, version: version + 1 }, found.at)
      }),
    list: (kind) =>
      asking(async () => {
        await client.indices.refresh({ index })
        const records: StoredRecord[] = []
        let after: estypes.SortResults | undefined
        for (;;) {
          const { hits } = await client.search<StoredRecord>({
            index,
            ...WHOLE,
            size: AT_A_TIME,
            query: { term: { kind } },
            sort: [{ key: 'asc' }],
            ...(after !== undefined && { search_after: after }),
          })
          for (const { _source } of hits.hits) if (_source !== undefined) records.push(_source)
          after = hits.hits.at(-1)?.sort
          if (hits.hits.length < AT_A_TIME || after === undefined) break
        }
        return records.map((record) => ({
          key: record.key,
          value: contentOf(record),
          version: record.version,
        }))
      }),
    kinds: () =>
      asking(async () => {
        await client.indices.refresh({ index })
        const { aggregations } = await client.search<unknown, { kinds: { buckets: { key: string }[] } }>({
          index,
          ...WHOLE,
          size: 0,
          // A write that was only a test of writing has no value.
          query: { exists: { field: 'version' } },
          aggregations: { kinds: { terms: { field: 'kind', size: MOST_KINDS } } },
        })
        return (aggregations?.kinds.buckets ?? []).map(({ key }) => key).sort()
      }),
    remove: (kind, key) =>
      asking(async () => {
        await client.delete({ index, id: idOf(kind, key) }, { ignore: [404] })
      }),
    version: () => asking(async () => String(await checkpointOf(client, index))),
  }
}

const contentOf = ({ value }: StoredRecord): unknown => JSON.parse(value)
