import type { Argv } from 'yargs'
import { isLoopbackHost } from '../../config/index.ts'
import { IndexerClient } from './client.ts'
import { localTokenFor, loginFor } from './credentials.ts'
import { UsageError } from './output.ts'

const DEFAULT_URL = 'http://127.0.0.1:8600'

export const urlOption = {
  type: 'string',
  describe: `The indexer to ask [env: WAYBILL_URL] [default: ${DEFAULT_URL}]`,
  requiresArg: true,
} as const

/** The options of each command that asks an indexer. */
export function withConnection<Given>(cli: Argv<Given>) {
  return cli.option('url', urlOption).option('token', {
    type: 'string',
    describe: 'API token. Prefer WAYBILL_TOKEN: other users can see arguments [env: WAYBILL_TOKEN]',
    requiresArg: true,
  })
}

export interface ConnectionGiven {
  readonly url?: string | undefined
  readonly token?: string | undefined
}

export function addressOf(given: ConnectionGiven): URL {
  const text = given.url ?? (process.env.WAYBILL_URL || DEFAULT_URL)
  const from = given.url === undefined ? 'WAYBILL_URL' : '--url'
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new UsageError(`${from} is "${text}", expected a URL such as ${DEFAULT_URL}`)
  if (url.username !== '' || url.password !== '')
    throw new UsageError(
      `${from} contains a password; sign in (waybill login), or give a token in WAYBILL_TOKEN`,
    )
  return url
}

/** Connects with the token of the command line, the environment or a sign-in; else as the operator of this machine, if that is allowed. */
export function connect(given: ConnectionGiven): IndexerClient {
  const url = addressOf(given)
  const told = given.token ?? (process.env.WAYBILL_TOKEN || undefined)
  if (told !== undefined && !/^[\x21-\x7e]+$/.test(told))
    throw new UsageError('The token contains a character that no token has, such as a space or a line break')
  const token = told ?? loginFor(url)?.token
  if (token !== undefined && url.protocol === 'http:' && !isLoopbackHost(url.hostname))
    process.stderr.write(`waybill: the token is sent to ${url.host} unencrypted; use https://\n`)
  if (token !== undefined) return new IndexerClient(url, token, { told: told !== undefined })
  // Another one at each start of the indexer: what follows it must read it again.
  return new IndexerClient(url, localTokenFor(url), { again: () => localTokenFor(url) })
}

/** The option of commands whose answer a program may read. */
export const jsonOption = {
  type: 'boolean',
  default: false,
  describe: 'Print JSON for programs, one object a line',
} as const
