import { createHash } from 'node:crypto'
import { mkdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf } from '../../schema/index.ts'
import { writeDurably } from '../ingest/index.ts'
import type { LogReader } from './reader.ts'
import { readStatement, type Statement } from './statement.ts'

/** What a waybill is known by. */
export type WaybillKey = Pick<Statement, 'agent' | 'incarnation' | 'sequence'>

/** The entries of a file of the index. */
const BLOCK = 1 << 16
const KEY_BYTES = 8
/** A key, and the place of the entry in the block. */
const RECORD_BYTES = KEY_BYTES + 2

/**
 * Finds the entries of a waybill. The index follows from the entries, so it may be lost. Each file has the keys of 65,536 entries, sorted;
 * the keys of the newest entries are in memory.
 */
export class Places {
  readonly #folder: string
  readonly #reader: LogReader
  #blocks = 0
  #newest = new Map<string, number[]>()
  #size = 0

  private constructor(folder: string, reader: LogReader) {
    this.#folder = folder
    this.#reader = reader
  }

  static async open(folder: string, reader: LogReader, size: number): Promise<Places> {
    const places = new Places(folder, reader)
    while ((places.#blocks + 1) * BLOCK <= size && (await places.#has(places.#blocks))) places.#blocks++
    places.#size = places.#blocks * BLOCK
    for await (const entry of reader.entries(places.#size, size)) await places.add(entry)
    return places
  }

  #file(block: number): string {
    return join(this.#folder, String(block).padStart(6, '0'))
  }

  async #has(block: number): Promise<boolean> {
    try {
      return (await stat(this.#file(block))).size === BLOCK * RECORD_BYTES
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return false
      throw error
    }
  }

  /** Takes the next entry of the log. */
  async add(entry: Buffer): Promise<void> {
    const statement = readStatement(entry)
    // An entry of an unknown form has a place, too, but nobody looks for it.
    const key = statement === null ? '' : keyOf(statement).toString('latin1')
    const found = this.#newest.get(key)
    if (found === undefined) this.#newest.set(key, [this.#size])
    else found.push(this.#size)
    this.#size++
    if (this.#size % BLOCK === 0) await this.#keep()
  }

  async #keep(): Promise<void> {
    const records = [...this.#newest].flatMap(([key, places]) =>
      places.map((place) => ({ key: Buffer.from(key.padEnd(KEY_BYTES, '\0'), 'latin1'), place })),
    )
    records.sort((a, b) => Buffer.compare(a.key, b.key) || a.place - b.place)
    const bytes = Buffer.alloc(BLOCK * RECORD_BYTES)
    for (const [i, { key, place }] of records.entries()) {
      key.copy(bytes, i * RECORD_BYTES)
      bytes.writeUInt16BE(place % BLOCK, i * RECORD_BYTES + KEY_BYTES)
    }
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    await writeDurably(this.#folder, this.#file(this.#blocks), bytes)
    this.#blocks++
    this.#newest = new Map()
  }

  /** The places of a waybill's entries, ascending: one, unless a number was used for two waybills; none if it is not in the log. */
  async find(waybill: WaybillKey): Promise<number[]> {
    const key = keyOf(waybill)
    const size = this.#size
    const candidates: number[] = []
    for (let block = 0; block < this.#blocks; block++)
      for (const place of await this.#findIn(block, key)) candidates.push(block * BLOCK + place)
    candidates.push(...(this.#newest.get(key.toString('latin1')) ?? []))
    const places: number[] = []
    for (const place of new Set(candidates)) {
      const its = readStatement(await this.#reader.entry(place, size))
      if (
        its?.agent === waybill.agent &&
        its.incarnation === waybill.incarnation &&
        its.sequence === waybill.sequence
      )
        places.push(place)
    }
    return places
  }

  async #findIn(block: number, key: Buffer): Promise<number[]> {
    const bytes = await readFile(this.#file(block))
    const keyAt = (index: number): Buffer =>
      bytes.subarray(index * RECORD_BYTES, index * RECORD_BYTES + KEY_BYTES)
    let [low, high] = [0, BLOCK]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (Buffer.compare(keyAt(middle), key) < 0) low = middle + 1
      else high = middle
    }
    const places: number[] = []
    for (let index = low; index < BLOCK && keyAt(index).equals(key); index++)
      places.push(bytes.readUInt16BE(index * RECORD_BYTES + KEY_BYTES))
    return places
  }
}

const keyOf = ({ agent, incarnation, sequence }: WaybillKey): Buffer =>
  createHash('sha256').update(`${agent}\n${incarnation}\n${sequence}`).digest().subarray(0, KEY_BYTES)
