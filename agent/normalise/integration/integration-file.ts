import * as z from 'zod'
import { CATEGORIES, FIELDS, type Field, type FieldName, isCategory } from '../../../schema/index.ts'
import { namesIn } from './condition.ts'
import { searchedPattern, whenSchema } from './condition-file.ts'
import { type Assignment, type Captions, FORMATS, type NamedPattern } from './integration.ts'
import { DURATION_SCALES } from './mapping.ts'
import { listPathOf } from './member-path.ts'
import { patternFault } from './pattern.ts'
import { formatProblem as timeFormatProblem } from './time.ts'

/** The content of an integration.yml as an operator writes it; docs/integrations.md explains it. */

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
  'audit.seal.received',
]

const SETTABLE: readonly FieldName[] = (Object.keys(FIELDS) as FieldName[]).filter((name) => {
  const field: Field = FIELDS[name]
  return (
    !OWN.includes(name) && field.derived !== true && !['flattened', 'changes', 'geo'].includes(field.type)
  )
})

const OUTCOMES = ['success', 'failure', 'unknown']

export const isSettable = (name: string): name is FieldName => (SETTABLE as readonly string[]).includes(name)
const fieldName = z.string().refine(isSettable, {
  message: 'expected a field of the schema that an integration may fill (see docs/integrations.md)',
})

const name = z.string().min(1).max(256)

/** Reports a fault in a name's brackets at the list with the name: a union would only report that nothing matches. */
const checked =
  (problemOf: (name: string) => string | null) =>
  (said: readonly (string | readonly string[])[], context: z.RefinementCtx): void => {
    for (const one of said.flat()) {
      const message = problemOf(one)
      if (message !== null) context.addIssue({ code: 'custom', message })
    }
  }
const withoutLists = checked((name) => {
  const path = listPathOf(name)
  if (path === null || typeof path === 'string') return path
  return 'brackets go into lists, which only fields, changes, identity and the conditions of fields and events can'
})
const withLists = checked((name) => {
  const path = listPathOf(name)
  return typeof path === 'string' ? path : null
})

/** One or several. */
const anyNames = z.union([name.transform((one) => [one]), z.array(name)])
const names = anyNames.refine((list) => list.length > 0, 'expected a name').superRefine(withoutLists)
const optionalNames = anyNames.superRefine(withoutLists).default([])
const pairName = name.superRefine((one, context) => withLists([one], context))
/** Names that may refer to items of lists. */
const optionalPaths = anyNames.superRefine(withLists).default([])
const scalar = z.union([z.string(), z.number(), z.boolean()])
const texts = z.union([
  scalar.transform((one) => [String(one)]),
  z.array(scalar).transform((list) => list.map(String)),
])

/** Checks fields that accept only certain values. */
function valueProblem(field: FieldName, value: string): string | null {
  if (field === 'audit.category' && !isCategory(value)) return `expected one of ${CATEGORIES.join(', ')}`
  if (field === 'event.outcome' && !OUTCOMES.includes(value)) return `expected one of ${OUTCOMES.join(', ')}`
  return null
}

const mapping = z
  .strictObject({
    from: optionalPaths,
    to: fieldName,
    /** Used in place of `from`: the constant value of the field if `when` holds. */
    value: scalar.transform(String).optional(),
    format: z
      .union([
        z
          .string()
          .min(1)
          .max(64)
          .transform((one) => [one]),
        z.array(z.string().min(1).max(64)).min(1).max(16),
      ])
      .default(['auto']),
    values: z.record(z.string(), texts).optional(),
    /** What happens to texts that are not among the values. */
    others: z.enum(['drop', 'keep']).default('drop'),
    /** For a list: take only the first item. */
    list: z.enum(['first']).optional(),
    /** Whether the member stays for later fields. */
    keep: z.boolean().default(false),
    when: whenSchema.optional(),
  })
  .superRefine((rule, context) => {
    // An earlier check has already rejected the name.
    if (!isSettable(rule.to)) return
    for (const format of rule.format) {
      const problem = formatProblem(rule.to, format)
      if (problem !== null) context.addIssue({ code: 'custom', path: ['format'], message: problem })
    }
    if (rule.format.length > 1 && FIELDS[rule.to].type !== 'date') {
      context.addIssue({ code: 'custom', path: ['format'], message: 'only times have several formats' })
    }
    if (rule.others === 'keep' && (rule.values === undefined || FIELDS[rule.to].type !== 'keyword')) {
      context.addIssue({
        code: 'custom',
        path: ['others'],
        message: 'keep goes with values, for a field of texts',
      })
    }
    if ((rule.value === undefined) === (rule.from.length === 0)) {
      context.addIssue({
        code: 'custom',
        path: ['from'],
        message: 'expected either from (a name) or value (the value if when holds)',
      })
    }
    if (rule.value !== undefined) {
      const wrong =
        FIELDS[rule.to].type === 'keyword' ? valueProblem(rule.to, rule.value) : 'expected a field of texts'
      if (wrong !== null) context.addIssue({ code: 'custom', path: ['value'], message: wrong })
      if (rule.when === undefined)
        context.addIssue({
          code: 'custom',
          path: ['when'],
          message: 'value needs when; write values of all events under set',
        })
      return
    }
    const limited = rule.to === 'audit.category' || rule.to === 'event.outcome'
    if (limited && rule.values === undefined) {
      context.addIssue({
        code: 'custom',
        path: ['to'],
        message: `${rule.to} needs values: which texts mean which of its values`,
      })
    } else if (limited && rule.others === 'keep') {
      context.addIssue({ code: 'custom', path: ['others'], message: `${rule.to} allows only its own values` })
    }
    for (const value of Object.keys(rule.values ?? {})) {
      const wrong = valueProblem(rule.to, value)
      if (wrong !== null) context.addIssue({ code: 'custom', path: ['values', value], message: wrong })
    }
  })
  .transform(({ others, list, when, value, ...rule }) => ({
    ...rule,
    value: value ?? null,
    values: rule.values ?? null,
    keepOthers: others === 'keep',
    first: list === 'first',
    when: when ?? null,
  }))

function formatProblem(field: FieldName, format: string): string | null {
  if (FIELDS[field].type === 'date') return timeFormatProblem(format)
  if (format === 'auto') return null
  if (field === 'event.duration') {
    return Object.hasOwn(DURATION_SCALES, format) || format === 'text'
      ? null
      : `expected one of ${Object.keys(DURATION_SCALES).join(', ')}, text`
  }
  if (FIELDS[field].type === 'long') {
    return format === 'grouped' ? null : 'expected grouped (for numbers such as 1,000), or nothing'
  }
  return 'only times, numbers and event.duration have a format'
}

/** A map from field to value becomes a list of assignments with values of the field's type. */
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

/** The names of a member in exports, by language. */
const captions = z
  .record(
    z.string().regex(/^[a-z]{2}(?:-[A-Z]{2})?$/, 'expected a language such as de or pt-BR'),
    z.record(name, names),
  )
  .transform((byLanguage): Captions[] =>
    Object.values(byLanguage).flatMap((byName) =>
      Object.entries(byName).map(([name, captions]) => ({ name, captions })),
    ),
  )

const changes = z.strictObject({
  list: optionalPaths,
  before: optionalPaths,
  after: optionalPaths,
  field: optionalPaths,
  text: optionalPaths,
  pairs: z
    .array(z.strictObject({ old: pairName, new: pairName, field: z.string().min(1).max(256).optional() }))
    .default([])
    .transform((pairs) => pairs.map((pair) => ({ ...pair, field: pair.field ?? pair.new }))),
  empty: z.enum(['value', 'unknown']).default('value'),
  unchanged: z.string().min(1).max(64).optional(),
  item: z
    .strictObject({ field: optionalNames, old: optionalNames, new: optionalNames })
    .default({ field: [], old: [], new: [] }),
})

const lookup = z.strictObject({
  from: z.union([fieldName.transform((one) => [one]), z.array(fieldName).min(1).max(3)]),
  rows: z.array(z.strictObject({ words: texts, set: assignments })).min(1),
})

const pattern = z.string().superRefine((source, context) => {
  const fault = patternFault(source)
  if (fault !== null) context.addIssue({ code: 'custom', message: `the pattern has ${fault}` })
})

const oneOrMore = z.union([z.string().transform((one) => [one]), z.array(z.string()).min(1).max(64)])

/** One pattern, several, or several with the names of their types. A fault is reported at its place. */
const patterns = z
  .union([
    oneOrMore.transform((list) => list.map((pattern) => ({ name: null, pattern }))),
    z
      .record(z.string(), oneOrMore)
      .transform((byName) =>
        Object.entries(byName).flatMap(([name, list]) => list.map((pattern) => ({ name, pattern }))),
      ),
  ])
  .superRefine((list: readonly NamedPattern[], context) => {
    for (const { name, pattern } of list) {
      const path = name === null ? [] : [name]
      const fault = patternFault(pattern)
      if (fault !== null) context.addIssue({ code: 'custom', path, message: `the pattern has ${fault}` })
      if (name !== null && !/^[a-z][a-z0-9_]{0,63}$/.test(name))
        context.addIssue({ code: 'custom', path, message: 'expected a name of a-z, 0-9 and _' })
    }
  })

const extraction = z
  .strictObject({
    from: names,
    patterns,
    into: name.optional(),
    keep: z.boolean().default(false),
    when: whenSchema.optional(),
  })
  .superRefine(({ into, patterns, when }, context) => {
    for (const asked of when === undefined ? [] : namesIn(when)) {
      if (listPathOf(asked) === null) continue
      context.addIssue({
        code: 'custom',
        path: ['when', asked],
        message: 'extract works on members outside of lists; expected the name of a member',
      })
    }
    const isNamed = patterns.some(({ name }) => name !== null)
    if (isNamed === (into !== undefined)) return
    context.addIssue({
      code: 'custom',
      path: ['into'],
      message: 'into (a member) needs patterns with names: the member gets the name of the matching pattern',
    })
  })
  .transform(({ into, when, ...rest }) => ({ ...rest, into: into ?? null, when: when ?? null }))

const eventType = z
  .strictObject({
    id: z.string().regex(/^[a-z0-9][a-z0-9_.-]{0,127}$/, 'expected a-z, 0-9, _, . and -'),
    title: z.string().min(1).max(256),
    group: z.string().min(1).max(128),
    when: whenSchema,
    set: assignments.default([]),
    mandatory: z.boolean().default(false),
    default: z.enum(['on', 'off']).default('on'),
  })
  .refine((type) => !(type.mandatory && type.default === 'off'), {
    message: "a mandatory type can't be off by default",
    path: ['default'],
  })
  .transform(({ default: recorded, ...type }) => ({
    ...type,
    recorded: recorded === 'on',
  }))

const NO_COMMON_SUCCESS =
  'success must not be the default of all events; set it in event types that exist only if they succeeded'
const NO_SIGN_IN_SUCCESS =
  'success must not be the default of a sign-in; define under fields where the record states it (to: event.outcome, value: success, when: ...)'

const setsSuccess = (set: readonly Assignment[]): boolean =>
  set.some(({ field, value }) => field === 'event.outcome' && value === 'success')

const isSignIn = (set: readonly Assignment[]): boolean => {
  const has = (name: FieldName, one: string): boolean =>
    set.some(({ field, value }) => field === name && Array.isArray(value) && value.includes(one))
  return has('event.category', 'authentication') && !has('event.type', 'end')
}

export const integrationSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, 'expected a-z, 0-9, _ and -, beginning with a letter or digit'),
    title: z.string().min(1),
    format: z.enum(FORMATS).optional(),
    /** Several formats of one source; the first one that a record looks like reads it. */
    formats: z.array(z.enum(FORMATS)).min(1).optional(),
    envelope: z.enum(['syslog']).optional(),
    /** Lists in a JSON document that contain records. */
    records: z.array(z.string().regex(/^[^"\\\u0000-\u001f]+$/, 'expected the name of a list')).optional(),
    join: pattern.optional(),
    patterns: z.array(pattern).min(1).optional(),
    kv: z
      .strictObject({
        between: z.string().length(1, 'expected one character').optional(),
        assign: z.string().length(1, 'expected one character').default('='),
      })
      .optional(),
    unpack: optionalNames,
    keep: optionalNames,
    extract: z.array(extraction).default([]),
    events: z.array(eventType).max(512).default([]),
    mask: z
      .strictObject({
        names: optionalNames,
        patterns: z
          .record(
            z.string().regex(/^[a-z][a-z0-9_]{0,31}$/, 'expected a kind, of a-z, 0-9 and _'),
            searchedPattern,
          )
          .default({}),
        keep: optionalNames,
      })
      .prefault({}),
    /** Inherits from another integration: its fields and lookups follow the own ones, other settings apply if there is none here. */
    like: z.string().optional(),
    /** Another integration, for Linux audit records inside entries of the journal. */
    audit: z.string().optional(),
    dataset: z.string().min(1).max(256).optional(),
    category: z.enum(CATEGORIES).optional(),
    identity: z
      .union([
        name.transform((one) => [[one]]),
        z.array(z.union([name.transform((one) => [one]), z.array(name).min(1)])).min(1),
      ])
      .superRefine(withLists)
      .optional(),
    csv: z
      .strictObject({
        delimiter: z.string().length(1, 'expected one character').optional(),
        columns: z.array(name).optional(),
      })
      .optional(),
    fields: z.array(mapping).default([]),
    captions: captions.default([]),
    changes: changes.optional(),
    lookups: z.array(lookup).default([]),
    set: assignments.default([]),
    /** Fields and members whose words state the outcome if no column does. */
    outcome: names.optional(),
    message: z.array(z.union([fieldName.transform((one) => [one]), z.array(fieldName).min(1)])).optional(),
  })
  .superRefine((said, context) => {
    const issue = (path: PropertyKey[], message: string): void =>
      context.addIssue({ code: 'custom', path, message })
    const formats = said.formats ?? (said.format === undefined ? [] : [said.format])
    if ((said.format === undefined) === (said.formats === undefined)) {
      issue(['format'], 'write either format (one) or formats (several)')
    }
    if (formats.includes('regex') !== (said.patterns !== undefined)) {
      issue(['patterns'], 'patterns belong to the format regex')
    }
    for (const [name, format] of [
      ['csv', 'csv'],
      ['kv', 'kv'],
      ['records', 'json'],
      ['audit', 'journald'],
    ] as const) {
      if (said[name] !== undefined && !formats.includes(format))
        issue([name], `goes with the format ${format} only`)
    }
    if (said.join !== undefined && formats.includes('csv'))
      issue(['join'], 'join is not possible for rows of CSV')
    const ids = new Set<string>()
    said.events.forEach(({ id }, i) => {
      if (!id.startsWith(`${said.name}.`))
        issue(['events', i, 'id'], `expected an id that begins with ${said.name}.`)
      if (ids.has(id)) issue(['events', i, 'id'], 'another event type already has this id')
      ids.add(id)
    })
    if (setsSuccess(said.set)) issue(['set', 'event.outcome'], NO_COMMON_SUCCESS)
    said.events.forEach(({ set }, i) => {
      if (setsSuccess(set) && isSignIn(set)) issue(['events', i, 'set', 'event.outcome'], NO_SIGN_IN_SUCCESS)
    })
  })

export type IntegrationFile = z.infer<typeof integrationSchema>
