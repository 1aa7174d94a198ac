import { readRecord } from '../../../inputs/syslog/record.ts'
import { LocalTime } from '../../integration/time.ts'
import type { SyslogInputSpec, SyslogSpec } from '../../task.ts'
import { isAuditRecord } from '../audit-within.ts'
import { textOf } from '../text.ts'
import { type EnvelopeReader, envelopeOfMessage } from './envelope.ts'
import { programOf } from './header.ts'
import { readMessage, type SyslogMessage, unreadMessage } from './message.ts'
import { Programs } from './programs.ts'

/** What a record of the journal is. */
export type Received =
  /** How many messages were lost there. */
  | { readonly kind: 'none'; readonly dropped: number }
  | {
      readonly kind: 'damaged'
      /** The index of the pipeline that its program and its sender ask for. */
      readonly pipeline: number
      readonly text: string
      readonly flags: number
      readonly reason: string
    }
  | {
      readonly kind: 'message'
      readonly pipeline: number
      readonly text: string
      readonly flags: number
      readonly envelopeOf: EnvelopeReader
      readonly isTruncated: boolean
      /** What stands behind the header, and who sent it. */
      readonly body: string
      readonly sender: string
      /** Where it stands, if the text is just what stands there. */
      readonly place?: { readonly from: number; readonly to: number }
    }

interface Input {
  readonly audit: number | undefined
  readonly zone: LocalTime
  readonly programs: Programs
}

/** Reads the journal of what was received, and says which way each message goes. */
export class SyslogReader {
  readonly #byListen = new Map<string, Input>()
  readonly #first: Input

  constructor(spec: SyslogSpec) {
    const inputs = spec.inputs.map((input) => ({ input, way: inputOf(input) }))
    for (const { input, way } of inputs) for (const listen of input.listens) this.#byListen.set(listen, way)
    const first = inputs[0]
    if (first === undefined) throw new Error('a journal is read without a syslog input')
    this.#first = first.way
  }

  read(bytes: Buffer, start: number, end: number, isOpaque: boolean): Received {
    const record = readRecord(bytes, start, end)
    switch (record.kind) {
      case 'segment':
        return { kind: 'none', dropped: 0 }
      case 'dropped':
        return { kind: 'none', dropped: record.count }
      case 'sealed': {
        const reason =
          "The message is encrypted with a key that this agent no longer has (journal.key in its data folder): its text can't be read."
        const pipeline = this.#first.programs.usual
        return { kind: 'damaged', pipeline, reason, text: record.head, flags: 0 }
      }
      case 'damaged': {
        const reason = 'The journal is damaged here: what stands there is no message that was received.'
        const pipeline = this.#first.programs.usual
        return { kind: 'damaged', pipeline, reason, ...textOf(bytes.subarray(start, end)) }
      }
      case 'message':
    }
    const about = record.message
    const input = this.#byListen.get(about.from.listen) ?? this.#first
    const { text, flags } = textOf(bytes.subarray(record.start, record.end))
    // What stopped a worker may have stopped it here.
    const read = (said: string): SyslogMessage =>
      isOpaque ? unreadMessage(said) : readMessage(said, { received: about.received, zone: input.zone })
    const message = read(text)
    const { appname, hostname, body } = message
    const { address } = about.from
    const program = appname === null ? null : programOf(appname)
    const asked = input.programs.pipelineFor(program, hostname, address)
    const isAudit = asked === input.programs.usual && isAuditRecord(program, body)
    return {
      kind: 'message',
      pipeline: isAudit ? (input.audit ?? asked) : asked,
      body,
      sender: `${hostname ?? ''} ${address}`,
      text,
      flags,
      envelopeOf: (said) => envelopeOfMessage(said === text ? message : read(said), about),
      isTruncated: about.truncated !== null,
      ...(flags === 0 ? { place: { from: record.start, to: record.end } } : {}),
    }
  }
}

const inputOf = (input: SyslogInputSpec): Input => ({
  zone: new LocalTime(input.timeZone),
  programs: new Programs(input),
  audit: input.audit,
})
