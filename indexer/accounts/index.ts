export { type Accounts, openAccounts } from './accounts.ts'
export type { ApiToken } from './api-tokens.ts'
export type { FirstSignIn } from './first-admin.ts'
export { LastingClock } from './lasting-clock.ts'
export { isMaskable, Mask } from './masks.ts'
export { type Cost, oneTimePassword } from './passwords.ts'
export { CALLBACK, FLOW_MS, ProviderRefusal, REFUSALS, type RefusalCode } from './provider.ts'
export { openIdSchema } from './provider-settings.ts'
export { csrfOf, type Session, type SessionTimes } from './sessions.ts'
export { demandLocal, type Opened, type Origin } from './sign-in.ts'
export { isLockedOut, type User } from './users.ts'
export {
  askedAlone,
  type Events,
  FULL_VISIBILITY,
  isFull,
  maskedWith,
  NO_LIMITS,
  queryOfLimits,
  seenWith,
  shownTo,
  type Visibility,
} from './visibility.ts'
