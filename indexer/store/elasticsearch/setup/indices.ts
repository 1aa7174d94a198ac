import type { Client, estypes } from '@elastic/elasticsearch'
import { CATEGORIES, type Category } from '../../../../schema/index.ts'
import { failureOfThrown, statusOf } from '../failures.ts'
import type { Names } from '../names.ts'
import { differences } from './difference.ts'
import type { Step } from './step.ts'
import { eventComponent, lifecycleOf, singleMappings, type TemplateChoice } from './templates.ts'

/** The first index of each category with its alias, and those for waybills, dead letters and records. */
export async function indexSteps(client: Client, choice: TemplateChoice): Promise<(Step | null)[]> {
  const { names } = choice
  const families = await Promise.all(CATEGORIES.map((category) => familySteps(client, choice, category)))
  const single = await Promise.all(
    Object.entries(singleMappings(names)).map(([index, mapping]) => singleStep(client, index, mapping)),
  )
  return [...families.flat(), ...single]
}

/** These stay for good: their mappings only ever gain. */
async function singleStep(
  client: Client,
  index: string,
  { properties = {} }: estypes.MappingTypeMapping,
): Promise<Step | null> {
  if (!(await client.indices.exists({ index }))) return creation(client, { index })
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

/** A category's indices: made where there are none, brought to the templates of this version where there are. */
async function familySteps(
  client: Client,
  choice: TemplateChoice,
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
    ...(choice.ilm ? await lifecycleSteps(client, names, category) : []),
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

/** Indices made before the cluster had lifecycle management, or Waybill a policy. Those that were rolled over have that behind them. */
async function lifecycleSteps(client: Client, names: Names, category: Category): Promise<Step[]> {
  const alias = names.alias(category)
  const [settings, aliases] = await Promise.all([
    client.indices.getSettings({ index: alias, name: 'index.lifecycle.*' }),
    client.indices.getAlias({ name: alias }),
  ])
  return Object.entries(aliases).flatMap(([index, { aliases: its }]) => {
    const is = settings[index]?.settings?.index?.lifecycle ?? {}
    const lifecycle = {
      ...lifecycleOf(names, category),
      ...(its[alias]?.is_write_index !== true && { indexing_complete: true }),
    }
    const found = differences(is, lifecycle).filter(({ path }) => path !== 'indexing_complete')
    if (found.length === 0) return []
    return [
      {
        kind: 'lifecycle',
        name: index,
        change: 'update' as const,
        differences: found,
        apply: async () => {
          await client.indices.putSettings({ index, settings: { index: { lifecycle } } })
        },
      },
    ]
  })
}
