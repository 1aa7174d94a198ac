import { reasonOf } from '../../../schema/index.ts'
import { readRecord } from '../../inputs/syslog/record.ts'
import { type Line, type Pipeline, type Place, textOf } from '../pipeline.ts'
import type { SyslogInputSpec, SyslogSpec } from '../task.ts'
import { LocalTime } from '../time.ts'
import { type Envelope, envelopeOfMessage } from './envelope.ts'
import { readMessage, type SyslogMessage, unreadMessage } from './message.ts'
import { Programs } from './programs.ts'

/** What became of a record of the journal. */
export interface Made {
  /** Null where it is no message. */
  readonly line: Line | null
  readonly truncated: boolean
  /** It is of a kind that is switched off. */
  readonly filtered: boolean
  readonly dropped: number
}

const NO_MESSAGE: Made = { line: null, truncated: false, filtered: false, dropped: 0 }

interface Input {
  readonly zone: LocalTime
  readonly programs: Programs
}

/** The way from a record of the journal to the line of an event. */
export class SyslogWay {
  readonly #pipelines: readonly Pipeline[]
  readonly #byListen = new Map<string, Input>()
  readonly #first: Input

  constructor(spec: SyslogSpec, pipelines: readonly Pipeline[]) {
    this.#pipelines = pipelines
    const inputs = spec.inputs.map((input) => ({ input, way: inputOf(input) }))
    for (const { input, way } of inputs) for (const listen of input.listens) this.#byListen.set(listen, way)
    const first = inputs[0]
    if (first === undefined) throw new Error('a journal is read without a syslog input')
    this.#first = first.way
  }

  eventOf(place: Place, bytes: Buffer, start: number, end: number, offset: number, opaque: boolean): Made {
    const record = readRecord(bytes, start, end)
    switch (record.kind) {
      case 'segment':
        return NO_MESSAGE
      case 'dropped':
        return { ...NO_MESSAGE, dropped: record.count }
      case 'damaged': {
        const { text, flags } = textOf(bytes.subarray(start, end))
        const reason = 'The journal is damaged here: what stands there is no message that was received.'
        const line = this.#pipeline(this.#first.programs.usual).failedLine(place, text, flags, offset, reason)
        return { ...NO_MESSAGE, line: { text: line, failed: true } }
      }
      case 'message':
    }
    const about = record.message
    const input = this.#byListen.get(about.from.listen) ?? this.#first
    const { text, flags } = textOf(bytes.subarray(record.start, record.end))
    // What stopped a worker may have stopped it here.
    const read = (said: string): SyslogMessage =>
      opaque ? unreadMessage(said) : readMessage(said, { received: about.received, zone: input.zone })
    const message = read(text)
    const envelope = (said: string): Envelope =>
      envelopeOfMessage(said === text ? message : read(said), about)
    const pipeline = this.#pipeline(
      input.programs.pipelineFor(message.appname, message.hostname, about.from.address),
    )
    let line: Line | 'filtered' | null = null
    try {
      if (!opaque) line = pipeline.lineOf(place, text, flags, offset, envelope)
      const reason = opaque
        ? 'The record stopped the parser; it was shipped without being read.'
        : `${pipeline.mapping.integration.title} takes this for no record.`
      line ??= { text: pipeline.failedLine(place, text, flags, offset, reason, envelope), failed: true }
    } catch (error) {
      const reason = `The record could not be mapped: ${reasonOf(error)}.`
      line = { text: pipeline.failedLine(place, text, flags, offset, reason, envelope), failed: true }
    }
    if (line === 'filtered') return { ...NO_MESSAGE, filtered: true }
    return { line, truncated: about.truncated !== null, filtered: false, dropped: 0 }
  }

  #pipeline(index: number): Pipeline {
    const pipeline = this.#pipelines[index]
    if (pipeline === undefined) throw new Error(`there is no pipeline ${index}`)
    return pipeline
  }
}

const inputOf = (input: SyslogInputSpec): Input => ({
  zone: new LocalTime(input.timeZone),
  programs: new Programs(input),
})
