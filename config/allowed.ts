import * as z from 'zod'

/** The keys that a schema allows at a path, for messages about an unknown key. */
export function allowedKeys(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  return [...new Set(at(schema, path).flatMap(keysOf))].sort()
}

function inner(schema: z.core.$ZodType): z.core.$ZodType[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault) {
    return inner(schema.def.innerType)
  }
  if (schema instanceof z.ZodPrefault || schema instanceof z.ZodReadonly) return inner(schema.def.innerType)
  if (schema instanceof z.ZodPipe) return inner(schema.def.in)
  if (schema instanceof z.ZodUnion) return schema.def.options.flatMap(inner)
  return [schema]
}

function at(schema: z.core.$ZodType, path: readonly PropertyKey[]): z.core.$ZodType[] {
  const here = inner(schema)
  const [member, ...rest] = path
  if (member === undefined) return here
  return here.flatMap((one) => {
    if (one instanceof z.ZodObject) {
      const shape: Record<PropertyKey, z.core.$ZodType | undefined> = one.shape
      const next = shape[member]
      return next === undefined ? [] : at(next, rest)
    }
    if (one instanceof z.ZodArray) return at(one.element, rest)
    if (one instanceof z.ZodRecord) return at(one.valueType, rest)
    return []
  })
}

const keysOf = (schema: z.core.$ZodType): string[] =>
  schema instanceof z.ZodObject ? Object.keys(schema.shape) : []

/** The candidate that differs from a word by the fewest edits, if these are few enough for a typing error. */
export function closest(word: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined
  let least = Math.max(1, Math.floor(word.length / 3)) + 1
  for (const candidate of candidates) {
    const distance = edits(word.toLowerCase(), candidate.toLowerCase())
    if (distance < least) {
      least = distance
      best = candidate
    }
  }
  return best
}

function edits(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const swap = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(swap, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[b.length]!
}

/**
 * Reports that a command has no such options, with the one that was probably meant; `help` is the command's help text, which lists them
 * all.
 */
export function noOption(unknown: readonly string[], help: string): string {
  const known = [...help.matchAll(/(?<![\w-])--([a-z][a-z-]*)/g)].map(([, name]) => name ?? '')
  const said = unknown.map((name) => {
    const near = name.length === 1 ? undefined : closest(name, known)
    return `${name.length === 1 ? '-' : '--'}${name}${near === undefined ? '' : `; did you mean --${near}?`}`
  })
  return `There is no option ${said.join(', ')}`
}
