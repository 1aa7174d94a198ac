import type { Client } from '@elastic/elasticsearch'
import { StoreUnavailableError } from '../port.ts'

/** Returns the number up to which all operations on this index, which has one shard, are done. */
export async function checkpointOf(client: Client, index: string): Promise<number> {
  const { indices } = await client.indices.stats({ index, level: 'shards' })
  const copies = Object.values(indices?.[index]?.shards ?? {}).flat()
  const primary = copies.find((copy) => copy.routing?.primary === true)
  if (primary?.seq_no === undefined)
    throw new StoreUnavailableError(`${index} has no working primary shard; see the cluster's health`)
  return primary.seq_no.local_checkpoint
}
