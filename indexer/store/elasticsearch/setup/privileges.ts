import type { estypes } from '@elastic/elasticsearch'
import type { Names } from '../names.ts'

/** Kibana's own privileges, in all of its spaces. */
const inKibana = (privileges: readonly string[]): estypes.SecurityApplicationPrivileges[] => [
  { application: 'kibana-.kibana', privileges: [...privileges], resources: ['*'] },
]

const LOOK: readonly estypes.SecurityIndexPrivilege[] = ['read', 'view_index_metadata']

export type RoleBody = Pick<estypes.SecurityRoleDescriptor, 'cluster' | 'indices' | 'applications'>

/** Who analyses: sees events, alerts and dashboards, and can change none of them. */
export const VIEWER: RoleBody = {
  cluster: [],
  indices: [{ names: ['waybill-*'], privileges: [...LOOK] }],
  applications: inKibana(['feature_discover.read', 'feature_dashboard.read', 'feature_maps.read']),
}

/** Who looks after it: dashboards, lifecycle, health. What is stored nobody changes: that is what an audit trail is for. */
export const MANAGER: RoleBody = {
  cluster: ['monitor', 'read_ilm', 'monitor_watcher'],
  indices: [{ names: ['waybill-*'], privileges: [...LOOK, 'monitor'] }],
  applications: inKibana([
    'feature_discover.all',
    'feature_dashboard.all',
    'feature_maps.all',
    'feature_savedObjectsManagement.all',
    'feature_indexPatterns.all',
  ]),
}

/**
 * What an indexer may: add events and never change or remove one, write its own documents, and remove whole indices whose time is over. It may not make
 * an index, so that a missing one is an error and never a guessed mapping; only where nobody else rolls indices over must it.
 */
export function indexerRole(names: Names, { rollsOver }: { readonly rollsOver: boolean }): RoleBody {
  const events = names.events.split(',').flatMap((alias) => [alias, `${alias}-*`])
  return {
    cluster: ['monitor'],
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
        names: [names.waybills, names.deadLetters, names.records],
        privileges: ['index', 'create', 'delete', 'read', 'maintenance', 'monitor', 'view_index_metadata'],
      },
    ],
  }
}
