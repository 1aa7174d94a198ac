import type { NameTree } from '../integration/names.ts'
import type { Memory } from '../wasm/memory.ts'

/**
 * The known names as a hash table over their bytes, in the memory where the kernel looks keys up, and beside it what it finds: by
 * source the row of its value (`hits`, or -1) and whether that is taken already (`consumed`; empty values are).
 */
export class NameTable {
  readonly address: number
  /** By node: its source or -1, and whether names lie below it. */
  readonly sources: Int32Array
  readonly hasChildren: Uint8Array
  readonly hits: Int32Array
  readonly consumed: Uint8Array
  /** The sources that have a hit, as many as `sourceCount`. */
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
    // As `kernel.as.ts` reads it: the mask, where the parts stand, how many sources have a hit, the record's number, how many nodes.
    const head = [mask, ...[...parts, ...found].map((part) => part.byteOffset), 0, 0, nodes.length]
    this.#numbers = memory.numbersOf(head.length)
    this.#numbers.set(head)
    this.address = this.#numbers.byteOffset
  }

  get sourceCount(): number {
    return this.#numbers[SOURCE_COUNT]!
  }

  /** Of a source that had no hit: that it has one now. */
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

/** Whether bytes, folded, are a name that is folded already. */
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
