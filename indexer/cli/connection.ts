import type { Argv } from 'yargs'
import { IndexerClient } from './client.ts'
import { UsageError } from './exit.ts'

const DEFAULT_URL = 'http://127.0.0.1:8600'

/** The options of each command that asks an indexer. */
export function withConnection<Given>(cli: Argv<Given>) {
  return cli
    .option('url', {
      type: 'string',
      describe: `The indexer to ask [env: WAYBILL_URL] [default: ${DEFAULT_URL}]`,
      requiresArg: true,
    })
    .option('token', {
      type: 'string',
      describe:
        'What proves who you are; better in the environment than in the list of processes [env: WAYBILL_TOKEN]',
      requiresArg: true,
    })
}

export interface ConnectionGiven {
  readonly url?: string | undefined
  readonly token?: string | undefined
}

export function connect(given: ConnectionGiven): IndexerClient {
  const text = given.url ?? (process.env.WAYBILL_URL || DEFAULT_URL)
  const token = given.token ?? (process.env.WAYBILL_TOKEN || undefined)
  const from = given.url === undefined ? 'WAYBILL_URL' : '--url'
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new UsageError(`${from} is "${text}", expected a URL such as ${DEFAULT_URL}`)
  if (url.username !== '' || url.password !== '')
    throw new UsageError(`${from} carries a password; give a token in WAYBILL_TOKEN instead`)
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token))
    throw new UsageError('The token has a sign in it that no token has, such as a space or a line break')
  if (token !== undefined && url.protocol === 'http:' && !isLoopback(url.hostname))
    process.stderr.write(`waybill: the token goes to ${url.host} unencrypted; use https://\n`)
  return new IndexerClient(url, token)
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host)

/** The option of commands whose answer a program may read. */
export const jsonOption = {
  type: 'boolean',
  default: false,
  describe: 'Print JSON for programs, one object a line',
} as const
