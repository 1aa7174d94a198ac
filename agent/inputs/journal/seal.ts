import { createCipheriv, createHash } from 'node:crypto'
import { forEachRecord } from '../framing.ts'
import {
  groupStart,
  haveSameSeal,
  isOpen,
  isSealed,
  markOpen,
  markSealed,
  messageEnd,
  messageStart,
  recordEnd,
  sealOf,
} from './record.ts'

export const KEY_BYTES = 32
export const NONCE_BYTES = 12
const BLOCK_BYTES = 16

/**
 * Encrypts messages before they are written to the journal, and decrypts them in the workers: AES-256-CTR, one cipher for a group of
 * messages. A cipher for each message would cost many times as much as the encryption.
 */
export class JournalKey {
  readonly #bytes: Uint8Array
  /** The name of the key in each record, so that a message of another key is not taken for a damaged one. */
  readonly #id: string

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#id = createHash('sha256').update(bytes).digest('hex').slice(0, 8)
  }

  /** Encrypts the open records of a group in place. A nonce must never be used twice. */
  seal(group: Buffer, length: number, nonce: Buffer): void {
    const encrypted = this.#applied(nonce, group.subarray(0, length))
    const head = Buffer.from(`${this.#id} ${nonce.toString('base64')}`, 'latin1')
    for (let at = 0; at < length; ) {
      const end = recordEnd(group, at, length)
      if (end < 0) throw new Error('a group of the journal has a record without an end')
      if (isOpen(group, at)) {
        encrypted.copy(group, messageStart(at), messageStart(at), messageEnd(end))
        markSealed(group, at, end, head, messageStart(at))
      }
      at = end
    }
  }

  /** Decrypts the records between these offsets in place; records of another key stay unchanged. */
  open(bytes: Buffer, from: number, to: number): void {
    /** Start and end of consecutive records of one group that are still in their original places. */
    let run: number[] = []
    forEachRecord({ kind: 'journal' }, bytes, from, to, (start, end) => {
      if (!isSealed(bytes, start, end)) return
      const first = run[0]
      if (
        first !== undefined &&
        (!haveSameSeal(bytes, first, start) || groupStart(bytes, first) !== groupStart(bytes, start))
      ) {
        this.#open(bytes, run)
        run = []
      }
      run.push(start, end)
    })
    this.#open(bytes, run)
  }

  #open(bytes: Buffer, run: readonly number[]): void {
    const [first] = run
    if (first === undefined) return
    const { key, nonce } = sealOf(bytes, first)
    if (key !== this.#id) return
    const from = messageStart(first)
    const encrypted = bytes.subarray(from, messageEnd(run.at(-1)!))
    const opened = this.#applied(Buffer.from(nonce, 'base64'), encrypted, from - groupStart(bytes, first))
    for (let i = 0; i < run.length; i += 2) {
      const start = messageStart(run[i]!)
      opened.copy(bytes, start, start - from, messageEnd(run[i + 1]!) - from)
      markOpen(bytes, run[i]!)
    }
  }

  /** Encrypts or decrypts the bytes: in CTR both are the same operation. `offset` is their place in the group. */
  #applied(nonce: Buffer, bytes: Buffer, offset = 0): Buffer {
    const counter = Buffer.alloc(BLOCK_BYTES)
    nonce.copy(counter)
    counter.writeUInt32BE(Math.floor(offset / BLOCK_BYTES), NONCE_BYTES)
    const cipher = createCipheriv('aes-256-ctr', this.#bytes, counter)
    if (offset % BLOCK_BYTES > 0) cipher.update(Buffer.alloc(offset % BLOCK_BYTES))
    return cipher.update(bytes)
  }
}
