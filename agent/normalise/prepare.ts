import { parseJson } from './formats/json.ts'
import { folded, type Integration } from './integration.ts'
import { type WholePattern, wholePattern } from './pattern.ts'
import { isMembers, type Members } from './payload.ts'

/** Makes of a record's members what its fields ask for: JSON in texts becomes members, texts are taken apart. */
export type Prepare = (record: Members) => Members

const LONGEST_JSON = 1024 * 1024
const DEEPEST_PATH = 8
const MOST_KNOWN = 2048
const LONGEST_KNOWN = 128
const NOTHING: readonly string[] = []

/** Null where an integration asks for nothing of the kind. */
export function preparation(integration: Integration): Prepare | null {
  const steps: readonly Step[] = [
    ...integration.unpack.map(unpacking),
    ...integration.extract.map(({ from, patterns }) => takingApart(from, patterns)),
  ]
  if (steps.length === 0) return null
  const due = new Uint8Array(steps.length)
  const stepsOf = new StepsByMember(steps)
  return (given) => {
    due.fill(0)
    let isAny = false
    for (const member of Object.keys(given)) {
      const concerned = stepsOf.of(member)
      if (concerned === null) continue
      for (const step of concerned) {
        if (!steps[step]!.mayApply(given[member])) continue
        due[step] = 1
        isAny = true
      }
    }
    if (!isAny) return given
    const record = { ...given }
    for (let i = 0; i < steps.length; i++) {
      if (due[i] === 0) continue
      // What one step has found the later ones may take apart.
      for (const name of steps[i]!.apply(record)) for (const later of stepsOf.of(name) ?? []) due[later] = 1
    }
    return record
  }
}

/** One thing that is done with a member. */
interface Step {
  readonly path: readonly string[]
  /** Whether there is anything to do, as far as the value at the path's beginning tells; quick. */
  mayApply(value: unknown): boolean
  /** Names of members that it has added. */
  apply(record: Members): readonly string[]
}

/** Which steps a member concerns, by its name as records write it. */
class StepsByMember {
  readonly #byFold = new Map<string, number[]>()
  readonly #seen = new Map<string, readonly number[] | null>()

  constructor(steps: readonly Step[]) {
    steps.forEach(({ path }, i) => {
      for (const fold of new Set([path[0]!, path.join('.')])) {
        const known = this.#byFold.get(fold)
        if (known === undefined) this.#byFold.set(fold, [i])
        else known.push(i)
      }
    })
  }

  of(member: string): readonly number[] | null {
    let steps = this.#seen.get(member)
    if (steps === undefined) {
      steps = this.#byFold.get(folded(member)) ?? null
      if (this.#seen.size >= MOST_KNOWN) this.#seen.clear()
      if (member.length <= LONGEST_KNOWN) this.#seen.set(member, steps)
    }
    return steps
  }
}

const pathOf = (name: string): readonly string[] => name.split('.').slice(0, DEEPEST_PATH).map(folded)

/** A member that was taken away is undefined, which nothing that was read is: removing it makes an object slow. */
const keyOf = (members: Members, fold: string): string | undefined =>
  Object.keys(members).find((key) => folded(key) === fold && members[key] !== undefined)

/** The object that holds the last part of a path, with objects on the way copied so that they may be changed; and its key. */
function holderOf(record: Members, path: readonly string[]): { holder: Members; key: string } | null {
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

const isJson = (text: string): boolean => text.length <= LONGEST_JSON && /^\s*[[{]/.test(text)

function unpacking(name: string): Step {
  const path = pathOf(name)
  return {
    path,
    mayApply: (value) => (typeof value === 'string' ? isJson(value) : isMembers(value)),
    apply(record) {
      const found = holderOf(record, path)
      if (found === null) return NOTHING
      const { holder, key } = found
      const text = holder[key]
      if (typeof text !== 'string' || !isJson(text)) return NOTHING
      const value = readJson(text)
      if (value !== undefined) holder[key] = value
      return NOTHING
    },
  }
}

/** What is no JSON after all stays the text that it is. */
function readJson(text: string): unknown {
  try {
    return parseJson(text)
  } catch {
    return undefined
  }
}

/** What a text was taken apart into: named groups and what they hold. */
export type Groups = readonly (readonly [name: string, text: string])[]

function takingApart(name: string, sources: readonly string[]): Step {
  const path = pathOf(name)
  const groupsOf = takerApart(sources)
  return {
    path,
    mayApply: (value) => (typeof value === 'string' ? groupsOf(value) !== null : isMembers(value)),
    apply(record) {
      const found = holderOf(record, path)
      if (found === null) return NOTHING
      const { holder, key } = found
      const text = holder[key]
      const groups = typeof text === 'string' ? groupsOf(text) : null
      if (groups === null) return NOTHING
      holder[key] = undefined
      const added: string[] = []
      for (const [group, value] of groups) {
        // What the record says by itself stands.
        if (keyOf(record, folded(group)) !== undefined) continue
        record[group] = value
        added.push(group)
      }
      return added
    },
  }
}

/** What the first of these patterns that fits takes a text apart into; null where none does. */
export function takerApart(sources: readonly string[]): (text: string) => Groups | null {
  const patterns = sources.map(wholePattern)
  return remembered((text) => groupsIn(text, patterns))
}

function groupsIn(text: string, patterns: readonly WholePattern[]): Groups | null {
  for (const pattern of patterns) {
    const groups = pattern.exec(text)
    if (groups === null) continue
    return Object.entries(groups).flatMap(([name, value]) =>
      value === undefined || value === '' ? [] : [[name, value] as const],
    )
  }
  return null
}

/** Devices, states and names come again and again. */
function remembered(groupsOf: (text: string) => Groups | null): (text: string) => Groups | null {
  const known = new Map<string, Groups | null>()
  return (text) => {
    if (text.length > LONGEST_KNOWN) return groupsOf(text)
    let groups = known.get(text)
    if (groups === undefined) {
      groups = groupsOf(text)
      if (known.size >= MOST_KNOWN) known.clear()
      known.set(text, groups)
    }
    return groups
  }
}
