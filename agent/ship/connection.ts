import { readFileSync } from 'node:fs'
// The pool alone: with fetch, WebSocket and the rest of the package an idle agent has 7 MB more.
import request from 'undici/lib/api/api-request.js'
import Pool from 'undici/lib/dispatcher/pool.js'
import { isLoopbackHost } from '../../config/index.ts'
import { OperatorError, reasonOf } from '../../schema/index.ts'
import type { Answer } from './answer.ts'

/** Files with certificates in PEM: whom to trust instead of the system's authorities, and who we are where the indexer asks. */
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

/** Read when a connection is set up for, so that an agent that starts again takes up a renewed certificate. */
export function readTls(files: TlsFiles): TlsTexts {
  const read = (part: keyof TlsFiles): TlsTexts => {
    const file = files[part]
    if (file === undefined) return {}
    try {
      return { [part]: readFileSync(file, 'utf8') }
    } catch (problem) {
      throw new OperatorError(`tls: ${part}: ${file} can't be read (${reasonOf(problem)}).`, {
        cause: problem,
      })
    }
  }
  return { ...read('ca'), ...read('cert'), ...read('key') }
}

export interface Timeouts {
  readonly connect: number
  /** From the request to the head of its answer: the indexer answers when the store has stored. */
  readonly headers: number
  readonly body: number
}

export const TIMEOUTS: Timeouts = { connect: 10_000, headers: 60_000, body: 30_000 }

/** An acknowledgement names each source of a batch: half a MB at most. More is no indexer's answer. */
const ANSWER_BYTES = 4 * 1024 * 1024

/** Whoever listens on the way sees everything over plain HTTP: loopback has no way. */
export function checkedUrl(text: string, allowPlainHttp: boolean): URL {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new OperatorError(
      `${text} is no address of an indexer: expected one such as https://indexer.example:8600.`,
    )
  }
  if (url.protocol === 'http:' && !isLoopbackHost(url.hostname) && !allowPlainHttp) {
    throw new OperatorError(
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

  /** Shows another certificate from now on. Requests under way end as they began. */
  renewTls(tls: TlsTexts): void {
    const before = this.#pool
    this.#pool = this.#open(tls)
    // What is still under way has its own deadline.
    before.close().catch(() => undefined)
  }

  /**
   * One request, whatever its answer. A half-open connection takes bytes and never answers, or takes none: there is a deadline
   * over the whole besides the timeouts of its parts.
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
