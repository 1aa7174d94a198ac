import { foldKeyword } from '../../schema/index.ts'
import { hasShape } from './evaluate.ts'
import type { Meaning, Query } from './tree.ts'

/**
 * Fields that no event has: a condition on one of them means conditions on others. `verb` is a common word for an action, `object` one for
 * the type of an entity, whatever the source calls them. `person` is somebody with accounts in several systems; here it means one account
 * alone, and `people/` knows the others.
 */
export const MEANT = ['person', 'verb', 'object'] as const
export type MeantField = (typeof MEANT)[number]

export const isMeant = (name: string): name is MeantField => (MEANT as readonly string[]).includes(name)

/** The fields that their values are worked out from. */
export const FIELDS_MEANT: Readonly<Record<MeantField, readonly string[]>> = {
  person: ['user.name', 'user.email', 'user.id'],
  verb: ['event.action', 'event.code', 'event.category', 'event.type'],
  object: ['event.module', 'audit.entity.type'],
}

/** Explains them where the fields are listed. */
export const ABOUT_MEANT: Readonly<Record<MeantField, string>> = {
  person: 'Somebody with all their accounts: a name, an e-mail address, or system/account.',
  verb: 'A common word for the action: create, update, delete, view, export, sign-in or sign-out.',
  object: 'A common word for the type of the entity, such as customer for Customer, Account and customers.',
}

const equals = (field: string, value: string): Query => ({ kind: 'equals', field, value })
const shaped = (field: string, ...parts: string[]): Query => ({ kind: 'wildcard', field, parts })
const exists = (field: string): Query => ({ kind: 'exists', field })
const anyOf = (of: readonly Query[]): Query => (of.length === 1 ? of[0]! : { kind: 'or', of })
const allOf = (of: readonly Query[]): Query => (of.length === 1 ? of[0]! : { kind: 'and', of })
const not = (of: Query): Query => ({ kind: 'not', of })

/** The verbs, and what finds their events. An event has the first of them that finds it. */
const VERBS: readonly (readonly [string, Query])[] = [
  ['export', anyOf([shaped('event.action', '', 'export', ''), shaped('event.code', '', 'export', '')])],
  ['sign-in', allOf([equals('event.category', 'authentication'), equals('event.type', 'start')])],
  [
    'sign-out',
    allOf([
      anyOf([equals('event.category', 'authentication'), equals('event.category', 'session')]),
      equals('event.type', 'end'),
    ]),
  ],
  ['create', equals('event.type', 'creation')],
  ['delete', equals('event.type', 'deletion')],
  ['update', equals('event.type', 'change')],
  ['view', equals('event.type', 'access')],
]

/** Each verb with the query that finds its events, and no others'. */
export const VERB_QUERIES: ReadonlyMap<string, Query> = new Map(
  VERBS.map(([verb, query], index) => [
    verb,
    allOf([query, ...VERBS.slice(0, index).map(([, earlier]) => not(earlier))]),
  ]),
)

/** Other words that people write for a verb. */
const VERB_WORDS: Readonly<Record<string, string>> = {
  ...{ creation: 'create', created: 'create', add: 'create', insert: 'create', post: 'create' },
  ...{
    change: 'update',
    changed: 'update',
    updated: 'update',
    edit: 'update',
    modify: 'update',
    put: 'update',
  },
  ...{
    deletion: 'delete',
    deleted: 'delete',
    remove: 'delete',
    access: 'view',
    read: 'view',
    viewed: 'view',
  },
  ...{ login: 'sign-in', 'log-in': 'sign-in', signin: 'sign-in', logout: 'sign-out', signout: 'sign-out' },
}

/** The types of entities of all systems that are one object. What is not here is an object of its own name. */
const OBJECTS: Readonly<Record<string, readonly string[]>> = {
  'api key': ['api key', 'api keys', 'access key', 'token', 'tokens', 'api token'],
  customer: ['customer', 'customers', 'client', 'clients', 'api::customer.customer', 'клиент', 'kunde'],
  expense: ['expense', 'expenses'],
  file: ['file', 'files', 'файл', 'datei'],
  group: ['group', 'groups', 'user group', 'user groups', 'usergroup', 'team', 'teams'],
  invoice: ['invoice', 'invoices', 'rechnung', 'счёт'],
  order: ['order', 'orders'],
  permission: ['permission', 'permissions'],
  policy: ['policy', 'policies', 'policyentity'],
  product: ['product', 'products'],
  project: ['project', 'projects'],
  report: ['report', 'reports', 'отчёт'],
  role: ['role', 'roles'],
  secret: ['secret', 'secrets'],
  session: ['session', 'sessions'],
  setting: ['setting', 'settings', 'system setting', 'security settings'],
  tag: ['tag', 'tags'],
  task: ['task', 'tasks'],
  'time entry': ['time entry', 'time entries'],
  user: ['user', 'users', 'admin user', 'admin users'],
  webhook: ['webhook', 'webhooks'],
}
/** Words that mean something else in one system. */
const OBJECTS_IN: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  creatio: { account: 'customer' },
  'aws-cloudtrail': { key: 'api key' },
}

/** `time_entry`, `Time entry` and `time-entry` are one word. */
const wordOf = (type: string): string => foldKeyword(type).toLowerCase().replaceAll(/[_-]/g, ' ').trim()

const OBJECT_OF = new Map(
  Object.entries(OBJECTS).flatMap(([object, words]) => words.map((word) => [word, object] as const)),
)

/** The common word for an entity's type in a system. */
export const objectOf = (system: string, type: string): string => {
  const word = wordOf(type)
  return OBJECTS_IN[system]?.[word] ?? OBJECT_OF.get(word) ?? word
}

/** The spellings of a word that stores tell apart: they know no other folding than that of A to Z. */
function spellings(word: string): string[] {
  const spaced = [word, word.replaceAll(' ', '_'), word.replaceAll(' ', '-')]
  const capital = spaced.map((one) => one.charAt(0).toUpperCase() + one.slice(1))
  return [...new Map([...spaced, ...capital].map((one) => [foldKeyword(one), one])).values()]
}

function objectQuery(object: string): Query {
  const type = 'audit.entity.type'
  const known = wordOf(object)
  const words = OBJECTS[known] ?? (OBJECT_OF.has(known) ? [] : [known])
  const others = Object.entries(OBJECTS_IN).flatMap(([system, meanings]) =>
    Object.entries(meanings).map(([word, means]) => ({ system, word, means })),
  )
  const inSystem = (system: string, word: string): Query =>
    allOf([equals('event.module', system), anyOf(spellings(word).map((one) => equals(type, one)))])
  const plain = words.flatMap((word) => {
    const is = anyOf(spellings(word).map((one) => equals(type, one)))
    const elsewhere = others.filter((other) => other.word === word && other.means !== known)
    return elsewhere.length === 0
      ? [is]
      : [allOf([is, ...elsewhere.map(({ system }) => not(equals('event.module', system)))])]
  })
  const special = others.flatMap(({ system, word, means }) =>
    means === known ? [inSystem(system, word)] : [],
  )
  const of = [...plain, ...special]
  return of.length === 0 ? { kind: 'none' } : anyOf(of)
}

/** The words for one account: its name, its id or its e-mail address. `system/account` limits it to a system. */
export function accountQuery(
  parts: readonly string[],
  fields: readonly string[] = FIELDS_MEANT.person,
): Query {
  const whole = anyOf(fields.map((field) => conditionOn(field, parts)))
  const [first = ''] = parts
  const slash = first.indexOf('/')
  if (slash <= 0) return whole
  const rest = [first.slice(slash + 1), ...parts.slice(1)]
  if (rest.length === 1 && rest[0] === '') return whole
  const within = allOf([
    equals('event.module', first.slice(0, slash)),
    anyOf(fields.map((field) => conditionOn(field, rest))),
  ])
  return anyOf([whole, within])
}

const conditionOn = (field: string, parts: readonly string[]): Query =>
  parts.length > 1 ? { kind: 'wildcard', field, parts } : equals(field, parts[0] ?? '')

const isAnything = (parts: readonly string[]): boolean =>
  parts.length > 1 && parts.every((part) => part === '')

/** What a condition on such a field means. */
export function meaningOf(field: MeantField, parts: readonly string[]): Query {
  const meant: Meaning = { field, parts }
  return { kind: 'or', of: [plainMeaning(field, parts)], meant }
}

function plainMeaning(field: MeantField, parts: readonly string[]): Query {
  switch (field) {
    case 'verb': {
      const known = [...VERB_QUERIES.keys()]
      const folded = parts.map((part) => foldKeyword(part).toLowerCase())
      const verbs =
        parts.length > 1
          ? known.filter((verb) => hasShape(verb, folded))
          : [VERB_WORDS[folded[0] ?? ''] ?? folded[0] ?? '']
      const of = verbs.flatMap((verb) => VERB_QUERIES.get(verb) ?? [])
      return of.length === 0 ? { kind: 'none' } : anyOf(of)
    }
    case 'object':
      if (isAnything(parts)) return exists('audit.entity.type')
      if (parts.length === 1) return objectQuery(parts[0] ?? '')
      return anyOf([
        shaped('audit.entity.type', ...parts),
        ...Object.keys(OBJECTS)
          .filter((object) =>
            hasShape(
              object,
              parts.map((part) => part.toLowerCase()),
            ),
          )
          .map(objectQuery),
      ])
    case 'person':
      return personAlone(parts)
  }
}

const personAlone = (parts: readonly string[], fields = FIELDS_MEANT.person): Query =>
  isAnything(parts) ? anyOf(fields.map(exists)) : accountQuery(parts, fields)

/** The verbs of which one is expected, for the message about another word. */
export const verbProblem = (parts: readonly string[]): string | null =>
  parts.length === 1 && plainMeaning('verb', parts).kind === 'none'
    ? `There is no verb "${parts[0]}"; the verbs are ${[...VERB_QUERIES.keys()].join(', ')}`
    : null

/** The same query with the meaning of each person replaced. */
export function withPersons(
  query: Query,
  means: (parts: readonly string[]) => Query | null,
  { isNamed = true }: { readonly isNamed?: boolean } = {},
): Query {
  const within = (one: Query): Query => withPersons(one, means, { isNamed })
  switch (query.kind) {
    case 'and':
      return { ...query, of: query.of.map(within) }
    case 'not':
      return { kind: 'not', of: within(query.of) }
    case 'or': {
      const { meant } = query
      if (meant?.field !== 'person') return { ...query, of: query.of.map(within) }
      const meaning = means(meant.parts)
      return meaning === null ? query : { kind: 'or', of: [meaning], ...(isNamed && { meant }) }
    }
    default:
      return query
  }
}

/** The same query in which a person is one account alone, found by the fields that may be asked. */
export const withoutJoins = (query: Query, mayAsk: (field: string) => boolean): Query =>
  withPersons(
    query,
    (parts) => {
      const fields = FIELDS_MEANT.person.filter(mayAsk)
      // With no field left the condition stays, and is refused with the reason.
      return personAlone(parts, fields.length === 0 ? FIELDS_MEANT.person : fields)
    },
    { isNamed: false },
  )

/** Whether a query names a person. */
export const asksForPersons = (query: Query): boolean => {
  switch (query.kind) {
    case 'and':
      return query.of.some(asksForPersons)
    case 'not':
      return asksForPersons(query.of)
    case 'or':
      return query.meant?.field === 'person' || query.of.some(asksForPersons)
    default:
      return false
  }
}
