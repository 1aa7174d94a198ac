import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { type Trail, writeDurably } from '../ingest/index.ts'
import { oneTimePassword, type Passwords } from './passwords.ts'
import type { Users } from './users.ts'
import { NO_LIMITS } from './visibility.ts'

const FILE = 'first-sign-in'
const NAME = 'admin'

/** For the terminal of the person who started the indexer, never for a log. */
export interface FirstSignIn {
  readonly name: string
  readonly password: string
  readonly file: string
}

/** Makes an admin if nobody could sign in. The password is in a file, and can only be used to change it. */
export async function ensureFirstAdmin(parts: {
  users: Users
  passwords: Passwords
  trail: Trail
  folder: string
  log: Logger
  clock: () => number
  random: (bytes: number) => Buffer
}): Promise<FirstSignIn | null> {
  const { users, passwords, trail, folder, log, clock, random } = parts
  if (!users.isEmpty) return null
  const file = join(folder, FILE)
  const password = oneTimePassword(random)
  // The file is written first: a user whose password nobody knows would block later starts.
  await writeDurably(folder, file, `name: ${NAME}\npassword: ${password}\n`)
  const now = clock()
  await trail.record({
    action: 'user-create',
    category: 'security',
    message: `User ${NAME} was made as an admin, since there was no user.`,
    outcome: 'success',
    by: { name: 'indexer' },
    entity: { type: 'user', id: NAME },
  })
  const isFirst = await users.addUnlessTaken({
    name: NAME,
    fullName: 'First administrator',
    id: random(8).toString('hex'),
    role: 'admin',
    limits: NO_LIMITS,
    epoch: 0,
    password: await passwords.hash(password),
    oneTime: { until: null, isFirst: true },
    secondFactor: null,
    locked: null,
    created: now,
    passwordChanged: now,
    knownFrom: [],
  })
  if (!isFirst) {
    // Another indexer of this store, which starts right now, was faster.
    await dropFirstSignIn(folder, NAME)
    return null
  }
  log.info(`There was no user, so "${NAME}" was made; the password for the first sign-in is in ${file}.`)
  return { name: NAME, password, file }
}

/** Removes the file with a password that is no longer valid. */
export async function dropFirstSignIn(folder: string, user: string): Promise<void> {
  if (user === NAME) await rm(join(folder, FILE), { force: true })
}
