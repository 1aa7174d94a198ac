import { type EventRule, strongestFirst, typeState } from '../schema/index.ts'
import type { AgentSettings } from '../schema/wire/index.ts'
import { type AgentConfig, integrationPath } from './config.ts'
import { listenText } from './inputs/index.ts'
import { catalogueOf, loadIntegration } from './normalise/index.ts'
import { listensOf } from './receive.ts'

/** Where it is said whether a type is recorded. */
export type RuleOrigin =
  | { readonly kind: 'mandatory' }
  /** The integration says so. */
  | { readonly kind: 'default' }
  | { readonly kind: 'central'; readonly version: string; readonly event: string }
  | { readonly kind: 'local'; readonly file: string; readonly line: number; readonly event: string }

/** For whom something else holds. */
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

/** Which events of an input are recorded, and what says so. */
export interface InputEvents {
  /** Its paths, or the addresses that it listens on. */
  readonly input: string
  readonly integration: string
  readonly types: readonly TypeStatus[]
}

type PlacedRule = EventRule & { readonly from: RuleOrigin }

export async function inputEvents(
  file: string,
  config: AgentConfig,
  central: AgentSettings | null,
): Promise<InputEvents[]> {
  const centrally = (central?.events ?? []).map((rule): PlacedRule => {
    const { version } = central!
    return { ...rule, from: { kind: 'central', version, event: rule.event } }
  })
  const local = (rules: readonly EventRule[], path: readonly PropertyKey[]): PlacedRule[] =>
    rules.map((rule, i) => ({
      ...rule,
      from: { kind: 'local', file, line: config.lineOf([...path, i]), event: rule.event },
    }))
  const everywhere = local(config.events, ['events'])
  const found: InputEvents[] = []
  for (const [at, input] of config.inputs.entries()) {
    const inputs =
      'file' in input
        ? {
            name: input.file.paths.join(', '),
            integrations: [input.file.integration],
            rules: [...everywhere, ...local(input.file.events, ['inputs', at, 'file', 'events'])],
          }
        : {
            name: listensOf(input.syslog).map(listenText).join(', '),
            integrations: [
              input.syslog.integration,
              ...Object.values(input.syslog.programs).map(({ integration }) => integration),
            ],
            rules: everywhere,
          }
    const ranked = strongestFirst(centrally, inputs.rules)
    for (const integration of new Set(inputs.integrations)) {
      const catalogue = catalogueOf(await loadIntegration(integrationPath(integration, file)))
      found.push({
        input: inputs.name,
        integration: catalogue.integration,
        types: catalogue.types.map((type) => {
          const { recorded, ruling, exceptions } = typeState(type, ranked)
          const { id, title, group, mandatory } = type
          const usual: RuleOrigin = { kind: mandatory ? 'mandatory' : 'default' }
          return {
            id,
            title,
            group,
            recorded,
            from: ruling?.from ?? usual,
            exceptions: exceptions.map(({ event: _, ...exception }) => exception),
          }
        }),
      })
    }
  }
  return found
}
