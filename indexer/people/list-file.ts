import { readFileSync } from 'node:fs'
import * as z from 'zod'
import { parseConfig } from '../../config/index.ts'
import { codeOf, OperatorError, reasonOf } from '../../schema/index.ts'
import { type Identifier, keyOf, type Listed } from './joins.ts'

/** The operator's list of people: config/people.yml explains its form. What is wrong in it is stated with its line. */

const text = z.string().trim().min(1).max(1024)
const account = z
  .union([
    z.strictObject({ email: text }),
    z.strictObject({ system: text, user: text }),
    z.strictObject({ system: text, id: text }),
  ])
  .transform((given): Identifier => {
    if ('email' in given) return { kind: 'email', value: given.email }
    return 'user' in given
      ? { kind: 'name', system: given.system, value: given.user }
      : { kind: 'id', system: given.system, value: given.id }
  })

const listSchema = z
  .strictObject({
    people: z
      .array(
        z.strictObject({
          id: z.string().regex(/^[^\s/*"]{1,128}$/, 'expected a word without blanks, slashes, quotes and *'),
          name: text,
          accounts: z.array(account).min(1).max(200),
        }),
      )
      .max(100_000)
      .default([]),
  })
  .superRefine(({ people }, context) => {
    const ids = new Map<string, number>()
    const owners = new Map<string, string>()
    for (const [index, { id, accounts }] of people.entries()) {
      if (ids.has(id))
        context.addIssue({ code: 'custom', path: ['people', index, 'id'], message: `${id} is listed twice` })
      ids.set(id, index)
      for (const [at, one] of accounts.entries()) {
        const owner = owners.get(keyOf(one))
        if (owner !== undefined && owner !== id)
          context.addIssue({
            code: 'custom',
            path: ['people', index, 'accounts', at],
            message: `this account is ${owner}'s, too; an account is one person's`,
          })
        owners.set(keyOf(one), id)
      }
    }
  })

export function readPeople(file: string): Listed[] {
  let content: string
  try {
    content = readFileSync(file, 'utf8')
  } catch (error) {
    throw new OperatorError(
      codeOf(error) === 'ENOENT' ? 'WB-FILE-MISSING' : 'WB-FILE-UNREADABLE',
      `The list of people ${file} can't be read: ${reasonOf(error)}. Name another file with people in indexer.yml.`,
      { cause: error },
    )
  }
  return parseConfig(content, file, listSchema).people
}
