import {
  type AgentConfig,
  type BulkInputConfig,
  bulkInputsOf,
  type WebhookInputConfig,
  webhookInputsOf,
} from './config.ts'
import { BulkDoor, type Listen, type Listening, listenText, WebhookDoor } from './inputs/index.ts'
import type { PipelineSpec } from './normalise/index.ts'

/** An entry of `inputs:` that receives records by another protocol than syslog. */
export interface DoorEntry {
  readonly kind: string
  /** Its names in the journal: the addresses that it listens on. */
  readonly names: readonly string[]
  readonly listening: Listening | null
  /** What reads its records, and what reads those of some routes instead. */
  readonly integration: string
  readonly routes: Readonly<Record<string, string>>
  readonly columns: NonNullable<PipelineSpec['columns']>
  readonly settings: Pick<BulkInputConfig, 'time-zone' | 'tags' | 'labels'>
}

export const doorEntriesOf = (config: AgentConfig): DoorEntry[] => [
  ...bulkInputsOf(config).map(bulkEntry),
  ...webhookInputsOf(config).map(webhookEntry),
]

function bulkEntry(input: BulkInputConfig): DoorEntry {
  const listens = listensOf('bulk', input)
  return {
    kind: 'bulk',
    names: listens.map(listenText),
    listening: { ...protection(input), entry: 'bulk', listens, door: new BulkDoor(input.tokens) },
    integration: input.integration,
    routes: input.indices,
    columns: input.columns,
    settings: input,
  }
}

function webhookEntry(input: WebhookInputConfig): DoorEntry {
  const listens = listensOf('webhook', input)
  const hooks = Object.entries(input.hooks)
  const routes = Object.fromEntries(hooks.map(([path, { from, integration }]) => [path, integration ?? from]))
  const door = new WebhookDoor(
    Object.fromEntries(hooks.map(([path, { from, secret }]) => [path, { from, secrets: secret }])),
  )
  return {
    kind: 'webhook',
    names: listens.map(listenText),
    listening: { ...protection(input), entry: 'webhook', listens, door },
    // Every record has one of the paths; the first one's integration reads what is left of others.
    integration: Object.values(routes)[0] ?? 'generic-json',
    routes,
    columns: {},
    settings: input,
  }
}

type HttpInput = Pick<BulkInputConfig, 'listen' | 'tls' | 'limits'>

const listensOf = (transport: Listen['transport'], { listen, tls }: HttpInput): Listen[] =>
  [listen, tls?.listen].flatMap((address) => (address === undefined ? [] : [{ transport, ...address }]))

const protection = ({ tls, limits }: HttpInput): Pick<Listening, 'tls' | 'limits'> => ({
  tls: tls === undefined ? null : { ...tls, ca: tls.ca ?? null },
  limits: { connections: limits.connections, perPeer: limits['per-peer'], idle: limits.idle },
})
