import { createHash, type Hash } from 'node:crypto'
import { type Additions, canonical, leafHash, OperatorError, sha256, textAt } from '../../../schema/index.ts'
import { renamedId, shownEvent } from '../../store/index.ts'
import type { Consignment, KeptLine } from '../../store/port.ts'
import type { Destination, Sink } from './destination.ts'
import { addWords, filterOf } from './filter.ts'
import { DATA_KEY_BYTES, type KeyRing } from './keys.ts'
import {
  BLOCK_BYTES,
  CONTENT_VERSION,
  type Contents,
  ID_BYTES,
  idKey,
  packed,
  TRAILER_BYTES,
  TRAILER_MARK,
} from './layout.ts'
import { README } from './readme.ts'
import { Sealer } from './seal.ts'

export interface AgentKey {
  readonly agent: string
  readonly key: string
  readonly pem: string
}

export interface WriterParts {
  readonly destination: Destination
  readonly keys: KeyRing
  readonly random: (bytes: number) => Buffer
  readonly namespace: string
  readonly now: () => number
  /** The public keys of an agent. */
  readonly keysOf: (agent: string) => Promise<readonly AgentKey[]>
}

export interface Written {
  readonly contents: Contents
  readonly bytes: number
  readonly sha256: string
}

interface Block {
  waybills: string[]
  places: string[]
  lines: Buffer[]
  bytes: number
  first: number
  last: number
  readonly seen: Set<string>
  readonly words: Set<string>
}

const newBlock = (): Block => ({
  waybills: [],
  places: [],
  lines: [],
  bytes: 0,
  first: Number.POSITIVE_INFINITY,
  last: Number.NEGATIVE_INFINITY,
  seen: new Set(),
  words: new Set(),
})

const NEWLINE = Buffer.from('\n')

/** Writes one object, as a stream: only what finds things in it is kept in memory. */
export class ObjectWriter {
  readonly name: string
  readonly #parts: WriterParts
  readonly #of: Contents['of']
  readonly #sealer: Sealer
  readonly #sink: Sink
  readonly #blocksHash: Hash = createHash('sha256')
  readonly #ids: { key: number; line: number }[] = []
  readonly #index: string[] = []
  readonly #filters: Buffer[] = []
  readonly #agents = new Set<string>()
  #block = newBlock()
  #waybills = 0
  #received: { first: number; last: number } | null = null
  #happened: { first: number; last: number } | null = null
  events = 0

  private constructor(name: string, of: Contents['of'], parts: WriterParts, sealer: Sealer, sink: Sink) {
    this.name = name
    this.#of = of
    this.#parts = parts
    this.#sealer = sealer
    this.#sink = sink
  }

  static async create(
    name: string,
    of: Contents['of'],
    retainUntil: number | null,
    parts: WriterParts,
  ): Promise<ObjectWriter> {
    const dataKey = parts.random(DATA_KEY_BYTES)
    const sealer = new Sealer(name, dataKey, await parts.keys.wrap(dataKey, name))
    const sink = await parts.destination.create(name, { retainUntil })
    const writer = new ObjectWriter(name, of, parts, sealer, sink)
    await writer.#trying(() => sink.write(sealer.header))
    return writer
  }

  async add({ lines, waybill, ...key }: Consignment): Promise<void> {
    await this.#trying(async () => {
      const number = this.#waybills++
      this.#agents.add(key.agent)
      const absent = waybill === null ? [] : [...waybill.leaves.keys()].sort((a, b) => a - b)
      this.#block.waybills.push(
        canonical({
          ...key,
          kept:
            waybill === null
              ? null
              : {
                  at: waybill.at,
                  manifest: waybill.manifest.toString('base64'),
                  signature: waybill.signature.toString('base64'),
                  result: JSON.stringify(waybill.result),
                  fates: waybill.fates,
                  absent,
                  hashes: Buffer.concat(absent.map((position) => waybill.leaves.get(position)!)).toString(
                    'base64',
                  ),
                },
        }),
      )
      for (const line of lines) {
        this.#addLine(number, key, line)
        if (this.#block.bytes >= BLOCK_BYTES) await this.#endBlock()
      }
    })
  }

  #addLine(
    waybill: number,
    key: Pick<Consignment, 'agent' | 'incarnation' | 'sequence'>,
    { position, line, ingested, renamed, additions }: KeptLine,
  ): void {
    const block = this.#block
    const event = shownEvent(line, {
      ...key,
      position,
      ingested: new Date(ingested).toISOString(),
      revision: renamed === null ? null : renamedId(line, renamed),
      additions: additions === '' ? null : (JSON.parse(additions) as Additions),
    })
    const time = Date.parse(textAt(event, '@timestamp') ?? '')
    block.places.push(JSON.stringify([waybill, position, ingested, renamed, additions]))
    block.lines.push(line, NEWLINE)
    block.bytes += line.length + 1
    block.first = Math.min(block.first, time)
    block.last = Math.max(block.last, time)
    addWords(event, block.seen, block.words)
    this.#ids.push({ key: idKey(textAt(event, 'event.id') ?? ''), line: this.events++ })
    this.#received = spanning(this.#received, ingested)
    this.#happened = spanning(this.#happened, time)
  }

  async #endBlock(): Promise<void> {
    const block = this.#block
    if (block.places.length === 0 && block.waybills.length === 0) return
    this.#block = newBlock()
    const ended = (texts: string[]): Buffer => Buffer.from(texts.map((text) => `${text}\n`).join(''))
    const [waybills, places, lines] = await Promise.all([
      packed(ended(block.waybills)),
      packed(ended(block.places)),
      packed(Buffer.concat(block.lines)),
    ])
    const filter = filterOf(block.words)
    this.#filters.push(filter)
    const [first, last] = block.places.length === 0 ? [0, 0] : [block.first, block.last]
    this.#index.push(
      JSON.stringify([
        this.#sealer.length,
        waybills.length,
        places.length,
        lines.length,
        block.places.length,
        block.waybills.length,
        first,
        last,
        filter.length,
      ]),
    )
    for (const bytes of [waybills, places, lines]) {
      this.#blocksHash.update(bytes)
      await this.#put(bytes)
    }
  }

  async #put(bytes: Buffer): Promise<void> {
    const sealed = this.#sealer.add(bytes)
    if (sealed.length > 0) await this.#sink.write(sealed)
  }

  /** Ends the object; it is in the destination then. */
  async finish(): Promise<Written> {
    return this.#trying(async () => {
      await this.#endBlock()
      const blocks = { offset: 0, length: this.#sealer.length, sha256: this.#blocksHash.digest('hex') }
      const part = async (bytes: Buffer): Promise<Contents['parts']['ids']> => {
        const offset = this.#sealer.length
        await this.#put(bytes)
        return { offset, length: bytes.length, sha256: sha256(bytes) }
      }
      const keys = (
        await Promise.all([...this.#agents].sort().map((agent) => this.#parts.keysOf(agent)))
      ).flat()
      const contents: Contents = {
        version: CONTENT_VERSION,
        name: this.name,
        of: this.#of,
        namespace: this.#parts.namespace,
        written: this.#parts.now(),
        events: this.events,
        waybills: this.#waybills,
        received: this.#received,
        happened: this.#happened,
        parts: {
          blocks,
          filters: await part(Buffer.concat(this.#filters)),
          ids: await part(idsOf(this.#ids)),
          index: await part(await packed(Buffer.from(this.#index.map((line) => `${line}\n`).join('')))),
          keys: await part(Buffer.from(JSON.stringify(keys))),
          readme: await part(Buffer.from(README)),
        },
      }
      const text = Buffer.from(canonical(contents))
      const trailer = Buffer.alloc(TRAILER_BYTES)
      trailer.writeBigUInt64BE(BigInt(this.#sealer.length))
      trailer.writeUInt32BE(text.length, 8)
      TRAILER_MARK.copy(trailer, 12)
      await this.#put(text)
      await this.#put(trailer)
      await this.#sink.write(this.#sealer.end())
      await this.#sink.finish()
      return { contents, bytes: this.#sealer.sealedLength, sha256: this.#sealer.digest() }
    })
  }

  abort(): Promise<void> {
    return this.#sink.abort()
  }

  async #trying<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work()
    } catch (thrown) {
      await this.#sink.abort()
      throw thrown
    }
  }
}

const spanning = (
  span: { first: number; last: number } | null,
  time: number,
): { first: number; last: number } =>
  span === null
    ? { first: time, last: time }
    : { first: Math.min(span.first, time), last: Math.max(span.last, time) }

function idsOf(ids: { key: number; line: number }[]): Buffer {
  ids.sort((a, b) => a.key - b.key || a.line - b.line)
  const bytes = Buffer.alloc(ids.length * ID_BYTES)
  for (const [i, { key, line }] of ids.entries()) {
    bytes.writeUInt32BE(key, i * ID_BYTES)
    bytes.writeUInt32BE(line, i * ID_BYTES + 4)
  }
  return bytes
}

/** Lines that a store can't read must not be left behind in silence. */
export const damagedLines = (partition: string, where: string): OperatorError =>
  new OperatorError(
    'WB-ARCHIVE-REFUSED',
    `${partition} was not archived, and stays in the store, since it is damaged: ${where}. \`waybill verify\` names everything that is wrong; restore that part of the store from a backup`,
  )

/** The leaf hashes of lines that are in a consignment. */
export const leavesOfLines = (lines: readonly KeptLine[]): Map<number, Buffer> =>
  new Map(lines.map(({ position, line }) => [position, leafHash(line)]))
