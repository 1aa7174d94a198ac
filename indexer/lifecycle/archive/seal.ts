import { createCipheriv, createDecipheriv, createHash, type Hash } from 'node:crypto'
import * as z from 'zod'
import { canonical, OperatorError } from '../../../schema/index.ts'
import type { WrappedKey } from './keys.ts'

/**
 * The encrypted form of an archive object (docs/formats.md, "Archive objects"): a header, then chunks of AES-256-GCM under a key of the
 * object's own. Each chunk is authenticated with its number, whether it is the last, and the header. So any chunk can be read alone, and one
 * that is missing, moved, repeated or of another object is noticed.
 */
const MAGIC = 'wbarch'
const VERSION = 1
const START = Buffer.from(`${MAGIC}${VERSION}\n`)
const CHUNK = 65_536
const TAG = 16
const NONCE = 12
/** A header has some 300 bytes. What a command for keys returns is limited to 4 KiB. */
const LONGEST_HEADER = 65_536

const headerSchema = z.strictObject({
  version: z.literal(VERSION),
  name: z.string(),
  chunk: z.number().int().min(1024).max(16_777_216),
  key: z.strictObject({ id: z.string(), wrapped: z.base64() }),
})

export interface Header {
  readonly name: string
  readonly chunk: number
  readonly key: WrappedKey
  /** The bytes up to the first chunk. */
  readonly length: number
  /** SHA-256 of these bytes: each chunk is authenticated with it. */
  readonly digest: Buffer
}

const damaged = (name: string, what: string): OperatorError =>
  new OperatorError(
    'WB-ARCHIVE-DAMAGED',
    `${name}: ${what}. Restore this object from a copy; the other objects are not affected`,
  )

/** An archive that can't be reached says nothing about its content. */
export const isAboutContent = (thrown: unknown): thrown is OperatorError =>
  thrown instanceof OperatorError &&
  (thrown.code === 'WB-ARCHIVE-DAMAGED' || thrown.code === 'WB-ARCHIVE-VERSION')

const digestOf = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest()

function nonceOf(chunk: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(NONCE)
  nonce.writeUInt32BE(chunk, 7)
  nonce[11] = isLast ? 1 : 0
  return nonce
}

/** Encrypts a stream of bytes. */
export class Sealer {
  readonly header: Buffer
  readonly #key: Buffer
  readonly #digest: Buffer
  readonly #hash: Hash = createHash('sha256')
  #waiting: Buffer[] = []
  #waitingBytes = 0
  #chunk = 0
  /** Bytes that were taken so far. */
  length = 0
  /** Bytes of the object so far. */
  sealedLength: number

  constructor(name: string, dataKey: Buffer, wrapped: WrappedKey) {
    const { id, wrapped: bytes } = wrapped
    const text = canonical({
      version: VERSION,
      name,
      chunk: CHUNK,
      key: { id, wrapped: bytes.toString('base64') },
    })
    const length = Buffer.alloc(4)
    length.writeUInt32BE(Buffer.byteLength(text))
    this.header = Buffer.concat([START, length, Buffer.from(text)])
    this.#key = dataKey
    this.#digest = digestOf(this.header)
    this.#hash.update(this.header)
    this.sealedLength = this.header.length
  }

  /** Returns the chunks that are full now. */
  add(bytes: Buffer): Buffer {
    this.length += bytes.length
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
    // The last chunk is marked, and a full one may be the last: so one more byte must be there.
    if (this.#waitingBytes <= CHUNK) return Buffer.alloc(0)
    const all = Buffer.concat(this.#waiting)
    const sealed: Buffer[] = []
    let at = 0
    while (all.length - at > CHUNK) {
      sealed.push(this.#seal(all.subarray(at, at + CHUNK), false))
      at += CHUNK
    }
    this.#waiting = [all.subarray(at)]
    this.#waitingBytes = all.length - at
    return this.#counted(Buffer.concat(sealed))
  }

  /** Returns the last chunk. */
  end(): Buffer {
    return this.#counted(this.#seal(Buffer.concat(this.#waiting), true))
  }

  /** SHA-256 of the whole object, after `end`. */
  digest(): string {
    return this.#hash.digest('hex')
  }

  #seal(bytes: Buffer, isLast: boolean): Buffer {
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonceOf(this.#chunk++, isLast), {
      authTagLength: TAG,
    })
    cipher.setAAD(this.#digest)
    return Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()])
  }

  #counted(sealed: Buffer): Buffer {
    this.#hash.update(sealed)
    this.sealedLength += sealed.length
    return sealed
  }
}

/** Bytes of an object from `from` up to `to`. */
export type ReadBytes = (from: number, to: number) => Promise<Buffer>

/** Reads the header of the object that should have this name. */
export async function readHeader(name: string, read: ReadBytes, size: number): Promise<Header> {
  const fixed = START.length + 4
  const start = await read(0, Math.min(fixed, size))
  if (start.length < fixed || !start.subarray(0, MAGIC.length).equals(START.subarray(0, MAGIC.length)))
    throw damaged(name, 'it does not begin like an archive object, so it was replaced or cut off')
  if (!start.subarray(0, START.length).equals(START))
    throw new OperatorError(
      'WB-ARCHIVE-VERSION',
      `${name} has the format ${start.subarray(0, START.length - 1).toString('latin1')}, and this version of Waybill reads ${START.toString().trim()}: use the version of Waybill that wrote it, or a newer one`,
    )
  const length = start.readUInt32BE(START.length)
  if (length > LONGEST_HEADER || fixed + length > size) throw damaged(name, 'its header is cut off')
  const bytes = await read(0, fixed + length)
  let parsed: z.output<typeof headerSchema>
  try {
    parsed = headerSchema.parse(JSON.parse(bytes.subarray(fixed).toString('utf8')))
  } catch {
    throw damaged(name, 'its header was changed')
  }
  if (parsed.name !== name) throw damaged(name, `it is the object ${parsed.name}, under another name`)
  const { chunk, key } = parsed
  return {
    name,
    chunk,
    key: { id: key.id, wrapped: Buffer.from(key.wrapped, 'base64') },
    length: bytes.length,
    digest: digestOf(bytes),
  }
}

const CHUNKS_KEPT = 8

/** Decrypts any part of an object. */
export class Opener {
  readonly #header: Header
  readonly #key: Buffer
  readonly #read: ReadBytes
  readonly #size: number
  readonly #kept = new Map<number, Buffer>()
  /** Bytes of the content. */
  readonly length: number
  readonly #last: number

  constructor(header: Header, dataKey: Buffer, read: ReadBytes, size: number) {
    this.#header = header
    this.#key = dataKey
    this.#read = read
    this.#size = size
    const sealed = size - header.length
    const each = header.chunk + TAG
    const last = Math.max(0, Math.ceil(sealed / each) - 1)
    if (sealed - last * each < TAG) throw damaged(header.name, 'its end is cut off')
    this.#last = last
    this.length = sealed - (last + 1) * TAG
  }

  /** Returns the content from `from` up to `to`. */
  async bytes(from: number, to: number): Promise<Buffer> {
    if (from < 0 || to > this.length || from > to)
      throw damaged(this.#header.name, 'it names bytes beyond its end')
    if (from === to) return Buffer.alloc(0)
    const { chunk } = this.#header
    const [first, last] = [Math.floor(from / chunk), Math.floor((to - 1) / chunk)]
    const parts: Buffer[] = []
    for (let n = first; n <= last; ) {
      const known = this.#kept.get(n)
      if (known !== undefined) {
        parts.push(known)
        n++
        continue
      }
      // Neighbours that are not known are read together.
      let end = n + 1
      while (end <= last && !this.#kept.has(end)) end++
      parts.push(...(await this.#chunks(n, end)))
      n = end
    }
    const start = from - first * chunk
    return Buffer.concat(parts).subarray(start, start + to - from)
  }

  async #chunks(from: number, to: number): Promise<Buffer[]> {
    const { chunk, length, name, digest } = this.#header
    const each = chunk + TAG
    const start = length + from * each
    const end = Math.min(length + to * each, this.#size)
    const sealed = await this.#read(start, end)
    if (sealed.length !== end - start) throw damaged(name, 'its end is cut off')
    const opened: Buffer[] = []
    for (let n = from; n < to; n++) {
      const bytes = sealed.subarray((n - from) * each, (n - from + 1) * each)
      const decipher = createDecipheriv('aes-256-gcm', this.#key, nonceOf(n, n === this.#last), {
        authTagLength: TAG,
      })
      decipher.setAAD(digest)
      decipher.setAuthTag(bytes.subarray(-TAG))
      let plain: Buffer
      try {
        plain = Buffer.concat([decipher.update(bytes.subarray(0, -TAG)), decipher.final()])
      } catch {
        // Node's only error here is that the text is not authentic.
        throw damaged(
          name,
          n === this.#last
            ? 'its last chunk is not authentic, so its end was cut off or changed'
            : `its chunk ${n} of ${this.#last + 1} is not authentic, so it was changed, moved or is of another object`,
        )
      }
      opened.push(plain)
      this.#kept.set(n, plain)
    }
    while (this.#kept.size > CHUNKS_KEPT) this.#kept.delete(this.#kept.keys().next().value!)
    return opened
  }
}

export const archiveDamaged = damaged
