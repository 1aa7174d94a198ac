import type { Logger } from 'pino'
import * as z from 'zod'
import type { IdentifierShape, OnePersonShape, PeopleActShape } from '../../schema/api/index.ts'
import { peopleActAsked } from '../../schema/api/index.ts'
import { type AuditEvent, foldKeyword, reasonOf } from '../../schema/index.ts'
import { type Act, inTurn, Rounds, type Trail } from '../ingest/index.ts'
import { accountQuery, asksForPersons, hasShape, type Query, withPersons } from '../query/index.ts'
import { Refusal } from '../refusal.ts'
import type { SharedRecords } from '../store/index.ts'
import type { Store } from '../store/port.ts'
import { arrived, gather, merged } from './gather.ts'
import {
  type Decided,
  type Identifier,
  identifiersIn,
  identifiersOf,
  type Join,
  keyOf,
  type Listed,
  type Person,
  personsOf,
  queryOf,
  type Seen,
  textOf,
  usualId,
} from './joins.ts'
import { readPeople } from './list-file.ts'

const KIND = 'people-act'
const MOST_ACTS = 5_000
/** How often new events are looked at, and how often all are, ms: accounts whose events have expired are forgotten then. */
const EVERY = 30_000
const ALL_EVERY = 86_400_000
/** The same if more came at once than a look reads. */
const LEFT_OUT_EVERY = 3_600_000
/** A count is not of accounts that nobody has looked at for longer than this, ms. */
const FRESH_FOR = 5_000

const storedSchema = z.object({ by: z.string(), at: z.number(), what: peopleActAsked })

export interface PeopleParts {
  readonly store: Pick<Store, 'aggregate' | 'arrivals' | 'arrivalsEnd'>
  readonly records: Pick<SharedRecords, 'list' | 'put' | 'remove' | 'follow'>
  readonly trail: Pick<Trail, 'record'>
  /** The operator's list; null if there is none. */
  readonly file: () => string | null
  readonly clock: () => number
  readonly random: (bytes: number) => Buffer
  readonly log: Pick<Logger, 'warn'>
}

/**
 * The people behind the accounts: worked out from what the stored events carry together, from the operator's list, and from what people
 * decided. It is in memory alone, so that it forgets an account with its last event.
 */
export class People {
  readonly #parts: PeopleParts
  readonly #turn = inTurn()
  readonly #rounds: Rounds
  #rows: readonly Seen[] = []
  /** The place in the order of arrival up to which events were looked at. */
  #place: string | null = null
  #hasLeftOut = false
  #next: Promise<void> | null = null
  #listed: readonly Listed[] = []
  #decided: readonly Decided[] = []
  #persons: readonly Person[] = []
  #byIdentifier: ReadonlyMap<string, Person> = new Map()
  #partial: string | null = 'The accounts in the stored events have not been looked at yet.'
  #allAt = Number.NEGATIVE_INFINITY
  #lookedAt = Number.NEGATIVE_INFINITY
  #byId: ReadonlyMap<string, Person> = new Map()
  #listedIds: ReadonlySet<string> = new Set()
  /** The accounts that events join nothing to, by their keys. */
  #apart: ReadonlyMap<string, Identifier> = new Map()
  #known: ReadonlySet<string> = new Set()
  #said: string | null = null
  #joined = ''
  #stamp = 0

  private constructor(parts: PeopleParts) {
    this.#parts = parts
    this.#rounds = new Rounds({
      round: async () => {
        await this.look()
        return EVERY
      },
      afterFailure: EVERY,
      failed: (reason) => parts.log.warn(`People could not be worked out: ${reason}`),
    })
  }

  static async open(parts: PeopleParts): Promise<People> {
    const people = new People(parts)
    people.readList()
    await people.#readActs()
    parts.records.follow(() => people.#turn(() => people.#readActs()))
    return people
  }

  start(): void {
    this.#rounds.start()
  }

  close(): Promise<void> {
    return this.#rounds.close()
  }

  /** Another number whenever accounts were joined or parted. */
  get stamp(): number {
    return this.#stamp
  }

  /** Why somebody may be missing; null if nobody is. */
  get partial(): string | null {
    return this.#partial
  }

  /** Looks unless that was done a moment ago. */
  async refresh(): Promise<void> {
    if (this.#parts.clock() - this.#lookedAt >= FRESH_FOR) await this.look()
  }

  /** Looks at the events that came since the last time, or once a day at all of them. Who asks while others wait has their look. */
  look(): Promise<void> {
    this.#next ??= this.#turn(async () => {
      this.#next = null
      const { store, clock } = this.#parts
      const now = clock()
      this.#lookedAt = now
      const isDue = now - this.#allAt >= (this.#hasLeftOut ? LEFT_OUT_EVERY : ALL_EVERY)
      if (this.#place === null || isDue) {
        // Taken before: an event that comes meanwhile is met twice rather than never.
        this.#place = await store.arrivalsEnd()
        const { seen, partial } = await gather(store)
        this.#rows = merged(seen)
        this.#partial = partial
        this.#allAt = now
        this.#hasLeftOut = false
      } else {
        const { seen, place, isEnd } = await arrived(store, this.#place)
        this.#place = isEnd ? place : await store.arrivalsEnd()
        this.#hasLeftOut ||= !isEnd
        if (seen.length === 0) return
        this.#rows = merged([...this.#rows, ...seen])
      }
      this.#workOut()
    })
    return this.#next
  }

  /** Reads the operator's list again. */
  readList(): void {
    const file = this.#parts.file()
    try {
      this.#listed = file === null ? [] : readPeople(file)
      this.#said = null
    } catch (error) {
      // The people of before count on: a mistake in the file must not take them away.
      const reason = reasonOf(error)
      if (reason !== this.#said) this.#parts.log.warn(reason)
      this.#said = reason
    }
    this.#workOut()
  }

  /** What finds the events of the persons that these words name; null if nobody is known by them. */
  meaningOf(parts: readonly string[]): Query | null {
    const found = this.#namedBy(parts)
    if (found.length === 0) return null
    const of = found.map((person) => this.queryOf(person))
    // A wildcard also finds accounts that came just now.
    return { kind: 'or', of: parts.length > 1 ? [accountQuery(parts), ...of] : of }
  }

  /** The same query with the accounts of the persons that it names. */
  resolved(query: Query): Query {
    return asksForPersons(query) ? withPersons(query, (parts) => this.meaningOf(parts)) : query
  }

  queryOf({ identifiers }: Person): Query {
    const own = new Set(identifiers.map(keyOf))
    const is: Query = { kind: 'or', of: identifiers.map(queryOf) }
    const others = [...this.#apart].flatMap(([key, account]) => (own.has(key) ? [] : [queryOf(account)]))
    return others.length === 0
      ? is
      : { kind: 'and', of: [is, ...others.map((of): Query => ({ kind: 'not', of }))] }
  }

  /** The person whose event it is; null if it names nobody. */
  personOf(event: AuditEvent): Person | null {
    const keys = identifiersIn(event).map(keyOf)
    // What was kept apart comes before what it was kept apart from.
    for (const key of [...keys.filter((one) => this.#apart.has(one)), ...keys]) {
      const person = this.#byIdentifier.get(key)
      if (person !== undefined) return person
    }
    return null
  }

  /**
   * The id of the person that has this name, address or id in a system; null if nobody has it alone. An account that came since the last
   * look is a person of its own until the next one.
   */
  idWithValue(system: string, field: 'user.name' | 'user.email' | 'user.id', value: string): string | null {
    const [identifier] = identifiersOf({
      system,
      name: field === 'user.name' ? value : null,
      id: field === 'user.id' ? value : null,
      email: field === 'user.email' ? value : null,
    })
    if (identifier === undefined) return null
    const key = keyOf(identifier)
    return this.#byIdentifier.get(key)?.id ?? (this.#known.has(key) ? null : usualId([identifier]))
  }

  get(id: string): Person | null {
    return this.#byId.get(id) ?? null
  }

  isListed({ id }: Person): boolean {
    return this.#listedIds.has(id)
  }

  /** The people whose id this is, else those with this name or account. */
  named(text: string): readonly Person[] {
    return this.#namedBy([text])
  }

  #namedBy(parts: readonly string[]): readonly Person[] {
    if (parts.length === 1) {
      const text = foldKeyword(parts[0] ?? '')
      const known = this.#persons.filter(({ id }) => foldKeyword(id) === text)
      if (known.length > 0) return known
      return this.#persons.filter(
        (person) =>
          foldKeyword(person.name) === text ||
          person.identifiers.some(
            (one) => foldKeyword(one.value) === text || foldKeyword(textOf(one)) === text,
          ),
      )
    }
    const folded = parts.map(foldKeyword)
    return this.#persons.filter((person) =>
      [person.id, person.name, ...person.identifiers.map(({ value }) => value)].some((text) =>
        hasShape(foldKeyword(text), folded),
      ),
    )
  }

  /** The accounts that events join nothing to, with whom each is. */
  get apart(): { readonly query: Query; readonly person: Person }[] {
    return [...this.#apart].flatMap(([key, account]) => {
      const person = this.#byIdentifier.get(key)
      return person === undefined ? [] : [{ query: queryOf(account), person }]
    })
  }

  /** What people decided, the newest first. */
  acts(): PeopleActShape[] {
    return this.#decided
      .map(({ act, by, at, what }) => ({ id: act, by, at, about: aboutOf(what), what }))
      .sort((a, b) => b.at - a.at)
  }

  /** Decides that two accounts are one person's, or that an account is nobody else's. */
  decide(what: z.output<typeof peopleActAsked>, by: Act['by']): Promise<PeopleActShape> {
    return this.#turn(async () => {
      if (what.kind === 'same' && keyOf(what.one) === keyOf(what.other))
        throw new Refusal(
          'WB-REQUEST-INVALID',
          `The body: ${textOf(what.one)} is given twice; name two accounts.`,
        )
      if (what.kind === 'apart' && what.account.kind === 'email')
        throw new Refusal(
          'WB-REQUEST-INVALID',
          `The body: ${textOf(what.account)} is an e-mail address, and only an account of a system can be kept apart; name each account that shares the address.`,
        )
      if (this.#decided.length >= MOST_ACTS)
        throw new Refusal(
          'WB-REQUEST-INVALID',
          `There are ${MOST_ACTS} decisions about people, which is the limit: put them into the list (people in indexer.yml), and undo them here.`,
        )
      const id = this.#parts.random(8).toString('hex')
      const at = this.#parts.clock()
      await this.#record('people-decide', `${aboutOf(what)}.`, id, what, by)
      await this.#parts.records.put(KIND, id, { by: by.name, at, what }, null)
      await this.#readActs()
      return { id, by: by.name, at, about: aboutOf(what), what }
    })
  }

  undo(id: string, by: Act['by']): Promise<void> {
    return this.#turn(async () => {
      const act = this.#decided.find((one) => one.act === id)
      if (act === undefined) throw new Refusal('WB-NOT-FOUND', `There is no decision ${id} about people.`)
      await this.#record('people-undo', `Undone: ${aboutOf(act.what)}.`, id, act.what, by)
      await this.#parts.records.remove(KIND, id)
      await this.#readActs()
    })
  }

  #record(
    action: string,
    message: string,
    id: string,
    what: z.output<typeof peopleActAsked>,
    by: Act['by'],
  ): Promise<void> {
    const about = what.kind === 'same' ? [what.one, what.other] : [what.account]
    return this.#parts.trail.record({
      action,
      category: 'security',
      message,
      outcome: 'success',
      by,
      entity: { type: 'person', id, name: textOf(about[0]!) },
      about: { users: about.map(({ value }) => value), addresses: [] },
      payload: { decision: JSON.stringify(what) },
    })
  }

  async #readActs(): Promise<void> {
    const records = await this.#parts.records.list(KIND)
    this.#decided = records
      .map(({ key, value }) => ({ act: key, ...storedSchema.parse(value) }))
      .sort((a, b) => a.at - b.at || (a.act < b.act ? -1 : 1))
    this.#workOut()
  }

  #workOut(): void {
    this.#persons = personsOf(this.#rows, this.#listed, this.#decided)
    // Of two with the same id the first counts.
    this.#byId = new Map(this.#persons.toReversed().map((person) => [person.id, person]))
    this.#listedIds = new Set(this.#listed.map(({ id }) => id))
    this.#apart = new Map(
      this.#decided.flatMap(({ what }) =>
        what.kind === 'apart' ? [[keyOf(what.account), what.account] as const] : [],
      ),
    )
    this.#known = new Set(this.#rows.flatMap((row) => identifiersOf(row).map(keyOf)))
    this.#byIdentifier = new Map(
      this.#persons.flatMap((person) => person.identifiers.map((one) => [keyOf(one), person] as const)),
    )
    const joined = this.#persons
      .filter(({ identifiers }) => identifiers.length > 1)
      .map(({ id, identifiers }) => [id, ...identifiers.map(keyOf).sort()].join('\n'))
      .join('\n\n')
    if (joined === this.#joined) return
    this.#joined = joined
    this.#stamp++
  }
}

const aboutOf = (what: z.output<typeof peopleActAsked>): string =>
  what.kind === 'same'
    ? `${textOf(what.one)} and ${textOf(what.other)} are one person`
    : `${textOf(what.account)} is a person of its own`

/** Why two identifiers are one person's, in a sentence. */
export function whyText({ one, other, why }: Join): string {
  const [a, b] = [textOf(one), textOf(other)]
  switch (why.kind) {
    case 'events':
      return `${why.count} ${why.count === 1 ? 'event' : 'events'} of ${why.system} ${why.count === 1 ? 'carries' : 'carry'} both ${a} and ${b}`
    case 'list':
      return `The operator's list has ${a} and ${b} as one person`
    case 'act':
      return `${why.by} decided that ${a} and ${b} are one person`
  }
}

/** A person as the API shows one, with all accounts and the reasons for the joins. */
export function shownPerson(people: People, person: Person): OnePersonShape {
  const bySystem = Map.groupBy(person.accounts, ({ system }) => system)
  const values = (of: readonly Seen[], member: 'name' | 'id' | 'email'): string[] =>
    [...new Set(of.flatMap((one) => one[member] ?? []))].sort()
  return {
    ...briefly(people, person),
    accounts: [...bySystem].map(([system, of]) => ({
      system,
      names: values(of, 'name'),
      ids: values(of, 'id'),
      emails: values(of, 'email'),
    })),
    identifiers: person.identifiers.map((one) => ({ ...(one as IdentifierShape), text: textOf(one) })),
    joins: person.joins.map((join) => ({
      one: textOf(join.one),
      other: textOf(join.other),
      why: join.why,
      reason: whyText(join),
    })),
  }
}

export const briefly = (people: People, person: Person) => ({
  id: person.id,
  name: person.name,
  listed: people.isListed(person),
  systems: [...new Set(person.accounts.map(({ system }) => system))].sort(),
})
