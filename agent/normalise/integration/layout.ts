import { FIELDS, type Field, type FieldName } from '../../../schema/index.ts'

/**
 * The order of an event's members. RFC 8785 sorts members at each level. So the leaves of an event, sorted by the segments of their paths,
 * have one fixed order, and the text between two of them (brackets, commas and keys) depends only on these two. To write an event, the
 * writer iterates over its leaves, with `between` before each.
 */
export const LEAVES: readonly FieldName[] = Object.entries<Field>(FIELDS)
  .filter(([, field]) => field.derived !== true)
  .map(([name]) => name as FieldName)
  .sort((a, b) => compareSegments(a.split('.'), b.split('.')))

function compareSegments(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const x = a[i]!
    const y = b[i]!
    if (x !== y) return x < y ? -1 : 1
  }
  return a.length - b.length
}

export const LEAF_COUNT: number = LEAVES.length

const INDEX: ReadonlyMap<string, number> = new Map(LEAVES.map((name, index) => [name, index]))

export function leafOf(name: FieldName): number {
  const index = INDEX.get(name)
  if (index === undefined) throw new Error(`${name} is no field that an agent writes`)
  return index
}

const SEGMENTS: readonly (readonly string[])[] = LEAVES.map((name) => name.split('.'))
const known: (string | undefined)[] = new Array((LEAF_COUNT + 1) ** 2).fill(undefined)

/** The text between two leaves; `-1` is the beginning of the event, `LEAF_COUNT` its end. */
export function between(previous: number, next: number): string {
  const at = (previous + 1) * (LEAF_COUNT + 1) + next
  let text = known[at]
  if (text === undefined) {
    text = makeBetween(previous, next)
    known[at] = text
  }
  return text
}

function makeBetween(previous: number, next: number): string {
  const from = previous === -1 ? [] : SEGMENTS[previous]!
  const to = next === LEAF_COUNT ? [] : SEGMENTS[next]!
  if (previous === -1 && next === LEAF_COUNT) return '{}'
  if (next === LEAF_COUNT) return '}'.repeat(from.length)
  let shared = 0
  while (shared < from.length - 1 && shared < to.length - 1 && from[shared] === to[shared]) shared++
  const opened = to.slice(shared).map((segment) => `${JSON.stringify(segment)}:`)
  return previous === -1
    ? `{${opened.join('{')}`
    : `${'}'.repeat(from.length - 1 - shared)},${opened.join('{')}`
}
