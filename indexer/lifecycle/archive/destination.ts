import { randomBytes } from 'node:crypto'
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, posix } from 'node:path'
import { codeOf, OperatorError, reasonOf } from '../../../schema/index.ts'
import { syncFolder } from '../../ingest/index.ts'

/** A place for archive objects. Names are paths with `/`. */
export interface Destination {
  /** For people: `the folder /mnt/archive`. */
  readonly place: string
  /** Whether it refuses to delete an object before its time, also to an administrator of the indexer. */
  readonly locks: boolean
  /** Begins to write an object. It appears only as a whole, when the sink is finished; it then replaces one of the same name. */
  create(name: string, options: WriteOptions): Promise<Sink>
  /** Bytes of an object; null if there is none. */
  size(name: string): Promise<number | null>
  read(name: string, from: number, to: number): Promise<Buffer>
  /** Names and sizes of all objects whose name begins so. */
  list(prefix: string): AsyncIterable<{ readonly name: string; readonly bytes: number }>
  /** Removes an object for good. Rejects with `WB-ARCHIVE-LOCKED` while a lock or a legal hold forbids it. */
  remove(name: string): Promise<void>
  /** Keeps an object at least as long as this; nothing shortens it. Only where `locks`. */
  hold(name: string, isHeld: boolean): Promise<void>
  /** Tries to delete the object, to shorten its lock and to weaken it. Rejects with `WB-ARCHIVE-LOCK` if the store allows any of these. */
  proveLock(name: string, retainUntil: number): Promise<void>
  /** Removes what an interrupted run left half written. */
  tidy(): Promise<void>
  close(): Promise<void>
}

export interface WriteOptions {
  /** The object must stay until then, ms. Null: it may be replaced or removed at any time. */
  readonly retainUntil: number | null
}

export interface Sink {
  write(bytes: Buffer): Promise<void>
  /** Resolves when the object is there, durably. */
  finish(): Promise<void>
  /** Gives up: nothing of it stays. */
  abort(): Promise<void>
}

/** Writes an object that fits into memory. */
export async function putObject(destination: Destination, name: string, bytes: Buffer): Promise<void> {
  const sink = await destination.create(name, { retainUntil: null })
  try {
    await sink.write(bytes)
    await sink.finish()
  } catch (thrown) {
    await sink.abort()
    throw thrown
  }
}

const PARTIAL = '.partial'

/** Objects as files. A file is written under a temporary name, synced and renamed. */
export class Folder implements Destination {
  readonly locks = false
  readonly place: string
  readonly #root: string

  constructor(root: string) {
    this.#root = root
    this.place = `the folder ${root}`
  }

  async create(name: string): Promise<Sink> {
    const file = this.#file(name)
    const temporary = `${file}.${randomBytes(4).toString('hex')}${PARTIAL}`
    const fails = (thrown: unknown): OperatorError => unwritable(this.place, name, thrown)
    let handle: FileHandle
    let made: string | undefined
    try {
      made = await mkdir(dirname(file), { recursive: true, mode: 0o700 })
      handle = await open(temporary, 'wx', 0o600)
    } catch (thrown) {
      throw fails(thrown)
    }
    const abort = async (): Promise<void> => {
      await handle.close().catch(() => {})
      await rm(temporary, { force: true })
    }
    const trying = async (work: () => Promise<void>): Promise<void> => {
      try {
        await work()
      } catch (thrown) {
        await abort()
        throw fails(thrown)
      }
    }
    return {
      abort,
      write: (bytes) =>
        trying(async () => {
          for (let at = 0; at < bytes.length; )
            at += (await handle.write(bytes, at, bytes.length - at)).bytesWritten
        }),
      finish: () =>
        trying(async () => {
          await handle.sync()
          await handle.close()
          await rename(temporary, file)
          // New folders are found after power loss only once those above them are synced.
          for (let folder = dirname(file); ; folder = dirname(folder)) {
            await syncFolder(folder)
            if (made === undefined || folder === dirname(made) || folder === dirname(folder)) break
          }
        }),
    }
  }

  async size(name: string): Promise<number | null> {
    try {
      return (await stat(this.#file(name))).size
    } catch (thrown) {
      if (codeOf(thrown) === 'ENOENT') return null
      throw unreadable(this.place, name, thrown)
    }
  }

  async read(name: string, from: number, to: number): Promise<Buffer> {
    try {
      const handle = await open(this.#file(name), 'r')
      try {
        const bytes = Buffer.alloc(to - from)
        let length = 0
        while (length < bytes.length) {
          const { bytesRead } = await handle.read(bytes, length, bytes.length - length, from + length)
          if (bytesRead === 0) break
          length += bytesRead
        }
        return bytes.subarray(0, length)
      } finally {
        await handle.close()
      }
    } catch (thrown) {
      throw unreadable(this.place, name, thrown)
    }
  }

  async *list(prefix: string): AsyncGenerator<{ readonly name: string; readonly bytes: number }> {
    const within = prefix.slice(0, prefix.lastIndexOf('/') + 1)
    let entries: string[]
    try {
      entries = await readdir(this.#file(within), { recursive: true })
    } catch (thrown) {
      if (codeOf(thrown) === 'ENOENT') return
      throw unreadable(this.place, within, thrown)
    }
    for (const entry of entries.sort()) {
      const name = posix.join(within, entry.replaceAll('\\', '/'))
      if (!name.startsWith(prefix) || name.endsWith(PARTIAL)) continue
      const found = await stat(this.#file(name))
      if (found.isFile()) yield { name, bytes: found.size }
    }
  }

  async remove(name: string): Promise<void> {
    try {
      await rm(this.#file(name), { force: true })
    } catch (thrown) {
      throw unwritable(this.place, name, thrown)
    }
  }

  async hold(): Promise<void> {}
  async proveLock(): Promise<void> {}

  async tidy(): Promise<void> {
    let entries: string[]
    try {
      entries = await readdir(this.#root, { recursive: true })
    } catch (thrown) {
      if (codeOf(thrown) === 'ENOENT') return
      throw unreadable(this.place, '', thrown)
    }
    for (const entry of entries)
      if (entry.endsWith(PARTIAL)) await rm(join(this.#root, entry), { force: true })
  }

  async close(): Promise<void> {}

  #file(name: string): string {
    if (name.split('/').includes('..')) throw new Error(`not a name of an archive object: ${name}`)
    return join(this.#root, ...name.split('/'))
  }
}

const unreadable = (place: string, name: string, thrown: unknown): OperatorError =>
  new OperatorError(
    'WB-ARCHIVE-UNREACHABLE',
    `${name} in ${place} can't be read: ${reasonOf(thrown)}. Check that it is mounted and that the user of the indexer may read it`,
    { cause: thrown },
  )

function unwritable(place: string, name: string, thrown: unknown): OperatorError {
  if (thrown instanceof OperatorError) return thrown
  const code = codeOf(thrown)
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new OperatorError(
      'WB-ARCHIVE-FULL',
      `${place} is full, so ${name} was not written and nothing was removed from the store: make room there; the next run begins this object anew`,
      { cause: thrown },
    )
  return new OperatorError(
    'WB-ARCHIVE-UNREACHABLE',
    `${name} can't be written to ${place}: ${reasonOf(thrown)}. Check that it is mounted and that the user of the indexer may write there`,
    { cause: thrown },
  )
}
