import { hash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { basename } from 'node:path'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { codeOf, reasonOf } from '../../../schema/index.ts'
import type { Catalog } from './catalog.ts'
import type { Descriptors } from './descriptors.ts'
import type { Seen } from './discover.ts'
import { CHUNK_BYTES, type Hold, HoldFullError } from './hold.ts'
import { HEAD_BYTES, type Head, inodeOf, MARK_BYTES, type Mark, markOf, statKey } from './identify.ts'
import type { FileInputContext, Policy } from './options.ts'
import { areRelated, isTelling } from './rotate.ts'
import type { Tail } from './source.ts'

export interface GunzipParts {
  readonly catalog: Catalog
  readonly descriptors: Descriptors
  readonly hold: Hold
  readonly policy: Policy
  readonly context: FileInputContext
  ready(tail: Tail): void
}

/**
 * Reads compressed files, each once: it unpacks them into hold/, and reads them there by the offsets of their content. A file that was
 * read before it was compressed is identified by its content, and only its new part is read.
 */
export class Gunzip {
  readonly #parts: GunzipParts
  /** Sizes and when they were first seen: a file that gzip is still writing is not read yet. */
  readonly #growing = new Map<string, { size: bigint; since: number; round: number }>()
  #round = 0
  readonly #jobs = new Map<string, Promise<void>>()
  readonly #problems = new Map<string, string>()

  constructor(parts: GunzipParts) {
    this.#parts = parts
  }

  get isBusy(): boolean {
    return this.#jobs.size > 0 || this.#growing.size > 0
  }

  /** Ends a sweep: forgets files that it did not see. */
  swept(): void {
    for (const [key, { round }] of this.#growing) if (round !== this.#round) this.#growing.delete(key)
    this.#round += 1
  }

  async idle(): Promise<void> {
    while (this.#jobs.size > 0) await Promise.all(this.#jobs.values())
  }

  /** Handles a compressed file that is unknown, or known and not unpacked yet. */
  consider(seen: Seen, known: Tail | null = null): void {
    const { context, policy } = this.#parts
    const key = statKey(seen.stat)
    if (this.#jobs.has(key)) return
    const now = context.clock()
    const before = this.#growing.get(key)
    if (before === undefined || before.size !== seen.stat.size) {
      this.#growing.set(key, { size: seen.stat.size, since: now, round: this.#round })
      // A file that was finished long ago is not observed first.
      if (now - Number(seen.stat.mtimeMs) < policy.activeFor) return
    } else if (now - before.since < policy.holdAfter) {
      before.round = this.#round
      return
    }
    this.#growing.delete(key)
    // Jobs run one after the other: two files may be distinguishable only when the first is settled.
    const last = [...this.#jobs.values()].at(-1)
    const job = Promise.resolve(last)
      .then(() => this.#open(seen, known))
      .catch((error: unknown) => this.#failed(seen.path, error))
      .finally(() => this.#jobs.delete(key))
    this.#jobs.set(key, job)
  }

  /** Reads through a descriptor: the file may be renamed in the meantime, and another may take its name. */
  async #open(seen: Seen, known: Tail | null): Promise<void> {
    const file = await open(seen.path, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      if (statKey(await file.stat({ bigint: true })) === statKey(seen.stat))
        await this.#read(seen, file, known)
    } finally {
      await file.close()
    }
  }

  async #read(seen: Seen, file: FileHandle, known: Tail | null): Promise<void> {
    const { catalog, context } = this.#parts
    const packed = { bytes: Number(seen.stat.size), content: null }
    if (known !== null) {
      await this.#unpack(known, seen, file)
      return
    }
    const beginning = await firstBytes(file)
    if (beginning.length === 0) return
    for (const tail of this.#alike(beginning, seen.path)) {
      // The file is being compressed now: the rest of the original is read first.
      if (tail.inode !== null && tail.gone === null && !tail.finished && tail.packed === null) return
      const content = await contentOf(file, tail.marks)
      if (content === null || content < tail.read) continue
      // A compressed file does not grow. A file of another length only has the same beginning, as documents of one service have. The same
      // may hold for a file of which nothing comparable was read yet.
      if (tail.packed !== null && (tail.marks.length === 0 || tail.packed.content !== content)) continue
      this.#parts.descriptors.close(tail)
      catalog.rebind(tail, inodeOf(seen.stat), seen.path)
      tail.packed = { ...packed, content }
      tail.gone = null
      tail.ended = true
      tail.verified = true
      if (content > tail.read) {
        context.log.info(
          `${seen.path} is the compressed form of ${tail.source.path}; the agent reads its bytes from ${tail.read} on.`,
        )
        if (tail.finished) catalog.revive(tail)
        await this.#unpack(tail, seen, file)
      } else {
        catalog.touched(tail)
        await this.#save()
      }
      return
    }
    const head: Head = {
      bytes: Math.min(HEAD_BYTES, beginning.length),
      sha256: hash('sha256', beginning.subarray(0, HEAD_BYTES)),
    }
    const fresh = catalog.mint(seen.path, seen.config, inodeOf(seen.stat), head)
    fresh.packed = packed
    fresh.ended = true
    await this.#unpack(fresh, seen, file)
  }

  async #unpack(tail: Tail, seen: Seen, file: FileHandle): Promise<void> {
    const { catalog, hold } = this.#parts
    const { id } = tail.source
    const content = (await contentOf(file, [])) ?? 0
    tail.packed = { bytes: Number(seen.stat.size), content }
    catalog.touched(tail)
    await this.#save()
    if (tail.read < content) {
      const writer = await hold.write(id, tail.generation)
      try {
        let offset = 0
        const from = Math.max(writer.end ?? 0, tail.read)
        for await (const bytes of unpacked(file)) {
          const skip = Math.max(0, Math.min(bytes.length, from - offset))
          if (skip < bytes.length) await writer.append(offset + skip, bytes.subarray(skip))
          offset += bytes.length
        }
      } finally {
        await writer.close()
      }
      const reader = hold.read(id, tail.generation)
      if (reader === null) return
      tail.reader = reader
      tail.held = true
      tail.heldTo = content
    }
    tail.size = content
    tail.ended = true
    tail.verified = true
    catalog.touched(tail)
    await this.#save()
    this.#problems.delete(seen.path)
    if (tail.size > tail.read) this.#parts.ready(tail)
  }

  async #save(): Promise<void> {
    for (const tail of await this.#parts.catalog.save()) if (tail.size > tail.read) this.#parts.ready(tail)
  }

  /** Finds generations that begin like this content. */
  #alike(beginning: Buffer, path: string): Tail[] {
    const found: Tail[] = []
    for (const tail of this.#parts.catalog.tails()) {
      const { head } = tail
      if (head.bytes === 0 || head.bytes > beginning.length || tail.packed?.content === null) continue
      if (!isTelling(tail) && !areRelated(basename(path), basename(tail.at))) continue
      if (hash('sha256', beginning.subarray(0, head.bytes)) === head.sha256) found.push(tail)
    }
    return found.sort((a, b) => b.head.bytes - a.head.bytes || b.read - a.read)
  }

  #failed(path: string, error: unknown): void {
    const why =
      error instanceof HoldFullError
        ? `there is no room to unpack it: hold/ has reached its limit of ${this.#parts.policy.holdBytes} bytes`
        : codeOf(error)?.startsWith('Z_')
          ? 'it is damaged or incomplete'
          : reasonOf(error)
    const sentence = `${path} can't be unpacked: ${why}. The agent tries again.`
    if (this.#problems.get(path) !== sentence) this.#parts.context.log.error(sentence)
    this.#problems.set(path, sentence)
  }
}

/** The content in chunks of the size that hold/ keeps. */
async function* unpacked(file: FileHandle): AsyncGenerator<Buffer> {
  const source = Readable.from(packedBytes(file))
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES })
  source.on('error', (error) => gunzip.destroy(error))
  try {
    for await (const bytes of source.pipe(gunzip)) yield bytes
  } finally {
    source.destroy()
    gunzip.destroy()
  }
}

/** Does not use the file's own stream: if it is not read to its end, it would close the descriptor or keep it open forever. */
async function* packedBytes(file: FileHandle): AsyncGenerator<Buffer> {
  for (let offset = 0; ; ) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(64 * 1024), 0, 64 * 1024, offset)
    if (bytesRead === 0) return
    offset += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

async function firstBytes(file: FileHandle): Promise<Buffer> {
  const parts: Buffer[] = []
  let length = 0
  for await (const bytes of unpacked(file)) {
    parts.push(bytes)
    length += bytes.length
    if (length >= HEAD_BYTES) break
  }
  return Buffer.concat(parts).subarray(0, HEAD_BYTES)
}

/** The length of the content, if it contains all marks; else null. */
async function contentOf(file: FileHandle, marks: readonly Mark[]): Promise<number | null> {
  let before: Buffer = Buffer.alloc(0)
  let offset = 0
  let next = 0
  for await (const bytes of unpacked(file)) {
    const end = offset + bytes.length
    const joined = Buffer.concat([before, bytes])
    const start = end - joined.length
    for (let mark = marks[next]; mark !== undefined && mark[0] <= end; mark = marks[next]) {
      const to = mark[0] - start
      const sample = joined.subarray(Math.max(0, to - MARK_BYTES), to)
      if (markOf(sample, mark[0])[1] !== mark[1]) return null
      next += 1
    }
    before = Buffer.from(joined.subarray(Math.max(0, joined.length - MARK_BYTES)))
    offset = end
  }
  return next < marks.length ? null : offset
}
