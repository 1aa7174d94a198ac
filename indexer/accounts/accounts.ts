import type { Logger } from 'pino'
import { Failures, type Trail } from '../ingest/index.ts'
import type { Records } from '../store/port.ts'
import { ApiTokens } from './api-tokens.ts'
import { dropFirstSignIn, ensureFirstAdmin, type FirstSignIn } from './first-admin.ts'
import { LocalToken } from './local-token.ts'
import { type Cost, Passwords } from './passwords.ts'
import { Provider } from './provider.ts'
import type { OpenIdSettings } from './provider-settings.ts'
import { ProviderSignIn } from './provider-sign-in.ts'
import { SavedSearches } from './saved-searches.ts'
import { SecondFactors } from './second-factor.ts'
import { Sessions, type SessionTimes } from './sessions.ts'
import { SignIn } from './sign-in.ts'
import { Users } from './users.ts'

/** Who there is, and how they show who they are. */
export interface Accounts {
  readonly users: Users
  readonly sessions: Sessions
  readonly signIn: SignIn
  /** At the organisation's provider. */
  readonly providerSignIn: ProviderSignIn
  readonly secondFactors: SecondFactors
  readonly passwords: Passwords
  readonly apiTokens: ApiTokens
  readonly savedSearches: SavedSearches
  readonly localToken: LocalToken
  /** The time by which what is theirs ends: it never goes back. */
  readonly now: () => number
  /** Where the first admin was made just now. */
  readonly firstSignIn: FirstSignIn | null
  /** A password of this user opens nothing any more: where it is the first admin's, the file with it goes. */
  passwordChanged(user: string): Promise<void>
}

export async function openAccounts(parts: {
  records: Records
  trail: Trail
  /** Where the files of the first sign-in and of this machine's operator lie. */
  folder: string
  times: () => SessionTimes
  passwordCost?: Cost
  /** The provider as the settings name it now; null: local users alone. */
  provider: () => OpenIdSettings | null
  log: Logger
  /** It never goes back. */
  clock: () => number
  wallClock: () => number
  random: (bytes: number) => Buffer
}): Promise<Accounts> {
  const { folder, random } = parts
  // Of their own: who mistypes a password behind a shared address must not stop the programs behind it.
  const failures = new Failures(parts.clock)
  const users = await Users.open(parts.records, () => {
    const settings = parts.provider()
    return settings === null ? null : { issuer: settings.issuer, lasts: settings.valid }
  })
  const sessions = await Sessions.open({ ...parts, users })
  const apiTokens = await ApiTokens.open(parts)
  const savedSearches = await SavedSearches.open(parts)
  const passwords = new Passwords(random, parts.passwordCost)
  const firstSignIn = await ensureFirstAdmin({ ...parts, users, passwords })
  return {
    users,
    sessions,
    apiTokens,
    now: parts.clock,
    savedSearches,
    passwords,
    firstSignIn,
    signIn: new SignIn({ ...parts, users, sessions, passwords, failures }),
    providerSignIn: new ProviderSignIn({
      ...parts,
      organisation: new Provider(parts),
      users,
      sessions,
      failures,
    }),
    secondFactors: new SecondFactors({ ...parts, users }),
    localToken: new LocalToken(folder, random, parts.log),
    passwordChanged: (user) => dropFirstSignIn(folder, user),
  }
}
