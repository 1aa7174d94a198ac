import { createHash } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { Agent, request } from 'undici'
import { escaped, signed, textOf } from '../../../../s3/index.ts'
import { OperatorError, reasonOf, sha256 } from '../../../../schema/index.ts'
import type { S3Config } from '../settings.ts'
import { CredentialChain } from './credentials.ts'

const TRIES = 5
const FIRST_PAUSE = 200
const TIMEOUT = 60_000

export interface Asked {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  readonly key?: string
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Buffer
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
}

/** S3 refused a request: its code, such as `AccessDenied`. */
export class S3Error extends OperatorError {
  readonly s3: string
  readonly status: number

  constructor(sentence: string, s3: string, status: number, full = false) {
    super(full ? 'WB-ARCHIVE-FULL' : 'WB-ARCHIVE-UNREACHABLE', sentence)
    this.s3 = s3
    this.status = status
  }
}

/** One bucket of S3, or of a store that speaks the same. */
export class S3Client {
  readonly place: string
  readonly #config: S3Config
  readonly #base: URL
  readonly #chain: CredentialChain
  readonly #agent: Agent
  readonly #now: () => number

  constructor(config: S3Config, now: () => number, ca: string | null) {
    const { bucket, prefix, region, endpoint } = config
    this.#config = config
    this.#now = now
    this.#chain = new CredentialChain(config, now)
    this.#agent = new Agent({ connect: ca === null ? {} : { ca } })
    const base = new URL(endpoint ?? `https://s3.${region}.amazonaws.com`)
    // A store of one's own has no name for each bucket, as a rule.
    if (config['path-style'] ?? endpoint !== undefined) base.pathname = `/${escaped(bucket)}`
    else base.hostname = `${bucket}.${base.hostname}`
    this.#base = base
    this.place = `the bucket ${bucket}${prefix === '' ? '' : `, under ${prefix}`}, at ${new URL(endpoint ?? base).host}`
  }

  /** Answers with what has this status; a status in `also` is an answer, too. Busy stores and broken connections are asked again. */
  async ask(asked: Asked, also: readonly number[] = []): Promise<Answer> {
    for (let n = 1; ; n++) {
      let failure: S3Error
      try {
        const answer = await this.#once(asked)
        // Some requests answer 200 at once, and say later in the body that they failed.
        const isFailedLate =
          asked.method === 'POST' && answer.status === 200 && answer.body.includes('<Error>')
        if ((answer.status < 300 && !isFailedLate) || also.includes(answer.status)) return answer
        failure = this.#refused(answer, isFailedLate ? 500 : answer.status)
      } catch (thrown) {
        if (thrown instanceof OperatorError) throw thrown
        failure = new S3Error(
          `${this.place} does not answer (${reasonOf(thrown)}): check archive.s3.endpoint and the network`,
          'Unreachable',
          0,
        )
      }
      const isPassing = failure.status === 0 || failure.status === 429 || failure.status >= 500
      if (!isPassing || n === TRIES) throw failure
      await setTimeout(FIRST_PAUSE * 2 ** (n - 1) * (0.5 + Math.random()))
    }
  }

  async #once({ method, key, query = {}, headers = {}, body }: Asked): Promise<Answer> {
    const url = new URL(this.#base)
    const path = (key ?? '').split('/').map(escaped).join('/')
    url.pathname = key === undefined ? url.pathname : `${url.pathname.replace(/\/$/, '')}/${path}`
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
    // The same notation is signed and sent.
    url.search = [...url.searchParams].map(([name, value]) => `${escaped(name)}=${escaped(value)}`).join('&')
    const sent = signed(
      {
        method,
        url,
        headers: {
          ...headers,
          ...(body !== undefined && { 'content-md5': createHash('md5').update(body).digest('base64') }),
        },
        digest: sha256(body ?? ''),
      },
      await this.#chain.credentials(),
      { region: this.#config.region, service: 's3', now: this.#now() },
    )
    const {
      statusCode,
      headers: told,
      body: answer,
    } = await request(url, {
      method,
      headers: sent,
      dispatcher: this.#agent,
      headersTimeout: TIMEOUT,
      bodyTimeout: TIMEOUT,
      ...(body !== undefined && { body }),
    })
    return { status: statusCode, headers: told, body: Buffer.from(await answer.arrayBuffer()) }
  }

  #refused({ body, headers }: Answer, status: number): S3Error {
    const text = body.toString('utf8')
    const code = textOf(text, 'Code') ?? (status === 404 ? 'NotFound' : status === 403 ? 'AccessDenied' : '')
    const said = textOf(text, 'Message') ?? `status ${status}`
    const remedy = remedyOf(code, status, headers, this.#now())
    return new S3Error(
      `${this.place} refused: ${said.replace(/\.$/, '')}${code === '' ? '' : ` (${code})`}. ${remedy}`,
      code,
      status,
      FULL.has(code) || status === 507,
    )
  }

  close(): Promise<void> {
    return this.#agent.close()
  }
}

const FULL: ReadonlySet<string> = new Set(['QuotaExceeded', 'XMinioStorageFull', 'EntityTooLarge'])

function remedyOf(code: string, status: number, headers: Answer['headers'], now: number): string {
  switch (code) {
    case 'RequestTimeTooSkewed': {
      const theirs = Date.parse(String(headers.date ?? ''))
      const apart = Number.isNaN(theirs)
        ? ''
        : `, which is ${Math.round(Math.abs(theirs - now) / 1000)} s off`
      return `Set the clock of this machine${apart}`
    }
    case 'InvalidAccessKeyId':
    case 'XAdminUserNotFound':
    case 'SignatureDoesNotMatch':
      return 'Check access-key-id, secret-access-key and region of archive.s3'
    case 'ExpiredToken':
      return 'Renew the session token'
    case 'AccessDenied':
      return 'Give the user of archive.s3 the permissions that docs/operations.md lists'
    case 'NoSuchBucket':
      return 'Make the bucket, or correct archive.s3.bucket'
    default:
      if (FULL.has(code) || status === 507) return 'Make room there; nothing was removed from the store'
      return status === 429 || status >= 500
        ? `It was asked ${TRIES} times; the next run tries again`
        : 'Check archive.s3'
  }
}
