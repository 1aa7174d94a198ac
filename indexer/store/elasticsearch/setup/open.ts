import { OperatorError } from '../../../../schema/index.ts'
import type { RetentionTable } from '../../../lifecycle/table.ts'
import { type ConnectionOptions, connect } from '../client.ts'
import { failureOfThrown } from '../failures.ts'
import { namesFor } from '../names.ts'
import {
  type ClusterFacts,
  planSecurity,
  planSetup,
  type SecurityPlan,
  type SetupPlan,
  type Step,
} from './index.ts'
import { type Alerting, watchSteps } from './watches.ts'

/** A cluster that is being set up. */
export interface ClusterSetup {
  plan(): Promise<SetupPlan>
  security(cluster: ClusterFacts, renewKey: boolean): Promise<SecurityPlan | null>
  watches(alerting: Alerting): Promise<Step[]>
  apply(steps: readonly Step[]): Promise<void>
  /** The secret of the key, where one was made. */
  applyKey(plan: SecurityPlan): Promise<string | null>
  close(): Promise<void>
}

export function openSetup(
  connection: ConnectionOptions,
  { namespace, table }: { readonly namespace: string; readonly table: RetentionTable },
): ClusterSetup {
  const client = connect(connection)
  const names = namesFor(namespace)
  return {
    plan: () => asked(() => planSetup(client, { names, table })),
    security: (cluster, renewKey) => asked(() => planSecurity(client, cluster, { names, renewKey })),
    watches: (alerting) => asked(() => watchSteps(client, namespace, alerting)),
    async apply(steps) {
      for (const step of steps) await asked(() => step.apply(), `${step.change} ${step.kind} ${step.name}: `)
    },
    applyKey: ({ key }) => asked(() => key.apply(), `API key ${key.name}: `),
    close: () => client.close(),
  }
}

/** What the cluster refuses is for the operator to read. */
async function asked<Answer>(ask: () => Promise<Answer>, where = ''): Promise<Answer> {
  try {
    return await ask()
  } catch (thrown) {
    const failure = failureOfThrown(thrown)
    if (failure === null) throw thrown
    throw new OperatorError(`${where}${sentenceOf(failure.kind, failure.reason)}`, { cause: thrown })
  }
}

function sentenceOf(kind: string, reason: string): string {
  switch (kind) {
    case 'denied':
      if (/authenticat/.test(reason))
        return `Elasticsearch does not know who asks: ${reason}. Set WAYBILL_ES_USERNAME and WAYBILL_ES_PASSWORD, or WAYBILL_ES_API_KEY.`
      return `Elasticsearch does not let this user do it: ${reason}. Setup needs the cluster privileges monitor, manage_ilm, manage_index_templates and manage_security, manage_watcher for watches, and all on waybill-*; the superuser has them.`
    case 'busy':
      return `Elasticsearch can't be reached, or is too busy: ${reason}. Check the address, the certificate's authority (--ca) and that the cluster is up.`
    default:
      return `Elasticsearch refuses: ${reason}`
  }
}
