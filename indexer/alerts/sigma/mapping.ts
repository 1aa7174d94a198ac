import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as z from 'zod'
import { parseConfig } from '../../../config/index.ts'
import { namedField, parseQuery, type Query } from '../../query/index.ts'

/** The mappings that come with Waybill. */
const SUPPLIED = fileURLToPath(new URL('../../../config/sigma', import.meta.url))

const name = z.string().refine((text) => {
  const field = namedField(text.replace(/\*$/, 'x'))
  return field !== undefined && field.unindexed !== true
}, 'not a field that a query finds')

/** The fields of Waybill that have the values of a field of a Sigma rule. */
export interface Target {
  readonly fields: readonly string[]
  /** A field with several values in one text, separated by blanks. */
  readonly words: string | null
  /** Waybill's values for those of the source; null if they are the same. */
  readonly values: ReadonlyMap<string, string> | null
}

const plain = (fields: readonly string[]): Target => ({ fields, words: null, values: null })

const target = z.union([
  name.transform((field) => plain([field])),
  z.array(name).min(2).transform(plain),
  z
    .strictObject({
      field: z.union([name.transform((field) => [field]), z.array(name).min(2)]),
      words: name.optional(),
      values: z.record(z.string(), z.string()).optional(),
    })
    .transform(
      ({ field, words, values }): Target => ({
        fields: field,
        words: words ?? null,
        values:
          values === undefined
            ? null
            : new Map(Object.entries(values).map(([from, to]) => [from.toLowerCase(), to])),
      }),
    ),
])

const logsource = z.strictObject({
  product: z.string().optional(),
  category: z.string().optional(),
  service: z.string().optional(),
})

const mappings = z.array(
  z.strictObject({
    logsources: z.array(logsource).min(1),
    query: z.string().transform((text) => parseQuery(text, { now: 0 })),
    fields: z.record(z.string(), target),
  }),
)

type Logsource = z.output<typeof logsource>

/** How the rules of some logsources find Waybill's events. */
export interface Mapping {
  readonly query: Query
  targetOf(field: string): Target | null
}

const KEYS = ['product', 'category', 'service'] as const

export class Mappings {
  readonly #all: z.output<typeof mappings>

  constructor(folder: string = SUPPLIED) {
    this.#all = readdirSync(folder)
      .filter((file) => file.endsWith('.yml'))
      .sort()
      .flatMap((file) => parseConfig(readFileSync(join(folder, file), 'utf8'), join(folder, file), mappings))
  }

  /** The mapping of exactly this logsource; a broader one would find events that the rule is not about. */
  of(asked: Logsource): Mapping | null {
    const found = this.#all.find(({ logsources }) =>
      logsources.some((known) => KEYS.every((key) => known[key] === asked[key])),
    )
    return found === undefined
      ? null
      : { query: found.query, targetOf: (field) => targetIn(found.fields, field) }
  }
}

function targetIn(fields: Readonly<Record<string, Target>>, asked: string): Target | null {
  if (Object.hasOwn(fields, asked)) return fields[asked] ?? null
  for (const [written, target] of Object.entries(fields)) {
    const start = written.slice(0, -1)
    if (written.endsWith('*') && asked.startsWith(start) && asked.length > start.length)
      return {
        ...target,
        fields: target.fields.map((field) => field.slice(0, -1) + asked.slice(start.length)),
      }
  }
  return null
}
