import type { Client } from '@elastic/elasticsearch'
import { canonical, sha256 } from '../../../../schema/index.ts'
import { statusOf } from '../failures.ts'
import type { Names } from '../names.ts'
import { indexerRole } from './privileges.ts'

export interface KeyPlan {
  readonly name: string
  /** `update`: the privileges of the key that is there change, and it stays the same. */
  readonly change: 'create' | 'update' | 'none'
  readonly note: string | null
  /** The secret of a key that was made, as `store.elasticsearch.api-key` wants it; it is told this once. */
  apply(): Promise<string | null>
}

/** The indexer's own key. One that is there stays, unless a new one is asked for: nobody can read its secret again. */
export async function planKey(
  client: Client,
  { names, ilm, renew }: { readonly names: Names; readonly ilm: boolean; readonly renew: boolean },
): Promise<KeyPlan> {
  const name = `waybill-indexer-${names.namespace}`
  const role = indexerRole(names, { rollsOver: !ilm })
  const said = { role_descriptors: { waybill_indexer: role }, metadata: { waybill: sha256(canonical(role)) } }
  const create = async (): Promise<string> =>
    (await client.security.createApiKey({ name, ...said, refresh: 'wait_for' })).encoded
  const known = await validKeys(client, name)
  const [current] = known
  if (current === undefined) return { name, change: 'create', note: null, apply: create }
  if (renew)
    return {
      name,
      change: 'create',
      note: `Keys that are there stay valid until you invalidate them: ${known.map(({ id }) => id).join(', ')}.`,
      apply: create,
    }
  if (current.metadata?.waybill === said.metadata.waybill)
    return { name, change: 'none', note: null, apply: async () => null }
  return {
    name,
    change: 'update',
    note: null,
    apply: async () => {
      await client.security.updateApiKey({ id: current.id, ...said })
      return null
    },
  }
}

async function validKeys(client: Client, name: string) {
  try {
    const { api_keys } = await client.security.getApiKey({ name, owner: true })
    return api_keys.filter(({ invalidated }) => !invalidated).sort((a, b) => b.creation - a.creation)
  } catch (thrown) {
    if (statusOf(thrown) === 404) return []
    throw thrown
  }
}
