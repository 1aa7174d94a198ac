import { canonical, isRecord, reasonOf } from '../../schema/index.ts'
import { Latest } from '../latest.ts'
import type { BatchAdditions } from '../store/port.ts'
import { LastMembers, type Place } from './last-members.ts'
import { Places, type PlaceTable } from './place.ts'
import { relatedOf } from './related.ts'
import { TopMember } from './top-member.ts'
import { clientAdditions } from './user-agent.ts'

/** What is to be added: all that a thread needs to know. */
export interface EnrichPlan {
  readonly places: PlaceTable | null
  readonly userAgent: boolean
  readonly related: boolean
}

export interface Enriched {
  /** Null where nothing is added. */
  readonly additions: BatchAdditions | null
  /** Why places could not be looked up in the file, where that was so. */
  readonly fault: string | null
}

/** A member of the additions as JSON text, with its name; '' is none. */
type Fragment = string

const ADDRESSES = 8192
const CLIENTS = 2048
/** A client's text that is longer is parsed each time: it would only fill up what is remembered. */
const LONGEST_REMEMBERED = 1024

/** Enriches batches in one thread. Places and clients come again and again, so what was found lately is remembered. */
export class Enricher {
  readonly #last = new LastMembers()
  readonly #source = new TopMember('source')
  readonly #userAgent = new TopMember('user_agent')
  readonly #related = new TopMember('related')
  readonly #clients = new Latest<string, Fragment>(CLIENTS)
  #table: PlaceTable | null = null
  #places: Places | null = null
  #addresses = new Latest<string, Fragment>(ADDRESSES)
  #fault: string | null = null

  /** The lines are canonical JSON, as agents write them; to what is none nothing is added. */
  enrich(lines: Buffer, plan: EnrichPlan): Enriched {
    this.#fault = null
    this.#takeUp(plan.places)
    for (const member of [this.#last, this.#source, this.#userAgent, this.#related]) member.begin(lines)
    const positions: number[] = []
    const added: string[] = []
    for (let start = 0, position = 0; start < lines.length; position++) {
      const newline = lines.indexOf(10, start)
      const end = newline === -1 ? lines.length : newline
      const text = this.#additionsOf(lines, start, end, plan)
      if (text !== '') {
        positions.push(position)
        added.push(text)
      }
      start = end + 1
    }
    const additions =
      positions.length === 0
        ? null
        : { positions: Uint32Array.from(positions), lines: Buffer.from(added.join('\n')) }
    return { additions, fault: this.#fault }
  }

  #takeUp(table: PlaceTable | null): void {
    if (table?.version === this.#table?.version) return
    this.#places = table === null ? null : new Places(table)
    this.#table = table
    this.#addresses = new Latest(ADDRESSES)
  }

  #additionsOf(lines: Buffer, start: number, end: number, plan: EnrichPlan): string {
    const textOf = (place: Place | undefined, member: TopMember): string | null => {
      if (place === undefined) return member.in(start, end)
      return place.open === -1 ? null : lines.toString('utf8', place.open, place.close)
    }
    const last = this.#last.read(start, end) ? this.#last : null
    // Members in canonical order.
    let text =
      plan.related && last === null && !this.#related.isIn(start, end)
        ? relatedFragment(lines, start, end)
        : ''
    const source = this.#places === null ? null : textOf(last?.source, this.#source)
    if (source !== null) text = joined(text, this.#placeFragment(source))
    const client = plan.userAgent ? textOf(last?.userAgent, this.#userAgent) : null
    if (client !== null) text = joined(text, this.#clientFragment(client))
    return text === '' ? '' : `{${text}}`
  }

  #placeFragment(source: string): Fragment {
    const sealed = objectIn(source)
    const ip = sealed?.ip
    if (typeof ip !== 'string' || ip.length > 64 || sealed?.geo !== undefined || sealed?.as !== undefined)
      return ''
    return this.#addresses.get(ip, () => {
      try {
        const place = this.#places?.of(ip) ?? null
        return place === null ? '' : `"source":${canonical(place)}`
      } catch (error) {
        this.#fault = reasonOf(error)
        return ''
      }
    })
  }

  #clientFragment(userAgent: string): Fragment {
    const make = (): Fragment => {
      const sealed = objectIn(userAgent)
      const client = sealed === null ? null : clientAdditions(sealed)
      return client === null ? '' : `"user_agent":${canonical(client)}`
    }
    return userAgent.length > LONGEST_REMEMBERED ? make() : this.#clients.get(userAgent, make)
  }
}

/** Agents fill `related` themselves; so a line without it is rare, and worth being parsed. */
function relatedFragment(lines: Buffer, start: number, end: number): Fragment {
  const event = objectIn(lines.toString('utf8', start, end))
  const related = event === null ? null : relatedOf(event)
  return related === null ? '' : `"related":${canonical(related)}`
}

const joined = (text: string, fragment: Fragment): string =>
  text === '' || fragment === '' ? text + fragment : `${text},${fragment}`

/** The object that a text is; null where it is no JSON, which is for the store to refuse. */
function objectIn(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text)
    return isRecord(value) ? value : null
  } catch {
    return null
  }
}
