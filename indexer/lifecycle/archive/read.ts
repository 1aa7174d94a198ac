import { createHash, type Hash } from 'node:crypto'
import * as z from 'zod'
import type { Additions, AuditEvent } from '../../../schema/index.ts'
import {
  canonical,
  HASH_BYTES,
  isRecord,
  leafHash,
  merkleRoot,
  OperatorError,
  sha256,
  textAt,
} from '../../../schema/index.ts'
import { renamedId, shownEvent } from '../../store/index.ts'
import type { Consignment, KeptLine, WriteResult } from '../../store/port.ts'
import { type Destination, putObject } from './destination.ts'
import type { KeyRing, WrappedKey } from './keys.ts'
import {
  blockSchema,
  type Contents,
  contentsSchema,
  ID_BYTES,
  idKey,
  KEY_EXTENSION,
  PARTS,
  placeSchema,
  TRAILER_BYTES,
  TRAILER_MARK,
  unpacked,
  waybillSchema,
} from './layout.ts'
import { archiveDamaged, Opener, type ReadBytes, readHeader } from './seal.ts'

/** A block, with the numbers of its first line and waybill in the object. */
export interface BlockPlace {
  readonly offset: number
  readonly waybillBytes: number
  readonly placeBytes: number
  readonly lineBytes: number
  readonly lines: number
  readonly waybills: number
  readonly first: number
  readonly last: number
  readonly filter: number
  readonly firstLine: number
  readonly firstWaybill: number
  readonly filterAt: number
}

type WaybillRow = (typeof waybillSchema)['_output']
type Place = (typeof placeSchema)['_output']

interface OpenedBlock {
  readonly waybills: readonly WaybillRow[]
  readonly places: readonly Place[]
  readonly lines: readonly Buffer[]
}

/** How much is fetched at once by somebody who reads from the beginning to the end. */
const AHEAD = 4 * 1024 * 1024

/** An object that is open for reading: any event alone, or all of it. */
export class ArchiveObject {
  readonly name: string
  readonly size: number
  readonly contents: Contents
  readonly blocks: readonly BlockPlace[]
  readonly keyId: string
  readonly #opener: Opener

  private constructor(
    name: string,
    size: number,
    keyId: string,
    contents: Contents,
    blocks: readonly BlockPlace[],
    opener: Opener,
  ) {
    this.name = name
    this.size = size
    this.keyId = keyId
    this.contents = contents
    this.blocks = blocks
    this.#opener = opener
  }

  /** Opens an object. `forAll`: it is going to be read as a whole. */
  static async open(
    name: string,
    { destination, keys }: { readonly destination: Destination; readonly keys: KeyRing },
    { forAll = false }: { readonly forAll?: boolean } = {},
  ): Promise<ArchiveObject> {
    const size = await destination.size(name)
    if (size === null)
      throw new OperatorError(
        'WB-ARCHIVE-DAMAGED',
        `${name} is not in ${destination.place}: somebody removed it; restore it from a copy`,
      )
    const plain: ReadBytes = (from, to) => destination.read(name, from, to)
    const read = forAll ? ahead(plain, size) : plain
    const header = await readHeader(name, read, size)
    const wrapped = (await rotatedKey(name, destination)) ?? header.key
    const opener = new Opener(header, await keys.unwrap(wrapped, name), read, size)
    const { contents, at } = await readContents(name, opener)
    const index = (await unpacked(await partOf(name, contents, 'index', opener))).toString('utf8')
    const blocks: BlockPlace[] = []
    let [firstLine, firstWaybill, filterAt] = [0, 0, 0]
    for (const text of rowsOf(index)) {
      const block = blockSchema.parse(JSON.parse(text))
      blocks.push({ ...block, firstLine, firstWaybill, filterAt })
      firstLine += block.lines
      firstWaybill += block.waybills
      filterAt += block.filter
    }
    if (firstLine !== contents.events || firstWaybill !== contents.waybills || at > opener.length)
      throw archiveDamaged(name, 'its index does not agree with its table of contents')
    return new ArchiveObject(name, size, wrapped.id, contents, blocks, opener)
  }

  part(part: (typeof PARTS)[number]): Promise<Buffer> {
    return partOf(this.name, this.contents, part, this.#opener)
  }

  filter({ filterAt, filter }: BlockPlace): Promise<Buffer> {
    const { offset } = this.contents.parts.filters
    return this.#opener.bytes(offset + filterAt, offset + filterAt + filter)
  }

  /** All waybills with their lines, in the order in which they were written. `hash` gets the bytes of all blocks. */
  async *consignments(hash?: Hash): AsyncGenerator<Consignment> {
    let open: { readonly row: WaybillRow; readonly number: number; readonly lines: KeptLine[] } | null = null
    for (const place of this.blocks) {
      const { waybills, places, lines } = await this.#block(place, hash)
      let next = 0
      /** Takes the lines of this waybill. */
      const take = (number: number, into: KeptLine[]): void => {
        for (; places[next]?.[0] === number; next++) into.push(keptLine(places[next]!, lines[next]!))
      }
      // The last waybill of the block before may have more lines here.
      if (open !== null) take(open.number, open.lines)
      for (const [i, row] of waybills.entries()) {
        if (open !== null) yield consignmentOf(open)
        open = { row, number: place.firstWaybill + i, lines: [] }
        take(open.number, open.lines)
      }
      if (next < places.length) throw archiveDamaged(this.name, 'a line names a waybill that is not there')
    }
    if (open !== null) yield consignmentOf(open)
  }

  /** The events of a block, as searches show them. */
  async events(place: BlockPlace): Promise<AuditEvent[]> {
    const block = await this.#block(place)
    const keyed = new Map<number, WaybillRow>()
    const events: AuditEvent[] = []
    for (const [i, at] of block.places.entries()) {
      const row = keyed.get(at[0]) ?? (await this.#waybill(at[0], place, block))
      keyed.set(at[0], row)
      events.push(eventOf(row, keptLine(at, block.lines[i]!)))
    }
    return events
  }

  /** Returns one event by its id, and reads little more than that. */
  async find(id: string): Promise<{ event: AuditEvent; line: Buffer } | null> {
    const wanted = idKey(id)
    const { offset, length } = this.contents.parts.ids
    const entry = async (n: number): Promise<Buffer> =>
      this.#opener.bytes(offset + n * ID_BYTES, offset + (n + 1) * ID_BYTES)
    const total = length / ID_BYTES
    let low = 0
    let high = total
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((await entry(middle)).readUInt32BE(0) < wanted) low = middle + 1
      else high = middle
    }
    for (; low < total; low++) {
      const bytes = await entry(low)
      if (bytes.readUInt32BE(0) !== wanted) return null
      const number = bytes.readUInt32BE(4)
      const place = this.blocks.findLast(({ firstLine }) => firstLine <= number)
      if (place === undefined) continue
      const block = await this.#block(place)
      const at = block.places[number - place.firstLine]
      const line = block.lines[number - place.firstLine]
      if (at === undefined || line === undefined) continue
      const event = eventOf(await this.#waybill(at[0], place, block), keptLine(at, line))
      if (textAt(event, 'event.id') === id) return { event, line }
    }
    return null
  }

  /**
   * Reads all of the object: each part has its hash, and the lines of each waybill, with the hashes of those that are elsewhere, have the
   * root that was signed. Rejects with what is wrong.
   */
  async verify(report: (events: number) => void = () => {}): Promise<void> {
    const { parts, events } = this.contents
    const hash = createHash('sha256')
    let seen = 0
    for await (const consignment of this.consignments(hash)) {
      const wrong = whatIsWrong(consignment)
      if (wrong !== null) throw archiveDamaged(this.name, wrong)
      seen += consignment.lines.length
      report(seen)
    }
    if (seen !== events) throw archiveDamaged(this.name, `it has ${seen} of ${events} events`)
    if (hash.digest('hex') !== parts.blocks.sha256)
      throw archiveDamaged(this.name, 'its blocks do not have their hash')
    for (const part of PARTS) if (part !== 'blocks') await this.part(part)
  }

  /** A line may belong to a waybill of an earlier block. */
  async #waybill(number: number, place: BlockPlace, block: OpenedBlock): Promise<WaybillRow> {
    const here = number - place.firstWaybill
    const row =
      here >= 0
        ? block.waybills[here]
        : await (async () => {
            const other = this.blocks.findLast(
              ({ firstWaybill, waybills }) => waybills > 0 && firstWaybill <= number,
            )
            return other === undefined
              ? undefined
              : (await this.#block(other)).waybills[number - other.firstWaybill]
          })()
    if (row === undefined) throw archiveDamaged(this.name, 'a line names a waybill that is not there')
    return row
  }

  async #block(
    { offset, waybillBytes, placeBytes, lineBytes, ...numbers }: BlockPlace,
    hash?: Hash,
  ): Promise<OpenedBlock> {
    const bytes = await this.#opener.bytes(offset, offset + waybillBytes + placeBytes + lineBytes)
    hash?.update(bytes)
    const [waybills, places, lines] = await Promise.all([
      unpacked(bytes.subarray(0, waybillBytes)),
      unpacked(bytes.subarray(waybillBytes, waybillBytes + placeBytes)),
      unpacked(bytes.subarray(waybillBytes + placeBytes)),
    ])
    const opened = {
      waybills: rowsOf(waybills.toString('utf8')).map((text) => waybillSchema.parse(JSON.parse(text))),
      places: rowsOf(places.toString('utf8')).map((text) => placeSchema.parse(JSON.parse(text))),
      lines: linesOf(lines),
    }
    if (
      opened.places.length !== numbers.lines ||
      opened.lines.length !== numbers.lines ||
      opened.waybills.length !== numbers.waybills
    )
      throw archiveDamaged(this.name, 'a block does not have what its index says')
    return opened
  }
}

const rowsOf = (text: string): string[] => text.split('\n').slice(0, -1)

function linesOf(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(10, at)
    lines.push(bytes.subarray(at, end))
    at = end + 1
  }
  return lines
}

const keptLine = ([, position, ingested, renamed, additions]: Place, line: Buffer): KeptLine => ({
  position,
  line,
  ingested,
  renamed,
  additions,
})

const eventOf = (
  { agent, incarnation, sequence }: WaybillRow,
  { position, line, ingested, renamed, additions }: KeptLine,
): AuditEvent =>
  shownEvent(line, {
    agent,
    incarnation,
    sequence,
    position,
    ingested: new Date(ingested).toISOString(),
    revision: renamed === null ? null : renamedId(line, renamed),
    additions: additions === '' ? null : (JSON.parse(additions) as Additions),
  })

function consignmentOf({ row, lines }: { row: WaybillRow; lines: KeptLine[] }): Consignment {
  const { agent, incarnation, sequence, kept } = row
  const hashes = Buffer.from(kept?.hashes ?? '', 'base64')
  return {
    agent,
    incarnation,
    sequence,
    lines,
    waybill:
      kept === null
        ? null
        : {
            manifest: Buffer.from(kept.manifest, 'base64'),
            signature: Buffer.from(kept.signature, 'base64'),
            at: kept.at,
            result: JSON.parse(kept.result) as WriteResult,
            sealed: new Map(),
            fates: kept.fates,
            leaves: new Map(
              kept.absent.map((position, i) => [
                position,
                hashes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES),
              ]),
            ),
          },
  }
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    // Not JSON is not the form that the caller checks.
    return undefined
  }
}

/** Why the lines of a waybill are not those that were signed; null if they are. */
export function whatIsWrong({ waybill, lines, agent, incarnation, sequence }: Consignment): string | null {
  if (waybill === null) return null
  const named = `waybill ${sequence} of ${agent}, incarnation ${incarnation},`
  const { data: manifest } = z
    .object({ root: z.string(), events: z.number() })
    .safeParse(jsonOf(waybill.manifest))
  if (manifest === undefined) return `${named} has no manifest`
  const { root, events } = manifest
  const leaves = new Map(waybill.leaves)
  for (const { position, line } of lines) leaves.set(position, leafHash(line))
  const sorted = [...leaves].sort(([a], [b]) => a - b).map(([, leaf]) => leaf)
  // Old stores lack hashes of lines that they do not have: then the root can't be computed anywhere.
  if (sorted.length < events) return null
  if (sorted.length > events) return `${named} has more lines than were signed`
  return merkleRoot(Buffer.concat(sorted)).toString('hex') === root
    ? null
    : `${named} does not have its signed root`
}

const keyShape = (value: unknown): WrappedKey | null =>
  isRecord(value) && typeof value.id === 'string' && typeof value.wrapped === 'string'
    ? { id: value.id, wrapped: Buffer.from(value.wrapped, 'base64') }
    : null

/** The key of an object that a rotation encrypted anew. */
export async function rotatedKey(name: string, destination: Destination): Promise<WrappedKey | null> {
  const file = `${name}${KEY_EXTENSION}`
  const size = await destination.size(file)
  if (size === null) return null
  const key = keyShape(jsonOf(await destination.read(file, 0, size)))
  if (key === null) throw archiveDamaged(file, 'it is not a key, so it was changed')
  return key
}

/** Encrypts the key of an object with the present key, and writes it beside the object. */
export async function rewrap(name: string, destination: Destination, keys: KeyRing): Promise<void> {
  const size = await destination.size(name)
  if (size === null) throw archiveDamaged(name, `it is not in ${destination.place}`)
  const header = await readHeader(name, (from, to) => destination.read(name, from, to), size)
  const before = (await rotatedKey(name, destination)) ?? header.key
  const { id, wrapped } = await keys.wrap(await keys.unwrap(before, name), name)
  const text = canonical({ id, wrapped: wrapped.toString('base64') })
  await putObject(destination, `${name}${KEY_EXTENSION}`, Buffer.from(text))
}

async function readContents(name: string, opener: Opener): Promise<{ contents: Contents; at: number }> {
  const end = opener.length
  if (end < TRAILER_BYTES) throw archiveDamaged(name, 'its end is cut off')
  const trailer = await opener.bytes(end - TRAILER_BYTES, end)
  const at = Number(trailer.readBigUInt64BE(0))
  const length = trailer.readUInt32BE(8)
  if (!trailer.subarray(12).equals(TRAILER_MARK) || at + length + TRAILER_BYTES !== end)
    throw archiveDamaged(name, 'it has no table of contents at its end')
  const parsed = contentsSchema.safeParse(JSON.parse((await opener.bytes(at, at + length)).toString('utf8')))
  if (!parsed.success) throw archiveDamaged(name, 'its table of contents has another form')
  return { contents: parsed.data, at: at + length }
}

async function partOf(
  name: string,
  contents: Contents,
  part: (typeof PARTS)[number],
  opener: Opener,
): Promise<Buffer> {
  const { offset, length, sha256: expected } = contents.parts[part]
  const bytes = await opener.bytes(offset, offset + length)
  if (sha256(bytes) !== expected) throw archiveDamaged(name, `its part ${part} does not have its hash`)
  return bytes
}

/** Reads in pieces of some MiB, for one who needs all of them. */
function ahead(read: ReadBytes, size: number): ReadBytes {
  let held: { from: number; bytes: Buffer } = { from: 0, bytes: Buffer.alloc(0) }
  return async (from, to) => {
    if (from >= held.from && to <= held.from + held.bytes.length)
      return held.bytes.subarray(from - held.from, to - held.from)
    if (to - from >= AHEAD) return read(from, to)
    // The end is asked for alone first, for the table of contents.
    const piece = await read(from, Math.min(size, Math.max(to, from + AHEAD)))
    held = { from, bytes: piece }
    return piece.subarray(0, to - from)
  }
}
