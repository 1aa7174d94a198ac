import { FLAG } from '../flags.ts'
import type { Output } from '../output.ts'
import { bodyFor, type EnvelopeReader, type Pipeline, type Place, type Understanding } from '../pipeline.ts'
import type { Envelope } from '../syslog/envelope.ts'
import { ChangeRows } from './change-rows.ts'
import { Drafts, type ReadRecord } from './draft.ts'
import { type Form, formOf, isNoJson, LONGEST_OF_FORM } from './forms/form.ts'
import { Found } from './found.ts'
import { isPlainEntry } from './journal-rows.ts'
import { type Memory, type Noted, SLACK } from './memory.ts'
import { HOW, Values } from './values.ts'
import { LineWriter } from './writer.ts'

const BRACE = 0x7b
const NO_BODY = { from: 0, to: 0, text: null }
/** Of so few characters a text may be blank. */
const SHORT = 64

/** What became of a record: `declined` is for the plain way, which then decides. */
export type Written = 'event' | 'filtered' | 'declined'

/**
 * The way over the bytes: values are found by scanning and copied from the record's bytes into the event's. Records that are no JSON are
 * written down as such first. What is not plainly one of the common shapes it leaves to the way of `record.ts`, which is the reference:
 * where both answer, they answer with the same bytes, and tests hold them to it. It takes a third of the other's time.
 */
export class DirectWay {
  readonly #pipeline: Pipeline
  readonly #memory: Memory
  readonly #found: Found
  readonly #values: Values
  readonly #drafts: Drafts
  readonly #writer: LineWriter
  readonly #mayHoldSecret: (from: number, to: number) => boolean
  readonly #mayJsonHoldSecret: (from: number, to: number) => boolean
  readonly #isJournal: boolean
  readonly #readsJson: boolean
  /** Of records that are no JSON. */
  readonly #form: Form | null
  /** What the lines of the slice at hand stand in. */
  #envelopeOf: EnvelopeReader | null = null

  constructor(pipeline: Pipeline, memory: Memory) {
    const { mapping } = pipeline
    const { formats } = mapping.integration
    this.#pipeline = pipeline
    this.#memory = memory
    this.#values = new Values(memory, pipeline.constants)
    const { suspicion } = pipeline.masker
    this.#mayHoldSecret = suspicion.over(memory)
    this.#mayJsonHoldSecret = suspicion.over(memory, { isJson: true })
    this.#found = new Found(mapping, memory)
    const changes = new ChangeRows(this.#found, mapping, memory)
    this.#drafts = new Drafts(pipeline, { memory, found: this.#found, values: this.#values, changes })
    this.#writer = new LineWriter(pipeline, memory, this.#values, changes)
    this.#isJournal = formats.includes('journald')
    this.#readsJson = this.#isJournal || formats.includes('json')
    this.#form = formOf(pipeline, memory)
  }

  /** What the event that was written last lacks, as bits of `LACK`. */
  get lacks(): number {
    return this.#drafts.lacks
  }

  /** The next records are of this slice. */
  begin(place: Place): void {
    const { envelope } = this.#pipeline.mapping.integration
    this.#envelopeOf = envelope === null ? null : this.#pipeline.envelopeOf(place)
    const { sliceNotes } = this.#memory
    sliceNotes.begin()
    const idPrefix = sliceNotes.add(place.idPrefix)
    const path = sliceNotes.add(place.path)
    if (idPrefix === null || path === null) throw new Error('a path is longer than any can be')
    this.#writer.begin(idPrefix)
    this.#drafts.begin(path)
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
    if (first !== BRACE) return 'declined'
    const text = this.#masked(from, to)
    if (text === null) return 'declined'
    const { flags, original } = text
    const record = {
      from: text.from,
      to: text.to,
      flags,
      isRead: false,
      envelope: null,
      body: NO_BODY,
      original,
    }
    return this.#write(output, place, record, offset)
  }

  /** The same of a record that is no JSON. */
  #writeOfForm(output: Output, place: Place, from: number, to: number, offset: number): Written {
    const form = this.#form
    if (form === null || to - from > LONGEST_OF_FORM || from === to) return 'declined'
    const text = this.#masked(from, to, form)
    if (text === null || text.to - text.from > LONGEST_OF_FORM) return 'declined'
    // Behind what may be masked.
    const json = this.#memory.scratch + LONGEST_OF_FORM + SLACK
    const end = form.read(text.from, text.to, json)
    if (end === -1) return 'declined'
    const { flags, original } = text
    const record = { from: json, to: end, flags, isRead: true, envelope: null, body: NO_BODY, original }
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
    if (to - from > LONGEST_OF_FORM || (text.length < SHORT && text.trim() === '') || text.includes('\0'))
      return 'declined'
    if (this.#mayHoldSecret(from, to)) return 'declined'
    const envelope = envelopeOf(text)
    const body = envelope === null ? null : this.#bodyOf(envelope, text, from, to)
    if (envelope === null || envelope.truncated !== null || body === null) return 'declined'
    const original = { from, to, how: HOW.original }
    if (this.#readsJson && !isNoJson(this.#found.bytes[body.from]!)) {
      if (body.from === body.to) return 'declined'
      const record = { from: body.from, to: body.to, flags: 0, isRead: false, envelope, body, original }
      return this.#write(output, place, record, offset)
    }
    const form = this.#form
    if (form === null || this.#isSuspiciousDecoded(form, body.from, body.to)) return 'declined'
    const json = this.#memory.scratch
    const end = form.read(body.from, body.to, json)
    if (end === -1) return 'declined'
    const record = { from: json, to: end, flags: 0, isRead: true, envelope, body, original }
    return this.#write(output, place, record, offset)
  }

  /** Where the body of an envelope stands: at the text's end, but for its line ends; null where it doesn't. */
  #bodyOf(envelope: Envelope, text: string, from: number, to: number): ReadRecord['body'] | null {
    const body = bodyFor(this.#pipeline.format, envelope.body)
    let end = text.length
    while (end > 0 && (text[end - 1] === '\n' || text[end - 1] === '\r')) end--
    // Whole texts are compared many bytes at a time; `startsWith` goes letter by letter.
    if (body.length > end || text.slice(end - body.length, end) !== body) return null
    const bodyTo = to - (text.length - end)
    const length = text.length === to - from ? body.length : Buffer.byteLength(body)
    return { from: bodyTo - length, to: bodyTo, text: body }
  }

  /** The same of a record whose members are known, and whose text is this: of another format, or in an envelope. */
  writeMembers(output: Output, place: Place, known: Understanding, flags: number, offset: number): Written {
    const { members, text, envelope } = known
    const truncated = envelope?.truncated ?? place.slice.truncated
    if (members === null || truncated !== null) return 'declined'
    const json = JSON.stringify(members)
    const originalJson = JSON.stringify(text)
    if ((json.length + originalJson.length) * 3 + 2 * SLACK > this.#memory.scratchBytes) return 'declined'
    const { bytes } = this.#found
    const from = this.#memory.scratch
    const to = from + bytes.write(json, from)
    const start = to + SLACK
    const original = { from: start, to: start + bytes.write(originalJson, start), how: HOW.json }
    const record = { from, to, flags: flags | known.flags, isRead: true, envelope, body: NO_BODY, original }
    return this.#write(output, place, record, offset)
  }

  #write(output: Output, place: Place, record: ReadRecord, offset: number): Written {
    if (!this.#found.scan(record.from, record.to)) return 'declined'
    if (this.#isJournal && !record.isRead && !isPlainEntry(this.#found)) return 'declined'
    this.#memory.recordNotes.begin()
    this.#values.clear()
    const { answers } = this.#drafts
    answers.begin()
    const type = this.#drafts.of(place, record)
    if (type === undefined || answers.isUnsure) return 'declined'
    const { filter } = this.#pipeline
    if (filter !== null) {
      const isRecorded = filter(type, answers)
      if (answers.isUnsure) return 'declined'
      if (!isRecorded) return 'filtered'
    }
    const { from, to } = record.original
    // What texts were taken apart into stands beside the record; signs that only their number names take six bytes.
    const length = Math.max(2 * (to - from), record.to - record.from) + this.#memory.recordNotes.length
    return this.#writer.write(output, length, offset) ? 'event' : 'declined'
  }

  /** A record's text without its secrets; null where there is no room for it. */
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

/** A record's text in the memory, as it is kept. */
type Text = Pick<ReadRecord, 'from' | 'to' | 'flags' | 'original'>

const textAt = (from: number, to: number, flags: number): Text => ({
  from,
  to,
  flags,
  original: { from, to, how: HOW.original },
})
