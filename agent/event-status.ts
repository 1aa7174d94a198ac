import { type EventRule, strongestFirst, typeState } from '../schema/index.ts'
import type { AgentSettings } from '../schema/wire/index.ts'
import { type AgentConfig, integrationPath } from './config.ts'
import { catalogueOf, type EventCatalogue, loadIntegration } from './normalise/index.ts'
import { receivedOf } from './receive.ts'

/** The origin of the decision whether a type is recorded. */
export type RuleOrigin =
  | { readonly kind: 'mandatory' }
  /** The integration's default. */
  | { readonly kind: 'default' }
  | { readonly kind: 'central'; readonly version: string; readonly event: string }
  | { readonly kind: 'local'; readonly file: string; readonly line: number; readonly event: string }

/** A rule that differs for some entity, user or host. */
export interface EventException extends Pick<EventRule, 'entity' | 'user' | 'host' | 'record'> {
  readonly from: RuleOrigin
}

export interface TypeStatus {
  readonly id: string
  readonly title: string
  readonly group: string
  readonly recorded: boolean
  readonly from: RuleOrigin
  /** The strongest first. */
  readonly exceptions: readonly EventException[]
}

/** The recorded event types of an input, and the origin of each decision. */
export interface InputEvents {
  /** Its paths, or the addresses that it listens on. */
  readonly input: string
  readonly integration: string
  readonly types: readonly TypeStatus[]
}

/** The catalogues that an input uses, and its own rules. */
interface InputCatalogues {
  readonly name: string
  readonly catalogues: readonly EventCatalogue[]
  readonly rules: readonly LocalRule[]
}

/** A rule with the line of agent.yml in which it is. */
export interface LocalRule {
  readonly rule: EventRule
  readonly line: number
}

/** Returns the rules of agent.yml, and the catalogues of its inputs. */
export async function localRules(
  file: string,
  config: AgentConfig,
): Promise<{ readonly everywhere: readonly LocalRule[]; readonly inputs: readonly InputCatalogues[] }> {
  const placed = (rules: readonly EventRule[], path: readonly PropertyKey[]): LocalRule[] =>
    rules.map((rule, i) => ({ rule, line: config.lineOf([...path, i]) }))
  const catalogues = (integrations: readonly string[]): Promise<EventCatalogue[]> =>
    Promise.all(
      [...new Set(integrations)].map(async (name) =>
        catalogueOf(await loadIntegration(integrationPath(name, file))),
      ),
    )
  const inputs: InputCatalogues[] = []
  for (const [at, input] of config.inputs.entries()) {
    if ('file' in input) {
      const { paths, integration, events } = input.file
      inputs.push({
        name: paths.join(', '),
        catalogues: await catalogues([integration]),
        rules: placed(events, ['inputs', at, 'file', 'events']),
      })
    }
  }
  for (const { name, integrations } of receivedOf(config))
    inputs.push({ name, catalogues: await catalogues(integrations), rules: [] })
  return { everywhere: placed(config.events, ['events']), inputs }
}

type PlacedRule = EventRule & { readonly from: RuleOrigin }

export async function inputEvents(
  file: string,
  config: AgentConfig,
  central: AgentSettings | null,
): Promise<InputEvents[]> {
  const centrally =
    central?.events.map(
      (rule): PlacedRule => ({
        ...rule,
        from: { kind: 'central', version: central.version, event: rule.event },
      }),
    ) ?? []
  const { everywhere, inputs } = await localRules(file, config)
  return inputs.flatMap(({ name, catalogues, rules }) => {
    const locally = [...everywhere, ...rules].map(
      ({ rule, line }): PlacedRule => ({
        ...rule,
        from: { kind: 'local', file, line, event: rule.event },
      }),
    )
    const ranked = strongestFirst(centrally, locally)
    return catalogues.map(({ integration, types }) => ({
      input: name,
      integration,
      types: types.map((type) => statusOf(type, ranked)),
    }))
  })
}

function statusOf(type: EventCatalogue['types'][number], ranked: readonly PlacedRule[]): TypeStatus {
  const { recorded, ruling, exceptions } = typeState(type, ranked)
  const { id, title, group, mandatory } = type
  return {
    id,
    title,
    group,
    recorded,
    from: ruling?.from ?? { kind: mandatory ? 'mandatory' : 'default' },
    exceptions: exceptions.map(({ event: _, ...exception }) => exception),
  }
}
