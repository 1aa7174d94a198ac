import { createInterface } from 'node:readline'
import type { Argv } from 'yargs'
import { type SignedInShape, signedInShape } from '../../schema/api/index.ts'
import { OperatorError } from '../../schema/index.ts'
import { AnswerError, IndexerClient, understood } from './client.ts'
import { addressOf, type ConnectionGiven, urlOption } from './connection.ts'
import { dropLogin, keepLogin, loginFor, loginsFile } from './credentials.ts'
import { UsageError } from './output.ts'
import { harmless } from './terminal.ts'
import { closing } from './usage.ts'

const EXITS = 'Exit codes: 0 done; 1 failed or refused; 2 wrong command line; 3 the indexer is not reachable.'

export function options(cli: Argv) {
  return cli
    .option('url', urlOption)
    .option('user', {
      type: 'string',
      requiresArg: true,
      describe: 'The user name; the command asks for it if it is missing',
    })
    .epilogue(
      closing(
        [
          ['waybill login --url https://audit.example:8600', 'Asks for name and password'],
          [
            'waybill login --user jane < password-file',
            'Reads the password, and any further answers, from a file, line by line',
          ],
        ],
        `The session is kept in ${loginsFile()}, readable only for you, until it expires or you run waybill logout. For a program that runs longer make a token: waybill tokens create.\n\n${EXITS}`,
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
      throw new OperatorError('WB-VERSION', 'The indexer gave no token; it may have another version')
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
      throw new OperatorError(
        'WB-INTERRUPTED',
        'The two passwords differ. Nothing was changed; sign in again',
      )
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
    // The user is not signed in yet, so a token is not the remedy.
    if (!(error instanceof AnswerError) || error.status !== 401) throw error
    throw new OperatorError(error.code, error.detail, { cause: error })
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

/** Asks the caller of the command: at a terminal, or the lines of standard input one after the other. */
interface Prompt {
  ask(question: string): Promise<string>
  /** Asks without showing what is typed. */
  askHidden(question: string): Promise<string>
  close(): void
}

const openPrompt = (): Prompt => (process.stdin.isTTY ? terminalPrompt() : linePrompt())

function linePrompt(): Prompt {
  const lines = createInterface({ input: process.stdin })
  const next = lines[Symbol.asyncIterator]()
  const ask = async (question: string): Promise<string> => {
    const line = await next.next()
    if (line.done === true)
      throw new UsageError(`Standard input ended before the answer to "${question.replace(/:? *$/, '')}"`)
    return line.value
  }
  return { ask, askHidden: ask, close: () => lines.close() }
}

const ENTER = new Set(['\r', '\n', '\u0004'])
const INTERRUPT = '\u0003'
const ERASE = new Set(['\u007f', '\b'])
const CLEAR = '\u0015'

function terminalPrompt(): Prompt {
  return {
    ask(question) {
      const terminal = createInterface({ input: process.stdin, output: process.stderr })
      return new Promise((resolve, reject) => {
        terminal.once('close', () =>
          reject(new OperatorError('WB-INTERRUPTED', 'Interrupted; nothing was done')),
        )
        terminal.question(question, (answer) => {
          resolve(answer.trim())
          terminal.close()
        })
      })
    },
    askHidden(question) {
      const { stdin, stderr } = process
      stderr.write(question)
      stdin.setRawMode(true)
      stdin.setEncoding('utf8')
      stdin.resume()
      return new Promise((resolve, reject) => {
        let typed = ''
        const end = (): void => {
          stdin.off('data', onData)
          stdin.setRawMode(false)
          stdin.pause()
          stderr.write('\n')
        }
        const take = (sign: string): void => {
          if (ERASE.has(sign)) typed = [...typed].slice(0, -1).join('')
          else if (sign === CLEAR) typed = ''
          else typed += sign
        }
        const onData = (text: string): void => {
          for (const sign of text) {
            if (ENTER.has(sign) || sign === INTERRUPT) {
              end()
              if (sign === INTERRUPT)
                reject(new OperatorError('WB-INTERRUPTED', 'Interrupted; nothing was done'))
              else resolve(typed)
              return
            }
            take(sign)
          }
        }
        stdin.on('data', onData)
      })
    },
    close() {},
  }
}
