import { type Check, Conditions } from '../../integration/condition.ts'
import { type Extraction, folded } from '../../integration/integration.ts'
import type { Mapping } from '../../integration/mapping.ts'
import { firstOf, holderOf, keyOf, type MemberPath, memberAt } from '../../integration/member-path.ts'
import { isMembers, type Members } from '../../integration/members.ts'
import type { NameTree } from '../../integration/names.ts'
import type { GroupFinder } from '../../integration/rules.ts'
import { jsonIn } from '../../read/formats/json.ts'
import type { Envelope } from '../../read/syslog/envelope.ts'
import { EarlyAsked } from './early-asked.ts'

/** Prepares a record's members for its fields: JSON in texts becomes members, texts are split. */
export type Prepare = (record: Members, envelope: Envelope | null) => void

const LONGEST_JSON = 1024 * 1024
const MOST_KNOWN = 2048
const LONGEST_KNOWN = 128
const NOTHING: readonly string[] = []

/** Returns null if an integration needs no preparation. The record is changed in place: it was read for this. */
export function preparation({ integration, extract, names }: Mapping): Prepare | null {
  const asked = new EarlyAsked(integration, names)
  const steps: readonly Step[] = [
    ...integration.unpack.map((name) => unpacking(names.pathsOf(name))),
    ...extract.map(({ extraction, groupsOf }) => takingApart(extraction, groupsOf, asked, names)),
  ]
  if (steps.length === 0) return null
  const due = new Uint8Array(steps.length)
  const stepsOf = new StepsByMember(steps)
  return (record, envelope) => {
    due.fill(0)
    let isAny = false
    for (const member of Object.keys(record)) {
      const concerned = stepsOf.of(member)
      if (concerned === null) continue
      for (const step of concerned) {
        if (!steps[step]!.mayApply(record[member])) continue
        due[step] = 1
        isAny = true
      }
    }
    if (!isAny) return
    asked.begin(record, envelope)
    for (let i = 0; i < steps.length; i++) {
      if (due[i] === 0) continue
      // Later steps may extract from a member that one step has found.
      const added = steps[i]!.apply(record)
      if (added.length > 0) asked.begin(record, envelope)
      for (const name of added) for (const later of stepsOf.of(name) ?? []) due[later] = 1
    }
  }
}

/** One operation on a member: the first of these that the record has. */
interface Step {
  readonly paths: readonly MemberPath[]
  /** A fast check whether the operation may apply, by the value at a path's beginning. */
  mayApply(value: unknown): boolean
  /** Applies the operation and returns the names of the members that it added. */
  apply(record: Members): readonly string[]
}

/** Returns the steps that concern a member, by its name as records write it. */
class StepsByMember {
  readonly #byFold = new Map<string, number[]>()
  readonly #seen = new Map<string, readonly number[] | null>()

  constructor(steps: readonly Step[]) {
    steps.forEach(({ paths }, i) => {
      for (const fold of new Set(paths.flatMap((path) => [path[0]!, path.join('.')]))) {
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

const isJson = (text: string): boolean => text.length <= LONGEST_JSON && /^\s*[[{]/.test(text)

function unpacking(paths: readonly MemberPath[]): Step {
  return {
    paths,
    mayApply: (value) => (typeof value === 'string' ? isJson(value) : isMembers(value)),
    apply(record) {
      const path = firstOf(record, paths)
      const found = path === null ? null : holderOf(record, path)
      if (found === null) return NOTHING
      const { holder, key } = found
      const text = holder[key]
      if (typeof text !== 'string' || !isJson(text)) return NOTHING
      const value = jsonIn(text)
      if (value !== undefined) holder[key] = value
      return NOTHING
    },
  }
}

function takingApart(
  extraction: Extraction,
  groupsOf: GroupFinder,
  asked: EarlyAsked,
  names: NameTree,
): Step {
  const members = extraction.from.map((name) => names.pathsOf(name))
  const paths = members.flat()
  const groupPaths = new Map<string, readonly MemberPath[]>()
  const pathsOf = (group: string): readonly MemberPath[] => {
    let known = groupPaths.get(group)
    if (known === undefined) {
      known = names.pathsOf(group)
      groupPaths.set(group, known)
    }
    return known
  }
  const into = extraction.into === null ? null : folded(extraction.into)
  const applies: Check | null =
    extraction.when === null ? null : new Conditions((name) => asked.sourceOf(name)).check(extraction.when)
  return {
    paths,
    // Checking whether it applies costs less than trying its patterns.
    mayApply: (value) =>
      typeof value === 'string' ? applies !== null || groupsOf(value) !== null : isMembers(value),
    apply(record) {
      // If several extractions name the record, the first that matches counts.
      if (into !== null && keyOf(record, into) !== undefined) return NOTHING
      if (applies !== null && !applies(asked)) return NOTHING
      const path = paths.length === 1 ? paths[0]! : pathIn(record, members)
      const found = path === null ? null : holderOf(record, path)
      if (found === null) return NOTHING
      const { holder, key } = found
      const text = holder[key]
      const groups = typeof text === 'string' ? groupsOf(text) : null
      if (groups === null) return NOTHING
      if (!extraction.keep) holder[key] = undefined
      const added: string[] = []
      for (const [group, value] of groups) {
        // A value of the record itself takes precedence.
        if (pathsOf(group).some((one) => memberAt(record, one) !== undefined)) continue
        record[group] = value
        added.push(group)
      }
      return added
    },
  }
}

/** The first of these members that a record has. */
function pathIn(record: Members, members: readonly (readonly MemberPath[])[]): MemberPath | null {
  for (const paths of members) {
    const path = firstOf(record, paths)
    if (path !== null) return path
  }
  return null
}
