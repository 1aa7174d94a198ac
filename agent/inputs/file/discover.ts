import { type BigIntStats, type Dirent, readdirSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import picomatch from 'picomatch'
import { codeOf, reasonOf } from '../../../schema/index.ts'
import { statKey } from './identify.ts'
import type { FileConfig } from './options.ts'

/** An observed file. This module only observes; other modules decide what an observation means. */
export interface Seen {
  readonly path: string
  readonly stat: BigIntStats
  readonly config: FileConfig
}

export interface FolderSeen {
  readonly entries: number
  /** The time of the last creation, renaming or deletion in it, in ns, at the listing. */
  readonly modified: bigint
  readonly watch: boolean
}

export interface Discovery {
  /** Folders that were listed. */
  readonly folders: Map<string, FolderSeen>
  /** Files and folders that could not be looked at, with the reason in a sentence. */
  readonly problems: Map<string, string>
}

/** After this many files the event loop gets a turn. */
const TURN = 250
const MAX_DEPTH = 64

interface Place {
  readonly config: FileConfig
  /** The part of the glob without wildcards: a folder, or the file itself. */
  readonly base: string
  /** Null if the path names one file. */
  readonly matches: ((path: string) => boolean) | null
  /** Levels of folders below the base that may hold a match. */
  readonly depth: number
  /** The glob names a hidden folder or file by its dot. */
  readonly hidden: boolean
}

type Excluded = (path: string) => boolean
type See = (seen: Seen) => void

/** The state of one scan of the disk. */
interface Look {
  readonly found: Discovery
  readonly isExcluded: (config: FileConfig, path: string) => boolean
  readonly turn: () => Promise<void>
  readonly see: See
}

export interface Discoverer {
  /** Reports each file when it is found: once for each path that leads to it. No file is stored. */
  discover(see: See): Promise<Discovery>
  /** The entry that reads files at this path. */
  configFor(path: string): FileConfig | null
  isExcluded(config: FileConfig, path: string): boolean
}

/** Compiles a configuration's globs once; the result looks at the disk at each call. */
export function discoverer(configs: readonly FileConfig[]): Discoverer {
  const places = configs.flatMap((config) => config.paths.map((glob) => placeOf(config, glob)))
  const excluded = new Map(configs.map((config) => [config, excludedBy(config)]))
  const isExcluded = (config: FileConfig, path: string): boolean => excluded.get(config)?.(path) ?? false

  const covers = (place: Place, path: string): boolean => {
    if (isExcluded(place.config, path)) return false
    if (place.matches === null) return path === place.base
    const inside = place.base === '/' ? '/' : `${place.base}/`
    return path.startsWith(inside) && place.matches(path.slice(inside.length))
  }

  return {
    isExcluded,
    configFor: (path) => places.find((place) => covers(place, path))?.config ?? null,
    async discover(see) {
      const found: Discovery = { folders: new Map(), problems: new Map() }
      let looks = 0
      const turn = async (): Promise<void> => {
        looks += 1
        if (looks % TURN === 0) await setImmediate()
      }
      const look: Look = { found, isExcluded, turn, see }
      for (const place of places) {
        if (place.matches === null) {
          await turn()
          lookAt(place.base, place.config, look)
          const stat = statSync(dirname(place.base), { bigint: true, throwIfNoEntry: false })
          if (stat !== undefined) noteFolder(found, dirname(place.base), 0, stat.mtimeNs, place.config)
          continue
        }
        await walk(place, place.base, '', 0, new Set(), look)
      }
      return found
    },
  }
}

function placeOf(config: FileConfig, glob: string): Place {
  const scanned = picomatch.scan(glob)
  if (!scanned.isGlob) return { config, base: resolve(glob), matches: null, depth: 0, hidden: true }
  const rest = scanned.glob
  const matches = picomatch(rest)
  const depth = rest.includes('**') ? MAX_DEPTH : rest.split('/').length - 1
  const hidden = rest.startsWith('.') || rest.includes('/.')
  return { config, base: resolve(scanned.base === '' ? '.' : scanned.base), matches, depth, hidden }
}

/** A pattern that excludes a folder excludes everything in it. A pattern without a slash applies to names. */
function excludedBy(config: FileConfig): Excluded {
  const patterns = config.exclude.map((glob) => {
    if (!glob.includes('/')) {
      const matches = picomatch(glob, { dot: true })
      return (path: string) => matches(basename(path))
    }
    const whole = glob.startsWith('/') || glob.startsWith('**') ? glob : join(process.cwd(), glob)
    const matches = picomatch(whole, { dot: true })
    return (path: string) => matches(path) || matches(`${path}/`)
  })
  return (path) => patterns.some((matches) => matches(path))
}

async function walk(
  place: Place,
  folder: string,
  relative: string,
  depth: number,
  above: ReadonlySet<string>,
  look: Look,
): Promise<void> {
  const { found, isExcluded, turn } = look
  let entries: Dirent[]
  let key: string
  let modified: bigint
  try {
    const stat = statSync(folder, { bigint: true })
    key = statKey(stat)
    modified = stat.mtimeNs
    // A symbolic link to a folder above.
    if (above.has(key)) return
    entries = readdirSync(folder, { withFileTypes: true })
  } catch (error) {
    // A missing folder may appear later.
    const code = codeOf(error)
    if (code !== 'ENOENT' && code !== 'ENOTDIR')
      found.problems.set(folder, `The folder ${folder} can't be listed: ${explain(error)}`)
    return
  }
  noteFolder(found, folder, entries.length, modified, place.config)
  const through = new Set(above).add(key)
  for (const entry of entries) {
    const path = join(folder, entry.name)
    const below = relative === '' ? entry.name : `${relative}/${entry.name}`
    const matched = place.matches?.(below) === true
    let isFolder = entry.isDirectory()
    if (entry.isSymbolicLink() && depth < place.depth) isFolder = leadsToFolder(path)
    if (isFolder) {
      const hidden = entry.name.startsWith('.') && !place.hidden
      if (depth >= place.depth || hidden || isExcluded(place.config, path)) continue
      await walk(place, path, below, depth + 1, through, look)
    } else if (matched) {
      await turn()
      lookAt(path, place.config, look)
    }
  }
}

function leadsToFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}

function lookAt(path: string, config: FileConfig, { found, isExcluded, see }: Look): void {
  if (isExcluded(config, path)) return
  let stat: BigIntStats | undefined
  try {
    stat = statSync(path, { bigint: true, throwIfNoEntry: false })
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return
    found.problems.set(path, `${path} can't be read: ${explain(error)}`)
    return
  }
  if (stat === undefined || stat.isDirectory()) return
  if (stat.isFile()) see({ path, stat, config })
  else found.problems.set(path, `${path} is ${kindOf(stat)}, not a file; the agent ignores it.`)
}

function noteFolder(
  found: Discovery,
  folder: string,
  entries: number,
  modified: bigint,
  config: FileConfig,
): void {
  const known = found.folders.get(folder)
  found.folders.set(folder, {
    entries: Math.max(entries, known?.entries ?? 0),
    modified: known?.modified ?? modified,
    watch: (known?.watch ?? true) && config.watch !== false,
  })
}

function kindOf(stat: BigIntStats): string {
  if (stat.isFIFO()) return 'a named pipe'
  if (stat.isSocket()) return 'a socket'
  return 'a device'
}

/** The system's error in words, with the remedy. */
export function explain(error: unknown): string {
  switch (codeOf(error)) {
    case 'EACCES':
    case 'EPERM':
      return "the agent's user may not read it. Give it permission; reading then continues by itself."
    case 'EMFILE':
    case 'ENFILE':
      return 'too many files are open. Raise the limit (LimitNOFILE); the agent tries again.'
    case 'ELOOP':
      return 'its symbolic links form a loop.'
    default:
      return `${reasonOf(error)}.`
  }
}
