import type { Client, estypes } from '@elastic/elasticsearch'
import * as z from 'zod'
import { canonical, OperatorError, sha256 } from '../../../../schema/index.ts'
import type { RetentionTable } from '../../../lifecycle/table.ts'
import type { Records } from '../../port.ts'
import { type ConnectionOptions, connect } from '../client.ts'
import { failureOfThrown, statusOf } from '../failures.ts'
import { namesFor } from '../names.ts'
import { openRecords } from '../records.ts'
import {
  type ClusterFacts,
  planSecurity,
  planSetup,
  type SecurityOptions,
  type SecurityPlan,
  type SetupPlan,
  type Step,
} from './index.ts'
import { gainStep } from './indices.ts'

/** The options that an operator need not repeat each time. */
const rememberedShape = z.partialRecord(
  z.enum(['channels', 'console', 'indexer-url', 'rules', 'space', 'zone']),
  z.string(),
)
export type RememberedOptions = z.output<typeof rememberedShape>
const REMEMBERED = ['setup', 'options'] as const

/** A cluster that is being set up. */
export interface ClusterSetup {
  plan(): Promise<SetupPlan>
  security(cluster: ClusterFacts, options: SecurityOptions): Promise<SecurityPlan | null>
  watches(alerting: Alerting): Promise<Step[]>
  apply(steps: readonly Step[]): Promise<void>
  /** The options of the last setup of this namespace; none before the first. */
  remembered(): Promise<RememberedOptions>
  remember(options: RememberedOptions): Promise<void>
  /** The secret of the key, where one was made. */
  applyKey(plan: SecurityPlan): Promise<string | null>
  close(): Promise<void>
}

export function openSetup(
  connection: ConnectionOptions,
  {
    namespace,
    table,
  }: {
    readonly namespace: string
    /** The records may have a table that somebody edited. */
    readonly table: (records: Pick<Records, 'get'>) => Promise<RetentionTable>
  },
): ClusterSetup {
  const client = connect(connection)
  const names = namesFor(namespace)
  const records = openRecords(client, names)
  const lastOptions = async () =>
    (await client.indices.exists({ index: names.records })) ? records.get(...REMEMBERED) : null
  return {
    plan: () =>
      asked(async () => {
        // The records say less about a cluster that can't be reached.
        await client.indices.exists({ index: names.records })
        return planSetup(client, { names, table: await table(records) })
      }),
    security: (cluster, options) => asked(() => planSecurity(client, cluster, { names, ...options })),
    watches: (alerting) => asked(() => watchSteps(client, namespace, alerting)),
    async apply(steps) {
      for (const step of steps) await asked(() => step.apply(), `${step.change} ${step.kind} ${step.name}: `)
    },
    remembered: () => asked(async () => rememberedShape.catch({}).parse((await lastOptions())?.value ?? {})),
    remember: (options) =>
      asked(async () => {
        await records.put(...REMEMBERED, options, (await lastOptions())?.version ?? null)
      }),
    applyKey: ({ key }) => asked(() => key.apply(), `API key ${key.name}: `),
    close: () => client.close(),
  }
}

/** Turns a refusal by the cluster into an error for the operator. */
async function asked<Answer>(ask: () => Promise<Answer>, where = ''): Promise<Answer> {
  try {
    return await ask()
  } catch (thrown) {
    const failure = failureOfThrown(thrown)
    if (failure === null) throw thrown
    throw new OperatorError('WB-ELASTICSEARCH', `${where}${sentenceOf(failure.kind, failure.reason)}`, {
      cause: thrown,
    })
  }
}

function sentenceOf(kind: string, reason: string): string {
  switch (kind) {
    case 'denied':
      if (/authenticat/.test(reason))
        return `Elasticsearch does not accept the credentials: ${reason}. Set WAYBILL_ES_USERNAME and WAYBILL_ES_PASSWORD, or WAYBILL_ES_API_KEY.`
      return `Elasticsearch refuses this user: ${reason}. Setup needs the cluster privileges monitor, manage_ilm, manage_index_templates and manage_security, manage_watcher for watches, and all on waybill-*; the superuser has them.`
    case 'busy':
      return `Elasticsearch can't be reached, or is too busy: ${reason}. Check the address, the certificate's authority (--ca) and that the cluster is up.`
    default:
      return `Elasticsearch refuses: ${reason}`
  }
}

type Parts = 'trigger' | 'input' | 'condition' | 'transform' | 'actions' | 'throttle_period' | 'metadata'

export interface NamedWatch {
  readonly id: string
  readonly watch: { readonly [Part in Parts]: NonNullable<estypes.WatcherWatch[Part]> }
}

/** The index for alerts, and the watches that write them. */
interface Alerting {
  readonly index: string
  readonly mapping: estypes.MappingTypeMapping
  readonly watches: readonly NamedWatch[]
}

/** More than anyone has rules. */
const MOST_WATCHES = 1000

/** Watches that are missing or of another rule, and those of rules that are no more. */
export async function watchSteps(
  client: Client,
  namespace: string,
  { index, mapping, watches }: Alerting,
): Promise<Step[]> {
  const steps: Step[] = []
  if (await client.indices.exists({ index })) {
    const gain = await gainStep(client, index, mapping)
    if (gain !== null) steps.push(gain)
  } else
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

/**
 * Returns the hash of the rule that a watch was made from. A cluster adds to a watch and hides its secrets, so the watch itself can't be
 * compared.
 */
async function installedHash(client: Client, id: string): Promise<string | null> {
  try {
    const { found, watch } = await client.watcher.getWatch({ id })
    return found ? String(watch?.metadata?.waybill_hash ?? '') : null
  } catch (thrown) {
    if (statusOf(thrown) === 404) return null
    throw thrown
  }
}
