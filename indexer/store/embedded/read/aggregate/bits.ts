/** A set of a segment's documents. */
export type Bits = Uint32Array | 'all' | 'none'

const wordsFor = (docs: number): number => (docs + 31) >>> 5

export function both(a: Bits, b: Bits): Bits {
  if (a === 'none' || b === 'none') return 'none'
  if (a === 'all') return b
  if (b === 'all') return a
  const met = new Uint32Array(a.length)
  let any = 0
  for (let i = 0; i < met.length; i++) any |= met[i] = a[i]! & b[i]!
  return any === 0 ? 'none' : met
}

export function either(a: Bits, b: Bits): Bits {
  if (a === 'all' || b === 'all') return 'all'
  if (a === 'none') return b
  if (b === 'none') return a
  const met = new Uint32Array(a.length)
  for (let i = 0; i < met.length; i++) met[i] = a[i]! | b[i]!
  return met
}

/** Bits behind the last document may be set: who counts looks at documents only. */
export function complement(a: Bits): Bits {
  if (a === 'all') return 'none'
  if (a === 'none') return 'all'
  const met = new Uint32Array(a.length)
  for (let i = 0; i < met.length; i++) met[i] = ~a[i]!
  return met
}

/** The set as bits of its own, with those from `low` up to but without `high` alone. */
export function within(a: Bits, low: number, high: number, docs: number): Uint32Array {
  const met = new Uint32Array(wordsFor(docs))
  if (a === 'none' || low >= high) return met
  const first = low >>> 5
  const last = (high - 1) >>> 5
  for (let i = first; i <= last; i++) met[i] = a === 'all' ? 0xffffffff : a[i]!
  met[first] = met[first]! & (0xffffffff << (low & 31))
  met[last] = met[last]! & (0xffffffff >>> (31 - ((high - 1) & 31)))
  return met
}

export function countOf(bits: Uint32Array): number {
  let count = 0
  for (let i = 0; i < bits.length; i++) {
    let word = bits[i]!
    if (word === 0) continue
    word -= (word >>> 1) & 0x55555555
    word = (word & 0x33333333) + ((word >>> 2) & 0x33333333)
    count += Math.imul((word + (word >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
  }
  return count
}

/** Whether a document is in a set; null has all. */
export const isIn = (bits: Uint32Array | null, doc: number): boolean =>
  bits === null || ((bits[doc >>> 5]! >>> (doc & 31)) & 1) === 1

/** The documents of a set for which `has` holds, asked one by one. */
export function bitsThat(docs: number, among: Bits, has: (doc: number) => boolean): Bits {
  if (among === 'none') return 'none'
  const bits = new Uint32Array(wordsFor(docs))
  for (let i = 0; i < bits.length; i++) {
    const word = among === 'all' ? 0xffffffff : among[i]!
    if (word === 0) continue
    let met = 0
    for (let rest = word; rest !== 0; rest &= rest - 1) {
      const doc = i * 32 + 31 - Math.clz32(rest & -rest)
      if (doc >= docs) break
      if (has(doc)) met |= rest & -rest
    }
    bits[i] = met
  }
  return bits
}

/** The documents whose number in `numbers` is one of the chosen: of these 1 is noted, of all others 0. */
export function bitsOfChosen(numbers: ArrayLike<number>, chosen: Uint8Array): Bits {
  if (!chosen.includes(1)) return 'none'
  const bits = new Uint32Array(wordsFor(numbers.length))
  for (let i = 0, doc = 0; i < bits.length; i++) {
    let word = 0
    for (const end = Math.min(doc + 32, numbers.length), from = doc; doc < end; doc++)
      word |= chosen[numbers[doc]!]! << (doc - from)
    bits[i] = word
  }
  return bits
}
