import type { Client } from '@elastic/elasticsearch'
import type { RetentionTable } from '../../../lifecycle/table.ts'
import type { Names } from '../names.ts'
import { type KeyPlan, planKey } from './api-key.ts'
import { type ClusterFacts, clusterFacts, consequences, demandFit } from './cluster.ts'
import { policySteps, roleSteps, templateSteps } from './definitions.ts'
import { indexSteps } from './indices.ts'
import { applyAll, type Step } from './step.ts'

export type { ClusterFacts } from './cluster.ts'
export { whyNoWatcher } from './cluster.ts'
export { type Difference, differenceText } from './difference.ts'
export { applyAll, type Step } from './step.ts'

export interface SetupOptions {
  readonly names: Names
  readonly table: RetentionTable
  /** Refuse members that the mapping does not name, rather than keep them unindexed. */
  readonly strict?: boolean
}

export interface SetupPlan {
  readonly cluster: ClusterFacts
  /** What is to be done, in this order; nothing where all is as it should be. */
  readonly steps: readonly Step[]
  /** What follows from what the cluster lacks. */
  readonly notices: readonly string[]
}

/** What the store needs and does not find as it should be: policies, templates, indices. Nothing is changed yet. */
export async function planSetup(
  client: Client,
  { names, table, strict = false }: SetupOptions,
): Promise<SetupPlan> {
  const cluster = await clusterFacts(client)
  demandFit(cluster)
  const choice = { names, strict, ilm: cluster.ilm, matchOnlyText: cluster.matchOnlyText }
  const steps = [
    ...(cluster.ilm ? await policySteps(client, table) : []),
    ...(await templateSteps(client, choice)),
    ...(await indexSteps(client, choice)),
  ]
  return { cluster, steps: existing(steps), notices: consequences(cluster) }
}

export interface SecurityPlan {
  readonly steps: readonly Step[]
  readonly key: KeyPlan
}

/** Roles, and the key of the indexer; null where the cluster has no security. */
export async function planSecurity(
  client: Client,
  cluster: ClusterFacts,
  { names, renewKey }: { readonly names: Names; readonly renewKey: boolean },
): Promise<SecurityPlan | null> {
  if (!cluster.security) return null
  const key = await planKey(client, { names, ilm: cluster.ilm, renew: renewKey })
  return { steps: existing(await roleSteps(client)), key }
}

const existing = (steps: readonly (Step | null)[]): Step[] => steps.filter((step) => step !== null)

/** What an indexer with `setup: automatic` does at its start. */
export async function setUp(client: Client, options: SetupOptions): Promise<void> {
  const { steps } = await planSetup(client, options)
  await applyAll(steps)
}
