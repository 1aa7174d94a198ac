import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import * as z from 'zod'
import { parseConfig } from '../../config/index.ts'
import { codeOf, OperatorError, reasonOf } from '../../schema/index.ts'
import { namedField, parseQuery, type Query } from '../query/index.ts'

/** A list of values for the exceptions of rules, such as the addresses of scanners: `lists/NAME.yml` in the folder of the rules. */
interface ValueList {
  readonly query: Query
  /** Changes with its content. */
  readonly content: string
}

/** The lists of a folder by their names; of a list that can't be read the reason. */
export type ValueLists = ReadonlyMap<string, ValueList | string>

export const NO_LISTS: ValueLists = new Map()
export const LISTS = 'lists'
const SUFFIX = '.yml'
/** A cluster bounds the conditions of a query. */
const MOST_VALUES = 500

const listSchema = z
  .strictObject({
    about: z.string().optional(),
    field: z
      .string()
      .refine((name) => namedField(name) !== undefined, 'there is no such field; docs/fields.md lists them'),
    values: z
      .array(z.union([z.string().min(1), z.number()]).transform(String))
      .min(1)
      .max(MOST_VALUES),
  })
  .transform(({ field, values }, context): Query => {
    try {
      return { kind: 'or', of: values.map((value) => parseQuery(`${field}: ${written(value)}`, { now: 0 })) }
    } catch (error) {
      context.addIssue({ code: 'custom', path: ['values'], message: reasonOf(error), input: values })
      return z.NEVER
    }
  })

/** Addresses and networks as they are, and everything else in quotes: nothing in a list is an operator. */
const written = (value: string): string =>
  /^[\d.a-fA-F:/]+$/.test(value) && /[.:]/.test(value) ? value : `"${value.replaceAll(/["\\]/g, '\\$&')}"`

/** The files of the lists, with their folder. */
export function listFilesIn(folder: string): string[] {
  try {
    return readdirSync(join(folder, LISTS))
      .filter((file) => file.endsWith(SUFFIX))
      .sort()
      .map((file) => join(LISTS, file))
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return []
    throw new OperatorError(
      'WB-FILE-UNREADABLE',
      `${join(folder, LISTS)} can't be read: ${reasonOf(error)}`,
      {
        cause: error,
      },
    )
  }
}

/** Reads the lists of a folder of rules. A wrong one only stops the rules that use it. */
export function readLists(folder: string): ValueLists {
  return new Map(
    listFilesIn(folder).map((name) => {
      const file = join(folder, name)
      let list: ValueList | string
      try {
        const content = readFileSync(file, 'utf8')
        list = { query: parseConfig(content, file, listSchema), content }
      } catch (error) {
        list = reasonOf(error)
      }
      return [basename(name, SUFFIX), list] as const
    }),
  )
}
