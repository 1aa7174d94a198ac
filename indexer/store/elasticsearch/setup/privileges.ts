import type { Client, estypes } from '@elastic/elasticsearch'
import { CATEGORIES, canonical, sha256 } from '../../../../schema/index.ts'
import { statusOf } from '../failures.ts'
import type { Names } from '../names.ts'

/** Kibana's own privileges, in one of its spaces or in all. */
const inKibana = (
  privileges: readonly string[],
  space: string | null,
): estypes.SecurityApplicationPrivileges[] => [
  {
    application: 'kibana-.kibana',
    privileges: [...privileges],
    resources: [space === null ? '*' : `space:${space}`],
  },
]

const LOOK: readonly estypes.SecurityIndexPrivilege[] = ['read', 'view_index_metadata']

export type RoleBody = Pick<estypes.SecurityRoleDescriptor, 'cluster' | 'indices' | 'applications'>

/**
 * The indices that analysts read of a namespace: events, waybills, dead letters, agents and alerts. Records hold hashes of passwords and secrets of
 * second factors.
 */
const readable = (names: Names): string[] => [
  ...indicesOfEvents(names),
  names.waybills,
  names.deadLetters,
  names.agents,
  names.alerts,
]

/** Aliases, and the indices behind them. */
const indicesOfEvents = (names: Names): string[] =>
  names.events.split(',').flatMap((alias) => [alias, `${alias}-*`])

/** The fields and events that a role of Waybill does not see, for the cluster to hide in Kibana. */
export interface Withheld {
  /** The kind of the role. */
  readonly of: 'viewer' | 'manager'
  readonly fields: readonly string[]
  /** Finds the events that the role sees; null for all. */
  readonly query: estypes.QueryDslQueryContainer | null
}

const KIBANA: Readonly<Record<Withheld['of'], readonly string[]>> = {
  viewer: ['feature_discover.read', 'feature_dashboard.read', 'feature_maps.read'],
  manager: [
    'feature_discover.all',
    'feature_dashboard.all',
    'feature_maps.all',
    'feature_savedObjectsManagement.all',
    'feature_indexPatterns.all',
  ],
}
const CLUSTER: Readonly<Record<Withheld['of'], readonly estypes.SecurityClusterPrivilege[]>> = {
  viewer: [],
  manager: ['monitor', 'read_ilm', 'monitor_watcher'],
}

function roleOf(
  of: Withheld['of'],
  indices: Omit<estypes.SecurityIndicesPrivileges, 'privileges'>,
  space: string | null,
): RoleBody {
  const privileges = [...LOOK, ...(of === 'manager' ? (['monitor'] as const) : [])]
  return {
    cluster: [...CLUSTER[of]],
    indices: [{ ...indices, privileges }],
    applications: inKibana(KIBANA[of], space),
  }
}

/**
 * Roles for people in Kibana. Viewers see events, alerts and dashboards and change none of them. Managers also edit dashboards and see
 * lifecycle and health. Nobody changes stored events: that is the purpose of an audit trail. Roles with hidden fields or events see only
 * events: the other indices hold whole lines and values.
 */
export function rolesFor(
  names: Names,
  space: string | null,
  withheld: Readonly<Record<string, Withheld>>,
): Readonly<Record<string, RoleBody>> {
  const whole = { names: readable(names) }
  const roles: Record<string, RoleBody> = {
    viewer: roleOf('viewer', whole, space),
    manager: roleOf('manager', whole, space),
  }
  for (const [name, { of, fields, query }] of Object.entries(withheld)) {
    const except = fields.flatMap((field) => [field, `${field}.*`])
    const indices = {
      names: indicesOfEvents(names),
      // The sealed line, and what was added to it, hold all of an event.
      ...(fields.length > 0 && {
        field_security: { grant: ['*'], except: [...except, 'audit.seal.line', 'audit.seal.added'] },
      }),
      ...(query !== null && { query: JSON.stringify(query) }),
    }
    roles[name] = roleOf(of, indices, space)
  }
  return roles
}

const EVERY_NAMESPACE = [...CATEGORIES, 'waybills', 'dead-letters', 'agents', 'alerts'].map(
  (of) => `waybill-${of}-*`,
)

/** Roles that earlier versions made for all namespaces at once, with the records: they keep the rest. */
export const EARLIER_ROLES: Readonly<Record<string, RoleBody>> = {
  viewer: roleOf('viewer', { names: EVERY_NAMESPACE }, null),
  manager: roleOf('manager', { names: EVERY_NAMESPACE }, null),
}

/**
 * The privileges of an indexer: it may add events and never change or remove one, write its own documents, and remove whole indices whose
 * time is over. It may not create an index, so that a missing one is an error and never a guessed mapping. It must create indices only if
 * nobody else rolls them over.
 */
export function indexerRole(names: Names, { rollsOver }: { readonly rollsOver: boolean }): RoleBody {
  const events = indicesOfEvents(names)
  return {
    // `read_ilm`: a policy that deletes earlier than the retention table is reported.
    cluster: ['monitor', 'read_ilm'],
    indices: [
      {
        names: events,
        privileges: [
          'create_doc',
          'read',
          'maintenance',
          'monitor',
          'view_index_metadata',
          'delete_index',
          ...(rollsOver ? ['manage'] : []),
        ],
      },
      {
        names: [names.waybills, names.deadLetters, names.records, names.agents, names.alerts],
        privileges: ['index', 'create', 'delete', 'read', 'maintenance', 'monitor', 'view_index_metadata'],
      },
    ],
  }
}

export interface KeyPlan {
  readonly name: string
  /** `update`: the privileges of the existing key change, and the key stays the same. */
  readonly change: 'create' | 'update' | 'none'
  readonly note: string | null
  /**
   * Makes the key, and returns its secret in the form of `store.elasticsearch.api-key`; this is the only time that the cluster shows it.
   */
  apply(): Promise<string | null>
}

/** Plans the indexer's own key. An existing key stays, unless a new one is requested: nobody can read its secret again. */
export async function planKey(
  client: Client,
  { names, ilm, renew }: { readonly names: Names; readonly ilm: boolean; readonly renew: boolean },
): Promise<KeyPlan> {
  const name = `waybill-indexer-${names.namespace}`
  const role = indexerRole(names, { rollsOver: !ilm })
  const said = { role_descriptors: { waybill_indexer: role }, metadata: { waybill: sha256(canonical(role)) } }
  const create = async (): Promise<string> =>
    (await client.security.createApiKey({ name, ...said, refresh: 'wait_for' })).encoded
  const known = await validKeys(client, name)
  const [current] = known
  if (current === undefined) return { name, change: 'create', note: null, apply: create }
  if (renew)
    return {
      name,
      change: 'create',
      note: `Existing keys stay valid until you invalidate them: ${known.map(({ id }) => id).join(', ')}.`,
      apply: create,
    }
  if (current.metadata?.waybill === said.metadata.waybill)
    return { name, change: 'none', note: null, apply: async () => null }
  return {
    name,
    change: 'update',
    note: null,
    apply: async () => {
      await client.security.updateApiKey({ id: current.id, ...said })
      return null
    },
  }
}

async function validKeys(client: Client, name: string) {
  try {
    const { api_keys } = await client.security.getApiKey({ name, owner: true })
    return api_keys.filter(({ invalidated }) => !invalidated).sort((a, b) => b.creation - a.creation)
  } catch (thrown) {
    if (statusOf(thrown) === 404) return []
    throw thrown
  }
}
