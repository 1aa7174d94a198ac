import { isIP } from 'node:net'
import { cutAt, EARLIEST_TIMESTAMP, isPublicAddress, LIMITS } from '../../../schema/index.ts'
import { nanosecondsOf } from '../integration/duration.ts'
import { FLAG } from '../integration/flags.ts'
import { folded } from '../integration/integration.ts'
import { leafOf } from '../integration/layout.ts'
import { type Mapping, TIMESTAMP } from '../integration/mapping.ts'
import { remembered } from '../integration/remembered.ts'
import type { Rule } from '../integration/rules.ts'
import { isoOf, isPlausible, latestPlausible, timeFlags } from '../integration/time.ts'
import { KIND, ROW } from '../wasm/rows.ts'
import type { Answers } from './answers.ts'
import { Plans } from './plans.ts'
import type { RecordRows } from './record-rows.ts'
import { compareIso, ISO_LENGTH, isInteger, isIpv4, isPrinted, writeIso } from './scalars.ts'
import { HOW, type JsonValues, type Values } from './values.ts'

const SOURCE_IP = leafOf('source.ip')
const FORWARDED = leafOf('network.forwarded_ip')

/** Puts the values of the record into the fields. */
export class Fields {
  /** Flags about the values of the current record, and about invalid times in it. */
  flags = 0
  wrongTime = 0
  readonly #mapping: Mapping
  readonly #found: RecordRows
  readonly #values: Values
  readonly #answers: Answers
  readonly #json: JsonValues
  readonly #plans: Plans
  readonly #iso = Buffer.alloc(ISO_LENGTH)
  readonly #latest = new Uint8Array(ISO_LENGTH)
  readonly #earliest = Buffer.from(new Date(EARLIEST_TIMESTAMP).toISOString())
  #now = Number.NaN

  constructor(
    mapping: Mapping,
    {
      found,
      values,
      answers,
      json,
    }: { found: RecordRows; values: Values; answers: Answers; json: JsonValues },
  ) {
    this.#mapping = mapping
    this.#found = found
    this.#values = values
    this.#answers = answers
    this.#json = json
    this.#plans = new Plans(found, mapping)
  }

  #takeNow(now: number): void {
    if (now === this.#now) return
    this.#now = now
    this.#latest.set(Buffer.from(new Date(latestPlausible(now)).toISOString()))
  }

  take(now: number): void {
    this.#takeNow(now)
    this.flags = 0
    this.wrongTime = 0
    const { rules } = this.#mapping
    const plan = this.#plans.plan()
    for (let i = 0; i < plan.rules.length; i++) this.#takeField(rules[plan.rules[i]!]!, plan.best[i]!, now)
  }

  #takeField(rule: Rule, best: number, now: number): void {
    if (this.#values.how[rule.leaf] !== HOW.absent) return
    if (rule.applies !== null && !rule.applies(this.#answers)) return
    if (rule.constant !== null) {
      this.#values.setJson(rule.leaf, rule.constant.json)
      return
    }
    const { consumed } = this.#found
    if (consumed[best] === 0 && this.#takeFrom(rule, this.#found.hit(best), now)) {
      if (!rule.keep) consumed[best] = 1
      return
    }
    // The best source has no value for this field. Try the others.
    for (const source of rule.sources) {
      const row = this.#found.hit(source)
      if (row === -1 || consumed[source] === 1) continue
      if (source !== best && this.#takeFrom(rule, row, now)) {
        if (!rule.keep) consumed[source] = 1
        return
      }
      if (rule.leaf === TIMESTAMP && this.#found.isScalar(row))
        this.wrongTime |= timeFlags(rule.time!.read(this.#found.text(row), now), now)
    }
  }

  /** Returns false if the value does not fit this field. */
  #takeFrom(rule: Rule, hit: number, now: number): boolean {
    if (this.#takeValue(rule, hit, now)) return true
    return rule.leaf === SOURCE_IP && this.#takeForwarded(hit)
  }

  #takeValue(rule: Rule, hit: number, now: number): boolean {
    const found = this.#found
    const values = this.#values
    let row = hit
    let kind = found.kind(row)
    if (rule.many && kind === KIND.array) return this.#takeList(rule, row)
    if (rule.first && kind === KIND.array) {
      if (row + ROW === found.next(row)) return false
      row += ROW
      kind = found.kind(row)
    }
    if (!found.isScalar(row)) return false
    const from = found.from(row)
    const to = found.to(row)
    if (rule.values !== null) {
      const text = found.text(row)
      const value = rule.values.of(text) ?? (rule.keepsOthers ? text : undefined)
      return value !== undefined && this.#takeText(rule, value, now)
    }
    if (rule.type === 'text') {
      if (found.isTooLong(row)) return this.#takeText(rule, found.text(row), now)
      if (rule.many) values.setSpan(rule.leaf, HOW.single, row << 2, 0)
      else values.setSpan(rule.leaf, kind === KIND.string ? HOW.text : HOW.quoted, from, to)
      return true
    }
    if (rule.type === 'time' && rule.time!.knowsIso && kind === KIND.string) {
      if (writeIso(this.#iso, found.bytes, from, to, rule.time!.zoneIsUtc)) {
        if (compareIso(this.#iso, this.#earliest) < 0 || compareIso(this.#iso, this.#latest) > 0) return false
        if (to - from === ISO_LENGTH && found.bytes[from + 10] === 0x54)
          values.setSpan(rule.leaf, HOW.text, from, to)
        else this.#json.setOnce(rule.leaf, `"${this.#iso.toString('latin1')}"`)
        return true
      }
    }
    if (rule.type === 'ip' && kind === KIND.string && isIpv4(found.bytes, from, to)) {
      values.setSpan(rule.leaf, HOW.text, from, to)
      return true
    }
    if (rule.type === 'long' && !rule.many && rule.scale === 1 && rule.written === 'plain') {
      if (!isInteger(found.bytes, from, to)) return false
      if (isPrinted(found.bytes, from, to)) {
        values.setSpan(rule.leaf, HOW.json, from, to)
        return true
      }
    }
    return this.#takeText(rule, found.text(row), now)
  }

  #takeList(rule: Rule, list: number): boolean {
    const found = this.#found
    const end = found.next(list)
    if (list + ROW === end) return false
    let isLong = false
    for (let item = list + ROW; item < end; item = found.next(item)) {
      if (!found.isScalar(item)) return false
      isLong ||= found.isTooLong(item)
    }
    if (!isLong) {
      this.#values.setSpan(rule.leaf, HOW.list, list << 2, 0)
      return true
    }
    const texts: string[] = []
    for (let item = list + ROW; item < end; item = found.next(item)) texts.push(this.#cut(found.text(item)))
    this.#json.setOnce(rule.leaf, JSON.stringify(texts))
    return true
  }

  #takeText(rule: Rule, text: string, now: number): boolean {
    if (rule.type === 'text') {
      const kept = this.#cut(text)
      if (rule.many) this.#json.setJson(rule.leaf, JSON.stringify([kept]))
      else this.#json.setText(rule.leaf, kept)
      return true
    }
    const value = convert(rule, text, now)
    if (value === undefined) return false
    // A time contains no character that JSON escapes.
    const json =
      rule.type === 'time' && !rule.many ? `"${value}"` : JSON.stringify(rule.many ? [value] : value)
    if (rule.type === 'boolean') this.#json.setJson(rule.leaf, json)
    // Times, addresses and measures rarely repeat.
    else this.#json.setOnce(rule.leaf, json)
    return true
  }

  #cut(text: string): string {
    if (text.length <= LIMITS.keywordLength) return text
    this.flags |= FLAG.value_cut
    return cutAt(text, LIMITS.keywordLength)
  }

  /** Takes the source of a list of addresses; all addresses go into a field of their own. */
  #takeForwarded(hit: number): boolean {
    const text = this.#listed(hit)
    const list = text === undefined ? null : forwardedIn(text)
    if (list === null) return false
    if (list.all.length > 1 && this.#values.how[FORWARDED] === HOW.absent)
      this.#json.setOnce(FORWARDED, JSON.stringify(list.all))
    this.#json.setOnce(SOURCE_IP, JSON.stringify(list.source))
    return true
  }

  #listed(row: number): string | undefined {
    const found = this.#found
    if (found.kind(row) !== KIND.array) return found.isScalar(row) ? found.text(row) : undefined
    const texts: string[] = []
    for (let item = row + ROW; item < found.next(row); item = found.next(item))
      texts.push(found.isScalar(item) ? found.text(item) : '')
    return texts.join(',')
  }
}

const INTEGER = /^-?\d{1,15}$/
const DECIMAL = /^-?\d{1,15}(?:\.\d{1,15})?$/

/** `1,000`, `1.000`, `1 000`, `1,000 records`: digits in groups of three, and the unit. */
const GROUPED = /^(-?\d{1,3}(?:([,. '\u00a0\u202f])\d{3})(?:\2\d{3}){0,4}|-?\d{1,15})(?: [a-z]{1,32})?$/i

function groupedNumber(text: string): number | undefined {
  const digits = GROUPED.exec(text)?.[1]
  return digits === undefined ? undefined : Number(digits.replace(/[^\d-]/g, '')) + 0
}

/** Converts a text to the type of a rule's field; undefined if the text does not fit. */
export function convert(rule: Rule, text: string, now: number): string | number | boolean | undefined {
  switch (rule.type) {
    case 'text':
      return text
    case 'time': {
      const time = rule.time!.read(text, now)
      if (Number.isNaN(time) || !isPlausible(time, now)) return undefined
      return isoOf(time)
    }
    case 'ip':
      return isIP(text) !== 0 && !text.includes('%') ? text : undefined
    case 'long': {
      if (rule.written === 'duration') return nanosecondsOf(text)
      if (rule.written === 'grouped') return groupedNumber(text)
      if (rule.scale === 1 ? !INTEGER.test(text) : !DECIMAL.test(text)) return undefined
      const value = Math.round(Number(text) * rule.scale)
      return Number.isSafeInteger(value) ? value + 0 : undefined
    }
    case 'float':
      return DECIMAL.test(text) ? Number(text) : undefined
    case 'boolean': {
      const fold = folded(text)
      return fold === 'true' ? true : fold === 'false' ? false : undefined
    }
  }
}

const LONGEST = 1024
/** An address with a port, as some proxies write it: `203.0.113.66:51234`, `[2001:db8::1]:443`. */
const WITH_PORT = /^(?:\[([0-9a-f:.]{2,45})\]|(\d{1,3}(?:\.\d{1,3}){3}))(?::\d{1,5})?$/i
/** The entries of a proxy that does not know or does not disclose an address (RFC 7239). */
const NO_ADDRESS = /^(?:unknown|_[\w.-]+|-)$/i

interface Forwarded {
  /** The first public address; if there is none, the first address. */
  readonly source: string
  /** All addresses in the order of the list, each once. */
  readonly all: readonly string[]
}

/** Returns the addresses that proxies forwarded, `203.0.113.66, 10.0.0.2`; null if a text is no such list. */
export const forwardedIn: (text: string) => Forwarded | null = remembered(
  (text) => (text.length > LONGEST ? null : read(text)),
  { longest: LONGEST },
)

function read(text: string): Forwarded | null {
  const parts = text.split(/\s*[,;]\s*|\s+/).filter((part) => part !== '' && !NO_ADDRESS.test(part))
  const addresses = parts.map(addressOf)
  const [first] = addresses
  if (first === undefined || !addresses.every((one) => one !== undefined)) return null
  return { source: addresses.find(isPublicAddress) ?? first, all: [...new Set(addresses)] }
}

function addressOf(part: string): string | undefined {
  const found = WITH_PORT.exec(part)
  const address = found?.[1] ?? found?.[2] ?? part
  return isIP(address) !== 0 && !address.includes('%') ? address : undefined
}
