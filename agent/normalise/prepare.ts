import { parseJson } from './formats/json.ts'
import { folded, type Integration } from './integration.ts'
import { type WholePattern, wholePattern } from './pattern.ts'
import { isMembers, type Members } from './payload.ts'

/** Makes of a record's members what its fields ask for: JSON in texts becomes members, texts are taken apart. */
export type Prepare = (record: Members) => Members

const LONGEST_JSON = 1024 * 1024
const DEEPEST_PATH = 8

/** Null where an integration asks for nothing of the kind. */
export function preparation(integration: Integration): Prepare | null {
  const unpack = integration.unpack.map(pathOf)
  const extract = integration.extract.map(({ from, patterns }) => ({
    path: pathOf(from),
    patterns: patterns.map(wholePattern),
  }))
  if (unpack.length === 0 && extract.length === 0) return null
  return (given) => {
    const record = copied(given)
    for (const path of unpack) unpackAt(record, path)
    for (const { path, patterns } of extract) takeApart(record, path, patterns)
    return record
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

function takeApart(record: Members, path: readonly string[], patterns: readonly WholePattern[]): void {
  const found = holderOf(record, path)
  if (found === null) return
  const { holder, key } = found
  const text = holder[key]
  if (typeof text !== 'string') return
  for (const pattern of patterns) {
    const groups = pattern.exec(text)
    if (groups === null) continue
    delete holder[key]
    for (const [name, value] of Object.entries(groups)) {
      if (value === undefined || value === '') continue
      // What the record says by itself stands.
      const known = keyOf(record, folded(name))
      if (known === undefined) record[name] = value
    }
    return
  }
}
