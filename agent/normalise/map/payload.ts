import { canonical, cutAt, LIMITS } from '../../../schema/index.ts'
import { FLAG } from '../integration/flags.ts'
import { KIND, ROW } from '../wasm/rows.ts'
import type { RecordRows } from './record-rows.ts'

/** The limit of a member's name, in UTF-16 units. */
export const KEY_LENGTH = 256
/** The replacement of an empty member name: no store accepts empty names. */
export const EMPTY_KEY = '_'

/**
 * Returns the members of a rebuilt record that the fields did not take, as canonical JSON, within the limits: number of members, depth,
 * length of names and of values. Everything that is cut here is complete in `event.original`. Null if no member is left.
 */
export function payloadOf(found: RecordRows): { readonly json: string | null; readonly flags: number } {
  const payload = new Payload(found)
  const json = payload.membersOf(found.root, 1, true)
  return { json: json === '{}' ? null : json, flags: payload.flags }
}

class Payload {
  flags = 0
  #left: number = LIMITS.payloadKeys
  readonly #found: RecordRows

  constructor(found: RecordRows) {
    this.#found = found
  }

  /** `isKnown`: whether fields may have taken members of this object. */
  membersOf(object: number, depth: number, isKnown: boolean): string {
    const found = this.#found
    const isRecord = object === found.root
    const members = new Map<string, string>()
    for (const row of rowsIn(found, object)) {
      const isKept = isRecord && found.isKept(row)
      if (isKnown && !isKept && found.isTaken(row)) continue
      if (this.#left === 0) {
        this.flags |= FLAG.payload_cut
        break
      }
      const name = this.#nameOf(found.name(row))
      if (members.has(name)) {
        this.flags |= FLAG.payload_cut
        continue
      }
      this.#left--
      // The name is set before its content, so that of two members with one name the first counts.
      members.set(name, '')
      members.set(name, this.#json(row, depth + 1, isKnown && !isKept && found.hasKnownMembers(row)))
    }
    // Strings compare by UTF-16 code units: RFC 8785's own order.
    const sorted = [...members].sort(([a], [b]) => (a < b ? -1 : 1))
    return `{${sorted.map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(',')}}`
  }

  #nameOf(name: string): string {
    if (name === '') return EMPTY_KEY
    if (name.length <= KEY_LENGTH) return name
    this.flags |= FLAG.value_cut
    return cutAt(name, KEY_LENGTH)
  }

  #json(row: number, depth: number, isKnown: boolean): string {
    const found = this.#found
    const kind = found.kind(row)
    if (kind === KIND.string) return this.#text(found.text(row))
    if (kind !== KIND.object && kind !== KIND.array) return found.text(row)
    if (depth > LIMITS.payloadDepth) return this.#text(canonical(found.value(row)))
    if (kind === KIND.object) return this.membersOf(row, depth, isKnown)
    const items: string[] = []
    for (let item = row + ROW; item < found.next(row); item = found.next(item))
      items.push(this.#json(item, depth + 1, false))
    return `[${items.join(',')}]`
  }

  #text(value: string): string {
    if (value.length <= LIMITS.keywordLength) return JSON.stringify(value)
    this.flags |= FLAG.value_cut
    return JSON.stringify(cutAt(value, LIMITS.keywordLength))
  }
}

/** The members of an object; split members are replaced by their parts. */
function* rowsIn(found: RecordRows, object: number): Iterable<number> {
  const end = found.next(object)
  for (let row = object + ROW; row < end; row = found.next(row)) if (!found.isRemoved(row)) yield row
  if (object !== found.root) return
  for (const source of found.added) if (found.isLeft(source)) yield found.hit(source)
}
