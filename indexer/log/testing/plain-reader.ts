import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * For tests only: reads a log in the plainest way, from the specifications alone, and uses nothing of the code that writes it. It demands
 * each tile that a tree of the checkpoint's size has, and recomputes all of them from the entries.
 */
export interface PlainLog {
  readonly origin: string
  readonly size: number
  /** Base64. */
  readonly root: string
  readonly entries: readonly string[]
}

const sha256 = (...parts: Uint8Array[]): Buffer => {
  const digest = createHash('sha256')
  for (const part of parts) digest.update(part)
  return digest.digest()
}
const leaf = (entry: Uint8Array): Buffer => sha256(Buffer.from([0]), entry)
const node = (left: Uint8Array, right: Uint8Array): Buffer => sha256(Buffer.from([1]), left, right)

export function plainRoot(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return sha256()
  if (leaves.length === 1) return leaves[0]!
  let k = 1
  while (k * 2 < leaves.length) k *= 2
  return node(plainRoot(leaves.slice(0, k)), plainRoot(leaves.slice(k)))
}

export const rootOfEntries = (entries: readonly string[]): string =>
  plainRoot(entries.map((entry) => leaf(Buffer.from(entry)))).toString('base64')

function numbered(index: number): string {
  const digits = String(index)
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0')
  const groups = padded.match(/.{3}/g) ?? []
  return groups.map((group, i) => (i === groups.length - 1 ? group : `x${group}`)).join('/')
}

/** A partial file, or the full one in its place. */
function tile(
  folder: string,
  level: string,
  index: number,
  width: number,
): { bytes: Buffer; isFull: boolean } {
  const full = join(folder, 'tile', level, numbered(index))
  const partial = `${full}.p/${width}`
  if (width < 256 && existsSync(partial)) return { bytes: readFileSync(partial), isFull: false }
  return { bytes: readFileSync(full), isFull: true }
}

/** Reads a log whole, at the size of this checkpoint; throws at the first contradiction. */
export function plainLog(
  folder: string,
  checkpoint = readFileSync(join(folder, 'checkpoint'), 'utf8'),
): PlainLog {
  const [origin = '', sizeText = '', root = ''] = checkpoint.split('\n')
  const size = Number(sizeText)
  const entries: string[] = []
  for (let index = 0; index * 256 < size; index++) {
    const width = Math.min(256, size - index * 256)
    const { bytes } = tile(folder, 'entries', index, width)
    for (let at = 0, i = 0; i < width; i++) {
      const length = bytes.readUInt16BE(at)
      if (at + 2 + length > bytes.length) throw new Error(`bundle ${index} ends in entry ${i}`)
      entries.push(bytes.toString('utf8', at + 2, at + 2 + length))
      at += 2 + length
    }
  }
  let hashes = entries.map((entry) => leaf(Buffer.from(entry)))
  const leaves = hashes
  for (let level = 0; hashes.length > 0; level++) {
    const above: Buffer[] = []
    for (let index = 0; index * 256 < hashes.length; index++) {
      const its = hashes.slice(index * 256, (index + 1) * 256)
      const { bytes } = tile(folder, String(level), index, its.length)
      if (!bytes.subarray(0, its.length * 32).equals(Buffer.concat(its)))
        throw new Error(`tile ${index} of level ${level} does not follow from the entries`)
      if (its.length === 256) above.push(plainRoot(its))
    }
    hashes = above
  }
  if (plainRoot(leaves).toString('base64') !== root)
    throw new Error(`the root of the checkpoint of size ${size} is wrong`)
  return { origin, size, root, entries }
}
