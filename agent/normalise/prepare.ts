import { checkOf } from './condition.ts'
import { parseJson } from './formats/json.ts'
import { type Condition, folded, type Integration } from './integration.ts'
import { leafOf } from './layout.ts'
import { type WholePattern, wholePattern } from './pattern.ts'
import { isMembers, type Members } from './payload.ts'
import type { Envelope } from './syslog/envelope.ts'

/** Makes of a record's members what its fields ask for: JSON in texts becomes members, texts are taken apart. */
export type Prepare = (record: Members, envelope: Envelope | null) => Members

const LONGEST_JSON = 1024 * 1024
const DEEPEST_PATH = 8

interface Taking {
  readonly paths: readonly (readonly string[])[]
  readonly patterns: readonly { readonly name: string | null; readonly pattern: WholePattern }[]
  readonly into: string | null
  readonly keep: boolean
  readonly applies: RecordCheck | null
}

/** Null where an integration asks for nothing of the kind. */
export function preparation(integration: Integration): Prepare | null {
  const unpack = integration.unpack.map(pathOf)
  const extract = integration.extract.map(
    ({ from, patterns, into, keep, when }): Taking => ({
      paths: from.map(pathOf),
      patterns: patterns.map(({ name, pattern }) => ({ name, pattern: wholePattern(pattern) })),
      into,
      keep,
      applies: when === null ? null : recordCheck(when, integration),
    }),
  )
  if (unpack.length === 0 && extract.length === 0) return null
  return (given, envelope) => {
    const record = copied(given)
    for (const path of unpack) unpackAt(record, path)
    for (const taking of extract) {
      if (taking.applies === null || taking.applies(record, envelope)) takeApart(record, taking)
    }
    return record
  }
}

type RecordCheck = (record: Members, envelope: Envelope | null) => boolean

/**
 * A condition on a record that has no fields yet: a field is what its header says, or the first member from which it will be
 * taken.
 */
function recordCheck(when: Condition, integration: Integration): RecordCheck {
  const members: (readonly string[])[] = []
  const fields = new Map<number, (readonly string[])[]>()
  for (const { to, from, when, value } of integration.fields) {
    if (when !== null || value !== null) continue
    const leaf = leafOf(to)
    fields.set(leaf, [...(fields.get(leaf) ?? []), ...from.map(pathOf)])
  }
  const check = checkOf(when, (name) => members.push(pathOf(name)) - 1)
  return (record, envelope) => {
    const textAt = (path: readonly string[]): string | undefined => {
      const found = holderOf(record, path)
      const value = found?.holder[found.key]
      return typeof value === 'string' && value !== '' ? value : undefined
    }
    return check({
      member: (source) => textAt(members[source]!),
      field: (leaf) => {
        const given = envelope?.fields.find(([one]) => one === leaf)?.[1]
        if (typeof given === 'string') return given
        for (const path of fields.get(leaf) ?? []) {
          const text = textAt(path)
          if (text !== undefined) return text
        }
        return undefined
      },
    })
  }
}

const pathOf = (name: string): readonly string[] => name.split('.').slice(0, DEEPEST_PATH).map(folded)

function copied(members: Members): Members {
  const copy: Members = Object.create(null)
  for (const key of Object.keys(members)) copy[key] = members[key]
  return copy
}

const keyOf = (members: Members, fold: string): string | undefined =>
  Object.keys(members).find((key) => key === fold || folded(key) === fold)

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
    const copy = copied(next)
    holder[key] = copy
    holder = copy
  }
  const key = keyOf(holder, path.at(-1)!)
  return key === undefined ? null : { holder, key }
}

function unpackAt(record: Members, path: readonly string[]): void {
  const found = holderOf(record, path)
  if (found === null) return
  const { holder, key } = found
  const text = holder[key]
  if (typeof text !== 'string' || text.length > LONGEST_JSON || !/^\s*[[{]/.test(text)) return
  const value = readJson(text)
  if (value !== undefined) holder[key] = value
}

/** What is no JSON after all stays the text that it is. */
function readJson(text: string): unknown {
  try {
    return parseJson(text)
  } catch {
    return undefined
  }
}

function takeApart(record: Members, { paths, patterns, into, keep }: Taking): void {
  const found = firstHolder(record, paths)
  if (found === null) return
  const { holder, key } = found
  const text = holder[key]
  if (typeof text !== 'string') return
  for (const { name, pattern } of patterns) {
    const groups = pattern.exec(text)
    if (groups === null) continue
    if (!keep) delete holder[key]
    for (const [group, value] of Object.entries(groups)) give(record, group, value)
    if (into !== null && name !== null) give(record, into, name)
    return
  }
}

/** What the record says by itself stands. */
function give(record: Members, name: string, value: string | undefined): void {
  if (value === undefined || value === '') return
  if (keyOf(record, folded(name)) === undefined) record[name] = value
}

function firstHolder(
  record: Members,
  paths: readonly (readonly string[])[],
): { holder: Members; key: string } | null {
  for (const path of paths) {
    const found = holderOf(record, path)
    if (found !== null) return found
  }
  return null
}
