import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Call } from './trace.ts'

/**
 * A disk that loses power, fed with recorded calls. It promises what POSIX does and no more: bytes and lengths of a file are there for good
 * when the file was synced after they were written, names when their folder was synced. Everything else may be there, be missing, or be
 * there in part. In two things it is as journaling file systems are: a rename is done or not done, also across folders; and of the changes
 * to one folder those that are missing are the last ones.
 */
type Pending =
  | { readonly kind: 'write'; readonly at: number; readonly data: Buffer; done: boolean }
  | { readonly kind: 'size'; readonly size: number; done: boolean }

class FileNode {
  bytes: Buffer = Buffer.alloc(0)
  /** Length of what is safe. */
  length = 0
  /** Length as the process sees it. */
  size = 0
  pending: Pending[] = []

  apply(change: Pending): void {
    const put = putInto({ bytes: this.bytes, length: this.length }, change)
    this.bytes = put.bytes
    this.length = put.length
  }
}

interface Content {
  bytes: Buffer
  length: number
}

function putInto(content: Content, change: Pending): Content {
  const end = change.kind === 'write' ? change.at + change.data.length : change.size
  let { bytes, length } = content
  if (end > bytes.length) {
    const wider = Buffer.alloc(Math.max(end, bytes.length * 2, 8192))
    bytes.copy(wider, 0, 0, length)
    bytes = wider
  }
  if (change.kind === 'write') {
    change.data.copy(bytes, change.at)
    length = Math.max(length, end)
  } else {
    if (end < length) bytes.fill(0, end, length)
    length = end
  }
  return { bytes, length }
}

class FolderNode {
  readonly names = new Map<string, FileNode | FolderNode>()
  /** The names that are safe. */
  readonly safe = new Map<string, FileNode | FolderNode>()
}

/** Names that change together: a rename changes two. */
interface NameChange {
  readonly number: number
  readonly folders: readonly FolderNode[]
  readonly sets: readonly { folder: FolderNode; name: string; node: FileNode | FolderNode | null }[]
}

interface Opened {
  readonly node: FileNode | FolderNode
  position: number
  readonly appends: boolean
}

/** How much of what is not safe is there after a cut. */
export type Mood = 'nothing' | 'everything' | 'some'

/** A bit of chance: from 0 to 1. */
export type Chance = () => number

const SECTOR = 512
/** Not part of the data: SQLite builds it again after a crash. */
const isLeftOut = (path: string): boolean => path.endsWith('-shm')

export class Disk {
  readonly root: string
  readonly #top = new FolderNode()
  readonly #open = new Map<number, Opened>()
  #changes: NameChange[] = []
  #changesMade = 0
  /** The effects of the calls under way, by call. */
  readonly #begun = new Map<Call, () => void>()

  /** Begins with what is in the folder now: all of it is safe. */
  constructor(root: string) {
    this.root = root
    this.#load(root, this.#top)
  }

  #load(path: string, into: FolderNode): void {
    for (const name of readdirSync(path)) {
      const inner = join(path, name)
      const about = statSync(inner)
      if (about.isDirectory()) {
        const folder = new FolderNode()
        into.names.set(name, folder)
        this.#load(inner, folder)
      } else if (about.isFile() && !isLeftOut(inner)) {
        const file = new FileNode()
        file.bytes = readFileSync(inner)
        file.length = file.size = file.bytes.length
        into.names.set(name, file)
      }
    }
    for (const [name, node] of into.names) into.safe.set(name, node)
  }

  #isOurs(path: string): boolean {
    return (path === this.root || path.startsWith(`${this.root}/`)) && !isLeftOut(path)
  }

  /** Whether a call touches this disk at all. */
  concerns(call: Call): boolean {
    return call.result >= 0 && [call.target, ...call.paths].some((path) => this.#isOurs(path))
  }

  #find(path: string): FileNode | FolderNode | null {
    let node: FileNode | FolderNode = this.#top
    for (const name of path.slice(this.root.length).split('/').filter(Boolean)) {
      if (!(node instanceof FolderNode)) return null
      const next: FileNode | FolderNode | undefined = node.names.get(name)
      if (next === undefined) return null
      node = next
    }
    return node
  }

  #folderOf(path: string): FolderNode {
    const folder = this.#find(dirname(path))
    if (!(folder instanceof FolderNode)) throw new Error(`the record has no folder for ${path}`)
    return folder
  }

  #set(...sets: NameChange['sets']): void {
    for (const { folder, name, node } of sets) {
      if (node === null) folder.names.delete(name)
      else folder.names.set(name, node)
    }
    const folders = [...new Set(sets.map(({ folder }) => folder))]
    this.#changes.push({ number: this.#changesMade++, folders, sets })
  }

  /** A call has begun: what it writes may reach the disk from now on. */
  begin(call: Call): void {
    if (call.result < 0) return
    switch (call.name) {
      case 'write':
      case 'writev':
      case 'pwrite64':
      case 'pwritev':
      case 'pwritev2': {
        const opened = this.#opened(call)
        if (opened === null || !(opened.node instanceof FileNode) || call.data === null) return
        const at = call.offset ?? (opened.appends ? opened.node.size : opened.position)
        if (call.offset === null) opened.position = at + call.data.length
        this.#pend(call, opened.node, { kind: 'write', at, data: call.data, done: false })
        return
      }
      case 'ftruncate':
      case 'fallocate': {
        const opened = this.#opened(call)
        if (opened === null || !(opened.node instanceof FileNode)) return
        const size = call.name === 'fallocate' ? Math.max(opened.node.size, call.size) : call.size
        this.#pend(call, opened.node, { kind: 'size', size, done: false })
        return
      }
      case 'fsync':
      case 'fdatasync':
        this.#beginSync(call)
        return
      case 'close':
        if (this.#opened(call) !== null) this.#open.delete(call.fd!)
        return
      case 'mmap':
        if (
          this.#isOurs(call.target) &&
          call.flags.includes('MAP_SHARED') &&
          call.flags.includes('PROT_WRITE')
        )
          throw new Error(`${call.target} is written through memory, which no record shows`)
        return
      case 'sendfile':
      case 'copy_file_range':
      case 'sync_file_range':
        if (this.#isOurs(call.target)) throw new Error(`${call.name} on ${call.target} is not understood`)
    }
  }

  /** The call has ended. */
  end(call: Call): void {
    if (call.result < 0) return
    const begun = this.#begun.get(call)
    this.#begun.delete(call)
    begun?.()
    const [path = '', to = ''] = call.paths
    switch (call.name) {
      case 'open':
      case 'openat':
      case 'creat':
        if (this.#isOurs(path)) this.#openFile(call, path)
        return
      case 'mkdir':
      case 'mkdirat':
        if (this.#isOurs(path) && path !== this.root)
          this.#set({ folder: this.#folderOf(path), name: basename(path), node: new FolderNode() })
        return
      case 'unlink':
      case 'unlinkat':
      case 'rmdir':
        if (this.#isOurs(path)) this.#set({ folder: this.#folderOf(path), name: basename(path), node: null })
        return
      case 'rename':
      case 'renameat':
      case 'renameat2': {
        const node = this.#isOurs(path) ? this.#find(path) : null
        if (node === null) return
        this.#set(
          { folder: this.#folderOf(path), name: basename(path), node: null },
          { folder: this.#folderOf(to), name: basename(to), node },
        )
        return
      }
      case 'link':
      case 'linkat': {
        const node = this.#isOurs(path) ? this.#find(path) : null
        if (node !== null) this.#set({ folder: this.#folderOf(to), name: basename(to), node })
      }
    }
  }

  #opened(call: Call): Opened | null {
    // Descriptors of other processes and of other files have the same numbers.
    return call.fd !== null && this.#isOurs(call.target.replace(/ \(deleted\)$/, ''))
      ? (this.#open.get(call.fd) ?? null)
      : null
  }

  #openFile(call: Call, path: string): void {
    let node = this.#find(path)
    if (node === null) {
      node = new FileNode()
      this.#set({ folder: this.#folderOf(path), name: basename(path), node })
    } else if (node instanceof FileNode && call.flags.includes('O_TRUNC')) {
      node.pending.push({ kind: 'size', size: 0, done: true })
      node.size = 0
    }
    this.#open.set(call.result, { node, position: 0, appends: call.flags.includes('O_APPEND') })
  }

  #pend(call: Call, node: FileNode, change: Pending): void {
    node.pending.push(change)
    node.size = change.kind === 'write' ? Math.max(node.size, change.at + change.data.length) : change.size
    this.#begun.set(call, () => {
      change.done = true
    })
  }

  /** Covers what had ended before it began. */
  #beginSync(call: Call): void {
    const node = this.#opened(call)?.node
    if (node instanceof FileNode) {
      const covered = new Set(node.pending.filter(({ done }) => done))
      this.#begun.set(call, () => {
        for (const change of node.pending) if (covered.has(change)) node.apply(change)
        node.pending = node.pending.filter((change) => !covered.has(change))
      })
    } else if (node instanceof FolderNode) {
      const before = this.#changesMade
      this.#begun.set(call, () => this.#makeSafe(node, before))
    }
  }

  /** The changes to a folder, and those to other folders on which they build. */
  #makeSafe(folder: FolderNode, before: number): void {
    const folders = new Set([folder])
    const safe = new Set<NameChange>()
    for (const change of this.#changes.toReversed()) {
      if (change.number >= before || !change.folders.some((one) => folders.has(one))) continue
      safe.add(change)
      for (const one of change.folders) folders.add(one)
    }
    for (const change of this.#changes)
      if (safe.has(change)) for (const one of change.sets) setSafe(one, safeNames)
    this.#changes = this.#changes.filter((change) => !safe.has(change))
  }

  /** Whether a file has bytes, or a length, that no sync covers. */
  unsyncedBytes(path: string): boolean {
    const node = this.#find(path)
    return node instanceof FileNode && node.pending.length > 0
  }

  /** Returns the least content of a file that a cut right now would leave; null if the file would not be found. */
  safe(path: string): Buffer | null {
    let node: FileNode | FolderNode | undefined = this.#top
    for (const name of path.slice(this.root.length).split('/').filter(Boolean)) {
      if (!(node instanceof FolderNode)) return null
      node = node.safe.get(name)
    }
    return node instanceof FileNode ? node.bytes.subarray(0, node.length) : null
  }

  /** Paths that are not safe as they are: their bytes, their length, or their name. */
  unsafe(): string[] {
    const found = new Set<string>()
    const walk = (folder: FolderNode, path: string): void => {
      for (const [name, node] of folder.names) {
        const inner = join(path, name)
        if (folder.safe.get(name) !== node) found.add(inner)
        if (node instanceof FolderNode) walk(node, inner)
        else if (node.pending.length > 0) found.add(inner)
      }
      for (const name of folder.safe.keys()) if (!folder.names.has(name)) found.add(join(path, name))
    }
    walk(this.#top, '')
    return [...found]
  }

  /** Writes what a cut of the power right now leaves, into a folder that is there and empty. */
  cut(into: string, mood: Mood, chance: Chance): void {
    const names = new Map<FolderNode, Map<string, FileNode | FolderNode>>()
    const namesOf = (folder: FolderNode): Map<string, FileNode | FolderNode> => {
      let own = names.get(folder)
      if (own === undefined) {
        own = new Map(folder.safe)
        names.set(folder, own)
      }
      return own
    }
    const frozen = new Set<FolderNode>()
    for (const change of this.#changes) {
      const kept = mood === 'everything' || (mood === 'some' && chance() < 0.7)
      if (kept && !change.folders.some((folder) => frozen.has(folder)))
        for (const one of change.sets) setSafe(one, namesOf)
      else for (const folder of change.folders) frozen.add(folder)
    }
    const write = (folder: FolderNode, path: string): void => {
      for (const [name, node] of namesOf(folder)) {
        const inner = join(path, name)
        if (node instanceof FolderNode) {
          mkdirSync(inner)
          write(node, inner)
        } else writeFileSync(inner, contentAfter(node, mood, chance))
      }
    }
    write(this.#top, into)
  }
}

const safeNames = (folder: FolderNode): Map<string, FileNode | FolderNode> => folder.safe

function setSafe(
  { folder, name, node }: NameChange['sets'][number],
  namesOf: (folder: FolderNode) => Map<string, FileNode | FolderNode>,
): void {
  if (node === null) namesOf(folder).delete(name)
  else namesOf(folder).set(name, node)
}

/**
 * Returns a file with none, all or some of its unsynced changes: complete, missing, in some of its sectors, or as a length without bytes.
 */
function contentAfter(file: FileNode, mood: Mood, chance: Chance): Buffer {
  if (mood === 'nothing' || file.pending.length === 0) return file.bytes.subarray(0, file.length)
  let content: Content = { bytes: Buffer.from(file.bytes.subarray(0, file.length)), length: file.length }
  for (const change of file.pending) {
    const fate = mood === 'everything' ? 0 : chance()
    if (fate < 0.4) content = putInto(content, change)
    else if (fate < 0.6 && change.kind === 'write') {
      for (let from = 0; from < change.data.length; ) {
        const to = Math.min(change.data.length, from + SECTOR - ((change.at + from) % SECTOR))
        if (chance() < 0.5) {
          const data = change.data.subarray(from, to)
          content = putInto(content, { kind: 'write', at: change.at + from, data, done: true })
        }
        from = to
      }
    } else if (fate < 0.75 && change.kind === 'write') {
      const size = Math.max(content.length, change.at + change.data.length)
      content = putInto(content, { kind: 'size', size, done: true })
    }
  }
  return content.bytes.subarray(0, content.length)
}

/** Takes the calls one by one, in the order of what began and what ended; `each` is called between them. */
export async function replay(
  disk: Disk,
  calls: readonly Call[],
  each: (at: number, call: Call, part: 'begin' | 'end') => void | Promise<void>,
): Promise<void> {
  const ends = calls.filter(({ end }) => end !== Number.POSITIVE_INFINITY).sort((a, b) => a.end - b.end)
  let next = 0
  for (const call of calls) {
    while (next < ends.length && ends[next]!.end < call.begin) {
      const ended = ends[next++]!
      disk.end(ended)
      await each(ended.end, ended, 'end')
    }
    disk.begin(call)
    await each(call.begin, call, 'begin')
    if (call.end === call.begin) {
      // Nothing came between.
      while (next < ends.length && ends[next]!.end <= call.end) {
        const ended = ends[next++]!
        disk.end(ended)
        await each(ended.end, ended, 'end')
      }
    }
  }
  while (next < ends.length) {
    const ended = ends[next++]!
    disk.end(ended)
    await each(ended.end, ended, 'end')
  }
}
