export { type Accounts, openAccounts } from './accounts.ts'
export type { ApiToken } from './api-tokens.ts'
export type { FirstSignIn } from './first-admin.ts'
export { LastingClock } from './lasting-clock.ts'
export { limitsSchema, NO_LIMITS, queryOfLimits } from './limits.ts'
export { isMaskable, Mask } from './masks.ts'
export { type Cost, oneTimePassword } from './passwords.ts'
export {
  ALL_PERMISSIONS,
  PERMISSION_NAMES,
  PERMISSIONS,
  type Permission,
  permissionsOf,
  permissionsOfScopes,
  ROLES,
  type Role,
  SCOPES,
  type Scope,
  WIDE_SCOPES,
} from './permissions.ts'
export { CALLBACK, FLOW_MS, ProviderRefusal, REFUSALS, type RefusalCode } from './provider.ts'
export { openIdSchema } from './provider-settings.ts'
export { csrfOf, type Session, type SessionTimes } from './sessions.ts'
export { type Events, FULL_SIGHT, isFull, maskedWith, type Sight, seenWith } from './sight.ts'
export { demandLocal, type Opened, type Origin } from './sign-in.ts'
export { isLockedOut, type User, userName } from './users.ts'
