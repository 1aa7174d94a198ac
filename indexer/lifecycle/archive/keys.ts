import { spawn } from 'node:child_process'
import { createCipheriv, createDecipheriv } from 'node:crypto'
import { OperatorError, reasonOf } from '../../../schema/index.ts'
import type { ArchiveKeySetting } from './settings.ts'

export interface WrappedKey {
  /** The key that encrypted it. */
  readonly id: string
  readonly wrapped: Buffer
}

export const DATA_KEY_BYTES = 32
const NONCE = 12
const TAG = 16
const MOST_WRAPPED = 4096
const COMMAND_TIME = 30_000

const contextOf = (object: string): Buffer => Buffer.from(`waybill/archive/key/1\n${object}`)

/**
 * Keys that encrypt the keys of objects. New objects use the first one. The others are for objects that were written with them, so a key
 * stays in the list as long as an object names it.
 */
export class KeyRing {
  readonly #keys: readonly ArchiveKeySetting[]
  readonly #random: (bytes: number) => Buffer

  constructor(keys: readonly ArchiveKeySetting[], random: (bytes: number) => Buffer) {
    this.#keys = keys
    this.#random = random
  }

  /** The id of the key that new objects use. */
  get current(): string {
    return this.#keys[0]?.id ?? ''
  }

  /** Encrypts the key of an object with the first key. */
  async wrap(dataKey: Buffer, object: string): Promise<WrappedKey> {
    const [key] = this.#keys
    if (key === undefined) throw new Error('the settings were not checked: there is no key for the archive')
    if ('command' in key) return { id: key.id, wrapped: await this.#ask(key, 'wrap', dataKey, object) }
    const nonce = this.#random(NONCE)
    const cipher = createCipheriv('aes-256-gcm', bytesOf(key), nonce, { authTagLength: TAG })
    cipher.setAAD(contextOf(object))
    return {
      id: key.id,
      wrapped: Buffer.concat([nonce, cipher.update(dataKey), cipher.final(), cipher.getAuthTag()]),
    }
  }

  async unwrap({ id, wrapped }: WrappedKey, object: string): Promise<Buffer> {
    const key = this.#keys.find((one) => one.id === id)
    if (key === undefined)
      throw new OperatorError(
        'WB-ARCHIVE-KEY',
        `${object} is encrypted with the key "${id}", which archive.keys does not have: add it below the present key`,
      )
    if ('command' in key) {
      const opened = await this.#ask(key, 'unwrap', wrapped, object)
      if (opened.length === DATA_KEY_BYTES) return opened
      throw wrongCommand(key, `it returned ${opened.length} bytes in place of ${DATA_KEY_BYTES}`)
    }
    try {
      const decipher = createDecipheriv('aes-256-gcm', bytesOf(key), wrapped.subarray(0, NONCE), {
        authTagLength: TAG,
      })
      decipher.setAAD(contextOf(object))
      decipher.setAuthTag(wrapped.subarray(-TAG))
      return Buffer.concat([decipher.update(wrapped.subarray(NONCE, -TAG)), decipher.final()])
    } catch {
      throw new OperatorError(
        'WB-ARCHIVE-KEY',
        `${object}: the key "${id}" of archive.keys does not open it: write the key that was named so when it was written; if it is that one, the object's header was changed`,
      )
    }
  }

  /** A command gets `wrap` or `unwrap` as its last argument and the bytes as base64 on its input, and prints the result as base64. */
  async #ask(
    key: Extract<ArchiveKeySetting, { command: unknown }>,
    what: 'wrap' | 'unwrap',
    bytes: Buffer,
    object: string,
  ): Promise<Buffer> {
    const [program = '', ...given] = key.command
    const said = Promise.withResolvers<string>()
    const child = spawn(program, [...given, what], {
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: COMMAND_TIME,
      env: { ...process.env, WAYBILL_ARCHIVE_OBJECT: object },
    })
    let out = ''
    let err = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (out.length < 2 * MOST_WRAPPED) out += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (err.length < 1000) err += text
    })
    child.on('error', (thrown) => said.reject(wrongCommand(key, reasonOf(thrown))))
    child.on('close', (code, signal) => {
      if (code === 0) said.resolve(out.trim())
      else
        said.reject(
          wrongCommand(
            key,
            signal === null
              ? `it ended with ${code}${err.trim() === '' ? '' : `: ${err.trim()}`}`
              : `it did not answer within ${COMMAND_TIME / 1000} s`,
          ),
        )
    })
    // A command that ends at once closes its input.
    child.stdin.on('error', () => {})
    child.stdin.end(`${bytes.toString('base64')}\n`)
    const text = await said.promise
    const result = Buffer.from(text, 'base64')
    if (result.length === 0 || result.length > MOST_WRAPPED || !/^[A-Za-z0-9+/=\s]+$/.test(text))
      throw wrongCommand(key, 'it did not print base64')
    return result
  }
}

const bytesOf = ({ key }: Extract<ArchiveKeySetting, { key: unknown }>): Buffer =>
  Buffer.from(key.reveal().trim(), 'hex')

const wrongCommand = ({ id }: { readonly id: string }, what: string): OperatorError =>
  new OperatorError(
    'WB-ARCHIVE-KEY',
    `archive.keys: the command of the key "${id}" failed (${what}); run it by hand to see why`,
  )
