import type { Client, estypes } from '@elastic/elasticsearch'
import { canonical, sha256 } from '../../../../schema/index.ts'
import { statusOf } from '../failures.ts'
import type { Step } from './step.ts'

type Parts = 'trigger' | 'input' | 'condition' | 'transform' | 'actions' | 'throttle_period' | 'metadata'

export interface NamedWatch {
  readonly id: string
  readonly watch: { readonly [Part in Parts]: NonNullable<estypes.WatcherWatch[Part]> }
}

/** What alerts go to, and what puts them there. */
export interface Alerting {
  readonly index: string
  readonly mapping: estypes.MappingTypeMapping
  readonly watches: readonly NamedWatch[]
}

/** As many as anyone has rules, and more. */
const MOST_WATCHES = 1000

/** Watches that are missing or of another rule, and those of rules that are no more. */
export async function watchSteps(
  client: Client,
  namespace: string,
  { index, mapping, watches }: Alerting,
): Promise<Step[]> {
  const steps: Step[] = []
  if (!(await client.indices.exists({ index })))
    steps.push({
      kind: 'alert index',
      name: index,
      change: 'create',
      differences: [],
      apply: async () => {
        await client.indices.create({
          index,
          mappings: mapping,
          settings: { number_of_shards: 1, auto_expand_replicas: '0-1' },
        })
      },
    })
  for (const { id, watch } of watches) {
    const hash = sha256(canonical(watch))
    const there = await installedHash(client, id)
    if (there === hash) continue
    const metadata = { ...watch.metadata, waybill_hash: hash }
    steps.push({
      kind: 'watch',
      name: id,
      change: there === null ? 'create' : 'update',
      differences: [],
      apply: async () => {
        await client.watcher.putWatch({ id, ...watch, metadata })
      },
    })
  }
  const wanted = new Set(watches.map(({ id }) => id))
  const { watches: all } = await client.watcher.queryWatches({ size: MOST_WATCHES })
  for (const { _id: id } of all) {
    if (!id.startsWith(`waybill-${namespace}-`) || wanted.has(id)) continue
    steps.push({
      kind: 'watch',
      name: id,
      change: 'remove',
      differences: [],
      apply: async () => {
        await client.watcher.deleteWatch({ id })
      },
    })
  }
  return steps
}

/** A cluster fills a watch up, and hides the secrets in it: so what it was made of is remembered as a hash. */
async function installedHash(client: Client, id: string): Promise<string | null> {
  try {
    const { found, watch } = await client.watcher.getWatch({ id })
    return found ? String(watch?.metadata?.waybill_hash ?? '') : null
  } catch (thrown) {
    if (statusOf(thrown) === 404) return null
    throw thrown
  }
}
