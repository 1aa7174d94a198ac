import { type SilenceGiven, type SilenceShape, silenceShape } from '../../../schema/api/index.ts'
import type { Act, Trail } from '../../ingest/index.ts'
import { Refusal } from '../../refusal.ts'
import type { Records } from '../../store/index.ts'
import type { Content } from './content.ts'
import { RANK } from './settings.ts'

const KIND = 'silence'
const SECOND = 1000
const DAY = 86_400_000
/** A silence that somebody forgets must end by itself. */
const LONGEST = 90 * DAY
const KEPT = 30 * DAY
const MOST = 500

/** Times in which nobody hears of some alerts: maintenance, a known fault. Records, so that all indexers of a store follow them. */
export class Silences {
  readonly #parts: { records: Records; trail: Trail; clock: () => number; random: (bytes: number) => Buffer }
  #read: { at: number; list: readonly SilenceShape[] } | null = null

  constructor(parts: {
    records: Records
    trail: Trail
    clock: () => number
    random: (bytes: number) => Buffer
  }) {
    this.#parts = parts
  }

  /** The list as of a moment ago: each piece of news asks for it. */
  async lately(): Promise<readonly SilenceShape[]> {
    const now = this.#parts.clock()
    if (this.#read === null || Math.abs(now - this.#read.at) >= SECOND)
      this.#read = { at: now, list: await this.list() }
    return this.#read.list
  }

  /** All that have not ended, and those that ended within 30 days. */
  async list(): Promise<SilenceShape[]> {
    const { records, clock } = this.#parts
    const all = (await records.list(KIND)).map(({ value }) => silenceShape.parse(value))
    for (const { id, until } of all) if (until < clock() - KEPT) await records.remove(KIND, id)
    return all.filter(({ until }) => until >= clock() - KEPT).sort((a, b) => b.until - a.until)
  }

  async add(given: SilenceGiven, by: Act['by']): Promise<SilenceShape> {
    const { records, trail, clock, random } = this.#parts
    const { about, until, reason, from = clock() } = given
    if (until <= Math.max(from, clock()))
      throw new Refusal('WB-REQUEST-INVALID', 'The body: until: expected a time in the future, after from.')
    if (until - clock() > LONGEST)
      throw new Refusal('WB-REQUEST-INVALID', 'The body: until: a silence ends within 90 days.')
    const open = (await this.list()).filter((one) => one.until > clock())
    if (open.length >= MOST)
      throw new Refusal('WB-LIMIT-REACHED', `There are ${MOST} silences already: end some.`)
    const silence = { id: random(8).toString('hex'), about, from, until, reason, by: by.name }
    await trail.record({
      action: 'silence-start',
      category: 'security',
      message: `Notifications are silenced until ${new Date(until).toISOString()} for ${textOf(about)}: ${reason}`,
      outcome: 'success',
      by,
      entity: { type: 'silence', id: silence.id },
    })
    await records.put(KIND, silence.id, silence, null)
    this.#read = null
    return silence
  }

  /** Ends a silence now; it stays in the list. */
  async end(id: string, by: Act['by']): Promise<void> {
    const { records, trail, clock } = this.#parts
    for (;;) {
      const found = await records.get(KIND, id)
      const silence = found === null ? null : silenceShape.parse(found.value)
      if (found === null || silence === null || silence.until <= clock())
        throw new Refusal('WB-NOT-FOUND', `There is no silence ${id} that lasts.`)
      await trail.record({
        action: 'silence-end',
        category: 'security',
        message: `The silence for ${textOf(silence.about)} ends now, not at ${new Date(silence.until).toISOString()}.`,
        outcome: 'success',
        by,
        entity: { type: 'silence', id },
      })
      // One that had not begun never begins.
      const ended = { ...silence, from: Math.min(silence.from, clock()), until: clock() }
      const isDone = await records.put(KIND, id, ended, found.version)
      this.#read = null
      if (isDone) return
    }
  }
}

/** Whether one of the silences is about this alert in this channel now. */
export const isSilenced = (
  silences: readonly SilenceShape[],
  content: Content,
  channel: string,
  now: number,
): boolean =>
  silences.some(({ about, from, until }) => {
    if (now < from || now >= until) return false
    const upTo = about['up-to']
    // An incident that is also about somebody else is not silenced.
    const covers = (given: readonly string[] | undefined, has: readonly string[]): boolean =>
      given === undefined || (has.length > 0 && has.every((one) => given.includes(one)))
    return (
      covers(about.rules, [content.rule.id]) &&
      covers(about.channels, [channel]) &&
      covers(about.users, content.users) &&
      covers(about.addresses, content.addresses) &&
      (upTo === undefined || RANK[content.priority] <= RANK[upTo])
    )
  })

function textOf(about: SilenceShape['about']): string {
  const parts = Object.entries(about).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name} ${[value].flat().join(', ')}`],
  )
  return parts.length === 0 ? 'everything' : parts.join('; ')
}
