import { folded } from './integration.ts'
import { type ListStep, listPathOf, type MemberPath, pathOf } from './member-path.ts'

/** The names that an integration knows, as a tree: `user.id` is the member `id` of the member `user`. */
export interface NameNode {
  /** The number of the source with this name, or -1. */
  source: number
  readonly children: Map<string, NameNode>
  /** The child for a member as records write it; null if there is none. */
  readonly seen: Map<string, NameNode | null>
  readonly id: number
}

/** A source whose value is in a list. */
export interface ListSource {
  readonly source: number
  /** The source of the list itself. Because of this, no field takes it: it stays in the payload. */
  readonly list: number
  readonly steps: readonly ListStep[]
  /** Whether it takes all values and not only the first. */
  readonly isMany: boolean
}

const MOST_SEEN = 1024
const LONGEST_SEEN = 128

export class NameTree {
  readonly root: NameNode = { source: -1, children: new Map(), seen: new Map(), id: 0 }
  /** Every node by its id. */
  readonly nodes: NameNode[] = [this.root]
  /** Sources for which an empty value has a meaning (a previous value that was empty). */
  readonly emptyCounts: boolean[] = []
  readonly inLists: ListSource[] = []
  readonly #sources = new Map<string, number>()
  /** The paths in records, by source, under the integration's name and under captions. */
  readonly #paths: MemberPath[][] = []

  get size(): number {
    return this.#sources.size
  }

  /** Returns the number of the source with this name; adds it if it is new. In lists, `isMany` takes all values. */
  add(name: string, { emptyCounts = false, isMany = false } = {}): number {
    const source = this.#inList(name, isMany) ?? this.#member(name)
    if (emptyCounts) this.emptyCounts[source] = true
    return source
  }

  #member(name: string): number {
    const whole = wholeOf(name)
    const known = this.#sources.get(whole)
    if (known !== undefined) return known
    const source = this.#number(whole)
    this.#plantAll(name, source, true)
    return source
  }

  /** Returns null if the name has no brackets. */
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
    this.#paths.push([])
    return source
  }

  /**
   * Adds another name for a known name: a caption in another language, or an operator's column. If it is a known name of its own, it keeps
   * that meaning unless the operator overrides it (`wins`).
   */
  addCaption(name: string, caption: string, { wins = false } = {}): void {
    const source = this.#sources.get(wholeOf(name))
    if (source !== undefined) this.#plantAll(caption, source, wins)
  }

  /** Returns the paths that records may use for this name of the integration. */
  pathsOf(name: string): readonly MemberPath[] {
    const source = this.#sources.get(wholeOf(name))
    return source === undefined ? spellings(name).map(pathOf) : this.#paths[source]!
  }

  /** The node below another for a member as the record writes it. */
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

  /** Whether an empty value of this top-level member has a meaning. */
  emptyMeans(member: string): boolean {
    const source = this.child(this.root, member)?.source ?? -1
    return source !== -1 && this.emptyCounts[source] === true
  }

  #plantAll(name: string, source: number, wins: boolean): void {
    const own = wholeOf(name)
    for (const spelling of spellings(name)) {
      const segments = spelling.split('.').map(folded)
      const isOwn = wins && segments.join('.') === own
      if (!this.#plant(segments, source, isOwn)) continue
      // `{"user.id": 7}` means the same as `{"user": {"id": 7}}`.
      if (segments.length > 1) this.#plant([segments.join('.')], source, isOwn)
      this.#paths[source]!.push(pathOf(spelling))
    }
  }

  /** Returns false if the place belongs to another source and keeps it. */
  #plant(segments: readonly string[], source: number, wins: boolean): boolean {
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
    if (node.source !== -1 && !wins) return false
    node.source = source
    return true
  }
}

const wholeOf = (name: string): string => name.split('.').map(folded).join('.')

/** Letters with a mark that Unicode does not decompose into a letter and a mark. */
const PLAIN: Readonly<Record<string, string>> = {
  ł: 'l',
  ø: 'o',
  æ: 'ae',
  œ: 'oe',
  ß: 'ss',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ı: 'i',
}
const GERMAN: Readonly<Record<string, string>> = { ä: 'ae', ö: 'oe', ü: 'ue', ß: 'ss' }

const replaced = (text: string, by: Readonly<Record<string, string>>): string =>
  text.replace(/[^\x00-\x7f]/g, (letter) => by[letter] ?? letter)

/**
 * Returns the spellings of a name in exports. Names are compared by bytes, and only ASCII letters without regard to case. So a name with
 * other letters needs variants: in small letters, in capitals, with capitals first, without its marks, and with separate marks.
 */
export function spellings(name: string): readonly string[] {
  if (/^[\x00-\x7f]*$/.test(name)) return name.includes("'") ? [name, name.replaceAll("'", '’')] : [name]
  const small = name.normalize('NFC').toLowerCase()
  const capitals = small.replace(/(?<![\p{L}\p{M}])\p{L}/gu, (letter) => letter.toUpperCase())
  const sentence = small.replace(/\p{L}/u, (letter) => letter.toUpperCase())
  const cased = [small, capitals, sentence, small.toUpperCase()]
  const unmarked = replaced(small, PLAIN).normalize('NFD').replace(/\p{M}/gu, '')
  const all = [name, ...cased, ...cased.map((one) => one.normalize('NFD')), replaced(small, GERMAN)]
  // In other scripts, a word without its marks is another word.
  const latin = /^[\x00-\x7f]*$/.test(unmarked) ? [unmarked] : []
  // A curved apostrophe is as common as a straight one.
  const curved = [...all, ...latin].flatMap((one) =>
    one.includes("'") ? [one, one.replaceAll("'", '’')] : [one],
  )
  return [...new Map(curved.map((one) => [wholeOf(one), one])).values()]
}
