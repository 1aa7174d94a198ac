import { EARLIEST_TIMESTAMP } from '../../../schema/index.ts'
import { forwardedIn } from '../addresses.ts'
import { leafOf } from '../layout.ts'
import { type Mapping, type Rule, TIMESTAMP } from '../mapping.ts'
import { convert, jsonOf } from '../record.ts'
import { latestPlausible } from '../time.ts'
import type { Answers } from './answers.ts'
import type { Found } from './found.ts'
import { compareIso, ISO_LENGTH, writeIso } from './iso.ts'
import type { JsonValues } from './json-values.ts'
import { Plans } from './plans.ts'
import { KIND, ROW } from './rows.ts'
import { isInteger, isIpv4, isPrinted } from './scalars.ts'
import { HOW, type Values } from './values.ts'

const NOTHING_TAKEN = 0
const TAKEN = 1
const UNSURE = 2
/** A time was there, and none that can be right. */
const TIME_SEEN = 3

const SOURCE_IP = leafOf('source.ip')
const FORWARDED = leafOf('network.forwarded_ip')

/** Which value of the record goes into which field. */
export class Fields {
  readonly #mapping: Mapping
  readonly #found: Found
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
    { found, values, answers, json }: { found: Found; values: Values; answers: Answers; json: JsonValues },
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

  /** Whether a time was seen that is none: 1; -1 where unsure. */
  take(now: number): number {
    this.#takeNow(now)
    const { rules } = this.#mapping
    const plan = this.#plans.plan()
    let result = 0
    for (let i = 0; i < plan.rules.length; i++) {
      const taken = this.#takeField(rules[plan.rules[i]!]!, plan.best[i]!, now)
      if (taken === UNSURE) return -1
      if (taken === TIME_SEEN) result = 1
    }
    return result
  }

  #takeField(rule: Rule, best: number, now: number): number {
    if (this.#values.how[rule.leaf] !== HOW.absent) return NOTHING_TAKEN
    if (rule.applies !== null) {
      const applies = rule.applies(this.#answers)
      if (this.#answers.isUnsure) return UNSURE
      if (!applies) return NOTHING_TAKEN
    }
    if (rule.constant !== null) {
      this.#values.setJson(rule.leaf, rule.constant.json)
      return TAKEN
    }
    const { consumed } = this.#found
    if (consumed[best] === 0) {
      const taken = this.#takeFrom(rule, this.#found.hit(best), now)
      if (taken === TAKEN && !rule.keep) consumed[best] = 1
      if (taken !== NOTHING_TAKEN) return taken
    }
    // What stands in the best place is not for this field: the next is asked.
    let timeSeen = false
    for (const source of rule.sources) {
      const row = this.#found.hit(source)
      if (row === -1 || consumed[source] === 1) continue
      if (rule.leaf === TIMESTAMP && this.#found.isScalar(row)) timeSeen = true
      if (source === best) continue
      const taken = this.#takeFrom(rule, row, now)
      if (taken === TAKEN && !rule.keep) consumed[source] = 1
      if (taken !== NOTHING_TAKEN) return taken
    }
    return timeSeen ? TIME_SEEN : NOTHING_TAKEN
  }

  #takeFrom(rule: Rule, hit: number, now: number): number {
    const found = this.#found
    const values = this.#values
    let row = hit
    let kind = found.kind(row)
    if (rule.first && kind === KIND.array && !rule.many) {
      if (row + ROW === found.next(row)) return NOTHING_TAKEN
      row += ROW
      kind = found.kind(row)
    }
    if (rule.many && kind === KIND.array) {
      const end = found.next(row)
      if (row + ROW === end) return NOTHING_TAKEN
      for (let item = row + ROW; item < end; item = found.next(item)) {
        if (!found.isScalar(item)) return NOTHING_TAKEN
        if (found.isTooLong(item)) return UNSURE
      }
      values.setSpan(rule.leaf, HOW.list, row << 2, 0)
      return TAKEN
    }
    if (rule.leaf === SOURCE_IP && kind === KIND.array) {
      const item = row + ROW
      if (item === found.next(row) || found.next(item) !== found.next(row)) return this.#takeAddresses(row)
      row = item
      kind = found.kind(row)
    }
    if (!found.isScalar(row)) return NOTHING_TAKEN
    const from = found.from(row)
    const to = found.to(row)
    if (rule.values !== null) {
      if (found.isEscaped(row) || found.isTooLong(row)) return UNSURE
      const text = found.textAt(from, to, false)
      const value = rule.values.of(text) ?? (rule.keepsOthers ? text : undefined)
      return value === undefined ? NOTHING_TAKEN : this.#takeText(rule, value, now)
    }
    if (rule.type === 'text') {
      if (found.isTooLong(row)) return UNSURE
      if (rule.many) values.setSpan(rule.leaf, HOW.single, row << 2, 0)
      else values.setSpan(rule.leaf, kind === KIND.string ? HOW.text : HOW.quoted, from, to)
      return TAKEN
    }
    if (rule.type === 'time' && rule.time!.knowsIso && kind === KIND.string) {
      if (writeIso(this.#iso, found.bytes, from, to, rule.time!.zoneIsUtc)) {
        if (compareIso(this.#iso, this.#earliest) < 0 || compareIso(this.#iso, this.#latest) > 0)
          return NOTHING_TAKEN
        if (to - from === ISO_LENGTH && found.bytes[from + 10] === 0x54)
          values.setSpan(rule.leaf, HOW.text, from, to)
        else return this.#json.setOnce(rule.leaf, `"${this.#iso.toString('latin1')}"`) ? TAKEN : UNSURE
        return TAKEN
      }
    }
    if (rule.type === 'ip' && kind === KIND.string && isIpv4(found.bytes, from, to)) {
      values.setSpan(rule.leaf, HOW.text, from, to)
      return TAKEN
    }
    if (rule.type === 'long' && !rule.many && rule.scale === 1 && rule.written === 'plain') {
      if (!isInteger(found.bytes, from, to)) return NOTHING_TAKEN
      if (isPrinted(found.bytes, from, to)) {
        values.setSpan(rule.leaf, HOW.json, from, to)
        return TAKEN
      }
    }
    if (found.isEscaped(row)) return UNSURE
    return this.#takeText(rule, found.textAt(from, to, false), now)
  }

  #takeText(rule: Rule, text: string, now: number): number {
    if (rule.type === 'text' && !rule.many) return this.#json.setText(rule.leaf, text) ? TAKEN : UNSURE
    const value = convert(rule, text, now, null)
    if (value === undefined) return rule.leaf === SOURCE_IP ? this.#takeForwarded(text) : NOTHING_TAKEN
    // A time has no sign that JSON writes otherwise.
    const json = rule.type === 'time' && !rule.many ? `"${value}"` : jsonOf(rule.many ? [value] : value)
    const isSet = comesAgain(rule) ? this.#json.setJson(rule.leaf, json) : this.#json.setOnce(rule.leaf, json)
    return isSet ? TAKEN : UNSURE
  }

  #takeAddresses(list: number): number {
    const found = this.#found
    const texts: string[] = []
    for (let item = list + ROW; item < found.next(list); item = found.next(item)) {
      if (!found.isScalar(item) || found.isEscaped(item) || found.isTooLong(item)) return UNSURE
      texts.push(found.text(item))
    }
    return this.#takeForwarded(texts.join(','))
  }

  /** Of a list of addresses the source; all of them go into a field of their own. */
  #takeForwarded(text: string): number {
    const list = forwardedIn(text)
    if (list === null) return NOTHING_TAKEN
    if (list.all.length > 1 && this.#values.how[FORWARDED] === HOW.absent) {
      if (!this.#json.setOnce(FORWARDED, JSON.stringify(list.all))) return UNSURE
    }
    return this.#json.setOnce(SOURCE_IP, JSON.stringify(list.source)) ? TAKEN : UNSURE
  }
}

/** Times, addresses and measures are seldom the same twice. */
const comesAgain = ({ type }: Rule): boolean => type === 'text' || type === 'boolean'
