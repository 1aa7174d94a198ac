import type * as z from 'zod'
import { isLoopbackHost } from '../../config/index.ts'
import { codeOf, type ErrorCode, isErrorCode, OperatorError } from '../../schema/index.ts'
import { localTokenFiles } from './credentials.ts'
import { EXIT } from './output.ts'

export interface Asked {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly query?: Readonly<Record<string, string | number | undefined>>
  readonly body?: unknown
  /** Version that a change is made to: 412 where another holds now. */
  readonly ifMatch?: string
  /** A part of a file: from this byte on, if the file is still this one. */
  readonly part?: { readonly from: number; readonly etag: string }
  readonly signal?: AbortSignal | undefined
}

/** The indexer does not answer at all, or stopped in the middle. */
export class UnreachableError extends OperatorError {
  override name = 'UnreachableError'
  constructor(sentence: string, cause?: unknown, code: ErrorCode = 'WB-INDEXER-UNREACHABLE') {
    super(code, sentence, { exitCode: EXIT.unreachable, cause })
  }
}

/** The indexer answered, but not with what was asked for. */
export class AnswerError extends OperatorError {
  override name = 'AnswerError'
  readonly status: number
  /** For a query that it can't understand: where. */
  readonly column: number | undefined
  /** The indexer's own message. */
  readonly detail: string

  constructor(
    code: ErrorCode,
    sentence: string,
    status: number,
    {
      column,
      detail = sentence,
      isUsage = column !== undefined,
    }: { column?: number; detail?: string; isUsage?: boolean } = {},
  ) {
    const exitCode = status === 404 ? EXIT.notFound : isUsage ? EXIT.usage : EXIT.failed
    super(code, sentence, { exitCode })
    this.status = status
    this.column = column
    this.detail = detail
  }
}

/** The origin of a token: given by the user, or found in a file that may change. */
export interface TokenOrigin {
  readonly told?: boolean
  readonly again?: () => string | undefined
}

/** Asks an indexer over HTTP; what goes wrong becomes one sentence with a remedy. */
export class IndexerClient {
  readonly #base: URL
  #token: string | undefined
  readonly #origin: TokenOrigin

  constructor(base: URL, token: string | undefined, origin: TokenOrigin = {}) {
    this.#base = base
    this.#token = token
    this.#origin = origin
  }

  async json(path: string, asked: Asked = {}): Promise<unknown> {
    const response = await this.#ask(path, 'application/json', asked)
    let text: string
    try {
      text = await response.text()
    } catch (error) {
      throw this.#unreachable(error)
    }
    if (response.status === 204 || text === '') return undefined
    try {
      return JSON.parse(text)
    } catch {
      throw this.#noIndexer(response)
    }
  }

  async text(path: string, asked: Asked = {}): Promise<string> {
    const response = await this.#ask(path, 'text/plain', asked)
    try {
      return await response.text()
    } catch (error) {
      throw this.#unreachable(error)
    }
  }

  /** The bytes of a file as they come, from a byte on; from the beginning if the file is another one by now. */
  async bytes(
    path: string,
    part: { readonly from: number; readonly etag: string },
  ): Promise<{ readonly from: number; readonly body: AsyncIterable<Uint8Array> }> {
    const response = await this.#ask(path, '*/*', part.from === 0 ? {} : { part })
    const origin = this.#base.origin
    async function* body(): AsyncGenerator<Uint8Array> {
      try {
        if (response.body !== null) yield* response.body
      } catch (error) {
        if (!isBroken(error)) throw error
        throw new UnreachableError(
          `The connection to the indexer at ${origin} broke in the middle of a file`,
          error,
        )
      }
    }
    return { from: response.status === 206 ? part.from : 0, body: body() }
  }

  /** The lines of an NDJSON answer as they come; the next part is fetched when the last is used. */
  async *lines(path: string, asked: Asked = {}): AsyncGenerator<string[], void, undefined> {
    const response = await this.#ask(path, 'application/x-ndjson', asked)
    if (!response.headers.get('content-type')?.includes('ndjson')) throw this.#noIndexer(response)
    if (response.body === null) return
    const decoder = new TextDecoder()
    let lines = 0
    let pending = ''
    try {
      for await (const bytes of response.body) {
        const parts = (pending + decoder.decode(bytes, { stream: true })).split('\n')
        pending = parts.pop() ?? ''
        const whole = parts.filter((line) => line !== '')
        if (whole.length === 0) continue
        lines += whole.length
        yield whole
      }
    } catch (error) {
      if (asked.signal?.aborted || !isBroken(error)) throw error
      throw new UnreachableError(
        `The connection to the indexer at ${this.#base.origin} broke after ${lines} complete events; the others are missing`,
        error,
      )
    }
    pending += decoder.decode()
    if (pending !== '') yield [pending]
  }

  async #ask(path: string, accept: string, asked: Asked): Promise<Response> {
    const url = new URL(`${this.#base.pathname.replace(/\/$/, '')}${path}`, this.#base)
    for (const [name, value] of Object.entries(asked.query ?? {}))
      if (value !== undefined) url.searchParams.set(name, String(value))
    let response: Response
    try {
      response = await fetch(url, {
        method: asked.method ?? 'GET',
        redirect: 'manual',
        headers: {
          accept: `${accept}, application/problem+json`,
          ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }),
          ...(asked.ifMatch === undefined ? {} : { 'if-match': `"${asked.ifMatch}"` }),
          ...(asked.part !== undefined && {
            range: `bytes=${asked.part.from}-`,
            'if-range': asked.part.etag,
          }),
          ...(asked.body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        body: asked.body === undefined ? null : JSON.stringify(asked.body),
        signal: asked.signal ?? null,
      })
    } catch (error) {
      if (asked.signal?.aborted) throw error
      throw this.#unreachable(error)
    }
    if (response.status === 401 && this.#renewed()) return this.#ask(path, accept, asked)
    if (!response.ok) throw await this.#refusal(response)
    return response
  }

  /** Whether there is another token now than the one that was refused. */
  #renewed(): boolean {
    const token = this.#origin.again?.()
    if (token === undefined || token === this.#token) return false
    this.#token = token
    return true
  }

  #unreachable(error: unknown): UnreachableError {
    const origin = this.#base.origin
    const code = codeOf(rootOf(error)) ?? ''
    const why = REASONS[code]
    if (why !== undefined) return new UnreachableError(why(origin, this.#base.hostname), error)
    if (/CERT|SIGNATURE|ISSUER/.test(code)) {
      return new UnreachableError(
        `The certificate of ${origin} is not trusted here (${code}); name the file of its authority in NODE_EXTRA_CA_CERTS`,
        error,
        'WB-INDEXER-UNTRUSTED',
      )
    }
    const reason = rootOf(error)
    const words =
      reason instanceof Error && reason.message !== '' ? reason.message : code || 'no reason given'
    return new UnreachableError(`The indexer at ${origin} can't be reached: ${words}`, error)
  }

  async #refusal(response: Response): Promise<AnswerError> {
    const { problemSchema } = await import('../../schema/wire/index.ts')
    let answer: unknown
    try {
      answer = await response.json()
    } catch {
      return this.#noIndexer(response)
    }
    const parsed = problemSchema.loose().safeParse(answer)
    if (!parsed.success) return this.#noIndexer(response)
    const { code, detail, column, error } = parsed.data
    // An indexer of another version may send no code, or an unknown one.
    const known = isErrorCode(error) ? error : 'WB-REFUSED'
    const { status } = response
    if (status === 401) {
      const remedy =
        this.#token === undefined
          ? `sign in (waybill login), or give a token in WAYBILL_TOKEN or --token${whereLooked(this.#base)}`
          : this.#origin.told === true
            ? 'the token in WAYBILL_TOKEN or --token is wrong or has expired'
            : 'your sign-in has ended; sign in again (waybill login)'
      const sentence = `The indexer at ${this.#base.origin} does not accept the request without a valid sign-in (401): ${remedy}`
      return new AnswerError(known, sentence, status, { detail })
    }
    if (status === 403) return new AnswerError(known, `You may not do this (403): ${detail}`, status)
    if (code === 'bad-query' && typeof column === 'number')
      return new AnswerError(known, detail, status, { column })
    // Something on the command line is not as the indexer takes it.
    if (status === 400) return new AnswerError(known, detail.replace(/\.$/, ''), status, { isUsage: true })
    // What is not there is named by the indexer.
    if (status === 404) return new AnswerError(known, detail.replace(/\.$/, ''), status)
    const busy = status === 429 || status === 503 ? '; try again in a while' : ''
    return new AnswerError(
      known,
      `The indexer refused (${status}): ${detail.replace(/\.$/, '')}${busy}`,
      status,
    )
  }

  #noIndexer(response: Response): AnswerError {
    if (response.status === 414 || response.status === 431)
      return new AnswerError(
        'WB-TOO-LARGE',
        'The query is too long to send; make it shorter',
        response.status,
      )
    // The code is 1 rather than "not found": a missing route means nothing for the requested event.
    return new AnswerError(
      'WB-NO-INDEXER',
      `${this.#base.origin} answers (${response.status}), but not like an indexer; check the address, and proxies in between`,
      response.status === 404 ? 400 : response.status,
    )
  }
}

type Sentence = (origin: string, host: string) => string

const REASONS: Readonly<Record<string, Sentence>> = {
  ECONNREFUSED: (origin) =>
    `No indexer listens at ${origin}; start one (waybill indexer --config indexer.yml), or name another with --url or WAYBILL_URL`,
  ENOTFOUND: (_, host) => `The host ${host} does not exist; check --url and WAYBILL_URL`,
  EAI_AGAIN: (_, host) => `The name of the host ${host} can't be looked up now; check the network and DNS`,
  ETIMEDOUT: (origin) => `${origin} does not answer; check the address, and firewalls in between`,
  UND_ERR_CONNECT_TIMEOUT: (origin) =>
    `${origin} does not answer; check the address, and firewalls in between`,
  UND_ERR_HEADERS_TIMEOUT: (origin) =>
    `The indexer at ${origin} accepted the request but did not answer in time`,
  ERR_SSL_WRONG_VERSION_NUMBER: (origin) => `${origin} does not speak TLS; use http:// if that is intended`,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: (origin) => `${origin} does not speak TLS; use http:// if that is intended`,
  UND_ERR_SOCKET: (origin) =>
    `The indexer at ${origin} closed the connection without an answer; it may be starting or stopping, or require https://`,
  ECONNRESET: (origin) =>
    `The indexer at ${origin} closed the connection without an answer; it may be starting or stopping, or require https://`,
}

/** The cause under fetch's own "fetch failed"; the first of several attempts (IPv4 and IPv6). */
function rootOf(error: unknown): unknown {
  let root = error
  while (root instanceof Error && root.cause !== undefined) root = root.cause
  return root instanceof AggregateError && codeOf(root) === undefined ? root.errors[0] : root
}

/** Whether a connection broke while a body was read: undici then reports `terminated`, with the reason as its cause. */
const isBroken = (error: unknown): boolean =>
  error instanceof TypeError ||
  (codeOf(error)?.startsWith('UND_ERR') ?? false) ||
  codeOf(error) === 'ECONNRESET'

/** The answer in its shape; an indexer of another version is distinguished from a broken one. */
export function understood<Shape extends z.ZodType>(shape: Shape, answer: unknown): z.output<Shape> {
  const parsed = shape.safeParse(answer)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new OperatorError(
    'WB-VERSION',
    `The indexer's answer is not understood (${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}); it may have another version than this waybill`,
  )
}

/** Why the operator of this machine was not known: files that are not there, or belong to the indexer's user. */
const whereLooked = (url: URL): string =>
  isLoopbackHost(url.hostname)
    ? `. On the indexer's machine its user and root need neither: looked for its token in ${localTokenFiles().join(', ')}; WAYBILL_STORE names its data folder`
    : ''
