import { reasonOf } from '../../../schema/index.ts'
import { ShapeCount } from '../integration/lacks.ts'
import type { Memory } from '../map/index.ts'
import type { MadeOf, MapperClass, RecordMapper } from '../map/mapper.ts'
import type { Output } from '../map/output.ts'
import { noEnvelope, type Pipeline, type Place, type Understanding } from '../map/pipeline.ts'
import type { EnvelopeReader } from '../read/syslog/envelope.ts'
import { type Joined, Joining } from '../read/syslog/index.ts'

/** The outcome of a record: an event, an event that says why the record did not parse, or none. */
export type Outcome = 'event' | 'failed' | 'filtered' | 'skipped'

/** A record as a text. */
export interface TextRecord {
  readonly text: string
  readonly flags: number
  readonly offset: number
  /** Whether the record stopped a worker before: it is shipped without being read. */
  readonly isOpaque: boolean
  /** Reads the envelope of a received message; null for other records. A message is shipped whatever it contains. */
  readonly envelopeOf: EnvelopeReader | null
  /** The place of the same bytes in the memory; null if the text was repaired. */
  readonly place?: { readonly from: number; readonly to: number }
}

/** Handles the records of one input on their way into the batch. */
export class RecordHandler {
  readonly pipeline: Pipeline
  readonly #mapper: RecordMapper
  /** Maps the Linux audit records inside entries of the journal; null for other inputs. */
  readonly #audit: RecordMapper | null
  /** Joins messages that may form one record; null for other inputs. */
  readonly joining: Joining | null
  /** Counts what its events lack. */
  readonly shape = new ShapeCount()

  constructor(pipeline: Pipeline, memory: Memory, output: Output, ofClass: MapperClass) {
    this.pipeline = pipeline
    const { join } = pipeline.mapping.integration
    this.joining = join === null ? null : new Joining(join)
    this.#mapper = new ofClass(pipeline, memory, output)
    this.#audit = pipeline.audit === null ? null : new ofClass(pipeline.audit, memory, output)
  }

  /** Whether `takeBytes` may be called. */
  get readsBytes(): boolean {
    return this.#mapper.readsBytes
  }

  /** Begins a slice: the next records belong to it. */
  begin(place: Place): void {
    this.#mapper.begin(place)
    this.#audit?.begin(place)
  }

  /** Maps a record in the shared memory, which must be valid UTF-8. `declined`: call `take` with its text. */
  takeBytes(place: Place, from: number, to: number, offset: number): Outcome | 'declined' {
    const written = this.#mapper.takeBytes(place, from, to, offset)
    if (written === 'event') this.shape.add(this.#mapper.lacks)
    return written
  }

  take(place: Place, record: TextRecord): Outcome {
    const { text, isOpaque, envelopeOf } = record
    if (envelopeOf === null && place.slice.truncated === null && isBlank(text)) return 'skipped'
    if (isOpaque) return this.fail(place, record, 'The record stopped the parser; it was shipped unparsed.')
    try {
      return this.#read(place, record)
    } catch (error) {
      // A defect of ours with one record must neither lose it nor stop the others.
      return this.fail(place, record, `The record could not be mapped: ${reasonOf(error)}.`)
    }
  }

  /** Maps several messages that are one record. */
  takeJoined(place: Place, { messages, offset }: Joined): Outcome {
    const [first, ...others] = messages
    if (others.length === 0) return this.take(place, { ...first, offset, isOpaque: false })
    const flags = messages.reduce((all, message) => all | message.flags, 0)
    try {
      return this.#write(this.#mapper, place, this.pipeline.understandJoined(messages), { flags, offset })
    } catch (error) {
      const reason = `The record could not be mapped: ${reasonOf(error)}.`
      const text = messages.map((message) => message.text).join('\n')
      return this.fail(place, { text, flags, offset, isOpaque: false, envelopeOf: first.envelopeOf }, reason)
    }
  }

  #read(place: Place, record: TextRecord): Outcome {
    const { text, flags, offset, envelopeOf } = record
    if (envelopeOf !== null && record.place !== undefined) {
      const message = { text, ...record.place }
      const written = this.#mapper.takeMessage(place, message, offset, envelopeOf)
      if (written === 'event') this.shape.add(this.#mapper.lacks)
      if (written !== 'declined') return written
    }
    const within = envelopeOf === null ? this.pipeline.within(place, text) : null
    if (within !== null && this.#audit !== null)
      return this.#write(this.#audit, place, within.known, { flags, offset, key: within.key })
    const known = this.pipeline.understand(place, text, envelopeOf ?? undefined)
    if (known === null) {
      if (envelopeOf === null) return 'skipped'
      const { title } = this.pipeline.mapping.integration
      return this.fail(place, record, `${title} does not recognise this as a record.`)
    }
    return this.#write(this.#mapper, place, known, { flags, offset })
  }

  #write(mapper: RecordMapper, place: Place, known: Understanding, about: MadeOf): Outcome {
    const written = mapper.take(place, known, about)
    if (written !== 'filtered') this.shape.add(mapper.lacks)
    return written
  }

  /** Ships a record as it is, with the reason. */
  fail(place: Place, { text, flags, offset, envelopeOf }: TextRecord, reason: string): Outcome {
    const known = this.pipeline.unread(text, envelopeOf ?? noEnvelope, reason)
    return this.#write(this.#mapper, place, known, { flags, offset })
  }
}

const isBlank = (text: string): boolean => text.length < 64 && text.trim() === ''
