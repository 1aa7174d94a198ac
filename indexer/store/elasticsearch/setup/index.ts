import type { Client } from '@elastic/elasticsearch'
import type { RetentionTable } from '../../../lifecycle/table.ts'
import type { Names } from '../names.ts'
import { type ClusterFacts, clusterFacts, consequences, demandFit } from './cluster.ts'
import { policySteps, removalSteps, roleSteps, templateSteps } from './definitions.ts'
import { indexSteps } from './indices.ts'
import { type KeyPlan, planKey, type Withheld } from './privileges.ts'
import { applyAll, type Step } from './step.ts'

export type { ClusterFacts } from './cluster.ts'
export { whyNoWatcher } from './cluster.ts'
export type { Withheld } from './privileges.ts'
export { applyAll, type Difference, differenceText, type Step } from './step.ts'

export interface SetupOptions {
  readonly names: Names
  readonly table: RetentionTable
  /** Refuse members that the mapping does not name, rather than keep them unindexed. */
  readonly strict?: boolean
}

export interface SetupPlan {
  readonly cluster: ClusterFacts
  /** The steps to take, in this order; none if everything is as it should be. */
  readonly steps: readonly Step[]
  /** The consequences of what the cluster lacks. */
  readonly notices: readonly string[]
}

/** Plans the changes that the store needs: to policies, templates, indices. It changes nothing yet. */
export async function planSetup(
  client: Client,
  { names, table, strict = false }: SetupOptions,
): Promise<SetupPlan> {
  const cluster = await clusterFacts(client)
  demandFit(cluster)
  const choice = { names, strict, ilm: cluster.ilm, matchOnlyText: cluster.matchOnlyText }
  const steps = [
    ...(cluster.ilm ? await policySteps(client, names, table) : []),
    ...(await templateSteps(client, choice)),
    ...(await indexSteps(client, { ...choice, table })),
    ...(await removalSteps(client, names, cluster.ilm)),
  ]
  return { cluster, steps: existing(steps), notices: consequences(cluster) }
}

export interface SecurityPlan {
  readonly steps: readonly Step[]
  readonly key: KeyPlan
  readonly notices: readonly string[]
}

export interface SecurityOptions {
  readonly renewKey: boolean
  /** The space of Kibana for which the roles are; null for all. */
  readonly space: string | null
  /** What is hidden from each role, by role. */
  readonly withheld: Readonly<Record<string, Withheld>>
}

/** These have security at the level of fields and documents. */
const FINE_LICENCES = ['platinum', 'enterprise', 'trial']

/** Roles, and the key of the indexer; null if the cluster has no security. */
export async function planSecurity(
  client: Client,
  cluster: ClusterFacts,
  { names, renewKey, space, withheld }: SecurityOptions & { readonly names: Names },
): Promise<SecurityPlan | null> {
  if (!cluster.security) return null
  const key = await planKey(client, { names, ilm: cluster.ilm, renew: renewKey })
  const isFine = cluster.license?.active === true && FINE_LICENCES.includes(cluster.license.type)
  const roles = Object.keys(withheld)
  const steps = existing(await roleSteps(client, names, space, isFine ? withheld : {}))
  if (isFine || roles.length === 0) return { steps, key, notices: [] }
  return {
    // A role without its masks would show in Kibana what the console hides.
    steps: steps.filter(({ name }) => !roles.some((role) => names.role(role) === name)),
    key,
    notices: [
      `The licence (${cluster.license?.type ?? 'none'}) has no security at the level of fields and documents, so setup makes no role ${roles.map(names.role).join(', ')}: it would show in Kibana what \`masked\` and limits hide.`,
    ],
  }
}

const existing = (steps: readonly (Step | null)[]): Step[] => steps.filter((step) => step !== null)

/**
 * Sets the cluster up, for an indexer with `setup: automatic` at its start. It leaves steps that would shorten the life of stored events to
 * an operator.
 */
export async function setUp(
  client: Client,
  { log, ...options }: SetupOptions & { readonly log: (sentence: string) => void },
): Promise<void> {
  const { steps } = await planSetup(client, options)
  await applyAll(steps.filter(({ shortens }) => shortens === undefined))
  for (const { kind, name, shortens } of steps)
    if (shortens !== undefined)
      log(
        `The ${kind} ${name} was not changed, since it ${shortens}: run \`waybill setup --shorten\` if you mean it.`,
      )
}
