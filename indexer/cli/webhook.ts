import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { isLoopbackHost } from '../../config/index.ts'
import { madeTokenShape } from '../../schema/api/index.ts'
import { codeOf, OperatorError, reasonOf } from '../../schema/index.ts'
import type { IndexerClient } from './client.ts'
import { understood } from './client.ts'
import { UsageError } from './output.ts'

/** The address to which watches deliver their alerts, and the token that proves their identity to the indexer. */
export interface Webhook {
  readonly url: string
  readonly token: string
}

export interface WebhookGiven {
  /** The indexer, as Elasticsearch reaches it. */
  readonly indexer: URL
  /** The operator's choice; otherwise the token is in the file, or will be. */
  readonly token: string | undefined
  readonly file: string | undefined
  readonly dryRun: boolean
}

const TOKEN = /^[\x21-\x7e]{16,}$/

/** The address where Elasticsearch reaches the indexer; a token goes there, so nobody may read it in transit. */
export function indexerUrlOf(text: string): URL {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.search !== '')
    throw new UsageError(`--indexer-url is "${text}", expected a URL such as https://indexer.example:8600`)
  if (url.protocol === 'http:' && !isLoopbackHost(url.hostname))
    throw new UsageError(
      `--indexer-url ${text}: the token of the watches would be sent unencrypted; use https, or a loopback address if both are on one machine`,
    )
  return url
}

/** Takes the token that there is, or has one made and keeps it in the file: so the next setup finds the same watches. */
export async function webhookOf(
  { indexer, token, file, dryRun }: WebhookGiven,
  make: () => Promise<string>,
  say: (sentence: string) => void,
): Promise<Webhook> {
  const url = `${indexer.href.replace(/\/$/, '')}/v1/alerts`
  if (token !== undefined) return { url, token: checked(token, 'WAYBILL_WATCHER_TOKEN') }
  if (file === undefined)
    throw new UsageError(
      '--indexer-url needs a token with the scope alerts: give it in WAYBILL_WATCHER_TOKEN, or name the file in which setup keeps the token that it makes (--watcher-token-file)',
    )
  const kept = keptIn(file)
  if (kept !== null) return { url, token: checked(kept, file) }
  if (dryRun) {
    say(`Setup would make a token for the watches, and keep it in ${file}.`)
    return { url, token: 'a token that does not exist yet' }
  }
  return { url, token: await madeInto(file, make) }
}

/** Makes a token that may deliver alerts and do nothing else. It does not expire: alerts that stop unseen would be worse. */
export async function makeWatcherToken(client: IndexerClient): Promise<string> {
  const body = { name: 'watcher', scopes: ['alerts'], expiresSeconds: null }
  return understood(madeTokenShape, await client.json('/v1/tokens', { method: 'POST', body })).token
}

function checked(token: string, from: string): string {
  if (TOKEN.test(token)) return token
  throw new OperatorError(
    'WB-FILE-INVALID',
    `${from} holds no token: expected 16 characters or more on one line, without spaces.`,
  )
}

function keptIn(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw new OperatorError('WB-FILE-UNREADABLE', `${file} can't be read: ${reasonOf(error)}`, {
      cause: error,
    })
  }
}

/** The file comes first: a token that nobody keeps would be good for ever. */
async function madeInto(file: string, make: () => Promise<string>): Promise<string> {
  let open: number
  try {
    open = openSync(file, 'wx', 0o600)
  } catch (error) {
    throw new OperatorError(
      'WB-FILE-UNWRITABLE',
      `${file} can't be written (${reasonOf(error)}): name another with --watcher-token-file.`,
      { cause: error },
    )
  }
  try {
    const token = await make()
    writeFileSync(open, `${token}\n`)
    return token
  } catch (error) {
    rmSync(file, { force: true })
    throw error
  } finally {
    closeSync(open)
  }
}
