import type { FieldName } from '../../../schema/index.ts'
import type { NameNode, NameTree } from './names.ts'
import type { CompiledExtraction } from './rules.ts'

/** The meaning of a part of an identity: the source's own id, when, who, what was done, to which thing. A bit each. */
export const TELLS = { own: 1, when: 2, who: 4, what: 8, which: 16 } as const
type Telling = keyof typeof TELLS

/** A part of a record's declared key: the first of these members that exists, or a field. */
export interface KeyPart {
  readonly tells: Telling
  /** The members that the field is taken from. */
  readonly sources: readonly number[]
  readonly leaf: number | null
}

/** The properties of a record that its identity depends on; both mappers supply them. */
export interface Told {
  /** Whether the record has its own time. */
  readonly isDated: boolean
  /** The meanings of the key parts that have a value, as bits of `TELLS`. A missing member was detected earlier. */
  readonly tells: number
  hasValue(leaf: number): boolean
  /** Whether the record has this member, even if it is empty. */
  hasMember(source: number): boolean
  /** Whether the record has a member that the integration doesn't know, with a value. */
  hasUnknown(): boolean
}

/** What identifies a record: its key, its key with all its content, or only its place. */
export type KnownBy = 'key' | 'content' | 'place'

export function tellingOf(field: FieldName): Telling {
  if (field === 'audit.source_event_id') return 'own'
  if (field === '@timestamp') return 'when'
  if (/^(user|source|client)\./.test(field)) return 'who'
  if (/^event\./.test(field) || field === 'audit.module') return 'what'
  return 'which'
}

/**
 * Decides whether a record has enough of its declared identity to be identified by it. Otherwise different records would share one id, and
 * all but the first of them would count as revisions of it.
 *
 * - The source's own id is sufficient by itself.
 * - Without it a record must say what was done or to which thing. If it lacks what or which (or who, if no part says which),
 * a member that the integration does not know may be the one that identifies it. Then its place identifies the record.
 * - A record without a time is identified by its key and all its content. The same holds for a row of a table that has no column for a
 *   part
 * but has unknown columns. So it is the same event in the next export, too.
 */
export class Sufficiency {
  readonly #key: readonly KeyPart[]
  readonly #groups: readonly { readonly tells: number; readonly parts: readonly KeyPart[] }[]
  /** The bits for what was done, and to which thing. */
  readonly #deed: number
  readonly #asksWhen: boolean
  /** Without the source's own id the other parts do not identify a record: they lack who, or what. */
  readonly #needsOwn: boolean
  readonly #columns: Columns

  constructor(key: readonly KeyPart[], columns: Columns) {
    const tells = key.reduce((all, part) => all | TELLS[part.tells], 0)
    const which: Telling = (tells & TELLS.which) !== 0 ? 'which' : 'who'
    this.#key = key
    this.#columns = columns
    // Two people rarely do the same to the same thing at the same moment, and webhooks name no person.
    this.#groups = (['what', which] as const)
      .map((telling) => ({ tells: TELLS[telling], parts: key.filter((part) => part.tells === telling) }))
      .filter(({ parts }) => parts.length > 0)
    this.#deed = tells & (TELLS.what | TELLS.which)
    this.#asksWhen = (tells & TELLS.when) !== 0
    this.#needsOwn = (tells & TELLS.own) !== 0 && ((tells & TELLS.who) === 0 || this.#deed === 0)
  }

  /** `table` are the columns of the table that the record is a row of. */
  of(told: Told, table: readonly string[] | undefined): KnownBy {
    if ((told.tells & TELLS.own) !== 0) return 'key'
    if (this.#needsOwn) return 'place'
    if (this.#deed !== 0 && (told.tells & this.#deed) === 0) return 'place'
    // Records of a known system almost never have one; then a missing value really is absent.
    const hasUnknown = told.hasUnknown()
    if (hasUnknown)
      for (const { tells, parts } of this.#groups)
        if ((told.tells & tells) === 0 && !parts.some((part) => this.#isSaid(part, told, table)))
          return 'place'
    if (this.#asksWhen && !told.isDated) return 'content'
    return !hasUnknown || this.#isWhole(told, table) ? 'key' : 'content'
  }

  #isWhole(told: Told, table: readonly string[] | undefined): boolean {
    if (table === undefined || table.length === 0) return true
    for (const part of this.#key)
      if (part.leaf !== null && part.tells !== 'own' && !this.#isSaid(part, told, table)) return false
    return true
  }

  /** Whether the record has this part, even if it says that the value is empty. */
  #isSaid({ leaf, sources }: KeyPart, told: Told, table: readonly string[] | undefined): boolean {
    if (leaf === null || told.hasValue(leaf)) return true
    for (const source of sources) if (told.hasMember(source) || this.#columns.have(source, table)) return true
    return false
  }
}

/** Returns the members that the columns of a table supply. */
export class Columns {
  readonly #names: NameTree
  readonly #extract: readonly CompiledExtraction[]
  #table: readonly string[] = []
  #sources: ReadonlySet<number> = new Set()

  constructor(names: NameTree, extract: readonly CompiledExtraction[]) {
    this.#names = names
    this.#extract = extract
  }

  have(source: number, table: readonly string[] | undefined): boolean {
    if (table === undefined || table.length === 0) return false
    if (table !== this.#table) {
      this.#table = table
      this.#sources = this.#sourcesOf(table)
    }
    return this.#sources.has(source)
  }

  #sourcesOf(table: readonly string[]): ReadonlySet<number> {
    const found = new Set<number>()
    const take = (node: NameNode | undefined): void => {
      if (node === undefined) return
      found.add(node.source)
      // A column may contain an object as JSON.
      for (const child of node.children.values()) take(child)
    }
    for (const column of table) take(this.#names.child(this.#names.root, column))
    for (const { from, sourceOf } of this.#extract)
      if (from.some(({ source }) => found.has(source)))
        for (const source of sourceOf.values()) found.add(source)
    return found
  }
}
