import { type FieldName, folded } from '../../schema/index.ts'
import { type Integration, spellings, wordsOfName } from '../normalise/index.ts'
import type { Profile } from './profile.ts'

/** A guess that a member is a field, with the reason. */
export interface Guess {
  readonly to: FieldName
  readonly profile: Profile
  readonly why: string
}

interface Role {
  readonly to: FieldName
  /** Words in the last part of a path, with their weight; the parts before it count half. */
  readonly words: Readonly<Record<string, number>>
  /** Rates how well the values fit: 0 means not at all. */
  readonly fit: (profile: Profile) => number
  readonly says: string
  readonly least: number
}

const isText = ({ time, address, values }: Profile): boolean =>
  time === null && address.share < 0.5 && values.some((value) => /\p{L}/u.test(value))
const isName = (profile: Profile): number => (isText(profile) && shortest(profile) <= 128 ? 1 : 0)
const shortest = ({ values }: Profile): number => Math.min(...values.map(({ length }) => length))
/** Actions are few words that repeat; with few records this cannot be seen. */
const isFew = ({ distinct, values }: Profile): number =>
  values.length < 4 ? 1 : distinct <= Math.max(3, values.length * 0.7) ? 2 : 0.5
const isId = ({ time, values }: Profile): number =>
  time === null && values.every((value) => /^[\w:.@|/-]{1,128}$/.test(value)) ? 1 : 0

/** With more than two records, the same user usually occurs twice. */
const isEachOnce = ({ distinct, values }: Profile): boolean => values.length > 2 && distinct === values.length
const isSentence = ({ values }: Profile): number =>
  values.filter((value) => /\p{L}\S* +\S+ +\S/u.test(value) && !/^[[{]/.test(value)).length >
  values.length * 0.4
    ? 1
    : 0

const USER = {
  user: 5,
  username: 6,
  login: 3,
  actor: 5,
  author: 5,
  principal: 4,
  account: 2,
  who: 4,
  operator: 4,
  owner: 2,
  member: 2,
  admin: 2,
  by: 2,
  performed: 2,
  initiator: 4,
  subject: 2,
  display: 2,
  auth: 3,
  name: 2,
  caller: 2,
  target: -6,
  object: -6,
  entity: -6,
  client: -2,
  app: -4,
  application: -4,
  host: -4,
  server: -4,
  file: -4,
  resource: -6,
  device: -4,
  agent: -9,
  type: -4,
  role: -4,
  group: -4,
  session: -3,
  token: -4,
  domain: -3,
  org: -3,
  provider: -4,
  country: -6,
  event: -4,
} as const

const ROLES: readonly Role[] = [
  {
    to: '@timestamp',
    words: {
      timestamp: 6,
      time: 5,
      datetime: 6,
      date: 5,
      clock: 4,
      when: 4,
      ts: 4,
      created: 3,
      occurred: 4,
      at: 2,
      logged: 3,
      event: 1,
      request: 1,
      expires: -9,
      expiry: -9,
      expiration: -9,
      modified: -2,
      updated: -2,
      start: -1,
      end: -3,
      issue: -3,
      issued: -3,
      login: -3,
      last: -3,
      ttl: -9,
    },
    fit: ({ time, share }) => (time === null ? 0 : 2 + share),
    says: 'times',
    least: 4,
  },
  {
    to: 'source.ip',
    words: {
      ip: 3,
      address: 2,
      addr: 2,
      remote: 5,
      client: 4,
      source: 4,
      src: 4,
      peer: 3,
      user: 1,
      request: 1,
      host: 1,
      origin: 2,
      forwarded: 2,
      server: -5,
      local: -6,
      destination: -6,
      dst: -6,
      dest: -6,
      target: -3,
      node: -3,
    },
    fit: ({ address, share }) => (address.share < 0.8 ? 0 : 4 * address.share + share),
    says: 'addresses',
    least: 4,
  },
  {
    to: 'user.email',
    words: { ...USER, email: 5, mail: 4 },
    fit: ({ emails, share }) => (emails < 0.7 ? 0 : 3 * emails + share),
    says: 'e-mail addresses',
    least: 4,
  },
  { to: 'user.name', words: { ...USER, id: -9, uuid: -9, email: -2 }, fit: isName, says: 'names', least: 4 },
  {
    to: 'user.id',
    words: { ...USER, name: -4, username: -2, id: 4, uuid: 4, uid: 5, guid: 4, sub: 3, email: -9 },
    fit: (profile) => (isEachOnce(profile) ? 0 : isId(profile)),
    says: 'ids',
    least: 7,
  },
  {
    to: 'event.action',
    words: {
      action: 9,
      operation: 9,
      event: 6,
      eventtype: 9,
      eventname: 9,
      type: 3,
      activity: 8,
      verb: 8,
      command: 3,
      method: 0,
      name: 1,
      kind: 2,
      what: 3,
      category: 1,
      change: 2,
      object: -4,
      entity: -4,
      target: -5,
      resource: -5,
      user: -5,
      actor: -5,
      client: -4,
      mount: -6,
      token: -6,
      content: -4,
      auth: -5,
      file: -4,
      app: -5,
      role: -5,
      id: -5,
      version: -6,
      connection: -3,
      strategy: -6,
      agent: -9,
      author: -6,
      with: -6,
      details: -2,
      meta: -1,
      session: -6,
      error: -6,
    },
    fit: (profile) =>
      profile.time === null && profile.address.share < 0.5 && shortest(profile) <= 64 ? isFew(profile) : 0,
    says: 'few repeated words',
    least: 4,
  },
  {
    to: 'event.outcome',
    words: {
      outcome: 7,
      result: 6,
      status: 5,
      success: 5,
      succeeded: 5,
      retcode: 6,
      code: -1,
      state: 2,
      allowed: 3,
      granted: 3,
      response: 1,
      id: -6,
    },
    fit: ({ distinct }) => (distinct <= 12 ? 1 : 0),
    says: 'few results',
    least: 6,
  },
  {
    to: 'event.reason',
    words: { reason: 7, error: 6, failure: 4, cause: 4, description: 1, message: 1, code: -3 },
    fit: isName,
    says: 'texts',
    least: 6,
  },
  {
    to: 'audit.entity.type',
    words: {
      entity: 5,
      object: 5,
      resource: 5,
      target: 5,
      type: 4,
      kind: 2,
      table: 4,
      model: 3,
      resourcetype: 9,
      id: -6,
      name: -5,
      actor: -9,
      user: -9,
      token: -6,
      mount: -3,
      path: -4,
    },
    fit: (profile) =>
      profile.time === null && profile.address.share < 0.5 && shortest(profile) <= 64 ? 1 : 0,
    says: 'few kinds',
    least: 8,
  },
  {
    to: 'audit.entity.id',
    words: {
      entity: 5,
      object: 5,
      resource: 5,
      target: 5,
      id: 4,
      uuid: 4,
      key: 2,
      resourceid: 9,
      type: -6,
      name: -5,
      user: -6,
      actor: -9,
    },
    fit: isId,
    says: 'ids',
    least: 8,
  },
  {
    to: 'audit.entity.name',
    words: {
      entity: 5,
      object: 5,
      resource: 5,
      target: 5,
      name: 4,
      path: 3,
      details: 1,
      title: 3,
      resourcename: 9,
      type: -6,
      id: -6,
      uuid: -6,
      user: -6,
      actor: -9,
    },
    fit: isName,
    says: 'names',
    least: 7,
  },
  {
    to: 'message',
    words: { message: 7, msg: 7, description: 5, summary: 5, display: 3, text: 4, details: 3, uri: -6 },
    fit: isSentence,
    says: 'sentences',
    least: 5,
  },
  {
    to: 'user_agent.original',
    words: { agent: 5, user: 2, browser: 4, client: 1, useragent: 9, id: -6, ip: -9, name: -3 },
    fit: isName,
    says: 'texts',
    least: 6,
  },
  {
    to: 'audit.session.id',
    words: { session: 7, sid: 6, id: 2, uuid: 2, connection: -3, ip: -9, type: -6, name: -6, time: -6 },
    fit: isId,
    says: 'ids',
    least: 8,
  },
  {
    to: 'audit.source_event_id',
    words: {
      id: 4,
      uuid: 5,
      event: 3,
      log: 3,
      audit: 3,
      auditid: 9,
      uid: 4,
      request: -6,
      req: -6,
      correlation: -9,
      login: -9,
      user: -9,
      actor: -9,
      object: -9,
      entity: -9,
      target: -9,
      session: -9,
      client: -9,
      org: -9,
      realm: -9,
      author: -9,
      connection: -9,
      device: -9,
      tenant: -9,
      aux: -9,
      resource: -9,
      entityid: -9,
    },
    fit: (profile) => (isId(profile) === 1 && profile.distinct === profile.values.length ? 1 : 0),
    says: 'ids, each once',
    least: 5,
  },
]

const SHORTEST_WITHIN = 6

/** The names that an integration knows, in all its languages: fields by folded name. */
export class Vocabulary {
  readonly #fields = new Map<string, FieldName>()

  constructor({ fields, captions }: Integration) {
    for (const { to, from } of fields) {
      const names = [
        ...from,
        ...captions.filter(({ name }) => from.includes(name)).flatMap((one) => one.captions),
      ]
      for (const name of names.flatMap(spellings)) {
        const fold = folded(name)
        if (!this.#fields.has(fold)) this.#fields.set(fold, to)
      }
    }
  }

  /**
   * Rates the evidence of a path's name for a field: the whole name is a usual name, or its last part is, or a longer word contains one.
   */
  speaksFor(path: string, field: FieldName): number {
    if (this.#fields.get(folded(path)) === field) return 4
    const last = folded(path.split('.').at(-1)!)
    if (this.#fields.get(last) === field) return 2
    for (const [name, to] of this.#fields)
      if (to === field && name.length >= SHORTEST_WITHIN && last.includes(name)) return 2
    return 0
  }
}

/** Returns the best member for each field, the most important fields first; a member is used once. */
export function guessesOf(profiles: readonly Profile[], vocabulary: Vocabulary): Guess[] {
  const taken = new Set<string>()
  const guesses: Guess[] = []
  for (const role of ROLES) {
    let best: { profile: Profile; score: number; isKnown: boolean } | null = null
    for (const profile of profiles) {
      if (taken.has(profile.path)) continue
      const fit = role.fit(profile)
      if (fit === 0) continue
      const known = vocabulary.speaksFor(profile.path, role.to)
      const isKnown = known === 4
      const score = nameScore(profile.path, role.words) + known + fit + profile.share
      if (score >= role.least && (best === null || score > best.score)) best = { profile, score, isKnown }
    }
    if (best === null) continue
    taken.add(best.profile.path)
    guesses.push({ to: role.to, profile: best.profile, why: why(role, best.isKnown) })
  }
  return guesses
}

const why = (role: Role, isKnown: boolean): string =>
  isKnown ? `a usual name, and its values are ${role.says}` : `by its words, and its values are ${role.says}`

/** The deeper a member is, the less likely it is the subject of a record. */
function nameScore(path: string, words: Readonly<Record<string, number>>): number {
  // In `targets[type=User].name` the item is a part of the path, as in `targets.User.name`.
  const parts = path
    .replace(/\[(?:[^\]=]*=)?([^\]]*)\]/g, (_, chosen: string) => (chosen === '' ? '' : `.${chosen}`))
    .split('.')
  const last = weigh(parts.at(-1)!, words)
  const before = parts.slice(0, -1).reduce((sum, part) => sum + weigh(part, words), 0)
  return last + before / 2 - (parts.length - 1) / 2
}

function weigh(part: string, words: Readonly<Record<string, number>>): number {
  const found = wordsOfName(part)
  const whole = found.join('')
  if (found.length > 1 && Object.hasOwn(words, whole)) return words[whole]!
  return found.reduce((sum, word) => sum + (Object.hasOwn(words, word) ? words[word]! : 0), 0)
}
