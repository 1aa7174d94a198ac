import * as z from 'zod'
import type { Condition } from './integration.ts'
import { listPathOf } from './member-path.ts'
import { patternFault } from './pattern.ts'

/** The form of conditions in files: `when: { action: [create, insert], result: { not: failed }, any: [...] }`. */

/** A pattern that is searched for anywhere in a text. */
export const searchedPattern = z.string().superRefine((source, context) => {
  const fault = patternFault(source, { anywhere: true })
  if (fault !== null) context.addIssue({ code: 'custom', message: `the pattern has ${fault}` })
})

const scalar = z.union([z.string(), z.number(), z.boolean()], {
  error: 'expected a text, a list of texts, { matches: }, { exists: }, { differs_from: } or { not: }',
})
const texts = z.union([
  scalar.transform((one) => [String(one)]),
  z
    .array(scalar)
    .min(1)
    .transform((list) => list.map(String)),
])

const asks = {
  matches: z.strictObject({ matches: searchedPattern }),
  exists: z.strictObject({ exists: z.boolean() }),
  not: z.strictObject({ not: texts }),
  differs_from: z.strictObject({ differs_from: z.string().min(1) }),
}

type Take = <T>(schema: z.ZodType<T>, taken: (value: T) => Condition) => void

/** Reads the test of a name by its shape, so that an error is about the shape that was meant. */
function takeTest(name: string, written: unknown, take: Take): void {
  const shape = typeof written === 'object' && written !== null ? Object.keys(written)[0] : undefined
  if (shape === 'matches') take(asks.matches, ({ matches }) => ({ name, matches }))
  else if (shape === 'exists') take(asks.exists, ({ exists }) => ({ name, exists }))
  else if (shape === 'differs_from')
    take(asks.differs_from, ({ differs_from }) => ({ name, differsFrom: differs_from }))
  else if (shape === 'not') take(asks.not, ({ not }) => ({ not: { name, oneOf: not } }))
  else take(texts, (oneOf) => ({ name, oneOf }))
}

/** All members must hold. `any` contains conditions of which one must hold, `not` one that must not hold. */
export const whenSchema: z.ZodType<Condition> = z.lazy(() =>
  z.record(z.string(), z.unknown()).transform((written, context): Condition => {
    const all: Condition[] = []
    const taker =
      (name: string): Take =>
      (schema, taken) => {
        const result = schema.safeParse(written[name])
        if (result.success) all.push(taken(result.data))
        else {
          for (const { path, message } of result.error.issues) {
            context.addIssue({ code: 'custom', path: [name, ...path], message })
          }
        }
      }
    const names = Object.keys(written)
    for (const name of names) {
      const take = taker(name)
      const path = listPathOf(name)
      if (typeof path === 'string') context.addIssue({ code: 'custom', path: [name], message: path })
      else if (name === 'any') take(z.array(whenSchema).min(1), (any) => ({ any }))
      else if (name === 'not') take(whenSchema, (not) => ({ not }))
      else takeTest(name, written[name], take)
    }
    if (names.length === 0) context.addIssue({ code: 'custom', message: 'expected at least one condition' })
    return all.length === 1 ? all[0]! : { all }
  }),
)
