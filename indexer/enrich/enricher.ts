import { canonical, isRecord, reasonOf } from '../../schema/index.ts'
import { Latest } from '../latest.ts'
import type { BatchAdditions } from '../store/port.ts'
import { Places, type PlaceTable } from './place.ts'
import { TopMember } from './top-member.ts'
import { clientAdditions } from './user-agent.ts'

/** What is to be added: all that a thread needs to know. */
export interface EnrichPlan {
  readonly places: PlaceTable | null
  readonly userAgent: boolean
  /** Follows from the event, so that only the opposite is noted. */
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
const NO_RELATED: Fragment = '"related":null'

const ADDRESSES = 8192
const CLIENTS = 2048
/** A client's text that is longer is parsed each time: it would only fill up what is remembered. */
const LONGEST_REMEMBERED = 1024

/** Enriches batches in one thread. Places and clients come again and again, so what was found lately is remembered. */
export class Enricher {
  readonly #source = new TopMember('source')
  readonly #userAgent = new TopMember('user_agent')
  readonly #clients = new Latest<string, Fragment>(CLIENTS)
  #table: PlaceTable | null = null
  #places: Places | null = null
  #addresses = new Latest<string, Fragment>(ADDRESSES)
  #fault: string | null = null

  /** The lines are canonical JSON, as agents write them; to what is none nothing is added. */
  enrich(lines: Buffer, plan: EnrichPlan): Enriched {
    this.#fault = null
    this.#takeUp(plan.places)
    for (const member of [this.#source, this.#userAgent]) member.begin(lines)
    const positions: number[] = []
    const added: string[] = []
    for (let start = 0, position = 0; start < lines.length; position++) {
      const newline = lines.indexOf(10, start)
      const end = newline === -1 ? lines.length : newline
      const text = this.#additionsOf(start, end, plan)
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

  #additionsOf(start: number, end: number, plan: EnrichPlan): string {
    // Members in canonical order.
    let text = plan.related ? '' : NO_RELATED
    const source = this.#places === null ? null : this.#source.in(start, end)
    if (source !== null) text = joined(text, this.#placeFragment(source))
    const client = plan.userAgent ? this.#userAgent.in(start, end) : null
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
