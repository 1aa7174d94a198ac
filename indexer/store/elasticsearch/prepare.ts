import { type Additions, type Category, HASH_BYTES, valueAt } from '../../../schema/index.ts'
import { Authorship } from '../authorship.ts'
import { type Fault, readLine, type SoundEvent } from '../line.ts'
import type { BatchAdditions, StoreBatch } from '../port.ts'
import { documentOf } from './document.ts'

/** An event of a batch, ready to be written. */
export interface PreparedBatch {
  readonly category: Category
  readonly position: number
  readonly id: string
  /** The leaf hash of its line, in hex. */
  readonly leaf: string
  readonly document: string
  /** Its values in fields of few values, as one text. */
  readonly values: string
}

export interface Rejected extends Fault {
  readonly position: number
}

export interface Prepared {
  readonly parcels: readonly PreparedBatch[]
  readonly rejected: readonly Rejected[]
}

/** The origin of lines: a batch, or a dead letter of one. */
export interface Origin {
  readonly agent: string
  readonly incarnation: string
  readonly sequence: number
  readonly authorship: Authorship | null
  /** `event.ingested`. */
  readonly ingested: number
  line(position: number): Buffer
  /** The leaf hash of that line, in hex. */
  leaf(position: number): string
  /** Returns the enrichment's additions to that event. */
  additions(position: number): Additions | null
}

export function originOf(batch: StoreBatch, ingested: number): Origin {
  const { agent, incarnation, sequence } = batch.manifest
  const added = linesOf(batch.additions)
  let starts: readonly number[] | null = null
  return {
    agent,
    incarnation,
    sequence,
    authorship: batch.author === undefined ? null : new Authorship(batch.author),
    ingested,
    line: (position) => {
      starts ??= startsOf(batch.lines)
      const start = starts[position]!
      return batch.lines.subarray(start, endOf(batch.lines, start))
    },
    leaf: (position) => batch.leaves.toString('hex', position * HASH_BYTES, (position + 1) * HASH_BYTES),
    additions: (position) => {
      const line = added.get(position)
      return line === undefined ? null : (JSON.parse(line.toString('utf8')) as Additions)
    },
  }
}

/** Additions by place in the batch, as they came. */
function linesOf(additions: BatchAdditions | undefined): ReadonlyMap<number, Buffer> {
  const found = new Map<number, Buffer>()
  let start = 0
  for (const position of additions?.positions ?? []) {
    const end = endOf(additions!.lines, start)
    found.set(position, additions!.lines.subarray(start, end))
    start = end + 1
  }
  return found
}

/** The number of events that are made into documents before other work has its turn: some 10 ms. */
const AT_A_TIME = 128

/** Takes a batch apart. */
export async function prepared({ lines }: StoreBatch, origin: Origin): Promise<Prepared> {
  const parcels: PreparedBatch[] = []
  const rejected: Rejected[] = []
  let start = 0
  for (let position = 0; start < lines.length; position++) {
    if (position % AT_A_TIME === AT_A_TIME - 1) await new Promise(setImmediate)
    const end = endOf(lines, start)
    const line = lines.subarray(start, end)
    const read = readLine(line, origin.authorship)
    if ('reason' in read) rejected.push({ position, ...read })
    else parcels.push(parcelOf(origin, position, line, read.event, null))
    start = end + 1
  }
  return { parcels, rejected }
}

/** Fields whose few values repeat all the time: many different ones are a sign of a process out of control. */
const FEW_VALUES = [
  'host.name',
  'log.file.path',
  'event.module',
  'event.dataset',
  'event.action',
  'event.code',
  'audit.entity.type',
  'audit.module',
  'labels',
  'tags',
] as const

export function parcelOf(
  origin: Origin,
  position: number,
  line: Buffer,
  event: SoundEvent,
  revision: string | null,
): PreparedBatch {
  const { agent, incarnation, sequence, ingested } = origin
  const leaf = origin.leaf(position)
  const seal = { agent, incarnation, sequence, position, ingested, leaf }
  return {
    category: event.audit.category,
    position,
    id: revision ?? event.event.id,
    leaf,
    document: documentOf(event, line, seal, { additions: origin.additions(position), revision }),
    values: JSON.stringify(FEW_VALUES.map((path) => valueAt(event, path) ?? null)),
  }
}

/** The same event as a revision of the known one, under an id of its own. */
export function asRevisionParcel(origin: Origin, position: number, revision: string): PreparedBatch {
  const line = origin.line(position)
  const read = readLine(line)
  if ('reason' in read) throw new Error(`position ${position} was an event, and is none now: ${read.reason}`)
  return parcelOf(origin, position, line, read.event, revision)
}

const endOf = (lines: Buffer, start: number): number => {
  const end = lines.indexOf(10, start)
  return end === -1 ? lines.length : end
}

/** Returns the start of each line of a batch. */
function startsOf(lines: Buffer): number[] {
  const starts: number[] = []
  for (let start = 0; start < lines.length; start = endOf(lines, start) + 1) starts.push(start)
  return starts
}
