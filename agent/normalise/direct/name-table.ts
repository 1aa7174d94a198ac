import type { NameTree } from '../names.ts'

/** The known names as a hash table over their bytes, for keys that are never made into strings. */
export class NameTable {
  /** By node: its source or -1, and whether names lie below it. */
  readonly sources: Int32Array
  readonly hasChildren: Uint8Array
  readonly #mask: number
  /** Node + 1, by place in the table; 0 is free. */
  readonly #nodes: Int32Array
  readonly #parents: Int32Array
  readonly #names: Uint8Array[] = []

  constructor(names: NameTree) {
    const { nodes } = names
    let size = 64
    while (size < nodes.length * 4) size *= 2
    this.#mask = size - 1
    this.#nodes = new Int32Array(size)
    this.#parents = new Int32Array(nodes.length)
    this.sources = Int32Array.from(nodes, (node) => node.source)
    this.hasChildren = Uint8Array.from(nodes, (node) => (node.children.size > 0 ? 1 : 0))
    for (const parent of nodes) {
      for (const [name, child] of parent.children) {
        const bytes = Buffer.from(name)
        this.#names[child.id] = bytes
        this.#parents[child.id] = parent.id
        let place = this.#placeOf(parent.id, hashOf(bytes))
        while (this.#nodes[place] !== 0) place = (place + 1) & this.#mask
        this.#nodes[place] = child.id + 1
      }
    }
  }

  /** The node of a key below a parent, or -1. `hash` is that of the folded key, as the tape has it. */
  find(parent: number, bytes: Uint8Array, from: number, to: number, hash: number): number {
    for (let place = this.#placeOf(parent, hash); ; place = (place + 1) & this.#mask) {
      const node = this.#nodes[place]! - 1
      if (node === -1) return -1
      if (this.#parents[node] === parent && sameFolded(this.#names[node]!, bytes, from, to)) return node
    }
  }

  #placeOf(parent: number, hash: number): number {
    const mixed = Math.imul(hash ^ Math.imul(parent, 0x9e3779b1), 0x85ebca6b)
    return (mixed ^ (mixed >>> 15)) & this.#mask
  }
}

export function hashOf(folded: Uint8Array): number {
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
