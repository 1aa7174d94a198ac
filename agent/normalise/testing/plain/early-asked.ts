import type { Asked } from '../../integration/condition.ts'
import type { Integration } from '../../integration/integration.ts'
import { leafOf } from '../../integration/layout.ts'
import { firstOf, type MemberPath, memberAt } from '../../integration/member-path.ts'
import type { Members } from '../../integration/members.ts'
import type { NameTree } from '../../integration/names.ts'
import type { Envelope } from '../../read/syslog/envelope.ts'

const NONE: Members = {}

/**
 * Answers conditions about a record before it has fields: a field has the header's value, or that of the first member from which it will
 * be taken. The steps of a record ask the same questions repeatedly, so the answers are kept until it changes.
 */
export class EarlyAsked implements Asked {
  readonly #names: NameTree
  /** For each member, the paths where the record may have it. */
  readonly #members: (readonly MemberPath[])[] = []
  readonly #sources = new Map<number, (readonly MemberPath[])[]>()
  readonly #known = new Map<number, string | undefined>()
  #record: Members = NONE
  #envelope: Envelope | null = null

  constructor({ fields }: Integration, names: NameTree) {
    this.#names = names
    for (const { to, from, when, value } of fields) {
      if (when !== null || value !== null) continue
      const leaf = leafOf(to)
      this.#sources.set(leaf, [
        ...(this.#sources.get(leaf) ?? []),
        ...from.map((name) => names.pathsOf(name)),
      ])
    }
  }

  /** Returns the number of a member in a condition. */
  sourceOf(name: string): number {
    return this.#members.push(this.#names.pathsOf(name)) - 1
  }

  begin(record: Members, envelope: Envelope | null): void {
    this.#record = record
    this.#envelope = envelope
    this.#known.clear()
  }

  member(source: number): string | undefined {
    return this.#textAt(this.#members[source]!)
  }

  field(leaf: number): string | undefined {
    if (this.#known.has(leaf)) return this.#known.get(leaf)
    const text = this.#fieldNow(leaf)
    this.#known.set(leaf, text)
    return text
  }

  #fieldNow(leaf: number): string | undefined {
    const given = this.#envelope?.fields.find(([one]) => one === leaf)?.[1]
    if (typeof given === 'string') return given
    for (const paths of this.#sources.get(leaf) ?? []) {
      const text = this.#textAt(paths)
      if (text !== undefined) return text
    }
    return undefined
  }

  #textAt(paths: readonly MemberPath[]): string | undefined {
    const path = paths.length === 1 ? paths[0]! : firstOf(this.#record, paths)
    const value = path === null ? undefined : memberAt(this.#record, path)
    return typeof value === 'string' && value !== '' ? value : undefined
  }
}
