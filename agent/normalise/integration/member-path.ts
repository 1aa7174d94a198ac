import { folded } from './integration.ts'
import { isMembers, type Members } from './members.ts'

/** The way to a member, by folded names. */
export type MemberPath = readonly string[]

const DEEPEST_PATH = 8

export const pathOf = (name: string): MemberPath => name.split('.').slice(0, DEEPEST_PATH).map(folded)

/** A member that was taken away is undefined, which nothing that was read is: removing it makes an object slow. */
export const keyOf = (members: Members, fold: string): string | undefined =>
  Object.keys(members).find((key) => folded(key) === fold && members[key] !== undefined)

/** What stands there; undefined where nothing does. */
export function memberAt(record: Members, path: MemberPath): unknown {
  let holder = record
  for (const part of path.slice(0, -1)) {
    const key = keyOf(holder, part)
    const next = key === undefined ? undefined : holder[key]
    if (!isMembers(next)) {
      const whole = keyOf(record, path.join('.'))
      return whole === undefined ? undefined : record[whole]
    }
    holder = next
  }
  const key = keyOf(holder, path.at(-1)!)
  return key === undefined ? undefined : holder[key]
}

/** Of the ways to one member, the one that the record has; the one whose member comes first in it, where it has several. Null where it has none. */
export function firstOf(record: Members, paths: readonly MemberPath[]): MemberPath | null {
  const there = paths.filter((path) => memberAt(record, path) !== undefined)
  if (there.length < 2) return there[0] ?? null
  const keys = Object.keys(record).map(folded)
  const placeOf = (path: MemberPath): number => {
    const begins = keys.indexOf(path[0]!)
    return begins === -1 ? keys.indexOf(path.join('.')) : begins
  }
  return there.reduce((first, path) => (placeOf(path) < placeOf(first) ? path : first))
}

/** The object that holds the last part of a path, with objects on the way copied so that they may be changed; and its key. */
export function holderOf(record: Members, path: MemberPath): { holder: Members; key: string } | null {
  let holder = record
  for (const part of path.slice(0, -1)) {
    const key = keyOf(holder, part)
    const next = key === undefined ? undefined : holder[key]
    if (key === undefined || !isMembers(next)) {
      // `{"user.name": ...}` says the same as `{"user": {"name": ...}}`.
      const whole = keyOf(record, path.join('.'))
      return whole === undefined ? null : { holder: record, key: whole }
    }
    const copy = { ...next }
    holder[key] = copy
    holder = copy
  }
  const key = keyOf(holder, path.at(-1)!)
  return key === undefined ? null : { holder, key }
}
