import { type FileHandle, open, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf, OperatorError, reasonOf } from '../../schema/index.ts'
import { makeFolder, syncFolder } from './durable.ts'
import type { Change, State } from './index.ts'
import type { Log } from './log.ts'
import { apply, encodeRecord, encodeSnapshot, entriesOf, titleOf } from './records.ts'
import { fileOf, type Recovered, recover } from './recover.ts'

export interface StateOptions {
  readonly log: Log
  /** False lets the system decide when bytes reach the disk: for tests that don't care about power loss. */
  readonly sync?: boolean
  /** The size from which a journal is compacted, if it is also four times as large as its snapshot. */
  readonly compactAt?: number
}

/** Opens the state in a folder, and makes the folder if it does not exist. One process at a time: see `lockFolder`. */
export async function openState(dir: string, options: StateOptions): Promise<State> {
  try {
    await makeFolder(dir)
    const recovered = await recover(dir, options.log)
    const table = new Table(dir, options, recovered)
    try {
      await table.begin(recovered.end)
    } catch (problem) {
      await table.abandon()
      throw problem
    }
    return table
  } catch (problem) {
    throw inOperatorsWords(dir, problem)
  }
}

function inOperatorsWords(dir: string, problem: unknown): unknown {
  switch (codeOf(problem)) {
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new OperatorError(
        'WB-DATA-UNUSABLE',
        `${dir}: the agent may not write here (${reasonOf(problem)}). Give its user permission to write to this folder.`,
        { cause: problem },
      )
    case 'ENOTDIR':
    case 'EEXIST':
      return new OperatorError(
        'WB-DATA-UNUSABLE',
        `${dir} is not a folder: name another place for the agent's data.`,
        {
          cause: problem,
        },
      )
    case 'ENOSPC':
    case 'EDQUOT':
      return new OperatorError(
        'WB-DATA-FULL',
        `${dir}: the disk is full. Free some space there; the agent's state needs a few MB.`,
        {
          cause: problem,
        },
      )
    default:
      return problem
  }
}

interface Waiting {
  readonly record: Buffer
  readonly resolve: () => void
  readonly reject: (problem: unknown) => void
}

class Table implements State {
  readonly #dir: string
  readonly #log: Log
  readonly #sync: boolean
  readonly #compactAt: number
  readonly #table: Map<string, unknown>
  #generation: number
  /** The generation of the newest complete snapshot. */
  #base: number
  /** All generations that have files. */
  #generations: number[]
  #journal: FileHandle | null = null
  /** The end of the last confirmed record; bytes after it are never part of the state. */
  #end = 0
  #snapshotBytes = 0
  /** The size that the journal must reach before the next compaction, after one failed. */
  #notBefore = 0
  /** Whether a write failed: the bytes after `#end` must be removed before the next write. */
  #soiled = false
  #waiting: Waiting[] = []
  #working: Promise<void> | null = null
  #closed = false

  constructor(dir: string, options: StateOptions, recovered: Recovered) {
    this.#dir = dir
    this.#log = options.log
    this.#sync = options.sync ?? true
    this.#compactAt = options.compactAt ?? 1024 * 1024
    this.#table = recovered.table
    this.#generation = recovered.generation
    this.#base = recovered.base
    this.#generations = [...recovered.generations]
  }

  /** Begins a fresh generation if there is something to tidy up, so that only damage to two files loses data. */
  async begin(end: number | null): Promise<void> {
    if (end !== titleOf('journal', this.#generation).length || this.#base !== this.#generation) {
      await this.#compact()
      return
    }
    this.#journal = await open(join(this.#dir, fileOf('journal', this.#generation)), 'r+')
    this.#end = end
    this.#soiled = true
    await this.#cleanse()
  }

  /** Closes the files as they are. */
  async abandon(): Promise<void> {
    this.#closed = true
    await this.#journal?.close()
    this.#journal = null
  }

  get<Value>(key: string): Value | undefined {
    return this.#table.get(key) as Value | undefined
  }

  *entries<Value>(prefix: string): IterableIterator<[string, Value]> {
    for (const [key, value] of this.#table) if (key.startsWith(prefix)) yield [key, value as Value]
  }

  async write(changes: readonly Change[]): Promise<void> {
    if (this.#closed) throw new Error('the state is closed')
    if (changes.length === 0) return
    if (changes.some(({ key }) => key === '')) throw new TypeError('a key of the state is empty')
    const record = encodeRecord(changes)
    const written = new Promise<void>((resolve, reject) => {
      this.#waiting.push({ record, resolve, reject })
    })
    this.#working ??= this.#work()
    return written
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#working
    const journal = this.#journal
    if (journal === null) return
    if (this.#end > titleOf('journal', this.#generation).length) {
      await this.#compact().catch((problem: unknown) => {
        this.#log.warn(
          { folder: this.#dir, reason: reasonOf(problem) },
          'the state could not be compacted at the end',
        )
      })
    }
    await this.#journal?.close()
    this.#journal = null
  }

  /** One sync confirms all writes that arrived during the previous sync. */
  async #work(): Promise<void> {
    // Writes of the same turn are joined.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const group = this.#waiting
      this.#waiting = []
      try {
        await this.#append(group.map(({ record }) => record))
      } catch (problem) {
        for (const { reject } of group) reject(problem)
        continue
      }
      for (const { record, resolve } of group) {
        apply(this.#table, entriesOf(record))
        resolve()
      }
      if (this.#end >= Math.max(this.#compactAt, this.#snapshotBytes * 4, this.#notBefore)) {
        await this.#compact().catch((problem: unknown) => {
          this.#notBefore = this.#end + this.#compactAt
          this.#log.warn(
            { folder: this.#dir, reason: reasonOf(problem) },
            'the state could not be compacted; its journal continues to grow, and the agent tries again later',
          )
        })
      }
    }
    this.#working = null
  }

  async #append(records: readonly Buffer[]): Promise<void> {
    const journal = this.#journal
    if (journal === null) throw new Error('the state is closed')
    await this.#cleanse()
    this.#soiled = true
    try {
      const bytes = records.length === 1 ? records[0]! : Buffer.concat(records)
      let done = 0
      while (done < bytes.length) {
        done += (await journal.write(bytes, done, bytes.length - done, this.#end + done)).bytesWritten
      }
      if (this.#sync) await journal.datasync()
      this.#end += bytes.length
      this.#soiled = false
    } catch (problem) {
      // The file may end with half a group. It is removed immediately if possible, because its writers get an error.
      await this.#cleanse().catch((again: unknown) => {
        this.#log.error(
          { folder: this.#dir, reason: reasonOf(again) },
          'a failed write of the state could not be undone yet',
        )
      })
      throw problem
    }
  }

  async #cleanse(): Promise<void> {
    const journal = this.#journal
    if (!this.#soiled || journal === null) return
    await journal.truncate(this.#end)
    if (this.#sync) await journal.datasync()
    this.#soiled = false
  }

  /**
   * Begins the next generation. Its journal comes first, then its snapshot by rename: from that moment the new journal counts. Before it a
   * reader uses the old snapshot with the old journal, and the new, empty one.
   */
  async #compact(): Promise<void> {
    const next = this.#generation + 1
    const journalPath = join(this.#dir, fileOf('journal', next))
    const snapshotPath = join(this.#dir, fileOf('snapshot', next))
    const temporary = `${snapshotPath}.tmp`
    const title = titleOf('journal', next)
    let journal: FileHandle | null = null
    let bytes = 0
    try {
      journal = await open(journalPath, 'w+', 0o600)
      await journal.writeFile(title)
      if (this.#sync) await journal.sync()
      const snapshot = await open(temporary, 'w', 0o600)
      try {
        for (const part of encodeSnapshot(this.#table, next)) {
          await snapshot.writeFile(part)
          bytes += part.length
        }
        if (this.#sync) await snapshot.sync()
      } finally {
        await snapshot.close()
      }
      if (this.#sync) await syncFolder(this.#dir)
      await rename(temporary, snapshotPath)
    } catch (problem) {
      await journal?.close()
      for (const path of [temporary, journalPath]) await unlink(path).catch(() => undefined)
      throw problem
    }
    const before = this.#journal
    const base = this.#base
    this.#journal = journal
    this.#base = next
    this.#generations.push(next)
    this.#generation = next
    this.#end = title.length
    this.#soiled = false
    this.#snapshotBytes = bytes
    this.#notBefore = 0
    await before?.close()
    if (this.#sync) await syncFolder(this.#dir)
    await this.#removeBelow(base)
  }

  async #removeBelow(kept: number): Promise<void> {
    for (const generation of this.#generations.filter((one) => one < kept)) {
      for (const kind of ['snapshot', 'journal'] as const) {
        await unlink(join(this.#dir, fileOf(kind, generation))).catch((problem: unknown) => {
          if (codeOf(problem) !== 'ENOENT') throw problem
        })
      }
    }
    this.#generations = this.#generations.filter((one) => one >= kept)
  }
}
