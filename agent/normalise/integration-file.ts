import { z } from 'zod'
import { CATEGORIES, FIELDS, type Field, type FieldName, isCategory } from '../../schema/index.ts'
import type { Assignment } from './integration.ts'
import { DURATION_SCALES } from './mapping.ts'
import { patternProblem } from './time.ts'

/** What an operator writes in an integration.yml; docs/integrations.md explains it. */

/** Fields that the agent itself fills. */
const OWN: readonly FieldName[] = [
  'event.id',
  'event.kind',
  'event.original',
  'event.sequence',
  'event.module',
  'event.dataset',
  'agent.id',
  'agent.name',
  'agent.version',
  'log.file.path',
  'log.offset',
  'tags',
  'labels',
  'related.user',
  'related.ip',
  'related.hosts',
  'related.entity',
  'audit.changes',
  'audit.change.fields',
  'audit.change.before',
  'audit.change.after',
  'audit.payload',
  'audit.truncated.bytes',
  'audit.truncated.sha256',
  'audit.revision_of',
]

const SETTABLE: readonly FieldName[] = (Object.keys(FIELDS) as FieldName[]).filter((name) => {
  const field: Field = FIELDS[name]
  return (
    !OWN.includes(name) && field.derived !== true && !['flattened', 'changes', 'geo'].includes(field.type)
  )
})

const OUTCOMES = ['success', 'failure', 'unknown']

const isSettable = (name: string): name is FieldName => (SETTABLE as readonly string[]).includes(name)
const fieldName = z.string().refine(isSettable, {
  message: 'expected a field of the schema that an integration may fill (see docs/integrations.md)',
})

const name = z.string().min(1).max(256)
/** One or several. */
const names = z.union([name.transform((one) => [one]), z.array(name).min(1)])
const optionalNames = z.union([name.transform((one) => [one]), z.array(name)]).default([])
const scalar = z.union([z.string(), z.number(), z.boolean()])
const texts = z.union([
  scalar.transform((one) => [String(one)]),
  z.array(scalar).transform((list) => list.map(String)),
])

/** What only certain values go into. */
function valueProblem(field: FieldName, value: string): string | null {
  if (field === 'audit.category' && !isCategory(value)) return `expected one of ${CATEGORIES.join(', ')}`
  if (field === 'event.outcome' && !OUTCOMES.includes(value)) return `expected one of ${OUTCOMES.join(', ')}`
  return null
}

const mapping = z
  .strictObject({
    from: names,
    to: fieldName,
    format: z.string().min(1).max(64).default('auto'),
    values: z.record(z.string(), texts).optional(),
  })
  .superRefine((rule, context) => {
    // The name itself was found wrong already.
    if (!isSettable(rule.to)) return
    const problem = formatProblem(rule.to, rule.format)
    if (problem !== null) context.addIssue({ code: 'custom', path: ['format'], message: problem })
    const limited = rule.to === 'audit.category' || rule.to === 'event.outcome'
    if (limited && rule.values === undefined) {
      context.addIssue({
        code: 'custom',
        path: ['to'],
        message: `${rule.to} needs values: which texts stand for which of its values`,
      })
    }
    for (const value of Object.keys(rule.values ?? {})) {
      const wrong = valueProblem(rule.to, value)
      if (wrong !== null) context.addIssue({ code: 'custom', path: ['values', value], message: wrong })
    }
  })
  .transform((rule) => ({ ...rule, values: rule.values ?? null }))

function formatProblem(field: FieldName, format: string): string | null {
  if (FIELDS[field].type === 'date') {
    const problem = patternProblem(format)
    return problem === null
      ? null
      : `the pattern ${problem}; expected auto, iso, epoch_s, epoch_ms, epoch_us, epoch_ns or a pattern such as "DD.MM.YYYY HH:mm:ss"`
  }
  if (format === 'auto') return null
  if (field === 'event.duration') {
    return Object.hasOwn(DURATION_SCALES, format)
      ? null
      : `expected one of ${Object.keys(DURATION_SCALES).join(', ')}`
  }
  return 'only times and event.duration have a format'
}

/** Field to value, as a list of assignments with values of the field's own type. */
const assignments = z
  .record(z.string(), z.union([scalar, z.array(scalar).min(1)]))
  .transform((record, context): Assignment[] =>
    Object.entries(record).flatMap(([field, value]) => {
      if (!isSettable(field)) {
        context.addIssue({
          code: 'custom',
          path: [field],
          message: 'expected a field of the schema that an integration may fill (see docs/integrations.md)',
        })
        return []
      }
      const made = assigned(field, value)
      if (typeof made === 'string') {
        context.addIssue({ code: 'custom', path: [field], message: made })
        return []
      }
      return [made]
    }),
  )

type Scalar = string | number | boolean

function assigned(field: FieldName, value: Scalar | readonly Scalar[]): Assignment | string {
  const { type, many }: Field = FIELDS[field]
  const list = (Array.isArray(value) ? value : [value]) as readonly Scalar[]
  for (const one of list) {
    const problem = valueProblem(field, String(one))
    if (problem !== null) return problem
  }
  if (many === true) return { field, value: list.map(String) }
  if (list.length !== 1) return `${field} has one value, not a list`
  const [single] = list as readonly [Scalar]
  switch (type) {
    case 'long':
    case 'float':
      return typeof single === 'number' ? { field, value: single } : 'expected a number'
    case 'boolean':
      return typeof single === 'boolean' ? { field, value: single } : 'expected true or false'
    case 'date':
    case 'ip':
      return `${field} can't be the same in all events`
    default:
      return { field, value: String(single) }
  }
}

const changes = z.strictObject({
  list: optionalNames,
  before: optionalNames,
  after: optionalNames,
  field: optionalNames,
  item: z
    .strictObject({ field: optionalNames, old: optionalNames, new: optionalNames })
    .default({ field: [], old: [], new: [] }),
})

const lookup = z.strictObject({
  from: z.union([fieldName.transform((one) => [one]), z.array(fieldName).min(1).max(3)]),
  rows: z.array(z.strictObject({ words: texts, set: assignments })).min(1),
})

export const integrationSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, 'expected a-z, 0-9, _ and -, beginning with a letter or digit'),
  title: z.string().min(1),
  format: z.enum(['json', 'csv', 'plain']),
  envelope: z.enum(['syslog']).optional(),
  /** Takes over what it does not say itself: fields and lookups behind its own, the rest where it has none. */
  like: z.string().optional(),
  dataset: z.string().min(1).max(256).optional(),
  category: z.enum(CATEGORIES).optional(),
  identity: names.optional(),
  csv: z
    .strictObject({
      delimiter: z.string().length(1, 'expected one character').optional(),
      columns: z.array(name).optional(),
    })
    .optional(),
  fields: z.array(mapping).default([]),
  changes: changes.optional(),
  lookups: z.array(lookup).default([]),
  set: assignments.default([]),
  message: z.array(z.union([fieldName.transform((one) => [one]), z.array(fieldName).min(1)])).optional(),
})

export type IntegrationFile = z.infer<typeof integrationSchema>
