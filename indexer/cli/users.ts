import type { Argv } from 'yargs'
import { givenPasswordShape, ROLES, type UserShape, userShape, usersShape } from '../../schema/api/index.ts'
import { OperatorError } from '../../schema/index.ts'
import { timeText } from '../query/index.ts'
import { AnswerError, type Asked, understood } from './client.ts'
import { type ConnectionGiven, connect, jsonOption, withConnection } from './connection.ts'
import { EXIT, jsonLines, UsageError, writeLines } from './output.ts'
import { table } from './table.ts'
import { harmless, paintFor, terminalWidth } from './terminal.ts'
import { closing } from './usage.ts'

const limitOptions = {
  entities: {
    type: 'string',
    requiresArg: true,
    describe: 'Only events on records of these kinds (audit.entity.type), separated by commas',
  },
  namespaces: {
    type: 'string',
    requiresArg: true,
    describe: 'Only events of these namespaces, separated by commas',
  },
} as const

export function commands(cli: Argv) {
  return withConnection(cli)
    .option('json', jsonOption)
    .command(
      ['list', '$0'],
      'List users with role and state',
      (list) => list,
      (given) => list(given),
    )
    .command(
      'add <name>',
      'Make a user; prints a password for one sign-in',
      (add) =>
        named(add)
          .option('role', { choices: ROLES, demandOption: true, describe: 'The role' })
          .option('full-name', { type: 'string', default: '', requiresArg: true, describe: 'The full name' })
          .option('email', { type: 'string', requiresArg: true, describe: 'Where reports for the role go' })
          .options(limitOptions),
      (given) => add(given),
    )
    .command(
      'role <name> <role>',
      "Change the role; the user's sessions end",
      (role) =>
        named(role).positional('role', {
          choices: ROLES,
          demandOption: true,
          describe: 'The new role',
        }),
      (given) => changed(given, 'role', { role: given.role }),
    )
    .command(
      'email <name> [address]',
      'Set the mail address, where reports for the role go; without one remove it',
      (email) => named(email).positional('address', { type: 'string', describe: 'The address' }),
      (given) => changed(given, 'email', { email: given.address ?? null }),
    )
    .command(
      'limits <name>',
      'Limit which events the user sees; without options remove the limit',
      (limits) => named(limits).options(limitOptions),
      (given) => changed(given, 'limits', limitsOf(given)),
    )
    .command(
      'lock <name>',
      'Lock the user; sessions end, and tokens stop working',
      (lock) =>
        named(lock).option('reason', { type: 'string', default: '', requiresArg: true, describe: 'Why' }),
      (given) => changed(given, 'lock', { reason: given.reason }),
    )
    .command(
      'unlock <name>',
      'Unlock the user',
      (unlock) => named(unlock),
      (given) => changed(given, 'unlock', {}),
    )
    .command(
      'reset <name>',
      'Make a new password for one sign-in; sessions end',
      (reset) =>
        named(reset)
          .option('remove-second-factor', {
            type: 'boolean',
            default: false,
            describe: 'Also remove the second factor, for a user who lost the telephone',
          })
          .option('revoke-tokens', {
            type: 'boolean',
            default: false,
            describe: "Also revoke the user's tokens, if somebody else may have used the account",
          }),
      (given) => reset(given),
    )
    .command(
      'remove <name>',
      "Remove the user with sessions and tokens; the audit trail keeps the user's actions",
      (remove) => named(remove),
      (given) => remove(given),
    )
    .epilogue(
      closing(
        [
          ['waybill users add jane --role viewer --full-name "Jane Doe"', 'A user who searches and reads'],
          [
            'waybill users limits jane --entities Invoice,Payment',
            'The user sees only events on these records',
          ],
        ],
        'Roles: viewer (search and read), auditor (also reports and exports), manager (also archive, settings, rules, dead letters), admin (also users and agents). Exit codes: 0 done; 1 failed or refused; 2 wrong command line; 3 the indexer is not reachable; 4 there is no such user.',
      ),
    )
}

const named = <Given>(cli: Argv<Given>) =>
  cli.positional('name', { type: 'string', demandOption: true, describe: 'The user name' })

interface Given extends ConnectionGiven {
  readonly json: boolean
}
interface Named extends Given {
  readonly name: string
}
interface Limits {
  readonly entities?: string | undefined
  readonly namespaces?: string | undefined
}

const limitsOf = ({ entities, namespaces }: Limits) => ({
  entities: listOf('--entities', entities),
  namespaces: listOf('--namespaces', namespaces),
})

function listOf(option: string, text: string | undefined): string[] | null {
  if (text === undefined) return null
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  if (names.length === 0) throw new UsageError(`${option} is empty; leave it out for no limit`)
  return names
}

async function list(given: Given): Promise<void> {
  const { users } = understood(usersShape, await connect(given).json('/v1/users'))
  if (given.json) return writeLines(jsonLines(users))
  const head = ['NAME', 'FULL NAME', 'ROLE', 'SECOND FACTOR', 'SEES', 'MAIL', 'STATE']
  await writeLines(table(head, users.map(rowOf), terminalWidth(), paintFor(process.stdout)))
}

function rowOf(user: UserShape): string[] {
  const { entities, namespaces } = user.limits
  const sees = [...(entities ?? []), ...(namespaces ?? []).map((name) => `namespace ${name}`)].join(', ')
  return [
    user.name,
    user.fullName,
    user.role,
    user.secondFactor ? 'yes' : 'no',
    sees === '' ? 'all' : sees,
    user.email ?? '',
    stateOf(user),
  ]
}

function stateOf(user: UserShape): string {
  if (user.locked !== null) {
    const until = user.locked.until === null ? '' : ` until ${timeText(user.locked.until)}`
    return `locked${until}: ${user.locked.reason}`
  }
  return user.oneTimePassword ? 'has not signed in yet' : 'active'
}

async function add(
  given: Named & Limits & { role: string; fullName: string; email: string | undefined },
): Promise<void> {
  const { name, role, fullName } = given
  const body = { name, role, fullName, limits: limitsOf(given), email: given.email ?? null }
  const answer = await connect(given).json('/v1/users', { method: 'POST', body })
  await tellPassword(given, answer)
}

async function reset(given: Named & { removeSecondFactor: boolean; revokeTokens: boolean }): Promise<void> {
  const body = {
    secondFactor: given.removeSecondFactor ? 'remove' : 'keep',
    tokens: given.revokeTokens ? 'revoke' : 'keep',
  }
  await tellPassword(given, await asked(given, '/reset', { method: 'POST', body }))
}

async function tellPassword(given: Given, answer: unknown): Promise<void> {
  const made = understood(givenPasswordShape, answer)
  if (given.json) return writeLines(jsonLines([made]))
  process.stderr.write(
    `For ${harmless(made.user.name)}, for one sign-in until ${timeText(made.expires)}, shown only once:\n`,
  )
  await writeLines([harmless(made.password)])
}

async function changed(given: Named, what: string, body: object): Promise<void> {
  const user = understood(userShape, await asked(given, `/${what}`, { method: 'POST', body }))
  if (given.json) return writeLines(jsonLines([user]))
  const [, , role, , sees, mail] = rowOf(user)
  await writeLines([
    harmless(
      `User ${user.name}: ${role}, sees ${sees}, ${mail === '' ? '' : `mail to ${mail}, `}${stateOf(user)}.`,
    ),
  ])
}

async function remove(given: Named): Promise<void> {
  await asked(given, '', { method: 'DELETE' })
  await writeLines(
    given.json
      ? jsonLines([{ name: given.name, removed: true }])
      : [`User ${harmless(given.name)} is removed.`],
  )
}

async function asked(given: Named, path: string, request: Asked): Promise<unknown> {
  try {
    return await connect(given).json(`/v1/users/${encodeURIComponent(given.name)}${path}`, request)
  } catch (error) {
    if (!(error instanceof AnswerError) || error.status !== 404) throw error
    throw new OperatorError(
      'WB-NOT-FOUND',
      `There is no user ${harmless(given.name)}; \`waybill users\` lists them`,
      {
        exitCode: EXIT.notFound,
        cause: error,
      },
    )
  }
}
