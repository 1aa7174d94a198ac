import { HASH_BYTES, merkleRoot, nodeHash } from '../../schema/index.ts'

/**
 * Proofs in the tree of a log (RFC 6962, section 2.1; RFC 9162 has the same tree). They are made of the hashes of perfect subtrees: the
 * one of 2^level leaves that begins at leaf index * 2^level.
 */
export type Perfect = (level: number, index: number) => Promise<Buffer>

/** The largest power of two below n > 1, as its exponent. */
function splitOf(n: number): number {
  let level = 0
  while (2 ** (level + 1) < n) level++
  return level
}

/** The hash over the leaves from `from` to before `to`; `from` is a multiple of a power of two that is not below `to - from`. */
export async function rangeHash(perfect: Perfect, from: number, to: number): Promise<Buffer> {
  const parts: Promise<Buffer>[] = []
  let at = from
  while (at < to) {
    const level = splitOf(to - at + 1)
    parts.push(perfect(level, at / 2 ** level))
    at += 2 ** level
  }
  const hashes = await Promise.all(parts)
  const last = hashes.pop()
  // The root of a tree without leaves.
  if (last === undefined) return merkleRoot(Buffer.alloc(0))
  return hashes.reduceRight<Buffer>((right, left) => nodeHash(left, right), last)
}

/** The audit path of a leaf in the tree of `size` leaves, its sibling first. */
export async function inclusionPath(perfect: Perfect, index: number, size: number): Promise<Buffer[]> {
  if (!(index >= 0 && index < size)) throw new RangeError(`no leaf ${index} among ${size}`)
  const path: Promise<Buffer>[] = []
  let [from, to] = [0, size]
  while (to - from > 1) {
    const middle = from + 2 ** splitOf(to - from)
    if (index < middle) {
      path.unshift(rangeHash(perfect, middle, to))
      to = middle
    } else {
      path.unshift(rangeHash(perfect, from, middle))
      from = middle
    }
  }
  return Promise.all(path)
}

/** The proof that the tree of `size` leaves begins with the one of `before` leaves. */
export async function consistencyPath(perfect: Perfect, before: number, size: number): Promise<Buffer[]> {
  if (!(before >= 0 && before <= size)) throw new RangeError(`a log of ${size} entries had never ${before}`)
  if (before === 0 || before === size) return []
  const path: Promise<Buffer>[] = []
  let [from, to] = [0, size]
  /** Whether the old tree as a whole is the subtree at hand: the verifier has its root. */
  let isOld = true
  while (before !== to) {
    const middle = from + 2 ** splitOf(to - from)
    if (before <= middle) {
      path.unshift(rangeHash(perfect, middle, to))
      to = middle
    } else {
      path.unshift(rangeHash(perfect, from, middle))
      from = middle
      isOld = false
    }
  }
  if (!isOld) path.unshift(rangeHash(perfect, from, to))
  return Promise.all(path)
}

/** Whether the proof shows that the tree with `root` begins with the one with `oldRoot` (RFC 9162, section 2.1.4.2). */
export function verifyConsistency(
  before: number,
  size: number,
  proof: readonly Uint8Array[],
  oldRoot: Uint8Array,
  root: Uint8Array,
): boolean {
  const same = (one: Uint8Array, other: Uint8Array): boolean => Buffer.compare(one, other) === 0
  if (!(before >= 0 && before <= size)) return false
  if (before === size) return proof.length === 0 && same(oldRoot, root)
  if (before === 0) return proof.length === 0 && same(oldRoot, merkleRoot(Buffer.alloc(0)))
  if (proof.some((one) => one.length !== HASH_BYTES)) return false
  const half = (n: number): number => Math.floor(n / 2)
  // The root of a perfect tree is no part of the proof: both have it.
  const isPerfect = 2 ** splitOf(before + 1) === before
  const nodes = isPerfect ? [oldRoot, ...proof] : [...proof]
  const [first, ...rest] = nodes
  if (first === undefined) return false
  let [fn, sn] = [before - 1, size - 1]
  while (fn % 2 === 1) [fn, sn] = [half(fn), half(sn)]
  let [old, now] = [first, first]
  for (const node of rest) {
    if (sn === 0) return false
    if (fn % 2 === 1 || fn === sn) {
      old = nodeHash(node, old)
      now = nodeHash(node, now)
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [half(fn), half(sn)]
    } else now = nodeHash(now, node)
    ;[fn, sn] = [half(fn), half(sn)]
  }
  return sn === 0 && same(old, oldRoot) && same(now, root)
}
