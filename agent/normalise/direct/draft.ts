import { FLAG } from '../flags.ts'
import type { EventType } from '../integration.ts'
import { LACK, TIMELESS, USER_LEAVES } from '../lacks.ts'
import { leafOf } from '../layout.ts'
import { OUTCOME, TIMESTAMP } from '../mapping.ts'
import type { Pipeline, Place } from '../pipeline.ts'
import { jsonOf } from '../record.ts'
import type { Envelope, Fill } from '../syslog/envelope.ts'
import { Answers } from './answers.ts'
import { Apart } from './apart.ts'
import type { ChangeRows } from './change-rows.ts'
import { Fields } from './fields.ts'
import type { Found } from './found.ts'
import { Identity } from './identity.ts'
import { InLists } from './in-lists.ts'
import { JsonValues } from './json-values.ts'
import { Memory, type Noted } from './memory.ts'
import { Piece } from './piece.ts'
import { PreviousRows } from './previous-rows.ts'
import { Program } from './program.ts'
import { Rest } from './rest.ts'
import { KIND, ROW } from './rows.ts'
import { HOW, type Values } from './values.ts'

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

const CHANGE = 'change'
const MOST_KNOWN = 1024

/** A record in the memory, as JSON. */
export interface ReadRecord {
  readonly from: number
  readonly to: number
  /** What was remarked of it already. */
  readonly flags: number
  /** Its format has read it: its JSON says what it means. */
  readonly isRead: boolean
  /** What it stood in. */
  readonly envelope: Envelope | null
  /** What stood in that, where it stands in the memory as it is. */
  readonly body: Noted & { readonly text: string | null }
  /** Its text as it is kept. */
  readonly original: Noted & { readonly how: number }
}

/** What its parts work on together. */
export interface Ground {
  readonly memory: Memory
  readonly found: Found
  readonly values: Values
  readonly changes: ChangeRows
}

/** Finds the values of an event, one record after the other, as `record.ts` does with objects. */
export class Drafts {
  readonly answers: Answers
  /** What the event at hand lacks, as bits of `LACK`. */
  lacks = 0
  readonly #pipeline: Pipeline
  readonly #found: Found
  readonly #values: Values
  readonly #changes: ChangeRows
  readonly #answers: Answers
  readonly #json: JsonValues
  readonly #fields: Fields
  readonly #apart: Apart
  readonly #inLists: InLists
  readonly #program: Program
  readonly #rest: Rest
  readonly #identity: Identity
  readonly #previous: PreviousRows
  readonly #changeful = new Map<string | number, boolean>()
  readonly #systemic = new Map<string | number, boolean>()
  readonly #lookupTexts: string[]
  /** What messages are made of. */
  readonly #messageLeaves: ReadonlySet<number>
  readonly #category: Piece
  readonly #host: Piece
  readonly #true = new Piece('true')
  readonly #unknown = new Piece('"unknown"')
  readonly #stated = { success: new Piece('"success"'), failure: new Piece('"failure"') }
  readonly #zero = new Piece('0')
  readonly #kind = new Piece('"event"')
  #path: Noted = { from: 0, to: 0 }

  constructor(pipeline: Pipeline, { memory, found, values, changes }: Ground) {
    const { mapping } = pipeline
    this.#pipeline = pipeline
    this.#found = found
    this.#values = values
    this.#changes = changes
    const answers = new Answers(found, values, changes)
    this.answers = answers
    this.#answers = answers
    this.#previous = new PreviousRows(found)
    this.#identity = new Identity(pipeline, { found, values, answers, changes })
    this.#json = new JsonValues(memory, values)
    this.#fields = new Fields(mapping, { found, values, answers, json: this.#json })
    this.#apart = new Apart(found, mapping)
    this.#inLists = new InLists(found, mapping)
    this.#program = new Program(memory)
    this.#rest = new Rest(found, this.#program, memory)
    this.#messageLeaves = new Set(mapping.message.flat())
    this.#lookupTexts = mapping.lookups.leaves.map(() => '')
    this.#category = new Piece(JSON.stringify(mapping.integration.category))
    this.#host = new Piece(JSON.stringify(pipeline.host))
  }

  /** The next records are of a file of this path, as JSON. */
  begin(path: Noted): void {
    this.#path = path
  }

  /** Finds the event's values; its type, null where it is of none; undefined where the plain way must. */
  of(place: Place, record: ReadRecord): EventType | null | undefined {
    const values = this.#values
    const { mapping } = this.#pipeline
    const { envelope } = record
    const now = envelope?.now ?? place.now
    let flags = record.flags | (envelope?.flags ?? 0)
    if (!this.#apart.take(record.envelope) || !this.#inLists.take()) return undefined
    const time = this.#fields.take(now)
    if (time === -1 || this.#answers.isUnsure) return undefined
    let isDated = true
    if (values.how[TIMESTAMP] === HOW.absent) {
      // What is wrong with a time that was seen, the plain way says.
      if (time === 1) return undefined
      const said = envelope?.time ?? null
      if (!this.#json.setOnce(TIMESTAMP, `"${said ?? new Date(now).toISOString()}"`)) return undefined
      isDated = said !== null
      if (!isDated) flags |= envelope?.timeFlags ?? FLAG.timestamp_missing
    }
    if (envelope !== null && !this.#fill(envelope.fields, record)) return undefined
    const isNoSuccess = this.#stateOutcome()
    if (isNoSuccess === undefined) return undefined

    const looked = this.#changes.take()
    if (looked === 'unsure') return undefined
    if (this.#changes.count > 0) {
      values.how[CHANGES] = HOW.changes
      values.how[CHANGE_FIELDS] = HOW.changeFields
      values.how[CHANGE_BEFORE] = HOW.changeBefore
      values.how[CHANGE_AFTER] = HOW.changeAfter
    }
    const declared = this.#identity.isDeclared ? this.#identity.id(isDated) : null
    const known = mapping.events.of(this.#answers)
    if (this.#answers.isUnsure) return undefined
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
    if (looked === 'unknown' && values.how[OLD_UNKNOWN] === HOW.absent && this.#isUpdate()) {
      if (!this.#previous.mayBe()) values.setJson(OLD_UNKNOWN, this.#true)
    }
    if (values.how[MESSAGE] === HOW.absent && values.hasText(ACTION) && this.#hasMessage()) {
      values.how[MESSAGE] = HOW.message
    }
    if (envelope !== null && !this.#fillRest(envelope, record)) return undefined
    if (this.#rest.isThere()) {
      if (!this.#rest.write()) return undefined
      values.setSpan(PAYLOAD, HOW.program, this.#program.from, this.#program.to)
    }

    if (declared === null && this.#identity.isDeclared) flags |= FLAG.identity_missing
    const tags = this.#pipeline.tags.json(flags)
    if (tags !== null && !this.#json.setJson(TAGS, tags)) return undefined
    if (values.how[KIND_LEAF] === HOW.absent) values.setJson(KIND_LEAF, this.#kind)
    if (declared !== null) {
      if (!this.#json.setOnce(ID, `"${declared}"`)) return undefined
      values.setJson(SEQUENCE, this.#zero)
    } else {
      values.how[ID] = HOW.id
      // The journal of what was received is no file that anybody would look for.
      if (envelope?.received !== true) values.setSpan(PATH, HOW.json, this.#path.from, this.#path.to)
      values.how[SEQUENCE] = HOW.offset
      values.how[OFFSET] = HOW.offset
    }
    values.setSpan(ORIGINAL, record.original.how, record.original.from, record.original.to)
    values.setConstants()
    this.lacks =
      (known === null ? LACK.type : 0) |
      (this.#isUserless() ? LACK.user : 0) |
      ((flags & TIMELESS) === 0 ? 0 : LACK.time)
    return known === null ? null : known.type
  }

  /** As `record.ts` has it; undefined where the plain way must decide. */
  #stateOutcome(): boolean | undefined {
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
        const row = found.hit(source)
        if (row === -1 || found.consumed[source] === 1) continue
        if (first && found.kind(row) === KIND.array) return undefined
        if (found.isScalar(row)) words.result(found.text(row))
      }
    }
    for (const { applies, constant } of constants)
      if (applies === null || applies(answers)) words.given(constant?.value)
    for (const textOf of names) {
      const text = textOf(answers)
      if (text !== undefined) words.name(text)
    }
    if (answers.isUnsure) return undefined
    const stated = words.end()
    if (stated !== undefined) values.setJson(OUTCOME, this.#stated[stated])
    return words.isBarred
  }

  #isOutcome(outcome: 'success' | 'unknown'): boolean {
    const { how, from } = this.#values
    // Each of the three has its own first letter.
    return how[OUTCOME] === HOW.json && this.#found.bytes[from[OUTCOME]! + 1] === outcome.charCodeAt(0)
  }

  /** As `pipeline.ts` has it. */
  #isUserless(): boolean {
    const { how } = this.#values
    for (let i = 0; i < USER_LEAVES.length; i++) if (how[USER_LEAVES[i]!] !== HOW.absent) return false
    return !(how[CATEGORY] === HOW.json && this.#holds(CATEGORY, 'system', this.#systemic))
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

  /** As `record.ts` has it: a record's change, of type `change`. */
  #isUpdate(): boolean {
    const values = this.#values
    if (values.how[CATEGORY] !== HOW.json || !this.#holds(CATEGORY, CHANGE, this.#changeful)) return false
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

  /** Whether the JSON of a leaf is or holds this text; `answers` remembers it: by the address of what is kept, or by the JSON. */
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

  #hasMessage(): boolean {
    for (const leaf of this.#messageLeaves) if (this.#values.hasText(leaf)) return true
    return false
  }

  #fill(fills: readonly Fill[], { body }: ReadRecord, isLast = false): boolean {
    const { how } = this.#values
    // A message is made of what is known before the last: where it would say more now, the plain way must write it.
    const isMade = isLast && how[MESSAGE] === HOW.message
    for (const [leaf, value] of fills) {
      if (how[leaf] !== HOW.absent) continue
      if (isMade && this.#messageLeaves.has(leaf)) return false
      if (leaf === MESSAGE && value === body.text) {
        this.#values.setSpan(MESSAGE, HOW.original, body.from, body.to)
      } else if (
        !(typeof value === 'string'
          ? this.#json.setText(leaf, value)
          : this.#json.setJson(leaf, jsonOf(value)))
      )
        return false
    }
    return true
  }

  /** As `record.ts` has it. */
  #fillRest({ sender, rest }: Envelope, record: ReadRecord): boolean {
    const { how } = this.#values
    const isUnsaid = how[SOURCE_IP] === HOW.absent && how[SOURCE_PORT] === HOW.absent
    return (!isUnsaid || this.#fill(sender, record, true)) && this.#fill(rest, record, true)
  }
}
