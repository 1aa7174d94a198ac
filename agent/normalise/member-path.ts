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
