import { BlockList, isIP } from 'node:net'
import { type Delivery, readRecord } from '../../../inputs/journal/record.ts'
import { LocalTime } from '../../integration/time.ts'
import type { DoorSpec, SyslogInputSpec, SyslogSpec } from '../../task.ts'
import { isAuditRecord } from '../audit-within.ts'
import { textOf } from '../text.ts'
import { type EnvelopeReader, envelopeOfDelivery, envelopeOfMessage } from './envelope.ts'
import { programOf } from './header.ts'
import { readMessage, type SyslogMessage, unreadMessage } from './message.ts'

/** A record of the journal. */
export type Received =
  /** The number of messages that were lost there. */
  | { readonly kind: 'none'; readonly dropped: number }
  | {
      readonly kind: 'damaged'
      /** The index of the pipeline for its program and its sender. */
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
      /** The text after the header, and the sender. */
      readonly body: string
      readonly sender: string
      /** The place of the body in the memory, if it is there unchanged. */
      readonly place?: { readonly from: number; readonly to: number }
    }

interface Input {
  readonly audit: number | undefined
  readonly zone: LocalTime
  readonly programs: Programs
}

/** Reads the journal, and selects a pipeline for each message of syslog and each record of another door. */
export class JournalReader {
  readonly #byListen = new Map<string, Input>()
  readonly #first: Input
  readonly #doors: ReadonlyMap<string, Door>
  /** For records of a door that the settings no longer have. */
  readonly #otherwise: number

  constructor(spec: SyslogSpec, doors: readonly DoorSpec[] = []) {
    const inputs = spec.inputs.map((input) => ({ input, way: inputOf(input) }))
    for (const { input, way } of inputs) for (const listen of input.listens) this.#byListen.set(listen, way)
    const first = inputs[0]
    if (first === undefined) throw new Error('a journal is read without a syslog input')
    this.#first = first.way
    this.#doors = new Map(doors.map((door) => [door.door, new Door(door)]))
    this.#otherwise = doors[0]?.pipeline ?? first.way.programs.usual
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
        const reason = 'The journal is damaged here: these bytes are not a received message.'
        const pipeline = this.#first.programs.usual
        return { kind: 'damaged', pipeline, reason, ...textOf(bytes.subarray(start, end)) }
      }
      case 'delivery':
        return this.#delivered(record.delivery, bytes, record.start, record.end)
      case 'message':
    }
    const about = record.message
    const input = this.#byListen.get(about.from.listen) ?? this.#first
    const { text, flags } = textOf(bytes.subarray(record.start, record.end))
    // The text that stopped a worker may have stopped it in this parser.
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

  #delivered(delivery: Delivery, bytes: Buffer, start: number, end: number): Received {
    const { text, flags } = textOf(bytes.subarray(start, end))
    return {
      kind: 'message',
      pipeline: this.#doors.get(delivery.door)?.pipelineFor(delivery.route) ?? this.#otherwise,
      body: text,
      sender: delivery.from,
      text,
      flags,
      envelopeOf: (said) => envelopeOfDelivery(said, delivery),
      isTruncated: delivery.truncated !== null,
      ...(flags === 0 ? { place: { from: start, to: end } } : {}),
    }
  }
}

class Door {
  readonly #routes: readonly { readonly fits: (route: string) => boolean; readonly pipeline: number }[]
  readonly #pipeline: number

  constructor({ routes, pipeline }: DoorSpec) {
    this.#routes = routes.map((one) => ({ fits: matcherOf(one.route), pipeline: one.pipeline }))
    this.#pipeline = pipeline
  }

  pipelineFor(route: string): number {
    return this.#routes.find(({ fits }) => fits(route))?.pipeline ?? this.#pipeline
  }
}

const inputOf = (input: SyslogInputSpec): Input => ({
  zone: new LocalTime(input.timeZone),
  programs: new Programs(input),
  audit: input.audit,
})

interface Entry {
  readonly program: (name: string) => boolean
  readonly pipeline: number
  readonly comesFrom: (hostname: string | null, address: string) => boolean
}

/** The limit of remembered results; there are few programs and hosts, unless someone forges them. */
const REMEMBERED = 4096

/** The pipeline for a message's program, if the message comes from an allowed host. */
export class Programs {
  readonly usual: number
  readonly #entries: readonly Entry[]
  readonly #known = new Map<string, number>()

  constructor({ programs, pipeline }: Pick<SyslogInputSpec, 'programs' | 'pipeline'>) {
    this.usual = pipeline
    this.#entries = programs.map((entry) => ({
      program: matcherOf(entry.program),
      pipeline: entry.pipeline,
      comesFrom: originMatcherOf(entry.hosts),
    }))
  }

  pipelineFor(program: string | null, hostname: string | null, address: string): number {
    if (program === null || this.#entries.length === 0) return this.usual
    const key = `${program}\n${hostname ?? ''}\n${address}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const entry = this.#entries.find((one) => one.program(program) && one.comesFrom(hostname, address))
    const pipeline = entry?.pipeline ?? this.usual
    if (this.#known.size >= REMEMBERED) this.#known.clear()
    this.#known.set(key, pipeline)
    return pipeline
  }
}

/** `*` matches any characters; case does not matter. */
function matcherOf(pattern: string): (text: string) => boolean {
  const source = pattern.split('*').map(escaped).join('.*')
  const expression = new RegExp(`^${source}$`, 'is')
  return (text) => expression.test(text)
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** Compares an address or a network with the sender, which cannot be forged on TCP, and a name with the message's host name. */
function originMatcherOf(hosts: readonly string[]): Entry['comesFrom'] {
  if (hosts.length === 0) return () => true
  const networks = new BlockList()
  const names: ((text: string) => boolean)[] = []
  for (const host of hosts) {
    const [address = '', bits] = host.split('/')
    const version = isIP(address)
    if (version === 0) names.push(matcherOf(host))
    else {
      const family = version === 4 ? 'ipv4' : 'ipv6'
      if (bits === undefined) networks.addAddress(address, family)
      else networks.addSubnet(address, Number(bits), family)
    }
  }
  return (hostname, address) => {
    const version = isIP(address)
    if (version !== 0 && networks.check(address, version === 4 ? 'ipv4' : 'ipv6')) return true
    return hostname !== null && names.some((matches) => matches(hostname))
  }
}
