import type { NameTree } from '../integration/names.ts'
import type { Memory } from '../wasm/memory.ts'

/**
 * The known names as a hash table over their bytes, in the memory where the kernel looks up keys, together with the results: for each
 * source the row of its value (`hits`, or -1) and whether it was taken (`consumed`; this includes empty values).
 */
export class NameTable {
  readonly address: number
  /** By node: its source or -1, and whether there are names below it. */
  readonly sources: Int32Array
  readonly hasChildren: Uint8Array
  readonly hits: Int32Array
  readonly consumed: Uint8Array
  /** The sources with a hit; `sourceCount` is their number. */
  readonly sourceList: Int32Array
  readonly #numbers: Int32Array

  constructor(names: NameTree, memory: Memory) {
    const { nodes } = names
    let size = 64
    while (size < nodes.length * 4) size *= 2
    const mask = size - 1
    const places = memory.numbersOf(size)
    const parents = memory.numbersOf(nodes.length)
    const namesFrom = memory.numbersOf(nodes.length)
    const namesTo = memory.numbersOf(nodes.length)
    this.sources = memory.numbersOf(nodes.length)
    this.hasChildren = memory.bytesOf(nodes.length)
    const emptyCounts = memory.bytesOf(names.size)
    const seen = memory.numbersOf(nodes.length)
    this.hits = memory.numbersOf(names.size).fill(-1)
    this.consumed = memory.bytesOf(names.size)
    this.sourceList = memory.numbersOf(names.size)
    this.sources.set(nodes.map((node) => node.source))
    this.hasChildren.set(nodes.map((node) => (node.children.size > 0 ? 1 : 0)))
    emptyCounts.set(names.emptyCounts.map(Number))
    for (const parent of nodes) {
      for (const [name, child] of parent.children) {
        const folded = Buffer.from(name)
        namesFrom[child.id] = memory.keep(folded)
        namesTo[child.id] = namesFrom[child.id]! + folded.length
        parents[child.id] = parent.id
        let place = placeOf(parent.id, hashOf(folded)) & mask
        while (places[place] !== 0) place = (place + 1) & mask
        places[place] = child.id + 1
      }
    }
    const parts = [places, parents, namesFrom, namesTo, this.sources, this.hasChildren, emptyCounts, seen]
    const found = [this.hits, this.consumed, this.sourceList]
    // The layout that `kernel.as.ts` reads: the mask, the places of the parts, the number of sources with a hit, the record's number, the
    // node count.
    const head = [mask, ...[...parts, ...found].map((part) => part.byteOffset), 0, 0, nodes.length]
    this.#numbers = memory.numbersOf(head.length)
    this.#numbers.set(head)
    this.address = this.#numbers.byteOffset
  }

  get sourceCount(): number {
    return this.#numbers[SOURCE_COUNT]!
  }

  /** Records the first hit of a source. */
  addSource(source: number): void {
    this.sourceList[this.#numbers[SOURCE_COUNT]!++] = source
  }
}

const SOURCE_COUNT = 12

function placeOf(parent: number, hash: number): number {
  const mixed = Math.imul(hash ^ Math.imul(parent, 0x9e3779b1), 0x85ebca6b)
  return mixed ^ (mixed >>> 15)
}

function hashOf(folded: Uint8Array): number {
  let hash = 0
  for (const byte of folded) hash = (Math.imul(hash, 31) + (byte | 0x20)) | 0
  return hash
}

/** Whether bytes, after folding, equal a folded name. */
export function sameFolded(name: Uint8Array, bytes: Uint8Array, from: number, to: number): boolean {
  let i = 0
  for (let at = from; at < to; at++) {
    let byte = bytes[at]!
    if (byte === 0x5f || byte === 0x2d || byte === 0x20) continue
    if (byte >= 0x41 && byte <= 0x5a) byte |= 0x20
    if (i >= name.length || name[i] !== byte) return false
    i++
  }
  return i === name.length
}
