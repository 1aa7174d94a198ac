import { FIELDS, type FieldName } from '../../schema/index.ts'
import { type Condition, folded } from './integration.ts'
import { leafOf } from './layout.ts'
import { finder } from './pattern.ts'
import { remembered } from './remembered.ts'

/** The texts that conditions ask for, of the record at hand; undefined where there is none. */
export interface Asked {
  /** Of a member, by the number of its source. */
  member(source: number): string | undefined
  /** Of a field, by its leaf. */
  field(leaf: number): string | undefined
}

export type Check = (asked: Asked) => boolean

export const isField = (name: string): name is FieldName => Object.hasOwn(FIELDS, name)

export type Simple = Exclude<Condition, { all: unknown } | { any: unknown } | { not: unknown }>

/** The conditions that a condition is made of. */
export function simpleIn(condition: Condition): readonly Simple[] {
  if ('all' in condition) return condition.all.flatMap(simpleIn)
  if ('any' in condition) return condition.any.flatMap(simpleIn)
  return 'not' in condition ? simpleIn(condition.not) : [condition]
}

/** Which members and fields a condition asks for. */
export const namesIn = (condition: Condition): readonly string[] =>
  simpleIn(condition).flatMap((one) => ('differsFrom' in one ? [one.name, one.differsFrom] : [one.name]))

/** A condition made ready; `sourceOf` gives members their numbers. A name of the schema's is the field. */
export function checkOf(condition: Condition, sourceOf: (name: string) => number): Check {
  if ('all' in condition) {
    const checks = condition.all.map((one) => checkOf(one, sourceOf))
    return (asked) => checks.every((check) => check(asked))
  }
  if ('any' in condition) {
    const checks = condition.any.map((one) => checkOf(one, sourceOf))
    return (asked) => checks.some((check) => check(asked))
  }
  if ('not' in condition) {
    const check = checkOf(condition.not, sourceOf)
    return (asked) => !check(asked)
  }
  const text = textFrom(condition.name, sourceOf)
  if ('exists' in condition) return (asked) => (text(asked) !== undefined) === condition.exists
  if ('matches' in condition) {
    const finds = remembered(finder(condition.matches))
    return (asked) => {
      const value = text(asked)
      return value !== undefined && finds(value)
    }
  }
  if ('differsFrom' in condition) {
    const other = textFrom(condition.differsFrom, sourceOf)
    return (asked) => {
      const value = text(asked)
      return value !== undefined && value !== other(asked)
    }
  }
  const wanted = new Set(condition.oneOf.map(folded))
  const isWanted = remembered((value) => wanted.has(folded(value)))
  return (asked) => {
    const value = text(asked)
    return value !== undefined && isWanted(value)
  }
}

export function textFrom(
  name: string,
  sourceOf: (name: string) => number,
): (asked: Asked) => string | undefined {
  if (isField(name)) {
    const leaf = leafOf(name)
    return (asked) => asked.field(leaf)
  }
  const source = sourceOf(name)
  return (asked) => asked.member(source)
}
