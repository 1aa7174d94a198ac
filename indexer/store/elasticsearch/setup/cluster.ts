import type { Client } from '@elastic/elasticsearch'
import { OperatorError } from '../../../../schema/index.ts'
import { failureOfThrown, statusOf } from '../failures.ts'

/** What a cluster is and has, as far as Waybill must know. */
export interface ClusterFacts {
  readonly name: string
  readonly version: string
  /** `elasticsearch`, or what another distribution calls itself. */
  readonly distribution: string
  readonly serverless: boolean
  readonly ilm: boolean
  readonly watcher: boolean
  readonly security: boolean
  /** Type of the licence (basic, trial, platinum, ...); null where the server knows of none. */
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
    // A server with only some of its modules can't say which.
    if (features === null) return everywhere(`x-pack-${feature}`)
    const { available, enabled } = features.features[feature]
    return available && enabled
  }
  const version = info?.version
  return {
    name: nodes.cluster_name,
    // Of several versions the oldest: an upgrade goes node by node.
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

/** A server without the feature answers that it knows no such path, or finds no such action. */
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

/** Refuses what Waybill can't run on. */
export function demandFit({ distribution, serverless, version, name }: ClusterFacts): void {
  if (distribution !== 'elasticsearch')
    throw new OperatorError(
      `${name} is ${distribution} ${version}: Waybill needs Elasticsearch 8 or 9, whose ways of writing exactly once it is tested on. The embedded store needs no server at all.`,
    )
  if (serverless)
    throw new OperatorError(
      `${name} is serverless Elasticsearch, which has no lifecycle policies and no cluster privileges to set up: use a cluster of your own or a hosted one, version 8 or 9.`,
    )
  const major = Number(version.split('.')[0])
  if (!(major >= 8 && major <= 9))
    throw new OperatorError(
      `${name} is Elasticsearch ${version}: Waybill works with 8 and 9. ${major < 8 ? 'Upgrade the cluster' : 'Use a newer Waybill'}.`,
    )
}

/** What follows from what the cluster lacks, a sentence each. */
export function consequences({ ilm, security, watcher, license }: ClusterFacts): string[] {
  const said: string[] = []
  if (!ilm)
    said.push(
      "The cluster has no index lifecycle management: Waybill's own lifecycle rolls indices over and lets them expire by the same table; they stay on the nodes that they began on.",
    )
  if (!security)
    said.push(
      'Security is switched off in the cluster: there are no roles and no API key, and whoever reaches it can read, change and delete everything. Switch it on (xpack.security.enabled: true) and set up again.',
    )
  const why = whyNoWatcher({ watcher, license })
  if (why !== null)
    said.push(
      `${why}: nobody runs the alert rules. \`waybill rules backtest --from -1d\` says what they would have found.`,
    )
  return said
}

/** Null where watches can run. */
export function whyNoWatcher({ watcher, license }: Pick<ClusterFacts, 'watcher' | 'license'>): string | null {
  if (license !== null && !license.active)
    return `The licence (${license.type}) has expired, and Watcher rests`
  if (license !== null && license.type === 'basic')
    return 'Watcher needs a paid or trial licence, and the licence is basic'
  return watcher ? null : 'The cluster has no Watcher'
}
