import { statSync } from 'node:fs'
import { join } from 'node:path'
import { type FSWatcher, watch } from 'chokidar'
import { codeOf, reasonOf } from '../../../schema/index.ts'
import type { Log } from './options.ts'

/**
 * Hints from the operating system that something changed in a quiet folder; what changed, the stat says. A hint is worth having
 * only while nothing happens: at the first one the folder's watch is taken down, since its files are polled while they grow,
 * and a watch on a busy folder would cost an event for each write. When the folder is quiet again it is watched again.
 */
export interface FolderToWatch {
  readonly path: string
  readonly entries: number
  /** Its time of change at the last sweep. */
  readonly modified: bigint
}

const REARM_AFTER = 2000
/** With each watch a folder is listed once: in a large one that is dear, and done rarely. */
const REARM_PER_ENTRY = 30
const LIMIT_PAUSE = 600_000

export class Hints {
  readonly #limit: number
  readonly #clock: () => number
  readonly #log: Log
  readonly #hint: (path: string | null) => void
  readonly #watched = new Map<string, FSWatcher>()
  readonly #hintedAt = new Map<string, number>()
  #pausedUntil = 0
  #closed = false

  constructor(limit: number, clock: () => number, log: Log, hint: (path: string | null) => void) {
    this.#limit = limit
    this.#clock = clock
    this.#log = log
    this.#hint = hint
  }

  get size(): number {
    return this.#watched.size
  }

  /** Watches those of these folders that are quiet, as many as may be watched; others no more. */
  keep(folders: readonly FolderToWatch[], isQuiet: (folder: string) => boolean): void {
    const now = this.#clock()
    const wanted = new Set(folders.map((folder) => folder.path))
    for (const path of this.#watched.keys()) if (!wanted.has(path)) this.#takeDown(path)
    for (const path of this.#hintedAt.keys()) if (!wanted.has(path)) this.#hintedAt.delete(path)
    if (this.#closed || now < this.#pausedUntil) return
    for (const folder of folders) {
      const { path, entries } = folder
      if (this.#watched.size >= this.#limit) return
      if (this.#watched.has(path) || !isQuiet(path)) continue
      const hinted = this.#hintedAt.get(path)
      const pause = Math.max(REARM_AFTER, entries * REARM_PER_ENTRY)
      if (hinted === undefined || now - hinted >= pause) this.#putUp(folder)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    const closing = [...this.#watched.values()].map((watcher) => watcher.close())
    this.#watched.clear()
    await Promise.all(closing)
  }

  #putUp({ path: folder, modified }: FolderToWatch): void {
    const watcher = watch(folder, {
      // Only the folder itself: a folder's watch reports its files, and a watch a file would use up the system's.
      ignored: (path) => path !== folder,
      depth: 0,
      ignoreInitial: true,
      followSymlinks: false,
    })
    this.#watched.set(folder, watcher)
    watcher.on('raw', (_event, name) => {
      if (this.#watched.get(folder) !== watcher) return
      this.#hintedAt.set(folder, this.#clock())
      this.#takeDown(folder)
      this.#hint(typeof name === 'string' && name !== '' ? join(folder, name) : null)
    })
    watcher.on('ready', () => {
      // What happened between the sweep and the watch gave no hint.
      if (this.#watched.get(folder) === watcher && changeOf(folder) !== modified) this.#hint(null)
    })
    watcher.on('error', (error) => {
      if (this.#watched.get(folder) !== watcher) return
      const code = codeOf(error)
      if (code === 'ENOSPC' || code === 'EMFILE') {
        this.#pausedUntil = this.#clock() + LIMIT_PAUSE
        this.#log.warn(
          'The system allows no more watches (fs.inotify.max_user_watches or max_user_instances): changes are found by the sweep alone.',
        )
      } else if (code !== 'ENOENT' && code !== 'EACCES') {
        this.#log.warn(
          `The folder ${folder} can't be watched: ${reasonOf(error)}. Changes are found by the sweep.`,
        )
      }
      this.#hintedAt.set(folder, this.#clock())
      this.#takeDown(folder)
    })
  }

  #takeDown(folder: string): void {
    const watcher = this.#watched.get(folder)
    if (watcher === undefined) return
    this.#watched.delete(folder)
    void watcher.close()
  }
}

function changeOf(folder: string): bigint | null {
  try {
    return statSync(folder, { bigint: true }).mtimeNs
  } catch {
    // It is gone, or may not be looked at: the sweep finds out.
    return null
  }
}
