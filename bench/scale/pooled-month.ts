import { RECORD } from '../batches.ts'
import { Month } from '../month.ts'

const POOL = 32_768
/** Offsets in the file have twelve digits from this record on, up to two thousand million more of them. */
const FIRST_RECORD = 300_000_000
const DIGITS = 12
const ID_DIGITS = 16
const MS = 24

/** A line, and the places of the values that each event has of its own. */
interface Template {
  readonly bytes: Buffer
  readonly id: number
  readonly sequence: number
  readonly offset: number
  readonly session: number
  readonly sessionLength: number
  /** The same number wherever the line names the record. */
  readonly entities: readonly number[]
  readonly entityLength: number
}

/**
 * The month of `month.ts` for any number of events: a pool of its lines, in which times, ids, offsets, sessions and records are written
 * over. To make a line so takes less than a microsecond, so that a bench of a hundred million events measures the store.
 */
export class PooledMonth {
  readonly #start: number
  readonly #every: number
  readonly #templates: readonly Template[]
  readonly #hour = Buffer.alloc(MS)
  #hourOf = -1
  #state = 7

  constructor(start: number, every: number) {
    this.#start = start
    this.#every = every
    const month = new Month(start, every)
    this.#templates = Array.from({ length: POOL }, (_, i) => templateOf(month.line(FIRST_RECORD + i), i))
  }

  timeOf(number: number): number {
    return Math.round(this.#start + number * this.#every)
  }

  /** Lines as they are shipped, each behind a newline, and one at the end. */
  lines(first: number, count: number): Buffer {
    const chosen: Template[] = []
    let length = 1
    for (let i = 0; i < count; i++) {
      const template = this.#templates[this.#random() >>> 17]
      if (template === undefined) throw new Error('the pool is smaller than its numbers')
      chosen.push(template)
      length += template.bytes.length + 1
    }
    const bytes = Buffer.allocUnsafeSlow(length)
    bytes[0] = 10
    let at = 1
    for (const [i, template] of chosen.entries()) {
      bytes.set(template.bytes, at)
      this.#patch(bytes, at, template, first + i)
      at += template.bytes.length
      bytes[at++] = 10
    }
    return bytes
  }

  #patch(bytes: Buffer, at: number, template: Template, number: number): void {
    this.#time(bytes, at + TIME_AT, this.timeOf(number))
    const offset = (FIRST_RECORD + number) * RECORD
    hexDigits(bytes, at + template.id, ID_DIGITS, offset)
    decimals(bytes, at + template.sequence, DIGITS, offset)
    decimals(bytes, at + template.offset, DIGITS, offset)
    hexDigits(bytes, at + template.session, template.sessionLength, this.#random())
    if (template.entities.length === 0) return
    const record = this.#random()
    for (const entity of template.entities) {
      decimals(bytes, at + entity, template.entityLength, record)
      // The number must not begin with a zero.
      if (bytes[at + entity] === ZERO) bytes[at + entity] = ZERO + 1
    }
  }

  #time(bytes: Buffer, at: number, time: number): void {
    const hour = Math.floor(time / HOUR)
    if (hour !== this.#hourOf) {
      this.#hour.write(new Date(hour * HOUR).toISOString(), 'latin1')
      this.#hourOf = hour
    }
    bytes.set(this.#hour, at)
    const within = time - hour * HOUR
    decimals(bytes, at + 14, 2, Math.floor(within / 60_000))
    decimals(bytes, at + 17, 2, Math.floor(within / 1000) % 60)
    decimals(bytes, at + 20, 3, within % 1000)
  }

  /** Returns 32 bits; the upper ones look random. */
  #random(): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0
    return this.#state
  }
}

const HOUR = 3_600_000
const ZERO = 0x30
const HEX = Buffer.from('0123456789abcdef')
const TIME_AT = '{"@timestamp":"'.length

/** The lowest digits of a number. */
function decimals(bytes: Buffer, at: number, digits: number, number: number): void {
  let left = number
  for (let i = at + digits - 1; i >= at; i--) {
    const rest = Math.floor(left / 10)
    bytes[i] = ZERO + left - rest * 10
    left = rest
  }
}

function hexDigits(bytes: Buffer, at: number, digits: number, number: number): void {
  let left = number
  for (let i = at + digits - 1; i >= at; i--) {
    const rest = Math.floor(left / 16)
    bytes[i] = HEX[left - rest * 16] ?? ZERO
    left = rest
  }
}

function templateOf(line: string, number: number): Template {
  const bytes = Buffer.from(line)
  const offset = String((FIRST_RECORD + number) * RECORD)
  const behind = (text: string): number => {
    const at = bytes.indexOf(text)
    if (at === -1) throw new Error(`the line has no ${text}: ${line}`)
    return at + text.length
  }
  const session = behind('"session":{"id":"sess_')
  const entity = /CUST-(\d+)/.exec(line)?.[1]
  const id = bytes.indexOf(((FIRST_RECORD + number) * RECORD).toString(16).padStart(ID_DIGITS, '0'))
  if (offset.length !== DIGITS || id === -1) throw new Error(`the line has no id by its offset: ${line}`)
  return {
    bytes,
    id,
    sequence: behind(`"sequence":${offset}`) - DIGITS,
    offset: behind(`"offset":${offset}`) - DIGITS,
    session,
    sessionLength: bytes.indexOf('"', session) - session,
    entities: entity === undefined ? [] : placesOf(bytes, `CUST-${entity}`).map((at) => at + 'CUST-'.length),
    entityLength: entity?.length ?? 0,
  }
}

function placesOf(bytes: Buffer, text: string): number[] {
  const places: number[] = []
  for (let at = bytes.indexOf(text); at !== -1; at = bytes.indexOf(text, at + 1)) places.push(at)
  return places
}
