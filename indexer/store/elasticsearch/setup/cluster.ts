import type { Client } from '@elastic/elasticsearch'
import { OperatorError } from '../../../../schema/index.ts'
import { failureOfThrown, statusOf } from '../failures.ts'

/** The facts about a cluster that Waybill must know. */
export interface ClusterFacts {
  readonly name: string
  readonly version: string
  /** `elasticsearch`, or the name of another distribution. */
  readonly distribution: string
  readonly serverless: boolean
  readonly ilm: boolean
  readonly watcher: boolean
  readonly security: boolean
  /** The type of the licence (basic, trial, platinum, ...); null if the server has none. */
  readonly license: { readonly type: string; readonly active: boolean } | null
  /** The mapping type is there: it is a module that some distributions leave out. */
  readonly matchOnlyText: boolean
}

export async function clusterFacts(client: Client): Promise<ClusterFacts> {
  const [nodes, info, features, license] = await Promise.all([
    client.nodes.info({ metric: ['plugins'] }),
    orNone(() => client.info()),
    orNone(() => client.xpack.info({ categories: ['features'] })),
    orNone(() => client.license.get()),
  ])
  const all = Object.values(nodes.nodes)
  const everywhere = (module: string): boolean =>
    all.every(({ modules }) => modules?.some(({ name }) => name === module) ?? false)
  const has = (feature: 'ilm' | 'watcher' | 'security'): boolean => {
    // A server with only some of its modules can't list its features.
    if (features === null) return everywhere(`x-pack-${feature}`)
    const { available, enabled } = features.features[feature]
    return available && enabled
  }
  const version = info?.version
  return {
    name: nodes.cluster_name,
    // The oldest version of the nodes counts: an upgrade goes node by node.
    version: all.map((node) => node.version).sort(byNumber)[0] ?? version?.number ?? 'of no version',
    distribution:
      version !== undefined && 'distribution' in version ? String(version.distribution) : 'elasticsearch',
    serverless: version?.build_flavor === 'serverless',
    ilm: has('ilm'),
    watcher: has('watcher'),
    security: has('security'),
    license:
      license === null ? null : { type: license.license.type, active: license.license.status === 'active' },
    matchOnlyText: everywhere('mapper-extras'),
  }
}

const byNumber = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true })

/** Returns null if the server lacks the feature: it then answers that there is no such path or action. */
async function orNone<Answer>(ask: () => Promise<Answer>): Promise<Answer | null> {
  try {
    return await ask()
  } catch (thrown) {
    const status = statusOf(thrown)
    const isMissing = status === 500 && /failed to find action/.test(failureOfThrown(thrown)?.reason ?? '')
    if (status === 400 || status === 404 || status === 405 || isMissing) return null
    throw thrown
  }
}

/** Refuses a cluster that can't run Waybill. */
export function demandFit({ distribution, serverless, version, name }: ClusterFacts): void {
  if (distribution !== 'elasticsearch')
    throw new OperatorError(
      'WB-ELASTICSEARCH-VERSION',
      `${name} is ${distribution} ${version}: Waybill needs Elasticsearch 8 or 9, with which its exactly-once writes are tested. The embedded store needs no server.`,
    )
  if (serverless)
    throw new OperatorError(
      'WB-ELASTICSEARCH-VERSION',
      `${name} is serverless Elasticsearch, which has no lifecycle policies and no cluster privileges to set up: use your own or a hosted cluster, version 8 or 9.`,
    )
  const major = Number(version.split('.')[0])
  if (!(major >= 8 && major <= 9))
    throw new OperatorError(
      'WB-ELASTICSEARCH-VERSION',
      `${name} is Elasticsearch ${version}: Waybill works with 8 and 9. ${major < 8 ? 'Upgrade the cluster' : 'Use a newer Waybill'}.`,
    )
}

/** The consequences of what the cluster lacks, a sentence each. */
export function consequences({ ilm, security, watcher, license }: ClusterFacts): string[] {
  const said: string[] = []
  if (!ilm)
    said.push(
      'The cluster has no index lifecycle management: Waybill itself rolls indices over and lets them expire by the same table; they stay on their first nodes.',
    )
  if (!security)
    said.push(
      'Security is off in the cluster: there are no roles and no API key, and everybody who can reach the cluster can read, change and delete everything. Switch it on (xpack.security.enabled: true) and run setup again.',
    )
  const why = whyNoWatcher({ watcher, license })
  if (why !== null)
    said.push(
      `${why}: nothing runs the alert rules. \`waybill rules backtest --from -1d\` shows what they would have found.`,
    )
  return said
}

/** Why watches can't run; null if they can. */
export function whyNoWatcher({ watcher, license }: Pick<ClusterFacts, 'watcher' | 'license'>): string | null {
  if (license !== null && !license.active)
    return `The licence (${license.type}) has expired, so Watcher does not run`
  if (license !== null && license.type === 'basic')
    return 'Watcher needs a paid or trial licence, and the licence is basic'
  return watcher ? null : 'The cluster has no Watcher'
}
