import { z } from 'zod'
import type { Condition } from './integration.ts'
import { patternFault } from './pattern.ts'

/** How conditions are written: `when: { action: [create, insert], result: { not: failed }, any: [...] }`. */

/** A pattern that is searched for anywhere in a text. */
export const searchedPattern = z.string().superRefine((source, context) => {
  const fault = patternFault(source, { anywhere: true })
  if (fault !== null) context.addIssue({ code: 'custom', message: `the pattern has ${fault}` })
})

const scalar = z.union([z.string(), z.number(), z.boolean()], {
  error: 'expected a text, a list of texts, { matches: }, { exists: } or { not: }',
})
const texts = z.union([
  scalar.transform((one) => [String(one)]),
  z
    .array(scalar)
    .min(1)
    .transform((list) => list.map(String)),
])

type Test = (name: string) => Condition
const test: z.ZodType<Test> = z.union([
  texts.transform(
    (oneOf): Test =>
      (name) => ({ name, oneOf }),
  ),
  z.strictObject({ matches: searchedPattern }).transform(
    ({ matches }): Test =>
      (name) => ({ name, matches }),
  ),
  z.strictObject({ exists: z.boolean() }).transform(
    ({ exists }): Test =>
      (name) => ({ name, exists }),
  ),
  z.strictObject({ not: texts }).transform(
    ({ not }): Test =>
      (name) => ({ not: { name, oneOf: not } }),
  ),
])

/** All of its members hold. Under `any` stand conditions of which one holds, under `not` one that doesn't. */
export const whenSchema: z.ZodType<Condition> = z.lazy(() =>
  z.record(z.string(), z.unknown()).transform((written, context): Condition => {
    const all: Condition[] = []
    const take = <T>(name: string, schema: z.ZodType<T>, taken: (value: T) => Condition): void => {
      const result = schema.safeParse(written[name])
      if (result.success) all.push(taken(result.data))
      else {
        for (const { path, message } of result.error.issues) {
          context.addIssue({ code: 'custom', path: [name, ...path], message })
        }
      }
    }
    for (const name of Object.keys(written)) {
      if (name === 'any') take(name, z.array(whenSchema).min(1), (any) => ({ any }))
      else if (name === 'not') take(name, whenSchema, (not) => ({ not }))
      else take(name, test, (made) => made(name))
    }
    if (all.length === 0) context.addIssue({ code: 'custom', message: 'expected at least one condition' })
    return all.length === 1 ? all[0]! : { all }
  }),
)
