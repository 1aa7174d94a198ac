import { FLAG } from '../integration/flags.ts'
import type { EventType } from '../integration/integration.ts'
import type { Members } from '../integration/members.ts'
import { type Form, formOf, isNoJson, LONGEST_OF_FORM } from '../read/in-place.ts'
import type { Envelope, EnvelopeReader } from '../read/syslog/envelope.ts'
import { unpack } from '../read/unpack.ts'
import { type Memory, type Noted, SLACK } from '../wasm/memory.ts'
import { KEY_FROM, KEY_TO, KIND, NODE, ROW } from '../wasm/rows.ts'
import { ChangeRows } from './change-rows.ts'
import { EventDraft, type ReadRecord } from './event-draft.ts'
import type { Output } from './output.ts'
import { bodyFor, type Pipeline, type Place, type Understanding } from './pipeline.ts'
import { RecordRows } from './record-rows.ts'
import { HOW, Values } from './values.ts'
import { LineWriter } from './writer.ts'

const BRACE = 0x7b
const NO_BODY = { from: 0, to: 0, text: null }
/** The properties of a record without an envelope. */
const ALONE = { envelope: null, body: NO_BODY, flags: 0, key: [], truncated: null }
/** Only a text of at most this number of characters may be blank. */
const SHORT = 64

type Made = 'event' | 'failed' | 'filtered'
type Written = 'event' | 'filtered' | 'declined'

/**
 * Maps records to events: it scans a record's bytes as JSON and copies values from there. A record that is not JSON is first converted to
 * JSON by its format. If the scanner does not accept the notation of a record (numbers with an exponent, repeated members, deep nesting),
 * the record is read as members, and rebuilt from them.
 */
export class Mapper implements RecordMapper {
  readonly readsBytes: boolean
  readonly #pipeline: Pipeline
  readonly #memory: Memory
  readonly #output: Output
  readonly #found: RecordRows
  readonly #values: Values
  readonly #drafts: EventDraft
  readonly #writer: LineWriter
  readonly #mayHoldSecret: (from: number, to: number) => boolean
  readonly #mayJsonHoldSecret: (from: number, to: number) => boolean
  readonly #isJournal: boolean
  readonly #readsJson: boolean
  /** The form of records that are not JSON. */
  readonly #form: Form | null
  readonly #unpacks: boolean
  /** Reads the envelopes of the current slice; null if its lines have none. */
  #envelopeOf: EnvelopeReader | null = null

  constructor(pipeline: Pipeline, memory: Memory, output: Output) {
    const { mapping } = pipeline
    const { formats, join } = mapping.integration
    this.#pipeline = pipeline
    this.#memory = memory
    this.#output = output
    this.#values = new Values(memory, pipeline.constants)
    const { suspicion } = pipeline.masker
    this.#mayHoldSecret = suspicion.over(memory)
    this.#mayJsonHoldSecret = suspicion.over(memory, { isJson: true })
    this.#found = new RecordRows(mapping, memory)
    const changes = new ChangeRows(this.#found, mapping, memory)
    this.#drafts = new EventDraft(pipeline, { memory, found: this.#found, values: this.#values, changes })
    this.#writer = new LineWriter(pipeline, memory, this.#values, changes)
    this.#isJournal = formats.includes('journald')
    this.#readsJson = this.#isJournal || formats.includes('json')
    this.#form = formOf(
      {
        formats,
        format: pipeline.format,
        hasSecretColumn: (columns) => pipeline.masker.hasSecretColumn(columns),
      },
      memory,
    )
    // Lines that may form one record are joined before they are read.
    this.readsBytes = (this.#readsJson || this.#form !== null) && (join === null || formats[0] === 'auditd')
    this.#unpacks = mapping.unpack.length > 0
  }

  /** The missing properties of the last written event, as bits of `LACK`. */
  get lacks(): number {
    return this.#drafts.lacks
  }

  /** The type of the last written event; null if it has none. */
  get type(): EventType | null {
    return this.#drafts.type
  }

  /** The flags of the last written event. */
  get flags(): number {
    return this.#drafts.flags
  }

  /** The sources that its record had a value for. */
  get sources(): number[] {
    const { sources, sourceCount, hits } = this.#found
    return [...sources.subarray(0, sourceCount)].filter((source) => hits[source] !== -1)
  }

  /** The members of its record; split members are replaced by their parts. */
  get members(): Members {
    return this.#found.members()
  }

  /** Begins a slice: the next records belong to it. */
  begin(place: Place): void {
    const { envelope } = this.#pipeline.mapping.integration
    this.#envelopeOf = envelope === null ? null : this.#pipeline.envelopeOf(place)
    const { sliceNotes } = this.#memory
    sliceNotes.begin()
    this.#writer.begin(sliceNotes.add(place.idPrefix))
    this.#drafts.begin(sliceNotes.add(place.path))
  }

  takeBytes(place: Place, from: number, to: number, offset: number): Written {
    const { bytes } = this.#found
    if (this.#envelopeOf !== null) {
      const text = bytes.toString('utf8', from, to)
      return this.takeMessage(place, { text, from, to }, offset, this.#envelopeOf)
    }
    const first = bytes[from]!
    if (!this.#readsJson || isNoJson(first)) return this.#takeOfForm(place, from, to, offset)
    // JSON rarely follows white space.
    if (first !== BRACE) return 'declined'
    const text = this.#masked(from, to)
    if (text === null) return 'declined'
    const { flags, original } = text
    return this.#scan(
      place,
      { ...ALONE, from: text.from, to: text.to, flags, isRead: false, original },
      offset,
    )
  }

  /** The same for a record that is not JSON. */
  #takeOfForm(place: Place, from: number, to: number, offset: number): Written {
    const form = this.#form
    if (form === null || to - from > LONGEST_OF_FORM || from === to) return 'declined'
    const text = this.#masked(from, to, form)
    if (text === null || text.to - text.from > LONGEST_OF_FORM) return 'declined'
    // The JSON goes after the room for the masked text.
    const json = this.#memory.scratch + LONGEST_OF_FORM + SLACK
    const end = form.read(text.from, text.to, json)
    if (end === -1) return 'declined'
    const { flags, original } = text
    return this.#scan(place, { ...ALONE, from: json, to: end, flags, isRead: true, original }, offset)
  }

  takeMessage(
    place: Place,
    { text, from, to }: { readonly text: string } & Noted,
    offset: number,
    envelopeOf: EnvelopeReader,
  ): Written {
    if (to - from > LONGEST_OF_FORM || (text.length < SHORT && text.trim() === '') || text.includes('\0'))
      return 'declined'
    if (this.#mayHoldSecret(from, to)) return 'declined'
    const envelope = envelopeOf(text)
    const body = envelope === null ? null : this.#bodyOf(envelope, text, from, to)
    if (envelope === null || envelope.truncated !== null || body === null) return 'declined'
    const original = { from, to, how: HOW.original }
    if (this.#readsJson && !isNoJson(this.#found.bytes[body.from]!)) {
      if (body.from === body.to) return 'declined'
      const record = { ...ALONE, from: body.from, to: body.to, isRead: false, envelope, body, original }
      return this.#scan(place, record, offset)
    }
    const form = this.#form
    if (form === null || this.#isSuspiciousDecoded(form, body.from, body.to)) return 'declined'
    const json = this.#memory.scratch
    const end = form.read(body.from, body.to, json)
    if (end === -1) return 'declined'
    return this.#scan(
      place,
      { ...ALONE, from: json, to: end, isRead: true, envelope, body, original },
      offset,
    )
  }

  /** Finds the body of an envelope: at the end of the text, before its line ends; null if it is not there. */
  #bodyOf(envelope: Envelope, text: string, from: number, to: number): ReadRecord['body'] | null {
    const body = bodyFor(this.#pipeline.format, envelope.body)
    let end = text.length
    while (end > 0 && (text[end - 1] === '\n' || text[end - 1] === '\r')) end--
    // `===` compares many bytes at a time; `startsWith` compares letter by letter.
    if (body.length > end || text.slice(end - body.length, end) !== body) return null
    const bodyTo = to - (text.length - end)
    const length = text.length === to - from ? body.length : Buffer.byteLength(body)
    return { from: bodyTo - length, to: bodyTo, text: body }
  }

  take(place: Place, known: Understanding, { flags, offset, key = [] }: MadeOf): Made {
    const { members, text, envelope } = known
    const truncated = envelope?.truncated ?? place.slice.truncated
    const about = { envelope, flags: flags | known.flags, isRead: true, body: NO_BODY, key, truncated }
    if (members === null) {
      this.#clear()
      const original = this.#noted(text)
      const record = { ...about, from: 0, to: 0, original }
      this.#drafts.fail(place, record, known.problem, known.body)
      this.#writer.write(this.#output, this.#writer.bytesOf(0), offset)
      return 'failed'
    }
    const written = this.#takeMembers(place, members, text, about, offset)
    if (written !== 'declined') return written
    if (this.#unpacks) unpack(members, this.#pipeline.mapping)
    this.#clear()
    this.#found.rebuild(members)
    const original = this.#noted(text)
    const end = this.#found.to(this.#found.root)
    const record = { ...about, from: this.#found.from(this.#found.root), to: end, original }
    if (!this.#drafts.take(place, record)) throw new Error('a rebuilt record was not taken')
    return this.#write(this.#writer.bytesOf(record.to - record.from), offset)
  }

  /** The same for an unpacked record that may be scanned. */
  #takeMembers(
    place: Place,
    members: Members,
    text: string,
    about: Omit<ReadRecord, 'from' | 'to' | 'original'>,
    offset: number,
  ): Written {
    // This avoids converting a long record to JSON that would not fit.
    if (text.length * 3 > this.#memory.scratchBytes) return 'declined'
    const json = JSON.stringify(members)
    const originalJson = JSON.stringify(text)
    if ((json.length + originalJson.length) * 3 + 2 * SLACK > this.#memory.scratchBytes) return 'declined'
    const { bytes } = this.#found
    const from = this.#memory.scratch
    const to = from + bytes.write(json, from)
    const start = to + SLACK
    const original = { from: start, to: start + bytes.write(originalJson, start), how: HOW.json }
    return this.#scan(place, { ...about, from, to, original }, offset)
  }

  #noted(text: string): ReadRecord['original'] {
    return { ...this.#memory.recordNotes.add(JSON.stringify(text)), how: HOW.json }
  }

  #clear(): void {
    this.#memory.recordNotes.begin()
    this.#values.clear()
    this.#drafts.answers.begin()
  }

  #scan(place: Place, record: ReadRecord, offset: number): Written {
    if (!this.#found.scan(record.from, record.to)) return 'declined'
    if (this.#isJournal && !record.isRead && !isPlainEntry(this.#found)) return 'declined'
    this.#clear()
    if (!this.#drafts.take(place, record)) return 'declined'
    const { from, to } = record.original
    // Extracted texts are stored outside the record. A control character takes six bytes as JSON.
    const length = Math.max(2 * (to - from), record.to - record.from) + this.#memory.recordNotes.length
    return this.#write(this.#writer.roomFor(length), offset)
  }

  /** Writes the event, unless the settings filter it out. `room` is the largest size that it may have. */
  #write(room: number, offset: number): 'event' | 'filtered' {
    const { filter } = this.#pipeline
    if (filter !== null && !filter(this.#drafts.type, this.#drafts.answers)) return 'filtered'
    this.#writer.write(this.#output, room, offset)
    return 'event'
  }

  /** Returns a record's text without its secrets; null if it does not fit. */
  #masked(from: number, to: number, form: Form | null = null): Text | null {
    const { masker, format } = this.#pipeline
    const { bytes } = this.#found
    const isSuspicious =
      form === null
        ? this.#mayJsonHoldSecret(from, to)
        : this.#mayHoldSecret(from, to) || this.#isSuspiciousDecoded(form, from, to)
    const masked = isSuspicious ? masker.mask(bytes.toString('utf8', from, to), format) : null
    if (masked === null || masked.kinds === null) return textAt(from, to, 0)
    if (masked.text.length * 3 + SLACK > this.#memory.scratchBytes) return null
    const { scratch } = this.#memory
    return textAt(scratch, scratch + bytes.write(masked.text, scratch), FLAG.secret_masked)
  }

  #isSuspiciousDecoded(form: Form, from: number, to: number): boolean {
    if (form.decoded === undefined) return false
    const { scratch } = this.#memory
    const end = form.decoded(from, to, scratch)
    return end > scratch && this.#mayHoldSecret(scratch, end)
  }
}

/** A record's text in the memory, in the form that is kept. */
type Text = Pick<ReadRecord, 'from' | 'to' | 'flags' | 'original'>

const textAt = (from: number, to: number, flags: number): Text => ({
  from,
  to,
  flags,
  original: { from, to, how: HOW.original },
})

/** The properties of a record that its text does not contain. */
export interface MadeOf {
  /** Flags that were set earlier. */
  readonly flags: number
  readonly offset: number
  /** What identifies the record permanently if its place does not. */
  readonly key?: readonly string[]
}

/** Maps records to events, and writes them into the batch. */
export interface RecordMapper {
  /** Whether it accepts records as bytes. */
  readonly readsBytes: boolean
  /** The missing properties of the last written event, as bits of `LACK`. */
  readonly lacks: number
  /** Begins a slice: the next records belong to it. */
  begin(place: Place): void
  /** Maps a record in the shared memory, which must be valid UTF-8. `declined`: read it, and call `take`. */
  takeBytes(place: Place, from: number, to: number, offset: number): 'event' | 'filtered' | 'declined'
  /** The same for a record in an envelope, whose text is known. */
  takeMessage(
    place: Place,
    message: { readonly text: string; readonly from: number; readonly to: number },
    offset: number,
    envelopeOf: EnvelopeReader,
  ): 'event' | 'filtered' | 'declined'
  /** Maps a record that was read. */
  take(place: Place, known: Understanding, about: MadeOf): 'event' | 'failed' | 'filtered'
}

export type MapperClass = new (pipeline: Pipeline, memory: Memory, output: Output) => RecordMapper

const UNDERSCORE = 0x5f

/**
 * Whether the JSON of a journal entry already has its final form. Lists are texts that were written as bytes, or repeated fields. A
 * program's field that differs from one of journald's own only by an underscore has to be renamed. `formats/journald.ts` reads such
 * entries.
 */
function isPlainEntry(found: RecordRows): boolean {
  const { root, rows, bytes } = found
  const end = found.next(root)
  for (let row = root + ROW; row < end; row += ROW) if (found.kind(row) === KIND.array) return false
  for (let said = root + ROW; said < end; said = found.next(said)) {
    // Known names do not repeat: the kernel declines such records.
    if (rows[said + NODE] !== -1 || bytes[rows[said + KEY_FROM]!] === UNDERSCORE) continue
    for (let own = root + ROW; own < end; own = found.next(own)) {
      if (rows[own + NODE] !== -1 || bytes[rows[own + KEY_FROM]!] !== UNDERSCORE) continue
      if (sameName(found, said, own)) return false
    }
  }
  return true
}

/** Compares names as `folded` does, from their ends: most names differ there. */
function sameName({ bytes, rows }: RecordRows, a: number, b: number): boolean {
  const from = rows[a + KEY_FROM]!
  const otherFrom = rows[b + KEY_FROM]!
  let at = rows[a + KEY_TO]! - 1
  let other = rows[b + KEY_TO]! - 1
  for (;;) {
    while (at >= from && isSeparator(bytes[at]!)) at--
    while (other >= otherFrom && isSeparator(bytes[other]!)) other--
    if (at < from || other < otherFrom) return at < from && other < otherFrom
    if (lower(bytes[at--]!) !== lower(bytes[other--]!)) return false
  }
}

const isSeparator = (byte: number): boolean => byte === UNDERSCORE || byte === 0x2d || byte === 0x20
const lower = (byte: number): number => (byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte)
