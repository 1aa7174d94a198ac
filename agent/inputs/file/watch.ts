import { statSync } from 'node:fs'
import { join } from 'node:path'
import { type FSWatcher, watch } from 'chokidar'
import { codeOf, reasonOf } from '../../../schema/index.ts'
import type { Log } from './options.ts'

/**
 * Hints from the operating system that something changed in a quiet folder; the stat shows what. A hint is only useful in a quiet folder:
 * the first one ends the folder's watch, since its files are polled while they grow, and a watch on a busy folder would cost an event for
 * each write. When the folder is quiet again, it is watched again.
 */
export interface FolderToWatch {
  readonly path: string
  readonly entries: number
  /** Its time of change at the last sweep. */
  readonly modified: bigint
}

const REARM_AFTER = 2000
/** Each new watch lists its folder once. In a large folder this is expensive, so it is done rarely. */
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

  /** Watches the quiet ones of these folders, up to the limit, and ends all other watches. */
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
      // Only the folder is watched: its watch reports its files, and a watch per file would exhaust the system's watches.
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
      // Changes between the sweep and the watch gave no hint.
      if (this.#watched.get(folder) === watcher && changeOf(folder) !== modified) this.#hint(null)
    })
    watcher.on('error', (error) => {
      if (this.#watched.get(folder) !== watcher) return
      const code = codeOf(error)
      if (code === 'ENOSPC' || code === 'EMFILE') {
        this.#pausedUntil = this.#clock() + LIMIT_PAUSE
        this.#log.warn(
          'The system allows no more watches (fs.inotify.max_user_watches or max_user_instances): the agent finds changes by the sweep only.',
        )
      } else if (code !== 'ENOENT' && code !== 'EACCES') {
        this.#log.warn(
          `The folder ${folder} can't be watched: ${reasonOf(error)}. The agent finds its changes by the sweep.`,
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
    // The folder is gone or inaccessible: the sweep handles it.
    return null
  }
}
