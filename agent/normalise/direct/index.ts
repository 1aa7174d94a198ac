import { declaredEventId, EARLIEST_TIMESTAMP } from '../../../schema/index.ts'
import type { Asked } from '../condition.ts'
import { FLAG } from '../flags.ts'
import type { EventType } from '../integration.ts'
import { leafOf } from '../layout.ts'
import { type Rule, TIMESTAMP } from '../mapping.ts'
import type { Output } from '../output.ts'
import { bodyFor, type EnvelopeReader, type Pipeline, type Place, type Understanding } from '../pipeline.ts'
import { convert, jsonOf, RELATED } from '../record.ts'
import type { Envelope, Fill } from '../syslog/envelope.ts'
import { latestPlausible } from '../time.ts'
import { Apart } from './apart.ts'
import { ChangeRows } from './change-rows.ts'
import { type Form, formOf, isNoJson, LONGEST_OF_FORM } from './forms/form.ts'
import { Found } from './found.ts'
import { compareIso, ISO_LENGTH, writeIso } from './iso.ts'
import { isPlainEntry } from './journal-rows.ts'
import { type Memory, type Noted, SLACK } from './memory.ts'
import { Piece } from './piece.ts'
import { Plans } from './plans.ts'
import { Program } from './program.ts'
import { Rest } from './rest.ts'
import { KIND, ROW } from './rows.ts'
import { hasEscape } from './texts.ts'
import { HOW, Values } from './values.ts'
import { LineWriter } from './writer.ts'

const CODE = leafOf('event.code')
const CATEGORY = leafOf('audit.category')
const ACTION = leafOf('event.action')
const EVENT_TYPE = leafOf('event.type')
const HOST_NAME = leafOf('host.name')
const ID = leafOf('event.id')
const KIND_LEAF = leafOf('event.kind')
const MESSAGE = leafOf('message')
const OLD_UNKNOWN = leafOf('audit.old_unknown')
const ORIGINAL = leafOf('event.original')
const SEQUENCE = leafOf('event.sequence')
const OFFSET = leafOf('log.offset')
const PATH = leafOf('log.file.path')
const PAYLOAD = leafOf('audit.payload')
const TAGS = leafOf('tags')
const SOURCE_IP = leafOf('source.ip')
const SOURCE_PORT = leafOf('source.port')
const CHANGES = leafOf('audit.changes')
const CHANGE_FIELDS = leafOf('audit.change.fields')
const CHANGE_BEFORE = leafOf('audit.change.before')
const CHANGE_AFTER = leafOf('audit.change.after')

const NOTHING_TAKEN = 0
const TAKEN = 1
const UNSURE = 2
/** A time was there, and none that can be right. */
const TIME_SEEN = 3
const CHANGE = 'change'
/** Texts that come again and again are kept: so many, of so many characters. */
const MOST_KNOWN = 1024
const LONGEST_KNOWN = 256

const NO_BODY = { from: 0, to: 0, text: null }

const CHANGE_TEXTS: ReadonlyMap<number, 'fields' | 'before' | 'after'> = new Map([
  [HOW.changeFields, 'fields'],
  [HOW.changeBefore, 'before'],
  [HOW.changeAfter, 'after'],
])

export { Memory } from './memory.ts'

/** A record in the memory, as JSON. */
interface ReadRecord {
  readonly from: number
  readonly to: number
  /** What was remarked of it already. */
  readonly flags: number
  /** Its format has read it: its JSON says what it means. */
  readonly isRead: boolean
  /** What it stood in. */
  readonly envelope: Envelope | null
}

/** What became of a record: `declined` is for the plain way, which then decides. */
export type Written = 'event' | 'filtered' | 'declined'

/**
 * The way over the bytes, for JSON records: values are found by scanning and copied from the record's bytes into the event's. What
 * is not plainly one of the common shapes it leaves to the way of `record.ts`, which is the reference: where both answer,
 * they answer with the same bytes, and a test holds them to it. It takes a third of the other's time.
 */
export class DirectWay {
  /** What conditions ask for; where it can't be said, the record is `#unsure`. */
  readonly #asked: Asked = {
    member: (source) => {
      const row = this.#found.hit(source)
      return row === -1 || !this.#found.isScalar(row) ? undefined : this.#found.text(row)
    },
    field: (leaf) => this.#fieldText(leaf),
  }
  #unsure = false
  readonly #pipeline: Pipeline
  readonly #found: Found
  readonly #values: Values
  readonly #memory: Memory
  readonly #changes: ChangeRows
  readonly #program: Program
  readonly #rest: Rest
  readonly #apart: Apart
  readonly #writer: LineWriter
  readonly #mayHoldSecret: (from: number, to: number) => boolean
  readonly #plans: Plans
  readonly #iso = Buffer.alloc(ISO_LENGTH)
  readonly #latest = new Uint8Array(ISO_LENGTH)
  readonly #earliest = Buffer.from(new Date(EARLIEST_TIMESTAMP).toISOString())
  #now = Number.NaN
  /** JSON that comes again and again, and that of texts. */
  readonly #json = new Map<string, Piece>()
  readonly #texted = new Map<string, Piece>()
  readonly #changeful = new Map<string, boolean>()
  #path: Noted = { from: 0, to: 0 }
  /** What stands in the envelope of the record at hand, where it stands in the memory as it is. */
  #body: Noted & { readonly text: string | null } = NO_BODY
  /** The text of the record at hand as it is kept. */
  #original: Noted & { readonly how: number } = { from: 0, to: 0, how: HOW.original }
  readonly #lookupTexts: string[]
  readonly #isJournal: boolean
  readonly #readsJson: boolean
  /** What the lines of the slice at hand stand in. */
  #envelopeOf: EnvelopeReader | null = null
  /** Of records that are no JSON. */
  readonly #form: Form | null
  /** What messages are made of. */
  readonly #messageLeaves: ReadonlySet<number>
  readonly #category: Piece
  readonly #host: Piece
  readonly #true = new Piece('true')
  readonly #zero = new Piece('0')
  readonly #kind = new Piece('"event"')

  constructor(pipeline: Pipeline, memory: Memory) {
    const { mapping } = pipeline
    this.#pipeline = pipeline
    this.#memory = memory
    this.#values = new Values(memory, pipeline.constants)
    this.#mayHoldSecret = pipeline.masker.suspicion.over(memory)
    this.#found = new Found(mapping, memory)
    this.#apart = new Apart(this.#found, mapping)
    this.#changes = new ChangeRows(this.#found, mapping, memory)
    this.#writer = new LineWriter(pipeline, memory, this.#values, this.#changes)
    this.#program = new Program(memory)
    this.#rest = new Rest(this.#found, this.#program, memory)
    this.#plans = new Plans(this.#found, mapping)
    this.#isJournal = mapping.integration.formats.includes('journald')
    this.#readsJson = this.#isJournal || mapping.integration.formats.includes('json')
    this.#form = formOf(pipeline, memory)
    this.#messageLeaves = new Set(mapping.message.flat())
    this.#lookupTexts = mapping.lookups.leaves.map(() => '')
    this.#category = new Piece(JSON.stringify(mapping.integration.category))
    this.#host = new Piece(JSON.stringify(pipeline.host))
  }

  /** The next records are of this slice. */
  begin(place: Place): void {
    this.#envelopeOf =
      this.#pipeline.mapping.integration.envelope === null ? null : this.#pipeline.envelopeOf(place)
    const { sliceNotes } = this.#memory
    sliceNotes.begin()
    const idPrefix = sliceNotes.add(place.idPrefix)
    const path = sliceNotes.add(place.path)
    if (idPrefix === null || path === null) throw new Error('a path is longer than any can be')
    this.#writer.begin(idPrefix)
    this.#path = path
  }

  /** Writes the event of a record that stands in the memory and is valid UTF-8, unless the plain way must. */
  write(output: Output, place: Place, from: number, to: number, offset: number): Written {
    const { bytes } = this.#found
    if (this.#envelopeOf !== null) {
      const text = bytes.toString('utf8', from, to)
      return this.writeMessage(output, place, { text, from, to }, offset, this.#envelopeOf)
    }
    const first = bytes[from]!
    if (!this.#readsJson || isNoJson(first)) return this.#writeOfForm(output, place, from, to, offset)
    // JSON commonly doesn't stand behind white space.
    if (first !== 0x7b) return 'declined'
    const masked = this.#masked(from, to)
    if (masked === null) {
      this.#original = { from, to, how: HOW.original }
      return this.#write(output, place, { from, to, flags: 0, isRead: false, envelope: null }, offset)
    }
    if (masked.length * 3 + SLACK > this.#memory.scratchBytes) return 'declined'
    const { scratch } = this.#memory
    const end = scratch + bytes.write(masked, scratch)
    this.#original = { from: scratch, to: end, how: HOW.original }
    const record = { from: scratch, to: end, flags: FLAG.secret_masked, isRead: false, envelope: null }
    return this.#write(output, place, record, offset)
  }

  /** The same of a record in an envelope, whose text is known. */
  writeMessage(
    output: Output,
    place: Place,
    { text, from, to }: { readonly text: string } & Noted,
    offset: number,
    envelopeOf: EnvelopeReader,
  ): Written {
    if (to - from > LONGEST_OF_FORM || (text.length < 64 && text.trim() === '') || text.includes('\0'))
      return 'declined'
    if (this.#mayHoldSecret(from, to)) return 'declined'
    const envelope = envelopeOf(text)
    if (envelope === null || envelope.truncated !== null) return 'declined'
    const body = bodyFor(this.#pipeline.format, envelope.body)
    const end = behindBody(text)
    if (!text.startsWith(body, end - body.length)) return 'declined'
    const bodyTo = to - (text.length - end)
    const bodyFrom = bodyTo - (text.length === to - from ? body.length : Buffer.byteLength(body))
    this.#original = { from, to, how: HOW.original }
    this.#body = { from: bodyFrom, to: bodyTo, text: body }
    if (this.#readsJson && !isNoJson(this.#found.bytes[bodyFrom]!)) {
      const record = { from: bodyFrom, to: bodyTo, flags: 0, isRead: false, envelope }
      return bodyTo > bodyFrom ? this.#write(output, place, record, offset) : 'declined'
    }
    const form = this.#form
    if (form === null || this.#isDecodedSuspicious(form, bodyFrom, bodyTo)) return 'declined'
    const json = this.#memory.scratch
    const behind = form.read(bodyFrom, bodyTo, json)
    if (behind === -1) return 'declined'
    return this.#write(output, place, { from: json, to: behind, flags: 0, isRead: true, envelope }, offset)
  }

  /** The same of a record that is no JSON. */
  #writeOfForm(output: Output, place: Place, from: number, to: number, offset: number): Written {
    const form = this.#form
    if (form === null || to - from > LONGEST_OF_FORM || from === to) return 'declined'
    const { bytes } = this.#found
    const { scratch } = this.#memory
    let start = from
    let end = to
    let flags = 0
    if (this.#mayHoldSecret(from, to) || this.#isDecodedSuspicious(form, from, to)) {
      const { masker, format } = this.#pipeline
      const { text, kinds } = masker.mask(bytes.toString('utf8', from, to), format)
      if (kinds !== null) {
        if (text.length * 3 > LONGEST_OF_FORM) return 'declined'
        start = scratch
        end = scratch + bytes.write(text, scratch)
        flags = FLAG.secret_masked
      }
    }
    const json = scratch + LONGEST_OF_FORM + SLACK
    const behind = form.read(start, end, json)
    if (behind === -1) return 'declined'
    this.#original = { from: start, to: end, how: HOW.original }
    return this.#write(output, place, { from: json, to: behind, flags, isRead: true, envelope: null }, offset)
  }

  #isDecodedSuspicious(form: Form, from: number, to: number): boolean {
    if (form.decoded === undefined) return false
    const { scratch } = this.#memory
    const end = form.decoded(from, to, scratch)
    return end > scratch && this.#mayHoldSecret(scratch, end)
  }

  /** The same of a record whose members are known, and whose text is this: of another format, or in an envelope. */
  writeMembers(output: Output, place: Place, known: Understanding, flags: number, offset: number): Written {
    const { members, text, envelope } = known
    this.#body = NO_BODY
    const truncated = envelope?.truncated ?? place.slice.truncated
    if (members === null || truncated !== null) return 'declined'
    const json = JSON.stringify(members)
    const original = JSON.stringify(text)
    if ((json.length + original.length) * 3 + 2 * SLACK > this.#memory.scratchBytes) return 'declined'
    const { bytes } = this.#found
    const from = this.#memory.scratch
    const to = from + bytes.write(json, from)
    const start = to + SLACK
    this.#original = { from: start, to: start + bytes.write(original, start), how: HOW.json }
    return this.#write(
      output,
      place,
      { from, to, flags: flags | known.flags, isRead: true, envelope },
      offset,
    )
  }

  #write(output: Output, place: Place, record: ReadRecord, offset: number): Written {
    if (!this.#found.scan(record.from, record.to)) return 'declined'
    if (this.#isJournal && !record.isRead && !isPlainEntry(this.#found)) return 'declined'
    this.#memory.recordNotes.begin()
    this.#takeNow(record.envelope?.now ?? place.now)
    this.#values.clear()
    this.#unsure = false
    const type = this.#draft(place, record)
    if (type === undefined || this.#unsure) return 'declined'
    const { filter } = this.#pipeline
    if (filter !== null) {
      const isRecorded = filter(type, this.#asked)
      if (this.#unsure) return 'declined'
      if (!isRecorded) return 'filtered'
    }
    const { from, to } = this.#original
    // What texts were taken apart into stands beside the record.
    const length = Math.max(2 * (to - from), record.to - record.from) + this.#memory.recordNotes.length
    return this.#writer.write(output, length, offset) ? 'event' : 'declined'
  }

  /** The record's text without its secrets; null where it holds none. */
  #masked(from: number, to: number): string | null {
    if (!this.#mayHoldSecret(from, to)) return null
    const { bytes } = this.#found
    const { masker, format } = this.#pipeline
    const { text, kinds } = masker.mask(bytes.toString('utf8', from, to), format)
    return kinds === null ? null : text
  }

  /** Finds the event's values; its type, null where it is of none; undefined where the plain way must. */
  #draft(place: Place, record: ReadRecord): EventType | null | undefined {
    const values = this.#values
    const { mapping } = this.#pipeline
    const { envelope } = record
    const now = envelope?.now ?? place.now
    let flags = record.flags | (envelope?.flags ?? 0)
    if (!this.#apart.take(record.envelope)) return undefined
    const time = this.#takeFields(now)
    if (time === -1 || this.#unsure) return undefined
    if (values.how[TIMESTAMP] === HOW.absent) {
      const said = envelope?.time ?? null
      if (!this.#setOnce(TIMESTAMP, JSON.stringify(said ?? new Date(now).toISOString()))) return undefined
      if (time === 1) flags |= FLAG.timestamp_invalid
      else if (said === null) flags |= FLAG.timestamp_missing
    }
    if (envelope !== null && !this.#fill(envelope.fields)) return undefined

    const looked = this.#changes.take()
    if (looked === 'unsure') return undefined
    if (this.#changes.count > 0) {
      values.how[CHANGES] = HOW.changes
      values.how[CHANGE_FIELDS] = HOW.changeFields
      values.how[CHANGE_BEFORE] = HOW.changeBefore
      values.how[CHANGE_AFTER] = HOW.changeAfter
    }
    const key = this.#key()
    const known = mapping.events.of(this.#asked)
    if (this.#unsure) return undefined
    if (known !== null) {
      for (const given of known.set) {
        if (values.how[given.leaf] === HOW.absent) values.setJson(given.leaf, given.json)
      }
      if (values.how[CODE] === HOW.absent) values.setJson(CODE, known.code)
    }
    this.#lookUp()
    for (const given of mapping.set) {
      if (values.how[given.leaf] === HOW.absent) values.setJson(given.leaf, given.json)
    }
    if (values.how[CATEGORY] === HOW.absent) values.setJson(CATEGORY, this.#category)
    if (values.how[HOST_NAME] === HOW.absent) {
      const host = envelope?.host ?? null
      if (host === null) values.setJson(HOST_NAME, this.#host)
      else if (!this.#setJson(HOST_NAME, JSON.stringify(host))) return undefined
    }
    if (looked === 'unknown' && values.how[OLD_UNKNOWN] === HOW.absent && this.#isUpdate()) {
      values.setJson(OLD_UNKNOWN, this.#true)
    }
    if (values.how[MESSAGE] === HOW.absent && values.hasText(ACTION) && this.#hasMessage()) {
      values.how[MESSAGE] = HOW.message
    }
    if (envelope !== null && !this.#fillRest(envelope)) return undefined
    for (const { leaf, of } of RELATED) {
      for (const one of of) if (values.hasText(one)) values.how[leaf] = HOW.related
    }
    if (this.#rest.isThere()) {
      if (!this.#rest.write()) return undefined
      values.setSpan(PAYLOAD, HOW.program, this.#program.from, this.#program.to)
    }

    if (key === null) flags |= FLAG.identity_missing
    const tags = this.#pipeline.tags.json(flags)
    if (tags !== null && !this.#setJson(TAGS, tags)) return undefined
    if (values.how[KIND_LEAF] === HOW.absent) values.setJson(KIND_LEAF, this.#kind)
    if (key !== null && key.length > 0) {
      const id = declaredEventId(this.#pipeline.namespace, mapping.integration.name, key)
      if (!this.#setOnce(ID, `"${id}"`)) return undefined
      values.setJson(SEQUENCE, this.#zero)
    } else {
      values.how[ID] = HOW.id
      // The journal of what was received is no file that anybody would look for.
      if (envelope?.received !== true) values.setSpan(PATH, HOW.json, this.#path.from, this.#path.to)
      values.how[SEQUENCE] = HOW.offset
      values.how[OFFSET] = HOW.offset
    }
    values.setSpan(ORIGINAL, this.#original.how, this.#original.from, this.#original.to)
    values.setConstants()
    return known === null ? null : known.type
  }

  /** As `record.ts` has it: null where the record lacks a part of its key. */
  #key(): string[] | null {
    const key: string[] = []
    for (const { sources, leaf } of this.#pipeline.mapping.key) {
      if (leaf !== null) {
        const how = this.#values.how[leaf]
        const of = CHANGE_TEXTS.get(how!)
        if (of !== undefined) {
          key.push(this.#changes.texts(of).join('\n'))
          continue
        }
        // Of a list every item counts.
        if (how === HOW.list || how === HOW.single || (how === HOW.json && !this.#values.hasText(leaf)))
          this.#unsure = true
        key.push(this.#fieldText(leaf) ?? '')
        continue
      }
      let text: string | undefined
      for (const source of sources) {
        text = this.#asked.member(source)
        if (text !== undefined) break
      }
      if (text === undefined) return null
      key.push(text)
    }
    return key.length > 0 && key.every((text) => text === '') ? null : key
  }

  #fieldText(leaf: number): string | undefined {
    const values = this.#values
    switch (values.how[leaf]) {
      case HOW.absent:
        return undefined
      case HOW.text:
      case HOW.quoted:
      case HOW.json: {
        if (!values.hasText(leaf)) {
          if (this.#found.bytes[values.from[leaf]!] === 0x5b) this.#unsure = true
          return undefined
        }
        const from = values.textFrom(leaf)
        const to = values.textTo(leaf)
        return this.#found.textAt(from, to, hasEscape(this.#found.bytes, from, to))
      }
      case HOW.single:
        return this.#found.text(values.from[leaf]! >> 2)
      case HOW.list: {
        const item = (values.from[leaf]! >> 2) + ROW
        return this.#found.text(item)
      }
      case HOW.changeFields:
      case HOW.changeBefore:
      case HOW.changeAfter:
        return this.#changes.texts(CHANGE_TEXTS.get(values.how[leaf]!)!)[0]
      default:
        this.#unsure = true
        return undefined
    }
  }

  #takeNow(now: number): void {
    if (now === this.#now) return
    this.#now = now
    this.#latest.set(Buffer.from(new Date(latestPlausible(now)).toISOString()))
  }

  /** Whether a time was seen that is none: 1; -1 where unsure. */
  #takeFields(now: number): number {
    const { rules } = this.#pipeline.mapping
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
      const applies = rule.applies(this.#asked)
      if (this.#unsure) return UNSURE
      if (!applies) return NOTHING_TAKEN
    }
    if (rule.constant !== null) {
      const json = JSON.stringify(rule.many ? [rule.constant] : rule.constant)
      return this.#setJson(rule.leaf, json) ? TAKEN : UNSURE
    }
    const { consumed } = this.#found
    if (consumed[best] === 0) {
      const taken = this.#take(rule, this.#found.hit(best), now)
      if (taken === TAKEN) consumed[best] = 1
      if (taken !== NOTHING_TAKEN) return taken
    }
    // What stands in the best place is not for this field: the next is asked.
    let timeSeen = false
    for (const source of rule.sources) {
      const row = this.#found.hit(source)
      if (row === -1 || consumed[source] === 1) continue
      if (rule.leaf === TIMESTAMP && this.#found.isScalar(row)) timeSeen = true
      if (source === best) continue
      const taken = this.#take(rule, row, now)
      if (taken === TAKEN) consumed[source] = 1
      if (taken !== NOTHING_TAKEN) return taken
    }
    return timeSeen ? TIME_SEEN : NOTHING_TAKEN
  }

  #take(rule: Rule, hit: number, now: number): number {
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
        else return this.#setOnce(rule.leaf, `"${this.#iso.toString('latin1')}"`) ? TAKEN : UNSURE
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
    if (rule.type === 'text' && !rule.many) return this.#setText(rule.leaf, text) ? TAKEN : UNSURE
    const value = convert(rule, text, now, null)
    if (value === undefined) return NOTHING_TAKEN
    const json = JSON.stringify(rule.many ? [value] : value)
    const isSet = comesAgain(rule) ? this.#setJson(rule.leaf, json) : this.#setOnce(rule.leaf, json)
    return isSet ? TAKEN : UNSURE
  }

  #lookUp(): void {
    const { lookups } = this.#pipeline.mapping
    const values = this.#values
    const texts = this.#lookupTexts
    for (let i = 0; i < lookups.leaves.length; i++) {
      const leaf = lookups.leaves[i]!
      if (!values.hasText(leaf)) {
        texts[i] = ''
        continue
      }
      const from = values.textFrom(leaf)
      const to = values.textTo(leaf)
      texts[i] = this.#found.textAt(from, to, hasEscape(this.#found.bytes, from, to))
    }
    for (const given of lookups.of(texts)) {
      if (values.how[given.leaf] === HOW.absent) values.setJson(given.leaf, given.json)
    }
  }

  /** As `record.ts` has it: a record's change, of type `change`. */
  #isUpdate(): boolean {
    const values = this.#values
    if (values.how[CATEGORY] !== HOW.json || !this.#holds(CATEGORY, CHANGE)) return false
    const found = this.#found
    const isChange = (row: number): boolean =>
      found.kind(row) === KIND.string &&
      found.bytes.toString('latin1', found.from(row), found.to(row)) === 'change'
    const list = values.from[EVENT_TYPE]! >> 2
    switch (values.how[EVENT_TYPE]) {
      case HOW.absent:
        return false
      case HOW.json:
        return this.#holds(EVENT_TYPE, CHANGE)
      case HOW.single:
        return isChange(list)
      default:
        for (let item = list + ROW; item < found.next(list); item = found.next(item))
          if (isChange(item)) return true
        return false
    }
  }

  /** Whether the JSON of a leaf is or holds this text. */
  #holds(leaf: number, text: string): boolean {
    const { from, to } = this.#values
    const json = this.#found.bytes.toString('utf8', from[leaf], to[leaf])
    let known = this.#changeful.get(json)
    if (known === undefined) {
      const value: unknown = JSON.parse(json)
      known = Array.isArray(value) ? value.includes(text) : value === text
      if (this.#changeful.size < MOST_KNOWN) this.#changeful.set(json, known)
    }
    return known
  }

  #hasMessage(): boolean {
    for (const leaf of this.#messageLeaves) if (this.#values.hasText(leaf)) return true
    return false
  }

  #fill(fills: readonly Fill[], isLast = false): boolean {
    const { how } = this.#values
    // A message is made of what is known before the last: where it would say more now, the plain way must write it.
    const isMade = isLast && how[MESSAGE] === HOW.message
    for (const [leaf, value] of fills) {
      if (how[leaf] !== HOW.absent) continue
      if (isMade && this.#messageLeaves.has(leaf)) return false
      if (leaf === MESSAGE && value === this.#body.text) {
        this.#values.setSpan(MESSAGE, HOW.original, this.#body.from, this.#body.to)
      } else if (
        !(typeof value === 'string' ? this.#setText(leaf, value) : this.#setJson(leaf, jsonOf(value)))
      )
        return false
    }
    return true
  }

  /** As `record.ts` has it. */
  #fillRest({ sender, rest }: Envelope): boolean {
    const { how } = this.#values
    const isUnsaid = how[SOURCE_IP] === HOW.absent && how[SOURCE_PORT] === HOW.absent
    return (!isUnsaid || this.#fill(sender, true)) && this.#fill(rest, true)
  }

  /** A text that may come again and again; false where there is no room for it. */
  #setText(leaf: number, text: string): boolean {
    if (text.length > LONGEST_KNOWN) return this.#setOnce(leaf, JSON.stringify(text))
    let piece = this.#texted.get(text)
    if (piece === undefined) {
      const json = JSON.stringify(text)
      if (this.#texted.size >= MOST_KNOWN || this.#memory.isFull) return this.#setOnce(leaf, json)
      piece = new Piece(json)
      this.#texted.set(text, piece)
    }
    this.#values.setJson(leaf, piece)
    return true
  }

  /** False where there is no room for it. */
  #setOnce(leaf: number, json: string): boolean {
    const noted = this.#memory.recordNotes.add(json)
    if (noted !== null) this.#values.setSpan(leaf, HOW.json, noted.from, noted.to)
    return noted !== null
  }

  /** The same of what comes again and again. */
  #setJson(leaf: number, json: string): boolean {
    let piece = this.#json.get(json)
    if (piece === undefined) {
      if (this.#json.size >= MOST_KNOWN || json.length > LONGEST_KNOWN || this.#memory.isFull)
        return this.#setOnce(leaf, json)
      piece = new Piece(json)
      this.#json.set(json, piece)
    }
    this.#values.setJson(leaf, piece)
    return true
  }
}

/** Where the body ends that an envelope is around: before line ends, as `withoutLineEnd` has it. */
function behindBody(text: string): number {
  let end = text.length
  while (end > 0 && (text[end - 1] === '\n' || text[end - 1] === '\r')) end--
  return end
}

/** Times, addresses and measures are seldom the same twice. */
const comesAgain = ({ type }: Rule): boolean => type === 'text' || type === 'boolean'

/** Up to 15 digits, as `convert` takes them. */
function isInteger(bytes: Uint8Array, from: number, to: number): boolean {
  const start = bytes[from] === MINUS ? from + 1 : from
  if (to === start || to - start > 15) return false
  for (let at = start; at < to; at++) if (bytes[at]! < ZERO || bytes[at]! > ZERO + 9) return false
  return true
}

/** Whether an integer is written as ECMAScript prints it: without zeros in front. */
function isPrinted(bytes: Uint8Array, from: number, to: number): boolean {
  const start = bytes[from] === MINUS ? from + 1 : from
  return bytes[start] !== ZERO || (to - from === 1 && start === from)
}

const MINUS = 0x2d
const ZERO = 0x30

/** Four numbers to 255, none with a zero in front, as `isIP` has it. */
function isIpv4(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from > 15) return false
  let parts = 0
  let digits = 0
  let value = 0
  for (let at = from; at <= to; at++) {
    const byte = at === to ? 0x2e : bytes[at]!
    if (byte === 0x2e) {
      if (digits === 0 || value > 255) return false
      parts++
      digits = 0
      value = 0
    } else if (byte >= 0x30 && byte <= 0x39) {
      if (digits > 0 && value === 0) return false
      value = value * 10 + byte - 0x30
      if (++digits > 3) return false
    } else return false
  }
  return parts === 4
}
