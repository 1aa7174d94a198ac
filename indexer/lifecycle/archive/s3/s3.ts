import { elementsOf, textOf, xmlText } from '../../../../s3/index.ts'
import { OperatorError } from '../../../../schema/index.ts'
import type { Destination, Sink, WriteOptions } from '../destination.ts'
import type { S3Config } from '../settings.ts'
import { type Answer, S3Client, S3Error } from './client.ts'

/** Bytes of a part of an upload: S3 asks for 5 MiB at least, and takes 10,000 parts. */
const PART_BYTES = 8 * 1024 * 1024
const DAY = 86_400_000

/** Objects in a bucket. With a lock, each is written with an end date before which nobody can remove it. */
export class Bucket implements Destination {
  readonly locks: boolean
  readonly #client: S3Client
  readonly #config: S3Config
  readonly #now: () => number
  #isChecked = false

  constructor(config: S3Config, parts: { readonly now: () => number; readonly ca: string | null }) {
    this.#config = config
    this.#now = parts.now
    this.locks = config.lock !== 'none'
    this.#client = new S3Client(config, parts.now, parts.ca)
  }

  get place(): string {
    return this.#client.place
  }

  async create(name: string, { retainUntil }: WriteOptions): Promise<Sink> {
    await this.#check()
    const client = this.#client
    const key = this.#key(name)
    const headers = this.#headers(retainUntil)
    let upload: string | null = null
    let waiting: Buffer[] = []
    let bytes = 0
    const tags: string[] = []
    const abort = async (): Promise<void> => {
      const begun = upload
      upload = null
      waiting = []
      if (begun !== null) await client.ask({ method: 'DELETE', key, query: { uploadId: begun } }, [404])
    }
    const sendPart = async (body: Buffer): Promise<void> => {
      if (upload === null) {
        const answer = await client.ask({ method: 'POST', key, query: { uploads: '' }, headers })
        upload = textOf(answer.body.toString('utf8'), 'UploadId')
        if (upload === null) throw strange(client.place, 'it began no upload')
      }
      const query = { partNumber: String(tags.length + 1), uploadId: upload }
      tags.push(headerOf(await client.ask({ method: 'PUT', key, query, body }), 'etag'))
    }
    const trying = async (work: () => Promise<void>): Promise<void> => {
      try {
        await work()
      } catch (thrown) {
        // The reason counts. What is half uploaded is removed by the next run, if the store is away now.
        await abort().catch(() => {})
        throw thrown
      }
    }
    return {
      abort: () => abort().catch(() => {}),
      write: (some) =>
        trying(async () => {
          waiting.push(some)
          bytes += some.length
          if (bytes < PART_BYTES) return
          const body = Buffer.concat(waiting)
          waiting = []
          bytes = 0
          await sendPart(body)
        }),
      finish: () =>
        trying(async () => {
          const body = Buffer.concat(waiting)
          waiting = []
          if (upload === null) {
            await client.ask({ method: 'PUT', key, headers, body })
            return
          }
          if (body.length > 0) await sendPart(body)
          const parts = tags.map(
            (tag, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>${xmlText(tag)}</ETag></Part>`,
          )
          await client.ask({
            method: 'POST',
            key,
            query: { uploadId: upload },
            body: Buffer.from(`<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`),
          })
          upload = null
        }),
    }
  }

  async size(name: string): Promise<number | null> {
    const key = this.#key(name)
    const answer = await this.#client.ask({ method: 'HEAD', key }, [403, 404])
    if (answer.status < 300) return Number(headerOf(answer, 'content-length'))
    // This answer has no text that says why. A list refuses wrong credentials with one.
    await this.#client.ask({ method: 'GET', query: { 'list-type': '2', prefix: key, 'max-keys': '1' } })
    return null
  }

  async read(name: string, from: number, to: number): Promise<Buffer> {
    if (from >= to) return Buffer.alloc(0)
    const headers = { range: `bytes=${from}-${to - 1}` }
    // 416: the object ends before.
    const answer = await this.#client.ask({ method: 'GET', key: this.#key(name), headers }, [416])
    return answer.status === 416 ? Buffer.alloc(0) : answer.body
  }

  async *list(prefix: string): AsyncGenerator<{ readonly name: string; readonly bytes: number }> {
    let token: string | null = null
    do {
      const query: Record<string, string> = { 'list-type': '2', prefix: this.#key(prefix) }
      if (token !== null) query['continuation-token'] = token
      const xml = (await this.#client.ask({ method: 'GET', query })).body.toString('utf8')
      for (const item of elementsOf(xml, 'Contents'))
        yield { name: this.#nameOf(textOf(item, 'Key') ?? ''), bytes: Number(textOf(item, 'Size')) }
      token = textOf(xml, 'IsTruncated') === 'true' ? textOf(xml, 'NextContinuationToken') : null
    } while (token !== null)
  }

  /** Removes all versions of an object: without a version, S3 only hides it. */
  async remove(name: string): Promise<void> {
    const key = this.#key(name)
    for (const version of await this.#versions(name)) {
      const query: Record<string, string> = version === null ? {} : { versionId: version }
      try {
        await this.#client.ask({ method: 'DELETE', key, query }, [404])
      } catch (thrown) {
        if (!isRefused(thrown)) throw thrown
        throw new OperatorError(
          'WB-ARCHIVE-LOCKED',
          `${name} may not be removed from ${this.place} yet: a lock with an end date or a legal hold protects it`,
          { cause: thrown },
        )
      }
    }
  }

  async hold(name: string, isHeld: boolean): Promise<void> {
    if (!this.locks) return
    const body = Buffer.from(`<LegalHold><Status>${isHeld ? 'ON' : 'OFF'}</Status></LegalHold>`)
    await this.#client.ask({ method: 'PUT', key: this.#key(name), query: { 'legal-hold': '' }, body }, [404])
  }

  async proveLock(name: string, retainUntil: number): Promise<void> {
    const key = this.#key(name)
    const mode = this.#config.lock.toUpperCase()
    const versionId = (await this.#versions(name))[0] ?? null
    if (versionId === null) throw this.#unlocked(name, 'it keeps no versions')
    const at = { versionId }
    const kept = (
      await this.#client.ask({ method: 'GET', key, query: { ...at, retention: '' } }, [404, 400])
    ).body.toString('utf8')
    const until = Date.parse(textOf(kept, 'RetainUntilDate') ?? '')
    if (textOf(kept, 'Mode') !== mode || !(until >= Math.floor(retainUntil / 1000) * 1000))
      throw this.#unlocked(name, `it did not keep the lock ${mode} until ${dayOf(retainUntil)}`)
    const retention = (other: string, time: number): Buffer =>
      Buffer.from(
        `<Retention><Mode>${other}</Mode><RetainUntilDate>${new Date(time).toISOString()}</RetainUntilDate></Retention>`,
      )
    const attempts = [
      {
        what: 'shorten its time',
        ask: {
          method: 'PUT',
          query: { ...at, retention: '' },
          body: retention(mode, Math.max(until - DAY, Math.floor((until + this.#now()) / 2))),
        },
      },
      ...(mode === 'COMPLIANCE'
        ? ([
            {
              what: 'weaken its lock',
              ask: { method: 'PUT', query: { ...at, retention: '' }, body: retention('GOVERNANCE', until) },
            },
          ] as const)
        : []),
      { what: 'delete it', ask: { method: 'DELETE', query: at } },
    ] as const
    for (const { what, ask } of attempts) {
      try {
        await this.#client.ask({ key, ...ask })
      } catch (thrown) {
        if (isRefused(thrown)) continue
        throw thrown
      }
      throw this.#unlocked(name, `it let Waybill ${what}`)
    }
  }

  /** Removes uploads that were begun and never completed: they take room, and no list shows them. */
  async tidy(): Promise<void> {
    await this.#check()
    const answer = await this.#client.ask({
      method: 'GET',
      query: { uploads: '', prefix: this.#key('') },
    })
    for (const item of elementsOf(answer.body.toString('utf8'), 'Upload')) {
      const [key, uploadId] = [textOf(item, 'Key'), textOf(item, 'UploadId')]
      if (key !== null && uploadId !== null)
        await this.#client.ask({ method: 'DELETE', key, query: { uploadId } }, [404])
    }
  }

  close(): Promise<void> {
    return this.#client.close()
  }

  /** A bucket that does not lock is refused before anything is written there. */
  async #check(): Promise<void> {
    if (this.#isChecked || !this.locks) return
    try {
      const { body } = await this.#client.ask({ method: 'GET', query: { 'object-lock': '' } })
      if (textOf(body.toString('utf8'), 'ObjectLockEnabled') !== 'Enabled') throw this.#noLock()
    } catch (thrown) {
      if (!(thrown instanceof S3Error) || !NO_LOCK.has(thrown.s3)) throw thrown
      throw this.#noLock()
    }
    this.#isChecked = true
  }

  #noLock(): OperatorError {
    return new OperatorError(
      'WB-ARCHIVE-LOCK',
      `${this.place} has no Object Lock, so anybody with its keys could remove the archive: make a bucket with Object Lock, or write archive.s3.lock: none. Nothing was written`,
    )
  }

  #unlocked(name: string, what: string): OperatorError {
    return new OperatorError(
      'WB-ARCHIVE-LOCK',
      `${this.place} does not protect ${name}: ${what}. Its events stay in the store; use a bucket that locks, or a user without s3:BypassGovernanceRetention`,
    )
  }

  /** The versions of an object, the newest first; null for a bucket that keeps none. */
  async #versions(name: string): Promise<(string | null)[]> {
    const key = this.#key(name)
    const answer = await this.#client.ask({ method: 'GET', query: { versions: '', prefix: key } }, [501])
    const xml = answer.body.toString('utf8')
    const found = ['Version', 'DeleteMarker'].flatMap((kind) =>
      elementsOf(xml, kind)
        .filter((item) => textOf(item, 'Key') === key)
        .map((item) => textOf(item, 'VersionId')),
    )
    const named = found.filter((version) => version !== null && version !== 'null')
    return named.length > 0 ? named : [null]
  }

  #headers(retainUntil: number | null): Record<string, string> {
    const { encryption, lock, 'kms-key': key } = this.#config
    return {
      'content-type': 'application/octet-stream',
      ...(encryption !== 'none' && { 'x-amz-server-side-encryption': encryption }),
      ...(key !== undefined && { 'x-amz-server-side-encryption-aws-kms-key-id': key }),
      ...(this.locks &&
        retainUntil !== null && {
          'x-amz-object-lock-mode': lock.toUpperCase(),
          'x-amz-object-lock-retain-until-date': new Date(retainUntil).toISOString(),
        }),
    }
  }

  #key(name: string): string {
    return `${this.#config.prefix}${name}`
  }

  #nameOf(key: string): string {
    return key.slice(this.#config.prefix.length)
  }
}

const NO_LOCK: ReadonlySet<string> = new Set([
  'ObjectLockConfigurationNotFoundError',
  'NoSuchObjectLockConfiguration',
  'NotImplemented',
  'InvalidRequest',
])

/** S3 says AccessDenied of what is locked, other stores also these. */
const LOCKED: ReadonlySet<string> = new Set([
  'AccessDenied',
  'ObjectLocked',
  'InvalidRequest',
  'InvalidRetention',
])
const isRefused = (thrown: unknown): boolean => thrown instanceof S3Error && LOCKED.has(thrown.s3)

const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10)

function headerOf({ headers }: Answer, name: string): string {
  const value = headers[name]
  return Array.isArray(value) ? (value[0] ?? '') : (value ?? '')
}

const strange = (place: string, what: string): OperatorError =>
  new OperatorError(
    'WB-ARCHIVE-UNREACHABLE',
    `${place} answered otherwise than S3 (${what}): check archive.s3.endpoint`,
  )
