import { folded } from './integration.ts'
import { type ListStep, listPathOf } from './list-path.ts'

/** The names that an integration knows, as a tree: `user.id` is the member `id` of the member `user`. */
export interface NameNode {
  /** Number of the source that this name is, or -1. */
  source: number
  readonly children: Map<string, NameNode>
  /** The child for a member as records write it; null where there is none. */
  readonly seen: Map<string, NameNode | null>
  readonly id: number
}

/** A source whose value stands in a list. */
export interface ListSource {
  readonly source: number
  /** The source of the list itself, which no field takes because of this: it stays in the payload. */
  readonly list: number
  readonly steps: readonly ListStep[]
  /** All values that there are, and not only the first. */
  readonly isMany: boolean
}

const MOST_SEEN = 1024
const LONGEST_SEEN = 128

export class NameTree {
  readonly root: NameNode = { source: -1, children: new Map(), seen: new Map(), id: 0 }
  /** Every node by its id. */
  readonly nodes: NameNode[] = [this.root]
  /** Sources where an empty value says something (a previous value that was empty). */
  readonly emptyCounts: boolean[] = []
  readonly inLists: ListSource[] = []
  readonly #sources = new Map<string, number>()

  get size(): number {
    return this.#sources.size
  }

  /** The number of the source of this name; a new one where the name is new. Of what stands in lists, `isMany` asks for all values. */
  add(name: string, { emptyCounts = false, isMany = false } = {}): number {
    const source = this.#inList(name, isMany) ?? this.#member(name)
    if (emptyCounts) this.emptyCounts[source] = true
    return source
  }

  #member(name: string): number {
    const segments = name.split('.').map(folded)
    const whole = segments.join('.')
    const known = this.#sources.get(whole)
    if (known !== undefined) return known
    const source = this.#number(whole)
    this.#plant(segments, source)
    // `{"user.id": 7}` says the same as `{"user": {"id": 7}}`.
    if (segments.length > 1) this.#plant([whole], source)
    return source
  }

  /** Null where the name has no brackets. */
  #inList(name: string, isMany: boolean): number | null {
    const path = listPathOf(name)
    if (path === null || typeof path === 'string') return null
    const whole = JSON.stringify([path, isMany])
    const known = this.#sources.get(whole)
    if (known !== undefined) return known
    const list = this.#member(path.list)
    const source = this.#number(whole)
    this.inLists.push({ source, list, steps: path.steps, isMany })
    return source
  }

  #number(whole: string): number {
    const source = this.#sources.size
    this.#sources.set(whole, source)
    this.emptyCounts.push(false)
    return source
  }

  /** The node below another for a member as the record names it. */
  child(node: NameNode, member: string): NameNode | undefined {
    if (node.children.size === 0) return undefined
    let child = node.seen.get(member)
    if (child === undefined) {
      child = node.children.get(folded(member)) ?? null
      if (node.seen.size >= MOST_SEEN) node.seen.clear()
      if (member.length <= LONGEST_SEEN) node.seen.set(member, child)
    }
    return child ?? undefined
  }

  /** Whether an empty value of this top-level member says something. */
  emptyMeans(member: string): boolean {
    const source = this.child(this.root, member)?.source ?? -1
    return source !== -1 && this.emptyCounts[source] === true
  }

  #plant(segments: readonly string[], source: number): void {
    let node = this.root
    for (const segment of segments) {
      let next = node.children.get(segment)
      if (next === undefined) {
        next = { source: -1, children: new Map(), seen: new Map(), id: this.nodes.length }
        this.nodes.push(next)
        node.children.set(segment, next)
      }
      node = next
    }
    node.source = source
  }
}
