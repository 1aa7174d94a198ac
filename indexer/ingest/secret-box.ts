import { createCipheriv, createDecipheriv, createHash, createHmac } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf, OperatorError, reasonOf } from '../../schema/index.ts'
import { writeDurably } from './durable.ts'

/** The file in the indexer's folder, if no setting names a key: 64 hex digits. */
const FILE = 'secrets-key'
const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
/** The prefix of encrypted values. Base64 has no colon, so values that an earlier version wrote in plain text differ. */
const SEALED = 'v1:'

/**
 * Encrypts secrets that the indexer must be able to read again, before they go into the store: secrets of second factors, the key of the
 * authority for agents. The key is not in the store, so a copy of the store, or of its backup, is useless without it. AES-256-GCM; the
 * context is authenticated, so the secret of one user can't be put in the place of another's.
 */
export class SecretBox {
  readonly #key: Buffer
  readonly #random: (bytes: number) => Buffer

  constructor(key: Buffer, random: (bytes: number) => Buffer) {
    this.#key = key
    this.#random = random
  }

  seal(secret: Buffer, context: string): string {
    const nonce = this.#random(NONCE_BYTES)
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce, { authTagLength: TAG_BYTES })
    cipher.setAAD(Buffer.from(context))
    const parts = [nonce, cipher.update(secret), cipher.final(), cipher.getAuthTag()]
    return SEALED + Buffer.concat(parts).toString('base64')
  }

  /** Returns null if another key, or another context, sealed it, or if it was changed. */
  open(sealed: string, context: string): Buffer | null {
    if (!isSealed(sealed)) return Buffer.from(sealed, 'base64')
    const bytes = Buffer.from(sealed.slice(SEALED.length), 'base64')
    if (bytes.length < NONCE_BYTES + TAG_BYTES) return null
    const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    })
    decipher.setAAD(Buffer.from(context))
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES))
    try {
      return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()])
    } catch {
      // Node's only error here is that the text is not authentic.
      return null
    }
  }

  /** A key of its own for one purpose, from which nobody can work out the box's key. */
  keyFor(purpose: string): Buffer {
    return createHmac('sha256', this.#key).update(`key:${purpose}`).digest()
  }
}

export const isSealed = (text: string): boolean => text.startsWith(SEALED)

/**
 * Opens the box with the key of the settings, which indexers of one cluster share; else with one of the indexer's own, made at the first
 * start.
 */
export async function openSecretBox({
  folder,
  setting,
  random,
}: {
  readonly folder: string
  readonly setting: string | null
  readonly random: (bytes: number) => Buffer
}): Promise<SecretBox> {
  if (setting !== null) return new SecretBox(createHash('sha256').update(setting).digest(), random)
  const file = join(folder, FILE)
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if (codeOf(error) !== 'ENOENT')
      throw new OperatorError('WB-FILE-UNREADABLE', `${file} can't be read: ${reasonOf(error)}`, {
        cause: error,
      })
    const key = random(KEY_BYTES)
    await writeDurably(folder, file, `${key.toString('hex')}\n`)
    return new SecretBox(key, random)
  }
  if (!/^[0-9a-f]{64}\n?$/.test(text))
    throw new OperatorError(
      'WB-FILE-INVALID',
      `${file} is damaged: expected 64 hex digits. Restore it from a backup; without it users with a second factor have to set it up again.`,
    )
  return new SecretBox(Buffer.from(text.trim(), 'hex'), random)
}
