import { isAscii, isUtf8 } from 'node:buffer'
import {
  cutAt,
  declaredEventId,
  LIMITS,
  mintedEventId,
  mintedIdPrefix,
  type SourceId,
} from '../../schema/index.ts'
import { auditWithin } from './audit-within.ts'
import { draftsDirectly, readsDirectly } from './directly.ts'
import { type EventFilter, eventFilter } from './filter.ts'
import { FLAG, Tags } from './flags.ts'
import { type Format, formatOf, plain } from './formats/index.ts'
import { json } from './formats/json.ts'
import type { Integration } from './integration.ts'
import { LACK, lacksOf } from './lacks.ts'
import { between, LEAF_COUNT, LEAVES, leafOf } from './layout.ts'
import { type Mapping, makeMapping, TIMESTAMP } from './mapping.ts'
import { type Masked, Masker } from './mask/index.ts'
import type { Members } from './members.ts'
import { type Prepare, preparation } from './prepare.ts'
import { type Draft, fill, fillRest, jsonOf, Mapper, ownHost } from './record.ts'
import { type Envelope, envelopeOfLine, type Fill } from './syslog/envelope.ts'
import type { PipelineSpec, TaskSlice, WorkerSetup } from './task.ts'
import { LocalTime } from './time.ts'

const CATEGORY = leafOf('audit.category')
const ID = leafOf('event.id')
const KIND = leafOf('event.kind')
const LABELS = leafOf('labels')
const MESSAGE = leafOf('message')
const OFFSET = leafOf('log.offset')
const ORIGINAL = leafOf('event.original')
const PATH = leafOf('log.file.path')
const REASON = leafOf('event.reason')
const SEQUENCE = leafOf('event.sequence')
const TAGS = leafOf('tags')
const HOST_NAME = leafOf('host.name')
const SAID_HOST = leafOf('log.syslog.hostname')
const TRUNCATED_BYTES = leafOf('audit.truncated.bytes')
const TRUNCATED_SHA256 = leafOf('audit.truncated.sha256')

/** What an event is written of. What changes are found by follows from them: identities and conditions may go by it, and nobody ships it. */
const SHIPPED: readonly number[] = LEAVES.flatMap((name, leaf) =>
  name.startsWith('audit.change.') ? [] : [leaf],
)

/** The slice at hand, as far as its events need it. */
export interface Place {
  readonly slice: TaskSlice
  readonly idPrefix: string
  /** JSON. */
  readonly path: string
  readonly now: number
}

const NO_RECORD = 'There is no record in these messages.'

export interface Line {
  readonly text: string
  /** The record did not parse. */
  readonly failed: boolean
  /** As bits of `LACK`. */
  readonly lacks: number
}

/** What a record stands in, read from its text. */
export type EnvelopeReader = (text: string) => Envelope | null

/** Of a record that stood in an entry which says no more than its host. */
const NO_HEADER = {
  time: null,
  timeFlags: FLAG.timestamp_missing,
  fields: [],
  rest: [],
  sender: [],
  flags: 0,
  truncated: null,
  received: false,
}

const noEnvelope: EnvelopeReader = () => null

/** What a record says, its secrets masked. */
export type Understanding = {
  readonly text: string
  /** Of the text, what the format is of. */
  readonly body: string
  /** By kind, how many secrets were masked. */
  readonly kinds: ReadonlyMap<string, number> | null
  /** What it stood in. */
  readonly envelope: Envelope | null
  readonly flags: number
} & (
  | { readonly members: Members; readonly problem: null }
  /** It did not parse. */
  | { readonly members: null; readonly problem: string }
)

/** What a record holds that another integration reads. */
interface Within {
  readonly pipeline: Pipeline
  readonly known: Understanding
  /** What it is known by for good. */
  readonly key: readonly string[]
}

interface Drafted {
  readonly draft: Draft
  readonly failed: boolean
}

/** One input's way from the text of a record to the line of an event. */
export class Pipeline {
  readonly mapping: Mapping
  readonly tags: Tags
  readonly format: Format
  readonly zone: LocalTime
  /** JSON of leaves that are the same in all events, by leaf. */
  readonly constants: (string | undefined)[] = []
  /** Whether the way over the bytes may be asked: with the bytes of a record, and with its members. */
  readonly readsDirectly: boolean
  readonly draftsDirectly: boolean
  readonly masker: Masker
  /** Null where everything is recorded. */
  readonly filter: EventFilter | null
  /** For records of the audit system that entries of the journal hold. */
  readonly audit: Pipeline | null
  readonly #mapper: Mapper
  readonly #prepare: Prepare | null
  readonly #setup: WorkerSetup

  constructor(setup: WorkerSetup, spec: PipelineSpec, integration: Integration) {
    this.#setup = setup
    this.zone = new LocalTime(spec.timeZone)
    this.mapping = makeMapping(integration, this.zone)
    this.#mapper = new Mapper(this.mapping, () => this.format.columns)
    this.tags = new Tags(spec.tags)
    this.format = formatOf(integration, {
      quote: spec.framing.kind === 'csv' ? spec.framing.quote : '"',
      keepsEmpty: (column) => this.mapping.names.emptyMeans(column),
    })
    this.#prepare = preparation(this.mapping)
    this.masker = new Masker(integration.mask, integration.changes)
    this.filter = eventFilter(integration, { central: setup.events ?? [], local: spec.events ?? [] })
    this.readsDirectly = readsDirectly(integration)
    this.draftsDirectly = draftsDirectly(integration)
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

  /** The sources that the record drafted last has a value for. */
  get found(): Int32Array {
    return this.#mapper.found
  }

  get namespace(): string {
    return this.#setup.namespace
  }

  /** A record's text: of some forms it is written down first. */
  textOf(bytes: Buffer): { readonly text: string; readonly flags: number } {
    const text = this.format.textOf?.(bytes) ?? null
    return text === null ? textOf(bytes) : { text, flags: 0 }
  }

  placeOf(slice: TaskSlice, now: number): Place {
    const idPrefix = mintedIdPrefix(slice.source as SourceId, slice.generation)
    const path = JSON.stringify(cutAt(slice.path.toWellFormed(), LIMITS.indexedLength))
    return { slice, idPrefix, path, now }
  }

  /** The event of a record; null for what is no record (a header), `filtered` for what is switched off. */
  lineOf(
    place: Place,
    raw: string,
    flags: number,
    offset: number,
    envelopeOf: EnvelopeReader = this.envelopeOf(place),
  ): Line | 'filtered' | null {
    const known = this.understand(place, raw, envelopeOf)
    return known === null ? null : this.lineFrom(place, known, flags, offset)
  }

  /** The event of a record that was understood; `key` is what it is known by where its place says nothing. */
  lineFrom(
    place: Place,
    known: Understanding,
    flags: number,
    offset: number,
    key: readonly string[] = [],
  ): Line | 'filtered' {
    const read = this.draft(place, known, key)
    if (read === 'filtered') return read
    const { draft, failed } = read
    draft.flags |= flags
    const lacks = failed ? LACK.sense : lacksOf(draft)
    return { text: this.serialise(place, draft, known.text, offset, known.envelope), failed, lacks }
  }

  /** What a record says, without its secrets; null for what is no record. */
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

  /** The record of the audit system that an entry of the journal holds; null where it holds none. */
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

  /** What several messages say that are one record. Each is masked by itself: where its body stands is known then. */
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

  /** What a record becomes, before it is written. */
  draft(place: Place, known: Understanding, key: readonly string[] = []): Drafted | 'filtered' {
    const { body, envelope, members, flags } = known
    if (members === null) {
      const draft = this.#failure(place, body, known.problem, envelope)
      draft.flags |= flags
      return { draft, failed: true }
    }
    this.#prepare?.(members, envelope)
    const draft = this.#mapper.draftOf(members, envelope?.now ?? place.now, this.host, envelope)
    draft.flags |= flags
    if (key.length > 0) draft.key = [...key]
    if (this.filter !== null && !this.filter(draft.type, this.#mapper.asked)) return 'filtered'
    return { draft, failed: false }
  }

  /** What lines of a file stand in; of most in nothing. */
  envelopeOf(place: Place): EnvelopeReader {
    return this.mapping.integration.envelope === 'syslog'
      ? (text) => envelopeOfLine(text, { received: place.now, zone: this.zone })
      : noEnvelope
  }

  /** What an envelope says is read from the masked text: it may hold secrets as well. */
  #masked(raw: string, envelopeOf: EnvelopeReader): Masked & { readonly envelope: Envelope | null } {
    const envelope = envelopeOf(raw)
    if (envelope === null) return { ...this.masker.mask(raw, this.format), envelope }
    const masked = this.masker.mask(raw, this.format, bodyFor(this.format, envelope.body))
    return { ...masked, envelope: masked.kinds === null ? envelope : envelopeOf(masked.text) }
  }

  /** The event of a record that is shipped without being looked into. */
  failedLine(
    place: Place,
    raw: string,
    flags: number,
    offset: number,
    reason: string,
    envelopeOf: EnvelopeReader = noEnvelope,
  ): string {
    const { text, kinds, envelope } = this.#masked(raw, envelopeOf)
    const draft = this.#failure(place, text, reason, envelope)
    draft.flags |= flags | (kinds === null ? 0 : FLAG.secret_masked)
    return this.serialise(place, draft, text, offset, envelope)
  }

  #failure(place: Place, text: string, reason: string, envelope: Envelope | null): Draft {
    const time = envelope?.time ?? null
    const draft: Draft = {
      values: [],
      flags: time === null ? (envelope?.timeFlags ?? FLAG.timestamp_missing) : 0,
      key: [],
      type: null,
    }
    draft.values[TIMESTAMP] = time ?? new Date(envelope?.now ?? place.now).toISOString()
    draft.values[CATEGORY] = this.mapping.integration.category
    draft.values[KIND] = 'pipeline_error'
    draft.values[REASON] = reason
    draft.values[HOST_NAME] = ownHost(this.host, envelope)
    // The words of a record that did not parse are found all the same.
    if (text !== '') draft.values[MESSAGE] = cutAt(text, LIMITS.keywordLength)
    if (text.length > LIMITS.keywordLength) draft.flags |= FLAG.value_cut
    if (envelope !== null) {
      fill(draft.values, envelope.fields)
      fillRest(draft.values, envelope)
    }
    return draft
  }

  serialise(place: Place, draft: Draft, text: string, offset: number, envelope: Envelope | null): string {
    const { values } = draft
    draft.flags |= envelope?.flags ?? 0
    const { integration } = this.mapping
    if (integration.identity.length > 0 && draft.key === null) draft.flags |= FLAG.identity_missing
    values[KIND] ??= 'event'
    values[ORIGINAL] = text
    // A row that stands elsewhere in the next export is the same event, to the byte: where it stood is no part of it.
    const isDeclared = draft.key !== null && draft.key.length > 0
    values[ID] = isDeclared
      ? declaredEventId(this.namespace, integration.name, draft.key ?? [])
      : mintedEventId(place.idPrefix, offset)
    values[SEQUENCE] = isDeclared ? 0 : offset
    if (!isDeclared) values[OFFSET] = offset
    const truncated = envelope?.truncated ?? place.slice.truncated
    if (truncated !== null) {
      values[TRUNCATED_BYTES] = truncated.bytes
      values[TRUNCATED_SHA256] = truncated.sha256
    }
    let line = ''
    let previous = -1
    for (const leaf of SHIPPED) {
      let value: string | null | undefined
      // The journal is no file that anybody would look for.
      if (leaf === PATH) value = isDeclared || envelope?.received ? null : place.path
      else if (leaf === TAGS) value = this.tags.json(draft.flags)
      else {
        const own = values[leaf]
        value = own === undefined ? this.constants[leaf] : jsonOf(own)
      }
      if (value === undefined || value === null) continue
      line += between(previous, leaf) + value
      previous = leaf
    }
    return line + between(previous, LEAF_COUNT)
  }
}

/** JSON in syslog stands behind a cookie where the sender knows of CEE. */
export const bodyFor = (format: Format, body: string): string =>
  format === json && body.startsWith('@cee:') ? body.slice('@cee:'.length) : body

function truncatedReason({ bytes }: { readonly bytes: number }): { problem: string } {
  return {
    problem: `The record is longer than ${LIMITS.recordBytes} bytes: it has ${bytes}, of which the first part is kept.`,
  }
}

/** The text of a record's bytes: what is not UTF-8, and NULs, which no store takes, become U+FFFD. */
export function textOf(bytes: Buffer): { text: string; flags: number } {
  const ascii = isAscii(bytes)
  const text = bytes.toString(ascii ? 'latin1' : 'utf8')
  if ((ascii || isUtf8(bytes)) && !text.includes('\0')) return { text, flags: 0 }
  return { text: text.replaceAll('\0', '\ufffd'), flags: FLAG.encoding_repaired }
}

/** A record that was cut by its length may end within a character: without that piece. */
export function withoutTornEnd(bytes: Buffer): Buffer {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!
    if ((byte & 0xc0) === 0x80) continue
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1
    return length > back ? bytes.subarray(0, bytes.length - back) : bytes
  }
  return bytes
}
