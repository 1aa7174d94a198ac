import type { Client, estypes } from '@elastic/elasticsearch'
import { CATEGORIES, type Category, type Tier } from '../../../schema/index.ts'
import { ageText } from '../../lifecycle/table.ts'
import type { StoredBytes, StoredPartition } from '../port.ts'
import { statusOf } from './failures.ts'
import type { Families } from './families.ts'
import { categoryOfIndex, type Names } from './names.ts'
import { WHOLE } from './search.ts'
import { installedPolicy, keptBy } from './setup/definitions.ts'

/** A larger shard takes long to move and to bring back. */
export const MOST_SHARD_BYTES = '40gb'

interface Parts {
  readonly client: Client
  readonly names: Names
  readonly families: Families
}

interface Ages {
  readonly buckets: readonly {
    readonly key: string
    readonly first: { readonly value: number | null }
    readonly last: { readonly value: number | null }
  }[]
}

/** Many more than six categories with eleven windows each need. */
const MOST_INDICES = 10_000

/** Returns what each index holds, which tier it lies on, and the room that its nodes have left. */
export async function storageOf({ client, names, families }: Parts): Promise<StoredBytes> {
  families.forget()
  const written = new Set(await families.writeIndices())
  const own = [names.waybills, names.deadLetters, names.records]
  const [stats, settings, ages, nodes] = await Promise.all([
    client.indices.stats({ index: [...names.events.split(','), ...own], metric: ['docs', 'store'] }),
    client.indices.getSettings({ index: names.events, name: ['index.creation_date', TIER_SETTING] }),
    client.search<unknown, { indices: Ages }>({
      index: names.events,
      ...WHOLE,
      size: 0,
      aggregations: {
        indices: {
          terms: { field: '_index', size: MOST_INDICES },
          aggregations: {
            first: { min: { field: 'event.ingested' } },
            last: { max: { field: 'event.ingested' } },
          },
        },
      },
    }),
    client.nodes.stats({ metric: 'fs' }),
  ])
  const age = new Map((ages.aggregations?.indices.buckets ?? []).map((one) => [one.key, one]))
  const partitions: StoredPartition[] = []
  let otherBytes = 0
  for (const [name, { primaries, total }] of Object.entries(stats.indices ?? {})) {
    const bytes = total?.store?.size_in_bytes ?? 0
    const category = categoryOfIndex(name)
    if (category === null || own.includes(name)) {
      otherBytes += bytes
      continue
    }
    const created = Number(settings[name]?.settings?.index?.creation_date ?? 0)
    partitions.push({
      category,
      name,
      tier: tierOf(settings[name]?.settings),
      events: primaries?.docs?.count ?? 0,
      bytes,
      first: age.get(name)?.first.value ?? created,
      last: age.get(name)?.last.value ?? created,
      open: written.has(name),
    })
  }
  const order = (one: StoredPartition): number => CATEGORIES.indexOf(one.category)
  partitions.sort((a, b) => order(a) - order(b) || (a.name < b.name ? -1 : 1))
  return { partitions, otherBytes, disk: diskOf(nodes) }
}

const TIER_SETTING = 'index.routing.allocation.include._tier_preference'
const TIER_OF_NODES: Readonly<Record<string, Tier>> = {
  data_warm: 'warm',
  data_cold: 'cold',
  data_frozen: 'frozen',
}

/** The first of the tiers that an index prefers is the one that it was moved to. */
function tierOf(settings: estypes.IndicesIndexSettings | undefined): Tier {
  const preferred = settings?.index?.routing?.allocation?.include?._tier_preference ?? ''
  return TIER_OF_NODES[preferred.split(',')[0] ?? ''] ?? 'hot'
}

/** Sums up all nodes that hold data. */
function diskOf({ nodes }: estypes.NodesStatsResponse): StoredBytes['disk'] {
  const holding = Object.values(nodes).filter(
    ({ roles }) => roles === undefined || roles.some((role) => role.startsWith('data')),
  )
  if (holding.length === 0) return null
  const sum = (of: 'total_in_bytes' | 'available_in_bytes'): number =>
    holding.reduce((all, { fs }) => all + (fs?.total?.[of] ?? 0), 0)
  return { total: sum('total_in_bytes'), free: sum('available_in_bytes') }
}

/**
 * Rolls over indices whose window (ms, by category) is over, unless the cluster does so itself: an index with a lifecycle policy is left to
 * that policy. The cluster checks the conditions, so several indexers may ask at once.
 */
export async function rollOverDue(
  { client, names, families }: Parts,
  windows: Readonly<Record<Category, number>>,
): Promise<Category[]> {
  const rolled: Category[] = []
  for (const category of CATEGORIES) {
    const { write } = await families.of(category)
    const settings = await client.indices.getSettings({ index: write, name: 'index.lifecycle.*' })
    if (settings[write]?.settings?.index?.lifecycle?.name !== undefined) continue
    // Before 8.4 there is no condition that spares an empty index.
    const { _all: all } = await client.indices.stats({ index: write, metric: 'docs' })
    if ((all.primaries?.docs?.count ?? 0) === 0) continue
    const { rolled_over } = await client.indices.rollover({
      alias: names.alias(category),
      conditions: {
        max_age: `${windows[category]}ms`,
        max_primary_shard_size: MOST_SHARD_BYTES,
      },
    })
    if (rolled_over) rolled.push(category)
  }
  if (rolled.length > 0) families.forget()
  return rolled
}

/** Deletes an index of events; returns false if it holds an event ingested at `before` or later, is written to, or does not exist. */
export async function expired({ client, families }: Parts, name: string, before: number): Promise<boolean> {
  families.forget()
  const all = await families.all()
  const written = await families.writeIndices()
  if (!all.includes(name) || written.includes(name)) return false
  await client.indices.refresh({ index: name })
  const { count } = await client.count({
    index: name,
    query: { range: { 'event.ingested': { gte: before, format: 'epoch_millis' } } },
  })
  if (count > 0) return false
  await client.indices.delete({ index: name })
  families.forget()
  return true
}

/**
 * Lifecycle policies that delete indices before their time by the table is over, a sentence each. A key of an earlier version may not look.
 */
export async function shorterPolicies(
  { client, names }: Parts,
  searchable: Readonly<Record<Category, number>>,
): Promise<string[]> {
  const settings = await client.indices.getSettings({ index: names.events, name: 'index.lifecycle.name' })
  const used = new Map<string, Category>()
  for (const [index, { settings: its }] of Object.entries(settings)) {
    const [policy, category] = [its?.index?.lifecycle?.name, categoryOfIndex(index)]
    if (policy !== undefined && category !== null) used.set(policy, category)
  }
  const shorter: string[] = []
  for (const [name, category] of used) {
    const policy = await readPolicy(client, name)
    const kept = policy === null ? Number.POSITIVE_INFINITY : keptBy(policy)
    if (kept < searchable[category])
      shorter.push(
        `The lifecycle policy ${name} deletes events ${ageText(kept)} after their index was rolled over, and the retention table keeps them ${ageText(searchable[category])}: run \`waybill setup\`.`,
      )
  }
  return shorter.sort()
}

async function readPolicy(client: Client, name: string): Promise<estypes.IlmPolicy | null> {
  try {
    return await installedPolicy(client, name)
  } catch (thrown) {
    if (statusOf(thrown) === 403) return null
    throw thrown
  }
}
