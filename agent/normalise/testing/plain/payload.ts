import { canonical, cutAt, LIMITS } from '../../../../schema/index.ts'
import { FLAG } from '../../integration/flags.ts'
import { isMembers, type Members } from '../../integration/members.ts'
import type { NameNode, NameTree } from '../../integration/names.ts'

/** The limit of a member's name, in UTF-16 units. */
export const KEY_LENGTH = 256
/** The replacement of an empty member name: no store accepts empty names. */
export const EMPTY_KEY = '_'

/** The values of a record for each source of an integration, and which of them the fields have taken. */
export interface Taken {
  readonly hits: readonly unknown[]
  readonly consumed: Uint8Array
}

/**
 * Returns the members of a record that the fields did not take, as canonical JSON, within the limits: number of members, depth, length of
 * names and of values. Everything that is cut here is complete in `event.original`. Null if no member is left.
 */
export function payloadOf(
  record: Members,
  names: NameTree,
  taken: Taken,
  isKept: (member: string) => boolean,
): { json: string | null; flags: number } {
  const payload = new Payload(names, taken, isKept)
  const json = payload.membersOf(record, 1, names.root)
  return { json: json === '{}' ? null : json, flags: payload.flags }
}

class Payload {
  flags = 0
  #left: number = LIMITS.payloadKeys
  readonly #names: NameTree
  readonly #taken: Taken
  readonly #isKept: (member: string) => boolean

  constructor(names: NameTree, taken: Taken, isKept: (member: string) => boolean) {
    this.#names = names
    this.#taken = taken
    this.#isKept = isKept
  }

  /** `node` is the place among the known names; undefined below unknown members. */
  membersOf(value: Members, depth: number, node: NameNode | undefined): string {
    const keys: string[] = []
    const texts: string[] = []
    let isSorted = true
    let isRenamed = false
    for (const key of Object.keys(value)) {
      const member = value[key]
      // The member was split earlier.
      if (member === undefined) continue
      const known = node === this.#names.root && this.#isKept(key) ? undefined : node
      const child = known === undefined ? undefined : this.#names.child(known, key)
      if (child !== undefined && this.#isTaken(member, child)) continue
      if (this.#left === 0) {
        this.flags |= FLAG.payload_cut
        break
      }
      const name = this.#nameOf(key)
      isRenamed ||= name !== key
      if (isRenamed && keys.includes(name)) {
        this.flags |= FLAG.payload_cut
        continue
      }
      this.#left--
      isSorted &&= keys.length === 0 || keys[keys.length - 1]! < name
      keys.push(name)
      texts.push(this.#json(member, depth + 1, child))
    }
    const order = keys.map((_, i) => i)
    // Strings compare by UTF-16 code units: RFC 8785's own order.
    if (!isSorted) order.sort((a, b) => (keys[a]! < keys[b]! ? -1 : 1))
    let json = ''
    for (const i of order) json += `${json === '' ? '{' : ','}${JSON.stringify(keys[i])}:${texts[i]}`
    return json === '' ? '{}' : `${json}}`
  }

  #nameOf(key: string): string {
    if (key === '') return EMPTY_KEY
    if (key.length <= KEY_LENGTH) return key
    this.flags |= FLAG.value_cut
    return cutAt(key, KEY_LENGTH)
  }

  #isTaken(value: unknown, node: NameNode): boolean {
    const { hits, consumed } = this.#taken
    if (node.source !== -1 && consumed[node.source] === 1 && hits[node.source] === value) return true
    if (node.children.size === 0 || !isMembers(value)) return false
    const keys = Object.keys(value)
    return (
      keys.length > 0 &&
      keys.every((key) => {
        const child = this.#names.child(node, key)
        return child !== undefined && this.#isTaken(value[key], child)
      })
    )
  }

  #json(value: unknown, depth: number, node: NameNode | undefined): string {
    if (typeof value === 'string') return this.#text(value)
    if (typeof value !== 'object' || value === null) return canonical(value)
    if (depth > LIMITS.payloadDepth) return this.#text(canonical(value))
    if (Array.isArray(value))
      return `[${value.map((item) => this.#json(item, depth + 1, undefined)).join(',')}]`
    return this.membersOf(value as Members, depth, node)
  }

  #text(value: string): string {
    if (value.length <= LIMITS.keywordLength) return JSON.stringify(value)
    this.flags |= FLAG.value_cut
    return JSON.stringify(cutAt(value, LIMITS.keywordLength))
  }
}
