import type { Argv } from 'yargs'
import { type SignedInShape, signedInShape } from '../../schema/api/index.ts'
import { OperatorError } from '../../schema/index.ts'
import { AnswerError, IndexerClient, understood } from './client.ts'
import { addressOf, type ConnectionGiven, urlOption } from './connection.ts'
import { dropLogin, keepLogin, loginFor, loginsFile } from './credentials.ts'
import { openPrompt, type Prompt } from './prompt.ts'
import { harmless } from './terminal.ts'
import { closing } from './usage.ts'

const EXITS = 'Exit codes: 0 done; 1 failed or refused; 2 wrong command line; 3 the indexer is not reachable.'

export function options(cli: Argv) {
  return cli
    .option('url', urlOption)
    .option('user', {
      type: 'string',
      requiresArg: true,
      describe: 'Who you are; asked for where it is not given',
    })
    .epilogue(
      closing(
        [
          [
            'waybill login --url https://audit.example:8600',
            'Asks for name and password, which is not shown',
          ],
          [
            'waybill login --user jane < password-file',
            'From a file: the password, and what else is asked for, by lines',
          ],
        ],
        `What the indexer answers with is kept in ${loginsFile()}, readable for you only, until it expires or you say waybill logout. For a program that works for longer make a token: waybill tokens create.\n\n${EXITS}`,
      ),
    )
}

interface Given extends ConnectionGiven {
  readonly user?: string | undefined
}

export async function run(given: Given): Promise<void> {
  const url = addressOf(given)
  const prompt = openPrompt()
  try {
    const name = given.user ?? (await prompt.ask('User: '))
    const signedIn = await signIn(url, name, prompt)
    if (signedIn.token === null)
      throw new OperatorError('The indexer gave no token; is it of another version?')
    keepLogin(url, { name: signedIn.name, token: signedIn.token })
    const until = signedIn.expires === null ? '' : `, until ${new Date(signedIn.expires).toLocaleString()}`
    process.stderr.write(`You are ${harmless(signedIn.name)} (${signedIn.role}) at ${url.origin}${until}.\n`)
  } finally {
    prompt.close()
  }
}

/** Step by step, as the indexer wants it: password, code of the second factor, new password. */
async function signIn(url: URL, name: string, prompt: Prompt): Promise<SignedInShape> {
  const password = await prompt.askHidden('Password: ')
  let now = await step(new IndexerClient(url, undefined), '/v1/session', { name, password, for: 'program' })
  if (now.wants === 'second-factor') {
    const code = await prompt.askHidden('Code of the second factor: ')
    now = await step(new IndexerClient(url, now.token ?? undefined), '/v1/session/second-factor', { code })
  }
  if (now.wants === 'new-password') {
    process.stderr.write('This password was for one sign-in. Choose your own, of 12 characters or more.\n')
    const chosen = await prompt.askHidden('New password: ')
    if ((await prompt.askHidden('Once more: ')) !== chosen)
      throw new OperatorError('The two were not the same; nothing was changed, sign in again')
    now = await step(new IndexerClient(url, now.token ?? undefined), '/v1/session/password', {
      password: chosen,
    })
  }
  return now
}

async function step(client: IndexerClient, path: string, body: object): Promise<SignedInShape> {
  try {
    return understood(signedInShape, await client.json(path, { method: 'POST', body }))
  } catch (error) {
    // Who signs in is not known yet: the remedy is not a token.
    if (!(error instanceof AnswerError) || error.status !== 401) throw error
    throw new OperatorError(error.detail, { cause: error })
  }
}

export const logoutOptions = (cli: Argv) => cli.option('url', urlOption).epilogue(EXITS)

export async function logout(given: ConnectionGiven): Promise<void> {
  const url = addressOf(given)
  const login = loginFor(url)
  if (login === undefined) {
    process.stderr.write(`You are not signed in at ${url.origin}.\n`)
    return
  }
  try {
    await new IndexerClient(url, login.token).json('/v1/session', { method: 'DELETE' })
  } catch (error) {
    // It has ended already.
    if (!(error instanceof AnswerError) || error.status !== 401) throw error
  }
  dropLogin(url)
  process.stderr.write(`${harmless(login.name)} is signed out at ${url.origin}.\n`)
}
