import { FIELDS, type Field, fieldOf, SHORT_NAMES } from '../../schema/index.ts'

export type NamedField = Field & { readonly name: string; readonly inside?: string }

const NAMES = Object.keys(FIELDS)

/** The field that a person names: by its full name, by its short one, or a path into a flattened field. */
export function namedField(name: string): NamedField | undefined {
  const short = Object.hasOwn(SHORT_NAMES, name) ? SHORT_NAMES[name] : undefined
  const field = fieldOf(name) ?? (short === undefined ? undefined : fieldOf(short))
  return field?.inside === '' ? undefined : field
}

/** The whole name: with the path into a flattened field. */
export const fullName = (field: NamedField): string =>
  field.inside === undefined ? field.name : `${field.name}.${field.inside}`

export const isSearchable = (field: Field): boolean => field.unindexed !== true && field.type !== 'geo'

/** The searchable fields whose names have this shape; `audit.payload.*` is `audit.payload` with any path. */
export function fieldsOfShape(parts: readonly string[], hasShape: (name: string) => boolean): NamedField[] {
  const found: NamedField[] = []
  const [prefix] = parts
  for (const name of NAMES) {
    const field = fieldOf(name)
    if (field === undefined || !isSearchable(field)) continue
    const anyLeaf =
      field.type === 'flattened' && parts.length === 2 && parts[1] === '' && prefix === `${name}.`
    if (anyLeaf || hasShape(name)) found.push(field)
  }
  return found
}

/** The field that was probably meant; undefined if none is near. */
export function nearestName(name: string): string | undefined {
  const wanted = name.toLowerCase()
  const known = [...Object.keys(SHORT_NAMES), ...NAMES]
  const sameLetters = known.find((candidate) => candidate.toLowerCase() === wanted)
  if (sameLetters !== undefined) return sameLetters
  let best: string | undefined
  let least = 1 + Math.min(3, Math.floor(wanted.length / 3))
  for (const candidate of known) {
    const steps = distance(wanted, candidate.toLowerCase(), least)
    if (steps < least) {
      best = candidate
      least = steps
    }
  }
  if (best !== undefined) return best
  const plain = wanted.replaceAll(/[^a-z0-9]/g, '')
  if (plain.length < 3) return undefined
  return (
    NAMES.find((candidate) => candidate.endsWith(`.${wanted}`)) ??
    NAMES.find((candidate) => candidate.replaceAll(/[^a-z0-9]/g, '') === plain) ??
    NAMES.find((candidate) => candidate.replaceAll(/[^a-z0-9]/g, '').endsWith(plain)) ??
    NAMES.find((candidate) => candidate.split('.').includes(wanted))
  )
}

/** Counts the edits (a swap of neighbours is one) from one text to the other; `most` if there are that many or more. */
function distance(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) >= most) return most
  let before: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    let least = i
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let steps = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        steps = Math.min(steps, before[j - 2]! + 1)
      next.push(steps)
      least = Math.min(least, steps)
    }
    if (least >= most) return most
    before = row
    row = next
  }
  return Math.min(most, row[b.length]!)
}
