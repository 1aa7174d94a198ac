import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { type FileHandle, open, readdir, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { crc32, zstdCompress, zstdDecompressSync } from 'node:zlib'
import { makeFolder, syncFolder } from '../../state/index.ts'
import type { Reader } from './identify.ts'

/**
 * The unread rest of files that went out of reach, one file per generation. The file is a sequence of chunks, each a header and its bytes
 * compressed with zstd. So any offset is found without decompressing what precedes it, and a chunk that a crash cut off is detected and
 * written again.
 */
const compress = promisify(zstdCompress)

const MAGIC = 0x57484c44
/** magic, crc of the compressed bytes, offset in the source (8), bytes, compressed bytes */
const HEADER = 24
export const CHUNK_BYTES = 1024 * 1024

interface Chunk {
  readonly offset: number
  readonly bytes: number
  /** The position of its compressed bytes in the hold file. */
  readonly at: number
  readonly compressed: number
}

/** hold/ is full. */
export class HoldFullError extends Error {
  override name = 'HoldFullError'
}

export class Hold {
  readonly #folder: string
  readonly #limit: number
  #bytes = 0

  constructor(folder: string, limit: number) {
    this.#folder = folder
    this.#limit = limit
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Returns the names of the held generations, as `source-generation`. */
  async start(): Promise<string[]> {
    await makeFolder(this.#folder)
    const names = (await readdir(this.#folder)).filter((name) => name.endsWith('.hold'))
    this.#bytes = 0
    for (const name of names) this.#bytes += (await stat(join(this.#folder, name))).size
    return names.map((name) => name.slice(0, -'.hold'.length))
  }

  pathOf(source: string, generation: number): string {
    return join(this.#folder, `${source}-${generation}.hold`)
  }

  /** Opens the held bytes of a generation; null if there are none. */
  read(source: string, generation: number): HeldReader | null {
    let descriptor: number
    try {
      descriptor = openSync(this.pathOf(source, generation), constants.O_RDONLY)
    } catch {
      return null
    }
    const { chunks } = chunksOf(descriptor)
    return new HeldReader(descriptor, chunks)
  }

  /** Begins to write, or continues after the held bytes. */
  async write(source: string, generation: number): Promise<HoldWriter> {
    const path = this.pathOf(source, generation)
    const file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600)
    const { chunks, end } = chunksOf(file.fd)
    await file.truncate(end)
    await syncFolder(this.#folder)
    return new HoldWriter(file, end, chunks.at(-1), (bytes) => this.#charge(bytes))
  }

  async remove(source: string, generation: number): Promise<void> {
    const path = this.pathOf(source, generation)
    try {
      const { size } = await stat(path)
      await unlink(path)
      this.#bytes -= size
    } catch {
      // It was never written, or is already deleted.
    }
  }

  #charge(bytes: number): void {
    if (this.#bytes + bytes > this.#limit) throw new HoldFullError()
    this.#bytes += bytes
  }
}

function chunksOf(descriptor: number): { chunks: Chunk[]; end: number } {
  const { size } = fstatSync(descriptor)
  const header = Buffer.allocUnsafe(HEADER)
  const chunks: Chunk[] = []
  let at = 0
  while (at + HEADER <= size) {
    if (readSync(descriptor, header, 0, HEADER, at) < HEADER || header.readUInt32BE(0) !== MAGIC) break
    const compressed = header.readUInt32BE(20)
    if (at + HEADER + compressed > size) break
    const body = Buffer.allocUnsafe(compressed)
    readSync(descriptor, body, 0, compressed, at + HEADER)
    if (crc32(body) !== header.readUInt32BE(4)) break
    const offset = Number(header.readBigUInt64BE(8))
    chunks.push({ offset, bytes: header.readUInt32BE(16), at: at + HEADER, compressed })
    at += HEADER + compressed
  }
  return { chunks, end: at }
}

export class HoldWriter {
  readonly #file: FileHandle
  readonly #charge: (bytes: number) => void
  #at: number
  /** The end of the last held byte; null if nothing is held. */
  end: number | null

  constructor(file: FileHandle, at: number, last: Chunk | undefined, charge: (bytes: number) => void) {
    this.#file = file
    this.#at = at
    this.#charge = charge
    this.end = last === undefined ? null : last.offset + last.bytes
  }

  async append(offset: number, bytes: Buffer): Promise<void> {
    const body = await compress(bytes)
    const header = Buffer.allocUnsafe(HEADER)
    header.writeUInt32BE(MAGIC, 0)
    header.writeUInt32BE(crc32(body), 4)
    header.writeBigUInt64BE(BigInt(offset), 8)
    header.writeUInt32BE(bytes.length, 16)
    header.writeUInt32BE(body.length, 20)
    this.#charge(HEADER + body.length)
    await this.#file.write(Buffer.concat([header, body]), 0, HEADER + body.length, this.#at)
    this.#at += HEADER + body.length
    this.end = offset + bytes.length
  }

  async close(): Promise<void> {
    try {
      await this.#file.sync()
    } finally {
      await this.#file.close()
    }
  }
}

/** Reads held bytes by the offsets of the source. */
export class HeldReader implements Reader {
  readonly #descriptor: number
  readonly #chunks: readonly Chunk[]
  #unpacked: { chunk: Chunk; bytes: Buffer } | null = null

  constructor(descriptor: number, chunks: readonly Chunk[]) {
    this.#descriptor = descriptor
    this.#chunks = chunks
  }

  get start(): number {
    return this.#chunks[0]?.offset ?? 0
  }

  get end(): number {
    const last = this.#chunks.at(-1)
    return last === undefined ? 0 : last.offset + last.bytes
  }

  read(into: Buffer, at: number, length: number, offset: number): number {
    let got = 0
    while (got < length) {
      const chunk = this.#chunkAt(offset + got)
      if (chunk === undefined) break
      const bytes = this.#unpack(chunk)
      const from = offset + got - chunk.offset
      got += bytes.copy(into, at + got, from, Math.min(bytes.length, from + (length - got)))
    }
    return got
  }

  close(): void {
    closeSync(this.#descriptor)
    this.#unpacked = null
  }

  #chunkAt(offset: number): Chunk | undefined {
    let low = 0
    let high = this.#chunks.length - 1
    while (low <= high) {
      const middle = (low + high) >> 1
      const chunk = this.#chunks[middle]!
      if (offset < chunk.offset) high = middle - 1
      else if (offset >= chunk.offset + chunk.bytes) low = middle + 1
      else return chunk
    }
    return undefined
  }

  #unpack(chunk: Chunk): Buffer {
    if (this.#unpacked?.chunk === chunk) return this.#unpacked.bytes
    const body = Buffer.allocUnsafe(chunk.compressed)
    readSync(this.#descriptor, body, 0, chunk.compressed, chunk.at)
    const bytes = zstdDecompressSync(body)
    this.#unpacked = { chunk, bytes }
    return bytes
  }
}
