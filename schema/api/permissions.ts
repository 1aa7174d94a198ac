/** The permissions of a user. Each route names the one that it needs. */
export const PERMISSIONS = {
  search: 'search and read events',
  status: 'see agents, dead letters and figures',
  report: 'make reports',
  export: 'export events, any number at once',
  respond: 'acknowledge, assign and resolve alerts; keep cases',
  archive: 'archive and restore',
  settings: 'change settings and what is recorded',
  rules: 'change alert rules',
  'dead-letters': 'replay and discard dead letters',
  agents: 'enroll and revoke agents',
  users: 'manage users and the tokens of others',
  alerts: 'report alerts that fired elsewhere',
} as const satisfies Record<string, string>

export type Permission = keyof typeof PERMISSIONS

export const PERMISSION_NAMES = Object.keys(PERMISSIONS) as [Permission, ...Permission[]]

export const ROLES = ['viewer', 'auditor', 'manager', 'admin'] as const
export type Role = (typeof ROLES)[number]

/** The permissions that a role has in addition to those of the previous roles. */
const ADDED: Readonly<Record<Role, readonly Permission[]>> = {
  viewer: ['search', 'status'],
  auditor: ['report', 'export', 'respond'],
  manager: ['archive', 'settings', 'rules', 'dead-letters'],
  admin: ['agents', 'users', 'alerts'],
}

const BY_ROLE: ReadonlyMap<Role, ReadonlySet<Permission>> = new Map(
  ROLES.map((role, index) => [role, new Set(ROLES.slice(0, index + 1).flatMap((one) => ADDED[one]))]),
)

const NONE: ReadonlySet<Permission> = new Set()

export const permissionsOf = (role: Role): ReadonlySet<Permission> => BY_ROLE.get(role) ?? NONE

export const ALL_PERMISSIONS: ReadonlySet<Permission> = new Set(PERMISSION_NAMES)

/**
 * Scopes of tokens in indexer.yml that include several permissions. Only users may manage users, and only a token without other
 * permissions may report alerts.
 */
export const WIDE_SCOPES = {
  read: ['search', 'status', 'report', 'export'],
  manage: ['respond', 'archive', 'settings', 'rules', 'dead-letters', 'agents'],
} as const satisfies Record<string, readonly Permission[]>

export type WideScope = keyof typeof WIDE_SCOPES
export type Scope = WideScope | Permission

export const SCOPES = [...(Object.keys(WIDE_SCOPES) as WideScope[]), ...PERMISSION_NAMES] as [
  Scope,
  ...Scope[],
]

const isWide = (scope: Scope): scope is WideScope => Object.hasOwn(WIDE_SCOPES, scope)

export const permissionsOfScopes = (scopes: readonly Scope[]): ReadonlySet<Permission> =>
  new Set(scopes.flatMap((scope): readonly Permission[] => (isWide(scope) ? WIDE_SCOPES[scope] : [scope])))
