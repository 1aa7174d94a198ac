import { readFileSync } from 'node:fs'
// Only the pool is imported: with fetch, WebSocket and the rest of the package an idle agent uses 7 MB more.
import request from 'undici/lib/api/api-request.js'
import Pool from 'undici/lib/dispatcher/pool.js'
import { isLoopbackHost } from '../../config/index.ts'
import { OperatorError, reasonOf } from '../../schema/index.ts'
import type { Answer } from './answer.ts'

/** PEM files with certificates: authorities that replace the system's, and the client certificate for an indexer that asks for one. */
export interface TlsFiles {
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
}

export interface TlsTexts {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
}

/** Reads the files for each new connection, so that a restarted agent uses a renewed certificate. */
export function readTls(files: TlsFiles): TlsTexts {
  const read = (part: keyof TlsFiles): TlsTexts => {
    const file = files[part]
    if (file === undefined) return {}
    try {
      return { [part]: readFileSync(file, 'utf8') }
    } catch (problem) {
      throw new OperatorError(
        'WB-CERTIFICATE-INVALID',
        `tls: ${part}: ${file} can't be read (${reasonOf(problem)}).`,
        {
          cause: problem,
        },
      )
    }
  }
  return { ...read('ca'), ...read('cert'), ...read('key') }
}

export interface Timeouts {
  readonly connect: number
  /** The time from the request to the head of its answer: the indexer answers when the store has stored. */
  readonly headers: number
  readonly body: number
}

export const TIMEOUTS: Timeouts = { connect: 10_000, headers: 60_000, body: 30_000 }

/**
 * The limit of an answer. An acknowledgement names each source of a batch: at most half a MB. A larger answer does not come from an
 * indexer.
 */
const ANSWER_BYTES = 4 * 1024 * 1024

/** Checks the URL of an indexer. Plain HTTP exposes everything to eavesdroppers on the network. Loopback traffic never leaves the host. */
export function checkedUrl(text: string, allowPlainHttp: boolean): URL {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new OperatorError(
      'WB-CONFIG-INVALID',
      `${text} is not the address of an indexer: expected one such as https://indexer.example:8600.`,
    )
  }
  if (url.protocol === 'http:' && !isLoopbackHost(url.hostname) && !allowPlainHttp) {
    throw new OperatorError(
      'WB-PLAIN-HTTP',
      `${text}: plain HTTP outside this machine is not allowed. Use https, or set allow-plain-http where the network itself is trusted.`,
    )
  }
  return url
}

/** The connections to one indexer. */
export class Connection {
  readonly url: string
  readonly #base: string
  readonly #open: (tls: TlsTexts) => Pool
  #pool: Pool
  readonly #deadline: number

  constructor(url: URL, options: { connections: number; timeouts: Timeouts; tls?: TlsTexts }) {
    const { timeouts, tls = {} } = options
    this.url = url.href.replace(/\/$/, '')
    this.#base = url.pathname.replace(/\/$/, '')
    this.#deadline = timeouts.connect + timeouts.headers + timeouts.body
    this.#open = (texts) =>
      new Pool(url.origin, {
        connections: options.connections,
        pipelining: 1,
        allowH2: false,
        headersTimeout: timeouts.headers,
        bodyTimeout: timeouts.body,
        connect: { timeout: timeouts.connect, ...texts },
      })
    this.#pool = this.#open(tls)
  }

  get isSecure(): boolean {
    return this.url.startsWith('https:')
  }

  /** Uses another certificate from now on. Running requests keep theirs. */
  renewTls(tls: TlsTexts): void {
    const before = this.#pool
    this.#pool = this.#open(tls)
    // Running requests have their own deadline.
    before.close().catch(() => undefined)
  }

  /**
   * Sends one request and returns any answer. A half-open connection takes bytes and never answers, or takes none: so there is a deadline
   * for the whole request besides the timeouts of its parts.
   */
  async post(path: string, type: string, body: Buffer | string, stop?: AbortSignal): Promise<Answer> {
    return await this.#request('POST', path, { 'content-type': type }, body, stop)
  }

  async get(
    path: string,
    more: { headers?: Readonly<Record<string, string>>; stop?: AbortSignal } = {},
  ): Promise<Answer> {
    return await this.#request('GET', path, more.headers ?? {}, null, more.stop)
  }

  async #request(
    method: 'GET' | 'POST',
    path: string,
    headers: Readonly<Record<string, string>>,
    body: Buffer | string | null,
    stop?: AbortSignal,
  ): Promise<Answer> {
    const deadline = AbortSignal.timeout(this.#deadline)
    const signal = stop === undefined ? deadline : AbortSignal.any([deadline, stop])
    const response = await request.call(this.#pool, {
      method,
      path: this.#base + path,
      headers: { accept: 'application/json', ...headers },
      body,
      signal,
    })
    const parts: Buffer[] = []
    let size = 0
    for await (const part of response.body) {
      const bytes = Buffer.from(part)
      size += bytes.length
      if (size > ANSWER_BYTES) throw new Error(`its answer is longer than ${ANSWER_BYTES} bytes`)
      parts.push(bytes)
    }
    const after = response.headers['retry-after']
    return {
      status: response.statusCode,
      retryAfter: Array.isArray(after) ? after[0] : after,
      body: Buffer.concat(parts),
    }
  }

  async close(): Promise<void> {
    await this.#pool.destroy()
  }
}
