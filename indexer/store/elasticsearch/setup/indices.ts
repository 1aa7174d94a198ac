import type { Client, estypes } from '@elastic/elasticsearch'
import { CATEGORIES, type Category } from '../../../../schema/index.ts'
import type { RetentionTable } from '../../../lifecycle/table.ts'
import { failureOfThrown, statusOf } from '../failures.ts'
import { installedPolicy, keptBy, policyOf, shortening } from './definitions.ts'
import type { Step } from './step.ts'
import { differences } from './step.ts'
import { eventComponent, lifecycleOf, singleMappings, type TemplateChoice } from './templates.ts'

export interface IndexChoice extends TemplateChoice {
  readonly table: RetentionTable
}

/** The first index of each category with its alias, and those for waybills, dead letters and records. */
export async function indexSteps(client: Client, choice: IndexChoice): Promise<(Step | null)[]> {
  const { names } = choice
  const families = await Promise.all(CATEGORIES.map((category) => familySteps(client, choice, category)))
  const single = await Promise.all(
    Object.entries(singleMappings(names)).map(([index, mapping]) => singleStep(client, index, mapping)),
  )
  return [...families.flat(), ...single]
}

async function singleStep(
  client: Client,
  index: string,
  mapping: estypes.MappingTypeMapping,
): Promise<Step | null> {
  if (!(await client.indices.exists({ index }))) return creation(client, { index })
  return gainStep(client, index, mapping)
}

/** Adds the fields that the mapping of an existing index lacks. An index that stays for good only ever gains fields. */
export async function gainStep(
  client: Client,
  index: string,
  { properties = {} }: estypes.MappingTypeMapping,
): Promise<Step | null> {
  const { [index]: found } = await client.indices.getMapping({ index })
  const missing = differences(found?.mappings.properties ?? {}, properties).filter(
    ({ is, shouldBe }) => is === undefined && shouldBe !== undefined,
  )
  if (missing.length === 0) return null
  return {
    kind: 'mapping',
    name: index,
    change: 'update',
    differences: missing,
    apply: () => follow(client, { index, properties, otherwise: null }),
  }
}

const creation = (client: Client, request: estypes.IndicesCreateRequest): Step => ({
  kind: 'index',
  name: request.index,
  change: 'create',
  differences: [],
  apply: async () => {
    try {
      await client.indices.create(request)
    } catch (thrown) {
      // Another indexer that starts right now was faster.
      if (!/already exists/.test(failureOfThrown(thrown)?.reason ?? '')) throw thrown
    }
  },
})

/** Plans a category's indices: makes missing ones, and updates existing ones to the templates of this version. */
async function familySteps(
  client: Client,
  choice: IndexChoice,
  category: Category,
): Promise<(Step | null)[]> {
  const { names } = choice
  const alias = names.alias(category)
  if (!(await client.indices.existsAlias({ name: alias })))
    return [
      creation(client, { index: names.first(category), aliases: { [alias]: { is_write_index: true } } }),
    ]
  return [
    ...(await mappingSteps(client, choice, category)),
    ...(choice.ilm ? await lifecycleSteps(client, choice, category) : []),
  ]
}

/**
 * Mappings gain what a newer version adds, in all indices. Where a field has become another type an index can't follow: the alias is rolled
 * over, the next index is of the new mapping, and the older ones stay searchable as they are.
 */
async function mappingSteps(client: Client, choice: TemplateChoice, category: Category): Promise<Step[]> {
  const alias = choice.names.alias(category)
  const { mappings } = eventComponent(choice)
  const { properties } = mappings
  const [installed, aliases] = await Promise.all([
    client.indices.getMapping({ index: alias }),
    client.indices.getAlias({ name: alias }),
  ])
  const steps: Step[] = []
  for (const [index, { mappings: is }] of Object.entries(installed)) {
    const found = differences(is.properties ?? {}, properties ?? {}).filter(
      ({ shouldBe }) => shouldBe !== undefined,
    )
    if (found.length === 0 || properties === undefined) continue
    const cantFollow = found.find(({ is: before }) => before !== undefined)
    const isWritten = aliases[index]?.aliases[alias]?.is_write_index === true
    if (cantFollow !== undefined && !isWritten) continue
    steps.push({
      kind: 'mapping',
      name: index,
      change: 'update',
      differences: found,
      ...(cantFollow !== undefined && {
        note: `${cantFollow.path} has changed: if the index can't follow, ${alias} is rolled over, and this index stays as it is.`,
      }),
      apply: () => follow(client, { index, properties, otherwise: isWritten ? alias : null }),
    })
  }
  return steps
}

async function follow(
  client: Client,
  {
    index,
    properties,
    otherwise,
  }: {
    readonly index: string
    readonly properties: NonNullable<estypes.MappingTypeMapping['properties']>
    /** The alias to roll over where the index can't follow. */
    readonly otherwise: string | null
  },
): Promise<void> {
  try {
    await client.indices.putMapping({ index, properties })
  } catch (thrown) {
    if (statusOf(thrown) !== 400 || otherwise === null) throw thrown
    await client.indices.rollover({ alias: otherwise })
  }
}

/**
 * Indices made before the cluster had lifecycle management, or Waybill a policy of this name. Those that were rolled over have that behind
 * them.
 */
async function lifecycleSteps(
  client: Client,
  { names, table }: IndexChoice,
  category: Category,
): Promise<Step[]> {
  const alias = names.alias(category)
  const [settings, aliases] = await Promise.all([
    client.indices.getSettings({ index: alias, name: 'index.lifecycle.*' }),
    client.indices.getAlias({ name: alias }),
  ])
  const policies = new Set(
    Object.values(settings).flatMap(({ settings: its }) => its?.index?.lifecycle?.name ?? []),
  )
  const kept = new Map<string, number>()
  for (const name of policies) {
    const policy = name === names.policy(category) ? null : await installedPolicy(client, name)
    if (policy !== null) kept.set(name, keptBy(policy))
  }
  const keeps = keptBy(policyOf(table[category]))
  return Object.entries(aliases).flatMap(([index, { aliases: its }]) => {
    const is = settings[index]?.settings?.index?.lifecycle ?? {}
    const lifecycle = {
      ...lifecycleOf(names, category),
      ...(its[alias]?.is_write_index !== true && { indexing_complete: true }),
    }
    const found = differences(is, lifecycle).filter(
      ({ path }) => path !== 'indexing_complete' && path !== 'origination_date',
    )
    if (found.length === 0) return []
    const before = 'name' in is && typeof is.name === 'string' ? is.name : undefined
    const shortens = before === undefined ? null : shortening(kept.get(before) ?? keeps, keeps)
    return [
      {
        kind: 'lifecycle',
        name: index,
        change: 'update' as const,
        differences: found,
        ...(shortens !== null && { shortens }),
        apply: async () => {
          // An index in the middle of a policy changes to another one cleanly only if the old policy is removed first.
          if (before !== undefined && before !== lifecycle.name) await client.ilm.removePolicy({ index })
          await client.indices.putSettings({ index, settings: { index: { lifecycle } } })
        },
      },
    ]
  })
}
