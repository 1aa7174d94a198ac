import { cutAt, declaredEventId, LIMITS } from '../../../schema/index.ts'
import { FLAG } from '../integration/flags.ts'
import type { EventType } from '../integration/integration.ts'
import { LACK, TIMELESS, USER_LEAVES } from '../integration/lacks.ts'
import { leafOf } from '../integration/layout.ts'
import { OUTCOME, TIMESTAMP } from '../integration/mapping.ts'
import type { Envelope, Fill } from '../read/syslog/envelope.ts'
import { Memory, type Noted } from '../wasm/memory.ts'
import { Piece } from '../wasm/piece.ts'
import { KIND, ROW } from '../wasm/rows.ts'
import { Answers } from './answers.ts'
import type { ChangeRows } from './change-rows.ts'
import { Extractor } from './extractor.ts'
import { Fields } from './fields.ts'
import { Identity } from './identity.ts'
import { ListNames } from './list-names.ts'
import { payloadOf } from './payload.ts'
import { PayloadRows, Program } from './payload-rows.ts'
import { jsonOf, type Pipeline, type Place, type Truncated } from './pipeline.ts'
import { PreviousValues } from './previous.ts'
import type { RecordRows } from './record-rows.ts'
import { HOW, JsonValues, type Values } from './values.ts'

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
const REASON = leafOf('event.reason')
const TRUNCATED_BYTES = leafOf('audit.truncated.bytes')
const TRUNCATED_SHA256 = leafOf('audit.truncated.sha256')

const CHANGE = 'change'
const MOST_KNOWN = 1024

/** A record in the memory, as JSON. */
export interface ReadRecord {
  readonly from: number
  readonly to: number
  /** Flags that were set earlier. */
  readonly flags: number
  /** Whether its format has read it, so that its JSON contains its content. */
  readonly isRead: boolean
  /** The envelope of the record. */
  readonly envelope: Envelope | null
  /** The body of the envelope, and its place in the memory if it is there unchanged. */
  readonly body: Noted & { readonly text: string | null }
  /** The original text as it is kept. */
  readonly original: Noted & { readonly how: number }
  /** What identifies the record permanently if its place does not. */
  readonly key: readonly string[]
  /** For a record that was too long: the known properties of the whole record. */
  readonly truncated: Truncated | null
}

/** The state that the parts share. */
export interface Shared {
  readonly memory: Memory
  readonly found: RecordRows
  readonly values: Values
  readonly changes: ChangeRows
}

/** Finds the values of an event, one record after the other. */
export class EventDraft {
  readonly answers: Answers
  /** The type of the current event; null if it has none. */
  type: EventType | null = null
  /** The flags of the event. */
  flags = 0
  /** The missing properties of the current event, as bits of `LACK`. */
  lacks = 0
  readonly #pipeline: Pipeline
  readonly #found: RecordRows
  readonly #values: Values
  readonly #changes: ChangeRows
  readonly #answers: Answers
  readonly #json: JsonValues
  readonly #fields: Fields
  readonly #apart: Extractor
  readonly #inLists: ListNames
  readonly #program: Program
  readonly #rest: PayloadRows
  readonly #identity: Identity
  readonly #previous: PreviousValues
  readonly #changeful = new Map<string | number, boolean>()
  readonly #systemic = new Map<string | number, boolean>()
  readonly #lookupTexts: string[]
  /** The fields that messages are made of. */
  readonly #messageLeaves: ReadonlySet<number>
  readonly #category: Piece
  readonly #host: Piece
  readonly #true = new Piece('true')
  readonly #unknown = new Piece('"unknown"')
  readonly #stated = { success: new Piece('"success"'), failure: new Piece('"failure"') }
  readonly #zero = new Piece('0')
  readonly #kind = new Piece('"event"')
  readonly #failed = new Piece('"pipeline_error"')
  #path: Noted = { from: 0, to: 0 }

  constructor(pipeline: Pipeline, { memory, found, values, changes }: Shared) {
    const { mapping } = pipeline
    this.#pipeline = pipeline
    this.#found = found
    this.#values = values
    this.#changes = changes
    const answers = new Answers(found, values, changes)
    this.answers = answers
    this.#answers = answers
    this.#previous = new PreviousValues(found)
    this.#identity = new Identity(pipeline, { found, values, answers, changes })
    this.#json = new JsonValues(memory, values)
    this.#fields = new Fields(mapping, { found, values, answers, json: this.#json })
    this.#apart = new Extractor(found, mapping)
    this.#inLists = new ListNames(found, mapping)
    this.#program = new Program(memory)
    this.#rest = new PayloadRows(found, this.#program, memory)
    this.#messageLeaves = new Set(mapping.message.flat())
    this.#lookupTexts = mapping.lookups.leaves.map(() => '')
    this.#category = new Piece(JSON.stringify(mapping.integration.category))
    this.#host = new Piece(JSON.stringify(pipeline.host))
  }

  /** Begins a file; `path` is its path as JSON. */
  begin(path: Noted): void {
    this.#path = path
  }

  /** Finds the event's values; returns false if the record has to be rebuilt first. */
  take(place: Place, record: ReadRecord): boolean {
    const values = this.#values
    const { mapping } = this.#pipeline
    const { envelope } = record
    const now = envelope?.now ?? place.now
    let flags = record.flags | (envelope?.flags ?? 0)
    if (!this.#apart.take(record.envelope)) return false
    this.#inLists.take()
    this.#fields.take(now)
    flags |= this.#fields.flags
    let isDated = true
    if (values.how[TIMESTAMP] === HOW.absent) {
      const said = envelope?.time ?? null
      this.#json.setOnce(TIMESTAMP, `"${said ?? new Date(now).toISOString()}"`)
      isDated = said !== null
      flags |= this.#fields.wrongTime || (isDated ? 0 : (envelope?.timeFlags ?? FLAG.timestamp_missing))
    }
    if (envelope !== null) this.#fill(envelope.fields, record)
    const isNoSuccess = this.#stateOutcome()

    const hasOld = this.#changes.take()
    const { list } = this.#changes
    flags |= list?.flags ?? 0
    if (this.#changes.count > 0) {
      if (list === null) values.how[CHANGES] = HOW.changes
      else this.#json.setOnce(CHANGES, JSON.stringify(list.changes))
      values.how[CHANGE_FIELDS] = HOW.changeFields
      values.how[CHANGE_BEFORE] = HOW.changeBefore
      values.how[CHANGE_AFTER] = HOW.changeAfter
    }
    const declared =
      record.key.length > 0
        ? declaredEventId(this.#pipeline.namespace, mapping.integration.name, record.key)
        : ((this.#identity.isDeclared ? this.#identity.id(isDated) : null) ?? this.#keyed(envelope))
    const known = mapping.events.of(this.#answers)
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
    if (values.how[OUTCOME] === HOW.absent || (isNoSuccess && this.#isOutcome('success')))
      values.setJson(OUTCOME, this.#unknown)
    if (values.how[CATEGORY] === HOW.absent) values.setJson(CATEGORY, this.#category)
    if (values.how[HOST_NAME] === HOW.absent && envelope?.received !== true)
      values.setJson(HOST_NAME, this.#host)
    if (!hasOld && values.how[OLD_UNKNOWN] === HOW.absent && this.#isUpdate()) {
      if (!this.#previous.mayBe()) values.setJson(OLD_UNKNOWN, this.#true)
    }
    if (values.how[MESSAGE] === HOW.absent && values.hasText(ACTION)) flags |= this.#makeMessage(false)
    if (envelope !== null) this.#fillRest(envelope, record)
    if (this.#found.isRebuilt) {
      const payload = payloadOf(this.#found)
      flags |= payload.flags
      if (payload.json !== null) this.#json.setOnce(PAYLOAD, payload.json)
    } else if (this.#rest.isThere()) {
      if (!this.#rest.write()) return false
      values.setSpan(PAYLOAD, HOW.program, this.#program.from, this.#program.to)
    }

    if (declared === null && this.#identity.isDeclared) flags |= FLAG.identity_missing
    if (values.how[KIND_LEAF] === HOW.absent) values.setJson(KIND_LEAF, this.#kind)
    this.#finish(record, flags, declared)
    this.type = known === null ? null : known.type
    this.lacks =
      (known === null ? LACK.type : 0) |
      (this.#isUserless() ? LACK.user : 0) |
      ((flags & TIMELESS) === 0 ? 0 : LACK.time)
    return true
  }

  /** Sets the values of an event that says why its record was not understood. */
  fail(place: Place, record: ReadRecord, reason: string, text: string): void {
    const values = this.#values
    const { envelope } = record
    const time = envelope?.time ?? null
    let flags = record.flags | (envelope?.flags ?? 0)
    if (time === null) flags |= envelope?.timeFlags ?? FLAG.timestamp_missing
    this.#json.setOnce(TIMESTAMP, `"${time ?? new Date(envelope?.now ?? place.now).toISOString()}"`)
    values.setJson(CATEGORY, this.#category)
    values.setJson(KIND_LEAF, this.#failed)
    this.#json.setText(REASON, reason)
    if (envelope?.received !== true) values.setJson(HOST_NAME, this.#host)
    // The words of a record that did not parse are searchable all the same.
    if (text !== '') this.#json.setOnce(MESSAGE, JSON.stringify(cutAt(text, LIMITS.keywordLength)))
    if (text.length > LIMITS.keywordLength) flags |= FLAG.value_cut
    if (envelope !== null) {
      this.#fill(envelope.fields, record)
      this.#fillRest(envelope, record)
    }
    this.#finish(record, flags, this.#keyed(envelope))
    this.type = null
    this.lacks = LACK.sense
  }

  /** The id of a record that its sender identifies; null if the sender does not. */
  #keyed(envelope: Envelope | null): string | null {
    if (envelope === null || envelope.key.length === 0) return null
    const { namespace, mapping } = this.#pipeline
    return declaredEventId(namespace, mapping.integration.name, envelope.key)
  }

  /** Sets the fields that all events have. */
  #finish(record: ReadRecord, flags: number, declared: string | null): void {
    const values = this.#values
    const { envelope, original, truncated } = record
    this.flags = flags
    const tags = this.#pipeline.tags.json(flags)
    if (tags !== null) this.#json.setJson(TAGS, tags)
    // A row at another place in the next export is the same event, to the byte: its place is not part of the event.
    if (declared !== null) {
      this.#json.setOnce(ID, `"${declared}"`)
      values.setJson(SEQUENCE, this.#zero)
    } else {
      values.how[ID] = HOW.id
      // The journal of received messages is not a file that anybody would look for.
      if (envelope?.received !== true) values.setSpan(PATH, HOW.json, this.#path.from, this.#path.to)
      values.how[SEQUENCE] = HOW.offset
      values.how[OFFSET] = HOW.offset
    }
    if (truncated !== null) {
      this.#json.setOnce(TRUNCATED_BYTES, JSON.stringify(truncated.bytes))
      this.#json.setOnce(TRUNCATED_SHA256, JSON.stringify(truncated.sha256))
    }
    values.setSpan(ORIGINAL, original.how, original.from, original.to)
    values.setConstants()
  }

  /** Derives the outcome from the record's words if no column states it. Returns whether its type must not make it a success. */
  #stateOutcome(): boolean {
    const { columns, constants, names, mayBeUnknown, words } = this.#pipeline.mapping.outcome
    const values = this.#values
    const isSaid = values.how[OUTCOME] !== HOW.absent
    if (isSaid && !(mayBeUnknown && this.#isOutcome('unknown'))) return false
    words.begin(isSaid)
    const found = this.#found
    const answers = this.#answers
    for (const { sources, first, applies } of columns) {
      if (applies !== null && !applies(answers)) continue
      for (const source of sources) {
        let row = found.hit(source)
        if (row === -1 || found.consumed[source] === 1) continue
        if (first && found.kind(row) === KIND.array && row + ROW < found.next(row)) row += ROW
        if (found.isScalar(row)) words.result(found.text(row))
      }
    }
    for (const { applies, constant } of constants)
      if (applies === null || applies(answers)) words.given(constant?.value)
    for (const textOf of names) {
      const text = textOf(answers)
      if (text !== undefined) words.name(text)
    }
    const stated = words.end()
    if (stated !== undefined) values.setJson(OUTCOME, this.#stated[stated])
    return words.isBarred
  }

  #isOutcome(outcome: 'success' | 'unknown'): boolean {
    const { how, from } = this.#values
    // The three outcomes have different first letters.
    return how[OUTCOME] === HOW.json && this.#found.bytes[from[OUTCOME]! + 1] === outcome.charCodeAt(0)
  }

  /** Whether the event is an action of the system itself, which has no user. */
  #isUserless(): boolean {
    const { how } = this.#values
    for (let i = 0; i < USER_LEAVES.length; i++) if (how[USER_LEAVES[i]!] !== HOW.absent) return false
    return !this.#isCategory('system', this.#systemic)
  }

  #lookUp(): void {
    const { lookups } = this.#pipeline.mapping
    const values = this.#values
    const texts = this.#lookupTexts
    for (let i = 0; i < lookups.leaves.length; i++) {
      const leaf = lookups.leaves[i]!
      texts[i] = values.hasText(leaf) ? this.#answers.text(leaf) : ''
    }
    for (const given of lookups.of(texts)) {
      if (values.how[given.leaf] === HOW.absent) values.setJson(given.leaf, given.json)
    }
  }

  #isCategory(category: string, answers: Map<string | number, boolean>): boolean {
    return this.#values.how[CATEGORY] === HOW.json
      ? this.#holds(CATEGORY, category, answers)
      : this.#answers.field(CATEGORY) === category
  }

  /** Whether the event is a change of a record, of type `change`. */
  #isUpdate(): boolean {
    const values = this.#values
    if (!this.#isCategory(CHANGE, this.#changeful)) return false
    const found = this.#found
    const isChange = (row: number): boolean =>
      found.kind(row) === KIND.string &&
      found.bytes.toString('latin1', found.from(row), found.to(row)) === 'change'
    const list = values.from[EVENT_TYPE]! >> 2
    switch (values.how[EVENT_TYPE]) {
      case HOW.absent:
        return false
      case HOW.json:
        return this.#holds(EVENT_TYPE, CHANGE, this.#changeful)
      case HOW.single:
        return isChange(list)
      default:
        for (let item = list + ROW; item < found.next(list); item = found.next(item))
          if (isChange(item)) return true
        return false
    }
  }

  /** Whether the JSON of a leaf is or contains this text; `answers` caches the result, by address for kept texts, else by the JSON. */
  #holds(leaf: number, text: string, answers: Map<string | number, boolean>): boolean {
    const from = this.#values.from[leaf]!
    const to = this.#values.to[leaf]!
    const key = Memory.isKept(from) ? from : this.#found.textAt(from, to, false)
    let known = answers.get(key)
    if (known === undefined) {
      const value: unknown = JSON.parse(this.#found.textAt(from, to, false))
      known = Array.isArray(value) ? value.includes(text) : value === text
      if (answers.size < MOST_KNOWN) answers.set(key, known)
    }
    return known
  }

  /**
   * Composes the message from its fields. The kernel does this, unless the message is long or later fields must not enter it (`now`).
   * Returns flags.
   */
  #makeMessage(now: boolean): number {
    const values = this.#values
    let bytes = 0
    for (const leaf of this.#messageLeaves)
      if (values.hasText(leaf)) bytes += values.textTo(leaf) - values.textFrom(leaf) + 1
    if (bytes === 0) return 0
    if (!now && bytes <= LIMITS.keywordLength) {
      values.how[MESSAGE] = HOW.message
      return 0
    }
    const parts = this.#pipeline.mapping.message.flatMap((leaves) => {
      const leaf = leaves.find((one) => values.hasText(one))
      return leaf === undefined ? [] : [this.#answers.text(leaf)]
    })
    const message = parts.join(' ')
    this.#json.setOnce(MESSAGE, JSON.stringify(cutAt(message, LIMITS.keywordLength)))
    return message.length > LIMITS.keywordLength ? FLAG.value_cut : 0
  }

  #fill(fills: readonly Fill[], { body }: ReadRecord, isLast = false): void {
    const { how } = this.#values
    for (const [leaf, value] of fills) {
      if (how[leaf] !== HOW.absent) continue
      // The message only uses the fields that were set before the last ones.
      if (isLast && how[MESSAGE] === HOW.message && this.#messageLeaves.has(leaf)) this.#makeMessage(true)
      if (leaf === MESSAGE && value === body.text) {
        this.#values.setSpan(MESSAGE, HOW.original, body.from, body.to)
      } else if (typeof value === 'string') this.#json.setText(leaf, value)
      else this.#json.setJson(leaf, jsonOf(value))
    }
  }

  /** The sender counts as the source only if the record names none: an address and a port from two places would be false. */
  #fillRest({ sender, rest }: Envelope, record: ReadRecord): void {
    const { how } = this.#values
    if (how[SOURCE_IP] === HOW.absent && how[SOURCE_PORT] === HOW.absent) this.#fill(sender, record, true)
    this.#fill(rest, record, true)
  }
}
