import { folded } from './integration.ts'
import { isMembers, type Members } from './members.ts'

/** The path to a member, by folded names. */
export type MemberPath = readonly string[]

const DEEPEST_PATH = 8

export const pathOf = (name: string): MemberPath => name.split('.').slice(0, DEEPEST_PATH).map(folded)

/** A removed member is undefined, which no read value is: deleting it would make the object slow. */
export const keyOf = (members: Members, fold: string): string | undefined =>
  Object.keys(members).find((key) => folded(key) === fold && members[key] !== undefined)

/** Returns the member at a path; undefined if there is none. */
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

/**
 * Returns the path that the record has, of the paths to one member. If it has several, it returns the one that comes first; null if none.
 */
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

/** Returns the object with the last part of a path, and its key. The objects along the path are copied so that they may be changed. */
export function holderOf(record: Members, path: MemberPath): { holder: Members; key: string } | null {
  let holder = record
  for (const part of path.slice(0, -1)) {
    const key = keyOf(holder, part)
    const next = key === undefined ? undefined : holder[key]
    if (key === undefined || !isMembers(next)) {
      // `{"user.name": ...}` means the same as `{"user": {"name": ...}}`.
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

/**
 * A name with brackets leads into a list of objects: `targets[kind=User].ref` is the member `ref` of the items of `targets` whose `kind`
 * is `User`, `targets[].ref` that of every item. Without a member after the brackets it means the items themselves: `roles[]`.
 */
export interface ListPath {
  /** The name of the outermost list. */
  readonly list: string
  readonly steps: readonly ListStep[]
}

/** A member, or items of a list: all of them, or those in which a member has this text. All names and texts are folded. */
export type ListStep =
  | { readonly member: string; readonly items?: undefined }
  | { readonly items: 'all' | { readonly member: string; readonly text: string } }

const BRACKETS = /\[(?:([^[\]=]*)=([^[\]]*))?\]/
/** A common mistake: a position in the list. */
const PLACE = /\[(?:\d+|\*|first|last)\]/

/** Returns null for a plain name; a sentence if the brackets are wrong. */
export function listPathOf(name: string): ListPath | string | null {
  const wrong = `${name} has brackets that choose nothing; expected list[] (every item) or list[member=text] (the items whose member is this text), and .member behind it`
  const first = BRACKETS.exec(name)
  // A column's name may contain brackets: `Amount [EUR]`.
  if (first === null) return PLACE.test(name) ? wrong : null
  const list = name.slice(0, first.index)
  if (list === '' || /[[\].]$/.test(list) || PLACE.test(list)) return wrong
  const steps: ListStep[] = []
  let rest = name.slice(first.index)
  while (rest !== '') {
    const brackets = BRACKETS.exec(rest)
    if (brackets === null || brackets.index > 0) return wrong
    const [all, member, text] = brackets
    if (member === undefined || text === undefined) steps.push({ items: 'all' })
    else if (!isName(member) || member.includes('.') || folded(text) === '') return wrong
    else steps.push({ items: { member: folded(member), text: folded(text) } })
    const members = /^(?:\.[^[\].]+)*/.exec(rest.slice(all.length))![0]
    for (const member of members.split('.').slice(1)) {
      if (!isName(member)) return wrong
      steps.push({ member: folded(member) })
    }
    rest = rest.slice(all.length + members.length)
  }
  return { list, steps }
}

/** Objects put members with numeric names first, so their order is unreliable. */
const isName = (member: string): boolean => folded(member) !== '' && !/^\d+$/.test(folded(member))
