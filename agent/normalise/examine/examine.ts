import { type AuditEvent, LIMITS } from '../../../schema/index.ts'
import { behindByteOrderMark, type Framing, forEachRecord } from '../../inputs/framing.ts'
import type { EventType, Integration } from '../integration/integration.ts'
import { Mapper, Memory } from '../map/index.ts'
import { Output } from '../map/output.ts'
import { Pipeline } from '../map/pipeline.ts'
import { withoutTornEnd } from '../read/text.ts'
import { wholeFile } from '../task.ts'
import type { Coverage } from './coverage.ts'
import type { Sighting } from './sighting.ts'

/** The result of one record, for a person who inspects it. */
export interface Examined {
  /** The line of the record's first byte, from 1. */
  readonly line: number
  /** The record, with its secrets masked. */
  readonly text: string
  /** `skipped` means no record: a blank line or a header. */
  readonly outcome: 'event' | 'failed' | 'skipped'
  /** Null if the line was skipped. */
  readonly event: AuditEvent | null
  readonly type: Pick<EventType, 'id' | 'title'> | null
  /** The number of masked secrets, by kind. */
  readonly masked: ReadonlyMap<string, number>
  /** The missing properties of the event, as bits of `LACK`. */
  readonly lacks: number
}

export interface ExamineOptions {
  readonly framing: Framing
  readonly path: string
  readonly timeZone: string
  readonly host: string
  readonly now: number
  /** Collects the parts of the integration that the records use. */
  readonly coverage?: Coverage
  /** Collects the findings about named columns and times. */
  readonly sighting?: Sighting
}

/** Reads the bytes of whole files as the agent would. */
export type Examiner = (
  bytes: Buffer,
  options: Omit<ExamineOptions, 'framing' | 'timeZone' | 'host'>,
) => Examined[]

export const examine = (integration: Integration, bytes: Buffer, options: ExamineOptions): Examined[] =>
  examinerOf(integration, options)(bytes, options)

/** Prepares an integration, which takes longer than reading a few records. */
export function examinerOf(
  integration: Integration,
  { framing, timeZone, host }: Pick<ExamineOptions, 'framing' | 'timeZone' | 'host'>,
): Examiner {
  const pipeline = new Pipeline(
    {
      agent: { id: 'test', name: 'test', version: '0' },
      host,
      namespace: 'default',
      pipelines: [],
      compression: { encoding: 'zstd', level: 1 },
    },
    { integration: integration.name, framing, tags: [], labels: {}, timeZone },
    integration,
  )
  const reader = readerOf(pipeline)
  const audit = pipeline.audit === null ? null : readerOf(pipeline.audit)
  return (bytes, options) => examined({ reader, audit }, framing, bytes, options)
}

/** Many integrations may be tried on one file: they share a memory until it is full. */
let memory = new Memory()
let output = new Output(memory)

interface Reader {
  readonly pipeline: Pipeline
  readonly mapper: Mapper
  readonly output: Output
}

function readerOf(pipeline: Pipeline): Reader {
  if (memory.isFull || memory.wasStretched) {
    memory = new Memory()
    output = new Output(memory)
  }
  return { pipeline, mapper: new Mapper(pipeline, memory, output), output }
}

function examined(
  { reader: usual, audit }: { readonly reader: Reader; readonly audit: Reader | null },
  framing: Framing,
  bytes: Buffer,
  { path, now, coverage, sighting }: Parameters<Examiner>[1],
): Examined[] {
  const { pipeline } = usual
  const slice = wholeFile(path, bytes.length)
  const records: Examined[] = []
  const take = coverage?.taker(pipeline.mapping)
  let line = 1
  let counted = 0
  pipeline.format.begin(null)
  forEachRecord(framing, bytes, 0, bytes.length, (start, end) => {
    for (let at = bytes.indexOf(0x0a, counted); at !== -1 && at < start; at = bytes.indexOf(0x0a, at + 1)) {
      line++
      counted = at + 1
    }
    const length = end - start
    const truncated = length > LIMITS.recordBytes ? { bytes: length, sha256: '' } : null
    const kept = truncated === null ? end : start + LIMITS.recordBytes
    const from = start === 0 ? behindByteOrderMark(bytes, start, kept) : start
    const { text, flags } = pipeline.textOf(withoutTornEnd(bytes.subarray(from, kept)))
    const place = pipeline.placeOf({ ...slice, truncated }, now)
    const within = pipeline.within(place, text)
    const reader = within === null ? usual : audit!
    const known = within?.known ?? (text.trim() === '' ? null : pipeline.understand(place, text))
    const members = reader === usual ? (known?.members ?? null) : null
    if (members !== null) sighting?.take(members, pipeline.format.columns)
    const { mapper, output } = reader
    output.begin()
    mapper.begin(place)
    const made =
      known === null ? 'skipped' : mapper.take(place, known, { flags, offset: start, key: within?.key ?? [] })
    if (known === null || made === 'skipped' || made === 'filtered') {
      records.push({ line, text, outcome: 'skipped', event: null, type: null, masked: new Map(), lacks: 0 })
      return
    }
    if (members !== null) {
      // Extracted members now have their own names.
      const said = mapper.members
      sighting?.take(said, pipeline.format.columns)
      sighting?.takeTime(said, pipeline.mapping, mapper.flags, known.envelope?.now ?? now)
      take?.(mapper.sources, mapper.type?.id ?? null)
    }
    records.push({
      line,
      text: known.text,
      outcome: made,
      event: JSON.parse(output.bytes.toString('utf8', output.first, output.at)),
      type: mapper.type,
      masked: known.kinds ?? new Map(),
      lacks: mapper.lacks,
    })
  })
  return records
}
