import { canonical, cutAt, LIMITS } from '../../schema/index.ts'
import { FLAG } from './flags.ts'
import type { NameNode, NameTree } from './names.ts'

/** UTF-16 units of a member's name that are kept. */
export const KEY_LENGTH = 256
/** Name of a member that has an empty one: no store takes those. */
export const EMPTY_KEY = '_'

export type Members = { [member: string]: unknown }

export function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What a record says for each source of an integration, and which of it the fields have taken. */
export interface Taken {
  readonly hits: readonly unknown[]
  readonly consumed: Uint8Array
}

/**
 * What is left of a record when the fields have taken theirs, within the limits: number of members, depth, length of names and of
 * values. All that is cut here is whole in `event.original`. Null where nothing is left.
 */
export function payloadOf(
  record: Members,
  names: NameTree,
  { hits, consumed }: Taken,
  isKept: (member: string) => boolean = () => false,
): { members: Members | null; flags: number } {
  let flags = 0
  let left: number = LIMITS.payloadKeys

  const text = (value: string): string => {
    if (value.length <= LIMITS.keywordLength) return value
    flags |= FLAG.value_cut
    return cutAt(value, LIMITS.keywordLength)
  }

  const isTaken = (value: unknown, node: NameNode): boolean => {
    if (node.source !== -1 && consumed[node.source] === 1 && hits[node.source] === value) return true
    if (node.children.size === 0 || !isMembers(value)) return false
    const keys = Object.keys(value)
    return keys.length > 0 && keys.every((key) => isKeyTaken(key, value[key], node))
  }
  const isKeyTaken = (key: string, value: unknown, node: NameNode): boolean => {
    const known = names.child(node, key)
    return known !== undefined && isTaken(value, known)
  }

  const limited = (value: unknown, depth: number, node: NameNode | undefined): unknown => {
    if (typeof value === 'string') return text(value)
    if (typeof value !== 'object' || value === null) return value
    if (depth > LIMITS.payloadDepth) return text(canonical(value))
    if (Array.isArray(value)) return value.map((item) => limited(item, depth + 1, undefined))
    return membersOf(value as Members, depth, node)
  }

  /** `node` is the place among the known names; undefined below what no field knows. */
  const membersOf = (value: Members, depth: number, node: NameNode | undefined): Members => {
    const kept: Members = Object.create(null)
    for (const key of Object.keys(value)) {
      const known = node === names.root && isKept(key) ? undefined : node
      if (known !== undefined && isKeyTaken(key, value[key], known)) continue
      if (left === 0) {
        flags |= FLAG.payload_cut
        break
      }
      let name = key === '' ? EMPTY_KEY : key
      if (name.length > KEY_LENGTH) {
        flags |= FLAG.value_cut
        name = cutAt(name, KEY_LENGTH)
      }
      if (Object.hasOwn(kept, name)) {
        flags |= FLAG.payload_cut
        continue
      }
      left--
      kept[name] = limited(value[key], depth + 1, known === undefined ? undefined : names.child(known, key))
    }
    return kept
  }

  const members = membersOf(record, 1, names.root)
  return { members: Object.keys(members).length === 0 ? null : members, flags }
}
