import {
  cutAt,
  declaredEventId,
  LIMITS,
  mintedEventId,
  mintedIdPrefix,
  type SourceId,
} from '../../../../schema/index.ts'
import { FLAG } from '../../integration/flags.ts'
import { LACK, TIMELESS, USER_LEAVES } from '../../integration/lacks.ts'
import { between, LEAF_COUNT, LEAVES, leafOf } from '../../integration/layout.ts'
import { TIMESTAMP } from '../../integration/mapping.ts'
import type { Pipeline, Place, Understanding } from '../../map/pipeline.ts'
import type { Envelope, EnvelopeReader } from '../../read/syslog/envelope.ts'
import { type Prepare, preparation } from './prepare.ts'
import { type Draft, fill, fillRest, jsonOf, Mapper, ownHost } from './record.ts'

const CATEGORY = leafOf('audit.category')
const ID = leafOf('event.id')
const KIND = leafOf('event.kind')
const MESSAGE = leafOf('message')
const OFFSET = leafOf('log.offset')
const ORIGINAL = leafOf('event.original')
const PATH = leafOf('log.file.path')
const REASON = leafOf('event.reason')
const SEQUENCE = leafOf('event.sequence')
const TAGS = leafOf('tags')
const HOST_NAME = leafOf('host.name')
const TRUNCATED_BYTES = leafOf('audit.truncated.bytes')
const TRUNCATED_SHA256 = leafOf('audit.truncated.sha256')

const SHIPPED: readonly number[] = LEAVES.flatMap((name, leaf) =>
  name.startsWith('audit.change.') ? [] : [leaf],
)

export interface Line {
  readonly text: string
  readonly failed: boolean
  /** The missing properties, as bits of `LACK`. */
  readonly lacks: number
}

interface Drafted {
  readonly draft: Draft
  readonly failed: boolean
}

export class PlainPipeline {
  readonly #pipeline: Pipeline
  readonly #mapper: Mapper
  readonly #prepare: Prepare | null

  constructor(pipeline: Pipeline) {
    this.#pipeline = pipeline
    this.#mapper = new Mapper(pipeline.mapping, () => pipeline.format.columns)
    this.#prepare = preparation(pipeline.mapping)
  }

  /** The event of a record; null if it is no record (a header), `filtered` for a switched-off type. */
  lineOf(
    place: Place,
    raw: string,
    flags: number,
    offset: number,
    envelopeOf: EnvelopeReader = this.#pipeline.envelopeOf(place),
  ): Line | 'filtered' | null {
    const known = this.#pipeline.understand(place, raw, envelopeOf)
    return known === null ? null : this.lineFrom(place, known, flags, offset)
  }

  lineFrom(
    place: Place,
    known: Understanding,
    flags: number,
    offset: number,
    key: readonly string[] = [],
  ): Line | 'filtered' {
    const read = this.#draft(place, known, key)
    if (read === 'filtered') return read
    const { draft, failed } = read
    draft.flags |= flags
    const lacks = failed ? LACK.sense : lacksOf(draft)
    return { text: this.#serialise(place, draft, known.text, offset, known.envelope), failed, lacks }
  }

  #draft(place: Place, known: Understanding, key: readonly string[]): Drafted | 'filtered' {
    const { body, envelope, members, flags } = known
    if (members === null) {
      const draft = this.#failure(place, body, known.problem, envelope)
      draft.flags |= flags
      return { draft, failed: true }
    }
    this.#prepare?.(members, envelope)
    const { filter, host } = this.#pipeline
    const draft = this.#mapper.draftOf(members, envelope?.now ?? place.now, host, envelope)
    draft.flags |= flags
    if (key.length > 0) draft.key = [...key]
    if (filter !== null && !filter(draft.type, this.#mapper.asked)) return 'filtered'
    return { draft, failed: false }
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
    draft.values[CATEGORY] = this.#pipeline.mapping.integration.category
    draft.values[KIND] = 'pipeline_error'
    draft.values[REASON] = reason
    draft.values[HOST_NAME] = ownHost(this.#pipeline.host, envelope)
    if (text !== '') draft.values[MESSAGE] = cutAt(text, LIMITS.keywordLength)
    if (text.length > LIMITS.keywordLength) draft.flags |= FLAG.value_cut
    if (envelope !== null) {
      fill(draft.values, envelope.fields)
      fillRest(draft.values, envelope)
    }
    return draft
  }

  #serialise(place: Place, draft: Draft, text: string, offset: number, envelope: Envelope | null): string {
    const { values } = draft
    const { mapping, namespace, tags, constants } = this.#pipeline
    const { slice } = place
    draft.flags |= envelope?.flags ?? 0
    const { integration } = mapping
    if (integration.identity.length > 0 && draft.key === null) draft.flags |= FLAG.identity_missing
    values[KIND] ??= 'event'
    values[ORIGINAL] = text
    const isDeclared = draft.key !== null && draft.key.length > 0
    values[ID] = isDeclared
      ? declaredEventId(namespace, integration.name, draft.key ?? [])
      : mintedEventId(mintedIdPrefix(slice.source as SourceId, slice.generation), offset)
    values[SEQUENCE] = isDeclared ? 0 : offset
    if (!isDeclared) values[OFFSET] = offset
    const truncated = envelope?.truncated ?? slice.truncated
    if (truncated !== null) {
      values[TRUNCATED_BYTES] = truncated.bytes
      values[TRUNCATED_SHA256] = truncated.sha256
    }
    const path = JSON.stringify(cutAt(slice.path.toWellFormed(), LIMITS.indexedLength))
    let line = ''
    let previous = -1
    for (const leaf of SHIPPED) {
      let value: string | null | undefined
      if (leaf === PATH) value = isDeclared || envelope?.received ? null : path
      else if (leaf === TAGS) value = tags.json(draft.flags)
      else {
        const own = values[leaf]
        value = own === undefined ? constants[leaf] : jsonOf(own)
      }
      if (value === undefined || value === null) continue
      line += between(previous, leaf) + value
      previous = leaf
    }
    return line + between(previous, LEAF_COUNT)
  }
}

function lacksOf({ values, flags, type }: Draft): number {
  const isUserless = USER_LEAVES.every((leaf) => values[leaf] === undefined) && values[CATEGORY] !== 'system'
  return (
    (type === null ? LACK.type : 0) |
    (isUserless ? LACK.user : 0) |
    ((flags & TIMELESS) === 0 ? 0 : LACK.time)
  )
}
