import { reasonOf } from '../../schema/index.ts'
import { DirectWay, type Memory } from './direct/index.ts'
import { LACK, ShapeCount } from './lacks.ts'
import type { Output } from './output.ts'
import type { EnvelopeReader, Line, Pipeline, Place, Understanding } from './pipeline.ts'
import { type Joined, Joining } from './syslog/index.ts'

/** What became of a record: an event, or one that says why the record did not parse; or none. */
export type Outcome = 'event' | 'failed' | 'filtered' | 'skipped'

/** A record as a text. */
export interface TextRecord {
  readonly text: string
  readonly flags: number
  readonly offset: number
  /** It stopped a worker before: it is shipped without being read. */
  readonly isOpaque: boolean
  /** Of a message that was received: what it stood in. A message is shipped whatever is in it. */
  readonly envelopeOf: EnvelopeReader | null
  /** Where the text stands in the memory, byte for byte; null where it was repaired. */
  readonly place?: { readonly from: number; readonly to: number }
}

/** The records of one input on their way into the batch: over the bytes wherever that is possible, else the plain way. */
export class RecordWay {
  readonly pipeline: Pipeline
  readonly #output: Output
  readonly #direct: DirectWay | null
  /** Of messages: where several may be one record. */
  readonly joining: Joining | null

  /** What its events lack. */
  readonly shape = new ShapeCount()

  /** With `plainly`, every record takes the plain way. */
  constructor(pipeline: Pipeline, memory: Memory, output: Output, plainly: boolean) {
    this.pipeline = pipeline
    this.#output = output
    const { join } = pipeline.mapping.integration
    this.joining = join === null ? null : new Joining(join)
    this.#direct = pipeline.draftsDirectly && !plainly ? new DirectWay(pipeline, memory) : null
  }

  /** Whether it may be asked for records where they stand. */
  get readsBytes(): boolean {
    return this.#direct !== null && this.pipeline.readsDirectly
  }

  /** The next records are of this slice. */
  begin(place: Place): void {
    this.#direct?.begin(place)
  }

  /** A record that stands in the memory and is valid UTF-8; declined is what has to be taken as a text. */
  takeBytes(place: Place, from: number, to: number, offset: number): Outcome | 'declined' {
    if (this.#direct === null) return 'declined'
    const written = this.#direct.write(this.#output, place, from, to, offset)
    if (written === 'event') this.shape.add(this.#direct.lacks)
    return written
  }

  take(place: Place, record: TextRecord): Outcome {
    const { text, isOpaque, envelopeOf } = record
    if (envelopeOf === null && place.slice.truncated === null && isBlank(text)) return 'skipped'
    if (isOpaque)
      return this.fail(place, record, 'The record stopped the parser; it was shipped without being read.')
    try {
      return this.#read(place, record)
    } catch (error) {
      // A mistake of ours over one record is no reason to lose it, or to stop the others.
      return this.fail(place, record, `The record could not be mapped: ${reasonOf(error)}.`)
    }
  }

  /** Several messages that are one record. */
  takeJoined(place: Place, { messages, offset }: Joined): Outcome {
    const [first, ...others] = messages
    if (others.length === 0) return this.take(place, { ...first, offset, isOpaque: false })
    const flags = messages.reduce((all, message) => all | message.flags, 0)
    try {
      return this.#write(place, this.pipeline.understandJoined(messages), flags, offset)
    } catch (error) {
      const reason = `The record could not be mapped: ${reasonOf(error)}.`
      const text = messages.map((message) => message.text).join('\n')
      return this.fail(place, { text, flags, offset, isOpaque: false, envelopeOf: first.envelopeOf }, reason)
    }
  }

  #read(place: Place, record: TextRecord): Outcome {
    const { text, flags, offset, envelopeOf } = record
    if (envelopeOf !== null && record.place !== undefined && this.#direct !== null) {
      const message = { text, ...record.place }
      const written = this.#direct.writeMessage(this.#output, place, message, offset, envelopeOf)
      if (written === 'event') this.shape.add(this.#direct.lacks)
      if (written !== 'declined') return written
    }
    const within = envelopeOf === null ? this.pipeline.within(place, text) : null
    if (within !== null) {
      const made = within.pipeline.lineFrom(place, within.known, flags, offset, within.key)
      return this.#writeLine(made)
    }
    const known = this.pipeline.understand(place, text, envelopeOf ?? undefined)
    if (known === null) {
      if (envelopeOf === null) return 'skipped'
      const { title } = this.pipeline.mapping.integration
      return this.fail(place, record, `${title} takes this for no record.`)
    }
    return this.#write(place, known, flags, offset)
  }

  #write(place: Place, known: Understanding, flags: number, offset: number): Outcome {
    const written = this.#direct?.writeMembers(this.#output, place, known, flags, offset) ?? 'declined'
    if (written === 'event') this.shape.add(this.#direct?.lacks ?? 0)
    if (written !== 'declined') return written
    return this.#writeLine(this.pipeline.lineFrom(place, known, flags, offset))
  }

  #writeLine(made: Line | 'filtered'): Outcome {
    if (made === 'filtered') return made
    this.shape.add(made.lacks)
    this.#output.writeLine(made.text)
    return made.failed ? 'failed' : 'event'
  }

  /** A record that is shipped as it is, with the reason. */
  fail(place: Place, { text, flags, offset, envelopeOf }: TextRecord, reason: string): Outcome {
    const line = this.pipeline.failedLine(place, text, flags, offset, reason, envelopeOf ?? undefined)
    this.#output.writeLine(line)
    this.shape.add(LACK.sense)
    return 'failed'
  }
}

const isBlank = (text: string): boolean => text.length < 64 && text.trim() === ''
