import {
  type AgentConfig,
  type BulkInputConfig,
  bulkInputsOf,
  type FetchInputConfig,
  fetchInputsOf,
  type OtlpInputConfig,
  otlpInputsOf,
  type WebhookInputConfig,
  webhookInputsOf,
} from './config.ts'
import {
  BulkDoor,
  clockifySource,
  cloudTrailSource,
  type Door,
  doorOf,
  type Fetching,
  githubSource,
  type Listen,
  type Listening,
  listenText,
  OtlpDoor,
  oktaSource,
  type Source,
  WebhookDoor,
} from './inputs/index.ts'
import type { PipelineSpec } from './normalise/index.ts'

/** An entry of `inputs:` that receives records by another protocol than syslog. */
export interface DoorEntry {
  readonly kind: string
  /** Its names in the journal: the addresses that it listens on, or the name of a fetcher. */
  readonly names: readonly string[]
  readonly listenings: readonly Listening[]
  /** What reads its records, and what reads those of some routes instead. */
  readonly integration: string
  readonly routes: Readonly<Record<string, string>>
  readonly columns: NonNullable<PipelineSpec['columns']>
  readonly settings: Pick<BulkInputConfig, 'time-zone' | 'tags' | 'labels'>
}

export const doorEntriesOf = (config: AgentConfig): DoorEntry[] => [
  ...bulkInputsOf(config).map(bulkEntry),
  ...webhookInputsOf(config).map(webhookEntry),
  ...otlpInputsOf(config).map(otlpEntry),
  ...fetchInputsOf(config).map(fetchEntry),
]

function bulkEntry(input: BulkInputConfig): DoorEntry {
  const { integration, indices: routes, columns } = input
  const at = { plain: placed('bulk', input.listen), tls: placed('bulk', input.tls?.listen) }
  return {
    kind: 'bulk',
    ...opened(at, input, new BulkDoor(input.tokens)),
    integration,
    routes,
    columns,
    settings: input,
  }
}

function webhookEntry(input: WebhookInputConfig): DoorEntry {
  const at = { plain: placed('webhook', input.listen), tls: placed('webhook', input.tls?.listen) }
  const hooks = Object.entries(input.hooks)
  const routes = Object.fromEntries(hooks.map(([path, { from, integration }]) => [path, integration ?? from]))
  const door = new WebhookDoor(
    Object.fromEntries(hooks.map(([path, { from, secret }]) => [path, { from, secrets: secret }])),
  )
  // Every record has one of the paths; the first one's integration reads what is left of others.
  const integration = Object.values(routes)[0] ?? 'generic-json'
  return { kind: 'webhook', ...opened(at, input, door), integration, routes, columns: {}, settings: input }
}

function otlpEntry(input: OtlpInputConfig): DoorEntry {
  const { http, grpc, tls, integration, columns } = input
  const at = {
    plain: [...placed('otlp', http), ...placed('otlp-grpc', grpc)],
    tls: [...placed('otlp', tls?.http), ...placed('otlp-grpc', tls?.grpc)],
  }
  return {
    kind: 'otlp',
    ...opened(at, input, new OtlpDoor(input.tokens)),
    integration,
    routes: {},
    columns,
    settings: input,
  }
}

const placed = (transport: Listen['transport'], address: BulkInputConfig['listen']): Listen[] =>
  address === undefined ? [] : [{ transport, ...address }]

/** The addresses of an entry: those for plain HTTP, and those with its certificate. */
function opened(
  at: { readonly plain: readonly Listen[]; readonly tls: readonly Listen[] },
  { tls, limits }: Pick<OtlpInputConfig, 'tls' | 'limits'>,
  door: Door,
): Pick<DoorEntry, 'names' | 'listenings'> {
  const common = {
    door,
    limits: { connections: limits.connections, perPeer: limits['per-peer'], idle: limits.idle },
  }
  const secured = tls === undefined ? null : { ...tls, ca: tls.ca ?? null }
  const listenings = [
    { ...common, listens: at.plain, tls: null },
    { ...common, listens: at.tls, tls: secured },
  ].filter(({ listens }) => listens.length > 0)
  return { names: [...at.plain, ...at.tls].map(listenText), listenings }
}

function fetchEntry(input: FetchInputConfig): DoorEntry {
  const { name, from, integration = from, columns } = input
  return {
    kind: 'fetch',
    names: [doorOf(name)],
    listenings: [],
    integration,
    routes: {},
    columns,
    settings: input,
  }
}

/** What is fetched. */
export const fetchingOf = (config: AgentConfig): Fetching[] =>
  fetchInputsOf(config).map((input) => ({
    name: input.name,
    kind: input.from,
    every: input.every,
    source: sourceOf(input),
  }))

function sourceOf(input: FetchInputConfig): Source {
  const since = input.since ?? null
  switch (input.from) {
    case 'okta':
      return oktaSource({ ...input, since })
    case 'github':
      return githubSource({ ...input, since })
    case 'clockify':
      return clockifySource({ ...input, since })
    case 'aws-cloudtrail':
      return cloudTrailSource({
        ...input,
        since,
        endpoint: input.url ?? null,
        accessKeyId: input['access-key-id'],
        secretAccessKey: input['secret-access-key'],
        sessionToken: input['session-token'] ?? null,
      })
  }
}
