import type { estypes } from '@elastic/elasticsearch'
import { CATEGORIES, type Category } from '../../../../schema/index.ts'
import { ALERT_MAPPING } from '../alert-index.ts'
import {
  AGENT_MAPPING,
  EVENT_SETTINGS,
  eventMapping,
  LETTER_MAPPING,
  RECORD_MAPPING,
  WAYBILL_MAPPING,
} from '../mapping.ts'
import type { Names } from '../names.ts'

/** Raised with each change of a template that existing indices must follow: another field, another analysis, another setting. */
export const TEMPLATES_VERSION = 3

/**
 * Above what others install for patterns that could overlap: Elastic's own have 100 to 200, and templates of Waybill before version 3 had
 * 500.
 */
const PRIORITY = 510

/** One shard, and a copy of it as soon as there is a second node. */
const SHARDS: estypes.IndicesIndexSettings = { number_of_shards: 1, auto_expand_replicas: '0-1' }

export interface Template {
  readonly name: string
  readonly body: estypes.IndicesIndexTemplate
}

export interface Component {
  readonly name: string
  readonly mappings: estypes.MappingTypeMapping
  readonly settings: estypes.IndicesIndexSettings
}

export interface TemplateChoice {
  readonly names: Names
  readonly matchOnlyText: boolean
  readonly ilm: boolean
  /** Refuse members that the mapping does not name, rather than keep them unindexed. */
  readonly strict: boolean
}

/** The settings and mappings that all indices of events have in common. */
export const eventComponent = ({ names, matchOnlyText, strict }: TemplateChoice): Component => ({
  name: names.template('events'),
  mappings: eventMapping({ matchOnlyText }, strict),
  settings: EVENT_SETTINGS,
})

/** The settings that name the policy of an index of events, and the alias of its rollover. */
export const lifecycleOf = (names: Names, category: Category): estypes.IndicesIndexSettingsLifecycle => ({
  name: names.policy(category),
  rollover_alias: names.alias(category),
})

/** The indices that are one each, and what their documents have. */
export const singleMappings = (names: Names): Readonly<Record<string, estypes.MappingTypeMapping>> => ({
  [names.waybills]: WAYBILL_MAPPING,
  [names.deadLetters]: LETTER_MAPPING,
  [names.records]: RECORD_MAPPING,
  [names.agents]: AGENT_MAPPING,
  [names.alerts]: ALERT_MAPPING,
})

/**
 * A template for each category of a namespace, and one for each of its other indices. No write makes an index (`allow_auto_create: false`):
 * a deleted one would come back without its alias, and nobody would find what is written there.
 */
export function templatesOf(choice: TemplateChoice): Template[] {
  const { names, ilm } = choice
  const events = CATEGORIES.map((category) => ({
    name: names.alias(category),
    body: {
      index_patterns: [names.family(category)],
      composed_of: [names.template('events')],
      priority: PRIORITY,
      version: TEMPLATES_VERSION,
      allow_auto_create: false,
      template: {
        settings: { index: { ...SHARDS, ...(ilm && { lifecycle: lifecycleOf(names, category) }) } },
      },
    },
  }))
  const single = (of: string, mappings: estypes.MappingTypeMapping): Template => ({
    name: names.template(of),
    body: {
      // The index itself: there is one.
      index_patterns: [names.template(of)],
      composed_of: [],
      priority: PRIORITY,
      version: TEMPLATES_VERSION,
      allow_auto_create: false,
      template: { mappings, settings: { index: SHARDS } },
    },
  })
  return [
    ...events,
    single('waybills', WAYBILL_MAPPING),
    single('dead-letters', LETTER_MAPPING),
    single('records', RECORD_MAPPING),
    single('agents', AGENT_MAPPING),
    single('alerts', ALERT_MAPPING),
  ]
}
