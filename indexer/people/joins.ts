import { type AuditEvent, foldKeyword, textAt } from '../../schema/index.ts'
import type { Query } from '../query/index.ts'

/**
 * Which accounts are one person's. Everything here is a pure function of what events say, of the operator's list and of the acts of people.
 *
 * An identifier is one of: an e-mail address (in any system), an id that is unique everywhere (a UUID), an id or a name within one system.
 * Two identifiers that one event carries are one person's, with exceptions that would join strangers: a name or an id in a system that goes
 * with several e-mail addresses joins nothing, and neither does an e-mail address that many accounts of a system share.
 */
export type Identifier =
  | { readonly kind: 'email'; readonly value: string }
  | { readonly kind: 'uuid'; readonly value: string }
  | { readonly kind: 'id'; readonly system: string; readonly value: string }
  | { readonly kind: 'name'; readonly system: string; readonly value: string }

/** Two identifiers that events carry together, and how many events do. */
export interface Seen {
  readonly system: string
  readonly name: string | null
  readonly id: string | null
  readonly email: string | null
  readonly count: number
}

/** Why two identifiers are one person's. */
export type Why =
  | { readonly kind: 'events'; readonly system: string; readonly count: number }
  | { readonly kind: 'list' }
  | { readonly kind: 'act'; readonly act: string; readonly by: string; readonly at: number }

export interface Join {
  readonly one: Identifier
  readonly other: Identifier
  readonly why: Why
}

/** Somebody of the operator's list. */
export interface Listed {
  readonly id: string
  readonly name: string
  readonly accounts: readonly Identifier[]
}

/** What people decided in the console or on the command line. */
export interface Decided {
  readonly act: string
  readonly by: string
  readonly at: number
  readonly what:
    | { readonly kind: 'same'; readonly one: Identifier; readonly other: Identifier }
    | { readonly kind: 'apart'; readonly account: Identifier }
}

export interface Person {
  readonly id: string
  readonly name: string
  readonly identifiers: readonly Identifier[]
  readonly joins: readonly Join[]
  /** The names, ids and addresses of each account, as events carry them together. */
  readonly accounts: readonly Seen[]
}

/** What more accounts of one system than this share belongs to nobody alone. */
const MOST_SHARERS = 3
/** Systems whose numbers of users are those of one host: the same number is somebody else on another one. */
const NUMBERS_BY_HOST: ReadonlySet<string> = new Set(['linux-auth', 'auditd', 'journald'])
const EMAIL = /^[^\s@/]+@[^\s@/]+\.[^\s@/]+$/
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

export const keyOf = (identifier: Identifier): string =>
  JSON.stringify([
    identifier.kind,
    'system' in identifier ? identifier.system : '',
    foldKeyword(identifier.value),
  ])

const idOf = (system: string, value: string): Identifier =>
  EMAIL.test(value)
    ? { kind: 'email', value }
    : UUID.test(value)
      ? { kind: 'uuid', value }
      : { kind: 'id', system, value }
const nameOf = (system: string, value: string): Identifier =>
  EMAIL.test(value) ? { kind: 'email', value } : { kind: 'name', system, value }

/** The identifiers that events of an account carry. */
export const identifiersOf = ({ system, name, id, email }: Omit<Seen, 'count'>): Identifier[] => [
  ...(email === null ? [] : [{ kind: 'email', value: email } as const]),
  ...(id === null || NUMBERS_BY_HOST.has(system) ? [] : [idOf(system, id)]),
  ...(name === null ? [] : [nameOf(system, name)]),
]

/** What an event says of its user's account. */
export function accountIn(event: AuditEvent): Omit<Seen, 'count'> {
  const at = (path: string): string | null => textAt(event, path) ?? null
  return {
    system: at('event.module') ?? '',
    name: at('user.name'),
    id: at('user.id'),
    email: at('user.email'),
  }
}

export const identifiersIn = (event: AuditEvent): Identifier[] => identifiersOf(accountIn(event))

/** What finds the events that carry an identifier. */
export function queryOf(identifier: Identifier): Query {
  const equals = (field: string): Query => ({ kind: 'equals', field, value: identifier.value })
  switch (identifier.kind) {
    case 'email':
      return { kind: 'or', of: ['user.email', 'user.name', 'user.id'].map(equals) }
    case 'uuid':
      return equals('user.id')
    default:
      return {
        kind: 'and',
        of: [
          { kind: 'equals', field: 'event.module', value: identifier.system },
          equals(identifier.kind === 'id' ? 'user.id' : 'user.name'),
        ],
      }
  }
}

/** How people write it: `jane@example.com`, `linux-auth/jane`. */
export const textOf = (identifier: Identifier): string =>
  'system' in identifier ? `${identifier.system}/${identifier.value}` : identifier.value

/** The persons behind what events carry. */
export function personsOf(
  seen: readonly Seen[],
  listed: readonly Listed[],
  decided: readonly Decided[],
): Person[] {
  const apart = new Set(decided.flatMap(({ what }) => (what.kind === 'apart' ? [keyOf(what.account)] : [])))
  const joinsNothing = ambiguous(seen)
  const isBarred = (identifier: Identifier): boolean => {
    const key = keyOf(identifier)
    return joinsNothing.has(key) || apart.has(key)
  }
  const graph = new Graph()
  for (const one of seen) {
    const identifiers = identifiersOf(one)
    for (const identifier of identifiers) graph.add(identifier)
    // The strongest identifier first: an event that carries an ambiguous name belongs to the person of its address.
    const [first, ...others] = identifiers.filter((identifier) => !isBarred(identifier))
    for (const other of others)
      graph.join(first!, other, { kind: 'events', system: one.system, count: one.count })
  }
  for (const { accounts } of listed) {
    const [first, ...others] = accounts
    if (first !== undefined) graph.add(first)
    for (const other of others) graph.join(first!, other, { kind: 'list' })
  }
  for (const { act, by, at, what } of decided)
    if (what.kind === 'same') graph.join(what.one, what.other, { kind: 'act', act, by, at })
  attachNames(graph, seen, joinsNothing, (identifier) => apart.has(keyOf(identifier)))
  // Identifiers that several accounts share are nobody's alone.
  const persons = graph.groups((key) => joinsNothing.has(key) && !apart.has(key))
  const listedAt = new Map(
    listed.flatMap((one) => one.accounts.map((account) => [keyOf(account), one] as const)),
  )
  const accounts = Map.groupBy(
    seen.flatMap((one) => {
      const key = identifiersOf(one)
        .map(keyOf)
        .find((at) => persons.has(at))
      return key === undefined ? [] : [{ one, root: persons.get(key)!.root }]
    }),
    ({ root }) => root,
  )
  const done = new Set<string>()
  const found: Person[] = []
  for (const { root, identifiers, joins } of persons.values()) {
    if (done.has(root)) continue
    done.add(root)
    const own = accounts.get(root)?.map(({ one }) => one) ?? []
    const known = identifiers.map((identifier) => listedAt.get(keyOf(identifier))).find(Boolean)
    found.push({
      id: known?.id ?? usualId(identifiers),
      name: known?.name ?? usualName(own, identifiers),
      identifiers,
      joins,
      accounts: own,
    })
  }
  return found.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
}

/** A name that goes with several addresses or ids of one person, who changed one of them, is that person's all the same. */
function attachNames(
  graph: Graph,
  seen: readonly Seen[],
  joinsNothing: ReadonlySet<string>,
  isApart: (identifier: Identifier) => boolean,
): void {
  const beside = new Map<string, { name: Identifier; others: { identifier: Identifier; why: Why }[] }>()
  for (const one of seen) {
    const identifiers = identifiersOf(one)
    const name = identifiers.find(({ kind }) => kind === 'name')
    if (name === undefined || identifiers.length < 2 || isApart(name) || !joinsNothing.has(keyOf(name)))
      continue
    const entry = beside.get(keyOf(name)) ?? { name, others: [] }
    beside.set(keyOf(name), entry)
    for (const identifier of identifiers)
      if (identifier !== name)
        entry.others.push({ identifier, why: { kind: 'events', system: one.system, count: one.count } })
  }
  for (const { name, others } of beside.values()) {
    const roots = new Set(others.map(({ identifier }) => graph.rootOf(identifier)))
    if (roots.size === 1) for (const { identifier, why } of others) graph.join(identifier, name, why)
  }
}

/**
 * The identifiers that would join strangers: a name of a system with several addresses or ids, an address or an id that many accounts of
 * one system share.
 */
function ambiguous(seen: readonly Seen[]): ReadonlySet<string> {
  const besides = new Map<
    string,
    { readonly identifier: Identifier; readonly others: Map<string, Set<string>> }
  >()
  for (const one of seen) {
    const identifiers = identifiersOf(one)
    for (const identifier of identifiers)
      for (const other of identifiers) {
        const [key, otherKey] = [keyOf(identifier), keyOf(other)]
        if (key === otherKey) continue
        const entry = besides.get(key) ?? { identifier, others: new Map<string, Set<string>>() }
        besides.set(key, entry)
        const kind = `${one.system} ${other.kind}`
        const others = entry.others.get(kind) ?? new Set<string>()
        entry.others.set(kind, others.add(otherKey))
      }
  }
  const found = new Set<string>()
  for (const [key, { identifier, others }] of besides) {
    const most = identifier.kind === 'name' ? 1 : MOST_SHARERS
    if ([...others.values()].some(({ size }) => size > most)) found.add(key)
  }
  return found
}

interface Group {
  readonly root: string
  readonly identifiers: Identifier[]
  readonly joins: Join[]
}

/** Identifiers, and which of them are joined. */
class Graph {
  readonly #identifiers = new Map<string, Identifier>()
  readonly #parents = new Map<string, string>()
  readonly #joins = new Map<string, Join>()

  add(identifier: Identifier): string {
    const key = keyOf(identifier)
    if (!this.#identifiers.has(key)) {
      this.#identifiers.set(key, identifier)
      this.#parents.set(key, key)
    }
    return key
  }

  join(one: Identifier, other: Identifier, why: Why): void {
    const [a, b] = [this.add(one), this.add(other)]
    if (a === b) return
    const key = JSON.stringify([
      ...[a, b].sort(),
      why.kind,
      why.kind === 'events' ? why.system : why.kind === 'act' ? why.act : '',
    ])
    const before = this.#joins.get(key)
    const sum =
      before?.why.kind === 'events' && why.kind === 'events'
        ? { ...why, count: before.why.count + why.count }
        : why
    this.#joins.set(key, { one, other, why: sum })
    const [rootA, rootB] = [this.#root(a), this.#root(b)]
    // The lesser key is the root: the order of what was seen does not matter.
    if (rootA < rootB) this.#parents.set(rootB, rootA)
    else this.#parents.set(rootA, rootB)
  }

  /** Each identifier's group, by its key. */
  groups(leftOut: (key: string) => boolean): Map<string, Group> {
    const groups = new Map<string, Group>()
    const of = new Map<string, Group>()
    const sizes = new Map<string, number>()
    for (const key of this.#identifiers.keys())
      sizes.set(this.#root(key), (sizes.get(this.#root(key)) ?? 0) + 1)
    for (const [key, identifier] of this.#identifiers) {
      const root = this.#root(key)
      if (leftOut(key) && sizes.get(root) === 1) continue
      const group = groups.get(root) ?? { root, identifiers: [], joins: [] }
      groups.set(root, group)
      group.identifiers.push(identifier)
      of.set(key, group)
    }
    for (const join of this.#joins.values()) of.get(keyOf(join.one))?.joins.push(join)
    return of
  }

  rootOf(identifier: Identifier): string {
    return this.#root(this.add(identifier))
  }

  #root(key: string): string {
    let root = key
    for (let parent = this.#parents.get(root)!; parent !== root; parent = this.#parents.get(root)!)
      root = parent
    for (let at = key; at !== root; ) {
      const parent = this.#parents.get(at)!
      this.#parents.set(at, root)
      at = parent
    }
    return root
  }
}

/** The least e-mail address, else the least name or id with its system. */
export function usualId(identifiers: readonly Identifier[]): string {
  const of = (kind: Identifier['kind']): string[] =>
    identifiers
      .filter((one) => one.kind === kind)
      .map((one) => (kind === 'email' ? one.value.toLowerCase() : textOf(one)))
      .sort()
  return [...of('email'), ...of('name'), ...of('id'), ...of('uuid')][0] ?? ''
}

/** The name that most events give; names before addresses. */
function usualName(accounts: readonly Seen[], identifiers: readonly Identifier[]): string {
  const counts = new Map<string, number>()
  for (const { name, count } of accounts)
    if (name !== null && !EMAIL.test(name)) counts.set(name, (counts.get(name) ?? 0) + count)
  const [best] = [...counts].sort(
    ([a, countA], [b, countB]) =>
      Number(b.includes(' ')) - Number(a.includes(' ')) || countB - countA || (a < b ? -1 : 1),
  )
  const [first] = identifiers
  return best?.[0] ?? (first === undefined ? '' : first.value)
}

/** What a person with this account alone would be called; null if the event names nobody. */
export function accountOf(event: AuditEvent): string | null {
  const identifiers = identifiersIn(event)
  return identifiers.length === 0 ? null : usualId(identifiers)
}
