import { hash, timingSafeEqual } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { reasonOf } from '../../schema/index.ts'
import { Failures, type SecretBox, type Trail, writeDurably } from '../ingest/index.ts'
import type { Records } from '../store/port.ts'
import { ApiTokens } from './api-tokens.ts'
import { dropFirstSignIn, ensureFirstAdmin, type FirstSignIn } from './first-admin.ts'
import { type Cost, Passwords } from './passwords.ts'
import { Provider } from './provider.ts'
import type { OpenIdSettings } from './provider-settings.ts'
import { ProviderSignIn } from './provider-sign-in.ts'
import { SavedSearches } from './saved-searches.ts'
import { SecondFactors, sealSecrets } from './second-factor.ts'
import { Sessions, type SessionTimes } from './sessions.ts'
import { SignIn } from './sign-in.ts'
import { Users } from './users.ts'

/** All users, sessions and tokens, and how they authenticate. */
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
  /** The clock for expiry of sessions, tokens and locks: it never goes back. */
  readonly now: () => number
  /** The first admin, if it was made at this start. */
  readonly firstSignIn: FirstSignIn | null
  /** Reports that a password of this user is no longer valid. If the user is the first admin, the file with that password is removed. */
  passwordChanged(user: string): Promise<void>
}

export async function openAccounts(parts: {
  records: Records
  trail: Trail
  /** The folder for the files of the first sign-in and of this machine's operator. */
  folder: string
  times: () => SessionTimes
  passwordCost?: Cost
  /** Whether a sign-in from this address is one at a trial, on its own machine. */
  isDemo: (address: string) => boolean
  /** The provider as the settings name it now; null: local users alone. */
  provider: () => OpenIdSettings | null
  log: Logger
  /** It never goes back. */
  clock: () => number
  wallClock: () => number
  random: (bytes: number) => Buffer
  box: SecretBox
}): Promise<Accounts> {
  const { folder, random } = parts
  // These failures are counted separately: mistyped passwords behind a shared address must not stop the programs behind it.
  const failures = new Failures(parts.clock)
  const users = await Users.open(parts.records, () => {
    const settings = parts.provider()
    return settings === null ? null : { issuer: settings.issuer, lasts: settings.valid }
  })
  const unreadable = await sealSecrets(users, parts.box)
  if (unreadable.length > 0)
    parts.log.warn(
      `This indexer can't read the second factors of ${unreadable.join(', ')}: they were encrypted with another key. Give all indexers of the cluster the same secrets-key.`,
    )
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

/** The file in the data folder: `{ url, token }`. */
const LOCAL_TOKEN_FILE = 'local-token'

/**
 * Represents the operator of this machine. Anybody who can read it can read the store's files as well, so it may do everything.
 * It is new at each start: while the indexer does not run another program can listen in its place, and what that is sent
 * by mistake opens nothing afterwards.
 */
class LocalToken {
  readonly #file: string
  readonly #folder: string
  readonly #log: Logger
  readonly #secret: string
  readonly #digest: Buffer

  constructor(folder: string, random: (bytes: number) => Buffer, log: Logger) {
    this.#log = log
    this.#folder = folder
    this.#file = join(folder, LOCAL_TOKEN_FILE)
    this.#secret = `wbl_${random(32).toString('hex')}`
    this.#digest = hash('sha256', this.#secret, 'buffer')
  }

  matches(given: string): boolean {
    return timingSafeEqual(hash('sha256', given, 'buffer'), this.#digest)
  }

  /** Readable for the indexer's user only, once it is known where the indexer listens. */
  async publish(url: string): Promise<void> {
    try {
      await this.#write(url)
    } catch (error) {
      // The indexer must start even on a full disk: it answers, and agents wait.
      this.#log.error(
        `${this.#file} could not be written (${reasonOf(error)}): commands on this machine need a sign-in.`,
      )
    }
  }

  async #write(url: string): Promise<void> {
    await writeDurably(
      this.#folder,
      this.#file,
      `${JSON.stringify({ url: fromHere(url), token: this.#secret })}\n`,
    )
  }

  async withdraw(): Promise<void> {
    await rm(this.#file, { force: true })
  }
}

/** A listener on all addresses is on loopback, too; the token is accepted only from there. */
const fromHere = (url: string): string =>
  url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:')
