import { isField } from '../integration/condition.ts'
import { type Condition, type FieldMapping, folded, type Integration } from '../integration/integration.ts'
import { type ListStep, listPathOf, memberAt, pathOf } from '../integration/member-path.ts'
import { isMembers, type Members } from '../integration/members.ts'
import { eachValue } from './plain/in-lists.ts'

/** The texts that a record must have for a condition to hold; null if a member must be absent. */
type Said = ReadonlyMap<string, string | null>

const MOST = 24

/**
 * Records that may have a type, made from the conditions of the catalogue: at least one should have it, unless an earlier type precedes.
 */
export function* membersFor({ fields }: Integration, when: Condition): Generator<Members> {
  for (const said of waysTo(when, fields, 0)) {
    const members: Members = {}
    for (const [path, value] of said) if (value !== null) putAt(members, path, value)
    yield members
  }
}

/** Sets a member by its field name. Creates the list items that a name selects, if there are none. */
export function putAt(members: Members, name: string, value: unknown): void {
  const path = listPathOf(name)
  if (path === null || typeof path === 'string') putMember(members, name.split('.'), value)
  else putMember(members, path.list.split('.'), (list: unknown) => listWith(list, path.steps, value))
}

/** Removes the members that a name with brackets selects; false for a plain name. */
export function dropIn(members: Members, name: string): boolean {
  const path = listPathOf(name)
  if (path === null || typeof path === 'string') return false
  const isThere = eachValue(memberAt(members, pathOf(path.list)), path.steps, () => true)
  if (isThere) putAt(members, name, undefined)
  return true
}

function putMember(members: Members, path: readonly string[], value: unknown): void {
  const [first, ...rest] = path as readonly [string, ...string[]]
  // A record may spell its names differently.
  const key = Object.keys(members).find((one) => folded(one) === folded(first)) ?? first
  if (rest.length === 0) {
    members[key] = typeof value === 'function' ? value(members[key]) : value
    return
  }
  const below = isMembers(members[key]) ? members[key] : {}
  members[key] = below
  putMember(below, rest, value)
}

/** A list in which the first item that the step chooses has this value. */
function listWith(before: unknown, steps: readonly ListStep[], value: unknown): unknown[] {
  const [step, ...rest] = steps
  const list = Array.isArray(before) ? before : []
  const items = step?.items
  if (items === undefined) throw new Error('a list is gone into by its items')
  const says = items === 'all' ? {} : { [items.member]: items.text }
  const found = items === 'all' ? list[0] : list.find((item) => eachValue([item], [{ items }], () => true))
  const to = rest.findIndex((one) => one.items !== undefined)
  const names = (to === -1 ? rest : rest.slice(0, to)).flatMap((one) =>
    one.items === undefined ? [one.member] : [],
  )
  const within = to === -1 ? value : (below: unknown) => listWith(below, rest.slice(to), value)
  if (names.length === 0) return [typeof within === 'function' ? within(found) : within, ...list.slice(1)]
  const item = isMembers(found) ? found : says
  putMember(item, names, within)
  return found === undefined ? [...list, item] : list
}

function* waysTo(condition: Condition, fields: readonly FieldMapping[], depth: number): Generator<Said> {
  if ('all' in condition) {
    yield* combined(condition.all, fields, depth)
    return
  }
  if ('any' in condition) {
    for (const one of condition.any) yield* waysTo(one, fields, depth)
    return
  }
  // A `not` mostly holds; the caller checks that the record has the type.
  if ('not' in condition) {
    yield new Map()
    return
  }
  const texts =
    'oneOf' in condition
      ? condition.oneOf
      : 'matches' in condition
        ? textsFor(condition.matches)
        : 'differsFrom' in condition || condition.exists
          ? ['x']
          : [null]
  for (const text of texts) yield* named(condition.name, text, fields, depth)
}

function* named(
  name: string,
  text: string | null,
  fields: readonly FieldMapping[],
  depth: number,
): Generator<Said> {
  if (!isField(name)) {
    yield new Map([[name, text]])
    return
  }
  if (text === null) {
    yield new Map()
    return
  }
  for (const rule of fields) {
    if (rule.to !== name || depth > 3) continue
    const conditions = rule.when === null ? [] : [rule.when]
    if (rule.value !== null) {
      if (rule.value === text) yield* combined(conditions, fields, depth + 1)
      continue
    }
    const written = rule.values?.[text]?.[0] ?? (rule.values === null || rule.keepOthers ? text : undefined)
    if (written === undefined) continue
    for (const from of rule.from)
      for (const said of combined(conditions, fields, depth + 1)) {
        const both = joined(said, new Map([[from, written]]))
        if (both !== null) yield both
      }
  }
}

function* combined(
  conditions: readonly Condition[],
  fields: readonly FieldMapping[],
  depth: number,
): Generator<Said> {
  const [first, ...rest] = conditions
  if (first === undefined) {
    yield new Map()
    return
  }
  let count = 0
  for (const said of waysTo(first, fields, depth))
    for (const others of combined(rest, fields, depth)) {
      const both = joined(said, others)
      if (both === null) continue
      yield both
      if (++count === MOST * MOST) return
    }
}

function joined(a: Said, b: Said): Said | null {
  for (const [name, value] of b) if (a.has(name) && a.get(name) !== value) return null
  return new Map([...a, ...b])
}

/** Some texts that match a pattern of this project's kind: each of its outermost alternatives, with the first choice within each. */
function textsFor(pattern: string): string[] {
  return alternativesOf(pattern).map((alternative) => textFor(alternative))
}

function alternativesOf(pattern: string): string[] {
  const parts: string[] = []
  let depth = 0
  let isClass = false
  let start = 0
  for (let i = 0; i < pattern.length; i++) {
    const sign = pattern[i]
    if (sign === '\\') i++
    else if (isClass) isClass = sign !== ']'
    else if (sign === '[') isClass = true
    else if (sign === '(') depth++
    else if (sign === ')') depth--
    else if (sign === '|' && depth === 0) {
      parts.push(pattern.slice(start, i))
      start = i + 1
    }
  }
  return [...parts, pattern.slice(start)]
}

const ESCAPES: Readonly<Record<string, string>> = { d: '1', w: 'a', s: ' ', S: 'a', b: '' }

function textFor(pattern: string): string {
  let text = ''
  let i = 0
  const quantified = (atom: string): void => {
    const sign = pattern[i]
    const counted = /^\{(\d+)(?:,\d*)?\}/.exec(pattern.slice(i))
    if (sign === '?' || sign === '*') i++
    else if (counted !== null) {
      i += counted[0].length
      text += atom.repeat(Number(counted[1]))
    } else {
      if (sign === '+') i++
      text += atom
    }
    if (pattern[i] === '?') i++
  }
  while (i < pattern.length) {
    const sign = pattern[i]!
    if (sign === '^' || sign === '$') i++
    else if (sign === '\\') {
      const escaped = pattern[i + 1]!
      i += 2
      quantified(ESCAPES[escaped] ?? escaped)
    } else if (sign === '[') {
      const end = pattern.indexOf(']', i + 2)
      const first = pattern[i + 1] === '^' ? 'a' : pattern[i + 1]!
      i = end + 1
      quantified(first)
    } else if (sign === '(') {
      let depth = 0
      let end = i
      for (; end < pattern.length; end++) {
        if (pattern[end] === '\\') end++
        else if (pattern[end] === '(') depth++
        else if (pattern[end] === ')' && --depth === 0) break
      }
      const inner = pattern.slice(i + 1, end).replace(/^\?(?::|<\w+>)/, '')
      i = end + 1
      quantified(textFor(alternativesOf(inner)[0]!))
    } else {
      i++
      quantified(sign === '.' ? 'a' : sign)
    }
  }
  return text
}
