/** What the cursor in a query is at: a field's name, or a value of a field. */
export type Wanted =
  | { readonly kind: 'field'; readonly start: number; readonly prefix: string }
  | { readonly kind: 'value'; readonly start: number; readonly field: string; readonly prefix: string }

const VALUE = /([@\w.-]+)\s*:\s*("?)([^"():]*)$/
const FIELD = /(?:^|[\s(])([@A-Za-z][\w.-]*)$/

/** What could be completed where the cursor stands; null within a word that is just looked for, or in nothing. */
export function wantedAt(query: string, cursor: number): Wanted | null {
  const before = query.slice(0, cursor)
  const value = VALUE.exec(before)
  const typed = value?.[3] ?? ''
  // After a value and a space the next word begins, unless the value stands in quotation marks.
  if (value !== null && (value[2] === '"' || !/\s\S*$/.test(typed.trimStart()))) {
    const prefix = typed.trimStart()
    return {
      kind: 'value',
      start: cursor - prefix.length - (value[2] === '"' ? 1 : 0),
      field: value[1] ?? '',
      prefix,
    }
  }
  const field = FIELD.exec(before)?.[1]
  if (field === undefined || /^(?:and|or|not)$/i.test(field)) return null
  return { kind: 'field', start: cursor - field.length, prefix: field }
}

export interface Named {
  readonly name: string
  readonly short: string | null
  readonly about: string
}

/** Fields whose short or full name goes on like this, the short ones first. */
export function fieldsLike(fields: readonly Named[], prefix: string, most = 8): Named[] {
  const wanted = prefix.toLowerCase()
  const rank = ({ name, short }: Named): number => {
    if (short?.startsWith(wanted)) return 0
    if (name.toLowerCase().startsWith(wanted)) return 1
    return name.toLowerCase().includes(wanted) ? 2 : 3
  }
  return fields
    .map((field) => ({ field, rank: rank(field) }))
    .filter((one) => one.rank < 3)
    .sort((a, b) => a.rank - b.rank)
    .slice(0, most)
    .map(({ field }) => field)
}
