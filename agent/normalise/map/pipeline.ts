import { canonical, cutAt, LIMITS, mintedIdPrefix, type SourceId } from '../../../schema/index.ts'
import { type EventFilter, eventFilter } from '../integration/filter.ts'
import { FLAG, Tags } from '../integration/flags.ts'
import type { Integration } from '../integration/integration.ts'
import { leafOf } from '../integration/layout.ts'
import { type Mapping, makeMapping } from '../integration/mapping.ts'
import type { Members } from '../integration/members.ts'
import { LocalTime } from '../integration/time.ts'
import { type Masked, Masker } from '../mask/index.ts'
import { auditWithin } from '../read/audit-within.ts'
import { type Format, formatOf, plain } from '../read/formats/index.ts'
import { json } from '../read/formats/json.ts'
import { type Envelope, type EnvelopeReader, envelopeOfLine, type Fill } from '../read/syslog/envelope.ts'
import { textOf } from '../read/text.ts'
import type { PipelineSpec, TaskSlice, WorkerSetup } from '../task.ts'

const LABELS = leafOf('labels')
const SAID_HOST = leafOf('log.syslog.hostname')

/** The properties of the current slice that its events need. */
export interface Place {
  readonly slice: TaskSlice
  readonly idPrefix: string
  /** The path as JSON. */
  readonly path: string
  readonly now: number
}

const NO_RECORD = 'These messages contain no record.'

/** For a record that was too long: the known properties of the whole record. */
export type Truncated = NonNullable<TaskSlice['truncated']>

/** The header of a record inside an entry that says no more than its host. */
const NO_HEADER = {
  time: null,
  timeFlags: FLAG.timestamp_missing,
  fields: [],
  rest: [],
  sender: [],
  flags: 0,
  truncated: null,
  received: false,
  key: [],
}

export const noEnvelope: EnvelopeReader = () => null

/** The content of a record, with its secrets masked. */
export type Understanding = {
  readonly text: string
  /** The part of the text that is in the format. */
  readonly body: string
  /** The number of masked secrets, by kind. */
  readonly kinds: ReadonlyMap<string, number> | null
  /** The envelope of the record. */
  readonly envelope: Envelope | null
  readonly flags: number
} & (
  | { readonly members: Members; readonly problem: null }
  /** The record did not parse. */
  | { readonly members: null; readonly problem: string }
)

/** A record inside a record, which another integration reads. */
interface Within {
  readonly pipeline: Pipeline
  readonly known: Understanding
  /** What identifies it permanently. */
  readonly key: readonly string[]
}

/** Reads the records of one input: from their bytes to their content without secrets. */
export class Pipeline {
  readonly mapping: Mapping
  readonly tags: Tags
  readonly format: Format
  readonly zone: LocalTime
  /** The JSON of leaves that are the same in all events, by leaf. */
  readonly constants: (string | undefined)[] = []
  readonly masker: Masker
  /** The filter of the settings; null if everything is recorded. */
  readonly filter: EventFilter | null
  /** Reads Linux audit records inside entries of the journal; null for other inputs. */
  readonly audit: Pipeline | null
  readonly #setup: WorkerSetup

  constructor(setup: WorkerSetup, spec: PipelineSpec, integration: Integration) {
    this.#setup = setup
    this.zone = new LocalTime(spec.timeZone)
    this.mapping = makeMapping(integration, this.zone)
    this.tags = new Tags(spec.tags)
    this.format = formatOf(integration, {
      quote: spec.framing.kind === 'csv' ? spec.framing.quote : '"',
      keepsEmpty: (column) => this.mapping.names.emptyMeans(column),
    })
    this.masker = new Masker(integration.mask, integration.changes)
    this.filter = eventFilter(integration, { central: setup.events ?? [], local: spec.events ?? [] })
    this.audit = integration.audit === null ? null : new Pipeline(setup, spec, integration.audit)
    this.constants[leafOf('agent.id')] = JSON.stringify(setup.agent.id)
    this.constants[leafOf('agent.name')] = JSON.stringify(setup.agent.name)
    this.constants[leafOf('agent.version')] = JSON.stringify(setup.agent.version)
    this.constants[leafOf('event.module')] = JSON.stringify(integration.name)
    if (integration.dataset !== null) {
      this.constants[leafOf('event.dataset')] = JSON.stringify(integration.dataset)
    }
    if (Object.keys(spec.labels).length > 0) this.constants[LABELS] = jsonOf(spec.labels)
  }

  get host(): string {
    return this.#setup.host
  }

  get namespace(): string {
    return this.#setup.namespace
  }

  /** Returns a record's text; some formats convert it first. */
  textOf(bytes: Buffer): { readonly text: string; readonly flags: number } {
    const text = this.format.textOf?.(bytes) ?? null
    return text === null ? textOf(bytes) : { text, flags: 0 }
  }

  placeOf(slice: TaskSlice, now: number): Place {
    const idPrefix = mintedIdPrefix(slice.source as SourceId, slice.generation)
    const path = JSON.stringify(cutAt(slice.path.toWellFormed(), LIMITS.indexedLength))
    return { slice, idPrefix, path, now }
  }

  /** Returns the content of a record without its secrets; null if it is not a record. */
  understand(
    place: Place,
    raw: string,
    envelopeOf: EnvelopeReader = this.envelopeOf(place),
  ): Understanding | null {
    const { text, kinds, envelope } = this.#masked(raw, envelopeOf)
    const truncated = envelope?.truncated ?? place.slice.truncated
    const body = envelope === null ? text : bodyFor(this.format, envelope.body)
    const understood =
      truncated === null || this.format === plain ? this.format.read(body) : truncatedReason(truncated)
    if (understood === null) return null
    const masked = kinds === null ? 0 : FLAG.secret_masked
    const { problem } = understood
    if (problem !== undefined) return { text, body, kinds, envelope, flags: masked, members: null, problem }
    const { members } = understood
    return { text, body, kinds, envelope, flags: understood.flags | masked, members, problem: null }
  }

  /** Returns the Linux audit record inside an entry of the journal; null if there is none. */
  within(place: Place, entry: string): Within | null {
    const found = this.audit === null ? null : auditWithin(entry)
    if (this.audit === null || found === null) return null
    const { line, host, cursor } = found
    const fields: readonly Fill[] = host === null ? [] : [[SAID_HOST, host]]
    const known = this.audit.understand(place, line, (body) => ({
      ...NO_HEADER,
      body,
      now: place.now,
      fields,
    }))
    if (known === null || known.members === null) return null
    return { pipeline: this.audit, known, key: cursor === null ? [] : [cursor] }
  }

  /** Returns the content of several messages that are one record. Each is masked by itself, while the place of its body is known. */
  understandJoined(
    messages: readonly { readonly text: string; readonly envelopeOf: EnvelopeReader }[],
  ): Understanding {
    const parts = messages.map(({ text, envelopeOf }) => this.#masked(text, envelopeOf))
    const body = parts.map(({ text, envelope }) => bodyFor(this.format, envelope?.body ?? text)).join('\n')
    const text = parts.map((part) => part.text).join('\n')
    const kinds = parts.find((part) => part.kinds !== null)?.kinds ?? null
    const first = parts[0]?.envelope ?? null
    const envelope = first === null ? null : { ...first, body }
    const flags = parts.reduce(
      (all, part) => all | (part.envelope?.flags ?? 0),
      kinds === null ? 0 : FLAG.secret_masked,
    )
    const understood = this.format.read(body)
    if (understood === null) return { text, body, kinds, envelope, flags, members: null, problem: NO_RECORD }
    if (understood.problem !== undefined)
      return { text, body, kinds, envelope, flags, members: null, problem: understood.problem }
    const { members } = understood
    return { text, body, kinds, envelope, flags: flags | understood.flags, members, problem: null }
  }

  /** Returns a record that is shipped without being read. */
  unread(raw: string, envelopeOf: EnvelopeReader, problem: string): Understanding {
    const { text, kinds, envelope } = this.#masked(raw, envelopeOf)
    const flags = kinds === null ? 0 : FLAG.secret_masked
    return { text, body: text, kinds, envelope, flags, members: null, problem }
  }

  /** Reads the envelope of a file's lines: a syslog header, or none. */
  envelopeOf(place: Place): EnvelopeReader {
    return this.mapping.integration.envelope === 'syslog'
      ? (text) => envelopeOfLine(text, { received: place.now, zone: this.zone })
      : noEnvelope
  }

  /** Reads the envelope from the masked text, since the envelope may hold secrets, too. */
  #masked(raw: string, envelopeOf: EnvelopeReader): Masked & { readonly envelope: Envelope | null } {
    const envelope = envelopeOf(raw)
    if (envelope === null) return { ...this.masker.mask(raw, this.format), envelope }
    const masked = this.masker.mask(raw, this.format, bodyFor(this.format, envelope.body))
    return { ...masked, envelope: masked.kinds === null ? envelope : envelopeOf(masked.text) }
  }
}

/** The JSON of a value. */
export function jsonOf(value: unknown): string {
  // A text, or a list of texts, has only one form in JSON.
  const isText = typeof value === 'string' || (Array.isArray(value) && typeof value[0] === 'string')
  return isText ? JSON.stringify(value) : canonical(value)
}

/** In syslog, JSON follows a cookie if the sender supports CEE. */
export const bodyFor = (format: Format, body: string): string =>
  format === json && body.startsWith('@cee:') ? body.slice('@cee:'.length) : body

function truncatedReason({ bytes }: { readonly bytes: number }): { problem: string } {
  return {
    problem: `The record is longer than ${LIMITS.recordBytes} bytes: it has ${bytes}, of which only the first part is kept.`,
  }
}
