import type { Client, estypes } from '@elastic/elasticsearch'
import { CATEGORIES, type Category, canonical, sha256 } from '../../../schema/index.ts'
import { failureOfThrown, statusOf } from './failures.ts'
import {
  type Abilities,
  EVENT_SETTINGS,
  eventMapping,
  LETTER_MAPPING,
  RECORD_MAPPING,
  WAYBILL_MAPPING,
} from './mapping.ts'
import type { Names } from './names.ts'

/** Above what others install for patterns that could overlap; Elastic's own have 100 to 200. */
const PRIORITY = 500

export interface SetupOptions {
  readonly names: Names
  /** Refuse members that the mapping does not name, rather than keep them unindexed. */
  readonly strict?: boolean
}

/**
 * Puts in place what the store needs: templates, the first index of each category with its alias, and the indices for
 * waybills, dead letters and records. What is there already stays; mappings gain what a newer version adds.
 */
export async function setUp(client: Client, { names, strict = false }: SetupOptions): Promise<void> {
  const [changed] = await Promise.all([
    putEventTemplates(client, names, strict),
    putTemplate(client, names, 'waybills', WAYBILL_MAPPING),
    putTemplate(client, names, 'dead-letters', LETTER_MAPPING),
    putTemplate(client, names, 'records', RECORD_MAPPING),
  ])
  const single = [names.waybills, names.deadLetters, names.records]
  await Promise.all([
    ...CATEGORIES.map((category) => createFamily(client, names, category, changed)),
    ...single.map((index) => createIndex(client, { index })),
  ])
}

/** The events' mapping where it is another than the one installed; null where nothing changed. */
async function putEventTemplates(
  client: Client,
  names: Names,
  strict: boolean,
): Promise<estypes.MappingTypeMapping | null> {
  const name = names.template('events')
  const put = async (abilities: Abilities): Promise<estypes.MappingTypeMapping | null> => {
    const mappings = eventMapping(abilities, strict)
    const version = sha256(canonical(mappings)).slice(0, 16)
    if ((await installedVersion(client, name)) === version) return null
    await client.cluster.putComponentTemplate({
      name,
      template: { mappings, settings: { index: EVENT_SETTINGS } },
      _meta: { waybill: version },
    })
    return mappings
  }
  let mappings: estypes.MappingTypeMapping | null
  try {
    mappings = await put({ matchOnlyText: true })
  } catch (thrown) {
    if (!failureOfThrown(thrown)?.reason.includes('match_only_text')) throw thrown
    mappings = await put({ matchOnlyText: false })
  }
  await client.indices.putIndexTemplate({
    name,
    index_patterns: CATEGORIES.map((category) => `waybill-${category}-*`),
    composed_of: [name],
    priority: PRIORITY,
    allow_auto_create: false,
    template: { settings: SHARDS },
  })
  return mappings
}

/**
 * No write makes an index (`allow_auto_create: false` above): one that was deleted would come back without its alias, and what
 * is written there would never be found. One shard, and a copy of it as soon as there is a second node.
 */
const SHARDS: estypes.IndicesIndexSettings = { number_of_shards: 1, auto_expand_replicas: '0-1' }

async function installedVersion(client: Client, name: string): Promise<unknown> {
  try {
    const { component_templates } = await client.cluster.getComponentTemplate({ name })
    return component_templates[0]?.component_template._meta?.waybill
  } catch (thrown) {
    if (statusOf(thrown) === 404) return undefined
    throw thrown
  }
}

async function putTemplate(
  client: Client,
  names: Names,
  of: string,
  mappings: estypes.MappingTypeMapping,
): Promise<void> {
  await client.indices.putIndexTemplate({
    name: names.template(of),
    index_patterns: [`waybill-${of}-*`],
    priority: PRIORITY,
    allow_auto_create: false,
    template: { mappings, settings: SHARDS },
  })
}

async function createFamily(
  client: Client,
  names: Names,
  category: Category,
  mappings: estypes.MappingTypeMapping | null,
): Promise<void> {
  const alias = names.alias(category)
  if (!(await client.indices.existsAlias({ name: alias }))) {
    await createIndex(client, {
      index: names.first(category),
      aliases: { [alias]: { is_write_index: true } },
    })
  } else if (mappings !== null) {
    const { properties } = mappings
    await client.indices.putMapping({ index: alias, ...(properties !== undefined && { properties }) })
  }
}

async function createIndex(client: Client, request: estypes.IndicesCreateRequest): Promise<void> {
  try {
    await client.indices.create(request)
  } catch (thrown) {
    const failure = failureOfThrown(thrown)
    if (failure === null || !/already exists/.test(failure.reason)) throw thrown
  }
}
