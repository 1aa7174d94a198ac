import { randomBytes } from 'node:crypto'
import { link, readdir, readFile, readlink, rename, stat, unlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { codeOf, OperatorError, sha256 } from '../../schema/index.ts'
import { makeFolder } from './durable.ts'

/**
 * Keeps two agents from sharing a data folder. A claim names its process by id and start time, so that one left behind by
 * kill -9 is told from a living one even when the id was given to another process since.
 *
 * The claim at `lock` is the first of a chain: who finds it dead puts his own at `lock.after-<its nonce>`, by a link that
 * succeeds for one process only, and then moves it to `lock`. Nothing is ever removed on the strength of an earlier look.
 */
export interface FolderLock {
  release(): Promise<void>
}

interface Claim {
  readonly pid: number
  /** Clock ticks between the start of the system and that of the process. */
  readonly started: string
  readonly boot: string
  /** Process ids mean something only within their namespace: containers that share a folder have several. */
  readonly namespace: string
  readonly nonce: string
}

const ROOT = 'lock'
/** A holder that can't be seen from here is known by the touch it gives its claim. */
const TOUCH_MS = 4_000
const SILENT_MS = 12_000

export async function lockFolder(dir: string): Promise<FolderLock> {
  await makeFolder(dir)
  const claim = await ownClaim()
  const draft = join(dir, `${ROOT}.new-${claim.nonce}`)
  await writeFile(draft, `${JSON.stringify(claim)}\n`, { mode: 0o600, flush: true })
  try {
    await take(dir, draft, claim)
  } finally {
    await unlink(draft)
  }
  const root = join(dir, ROOT)
  const touch = setInterval(() => {
    const now = new Date()
    // A claim that was taken away shows itself when it is released; a touch is no place to fail.
    utimes(root, now, now).catch(() => undefined)
  }, TOUCH_MS)
  touch.unref()
  return {
    async release() {
      clearInterval(touch)
      if ((await readClaim(root))?.nonce === claim.nonce) await unlink(root)
    },
  }
}

async function take(dir: string, draft: string, claim: Claim): Promise<void> {
  const root = join(dir, ROOT)
  let place = root
  for (;;) {
    if (await linked(draft, place)) {
      if (place === root) return
      // While we looked, a faster one may have become the root: then our place hangs on nothing.
      if (await leadsTo(dir, claim.nonce)) {
        await rename(place, root)
        await removeLeftovers(dir, claim.nonce)
        return
      }
      await unlink(place)
      place = root
      continue
    }
    const holder = await readClaim(place)
    if (holder === null) {
      place = root
      continue
    }
    if (await isAlive(holder, place)) {
      throw new OperatorError(
        `${dir} is in use by the agent with process id ${holder.pid}. Stop that one first, or give this one a data folder of its own.`,
      )
    }
    place = join(dir, `${ROOT}.after-${holder.nonce}`)
  }
}

async function linked(draft: string, place: string): Promise<boolean> {
  try {
    await link(draft, place)
    return true
  } catch (problem) {
    if (codeOf(problem) === 'EEXIST') return false
    throw problem
  }
}

async function leadsTo(dir: string, nonce: string): Promise<boolean> {
  let claim = await readClaim(join(dir, ROOT))
  while (claim !== null) {
    if (claim.nonce === nonce) return true
    claim = await readClaim(join(dir, `${ROOT}.after-${claim.nonce}`))
  }
  return false
}

/** Claims of processes that were killed while they took over. */
async function removeLeftovers(dir: string, nonce: string): Promise<void> {
  for (const name of await readdir(dir)) {
    if (!name.startsWith(`${ROOT}.after-`) || name === `${ROOT}.after-${nonce}`) continue
    await unlink(join(dir, name)).catch((problem: unknown) => {
      if (codeOf(problem) !== 'ENOENT') throw problem
    })
  }
}

async function readClaim(path: string): Promise<Claim | null> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (problem) {
    if (codeOf(problem) === 'ENOENT') return null
    throw problem
  }
  let raw: unknown
  try {
    raw = JSON.parse(text)
  } catch {
    raw = null
  }
  if (isClaim(raw)) return raw
  // A claim is linked whole, so this one was damaged later (or power was lost): nobody can stand behind it any more.
  return { pid: 0, started: '', boot: '', namespace: '', nonce: sha256(text).slice(0, 32) }
}

function isClaim(raw: unknown): raw is Claim {
  return (
    typeof raw === 'object' &&
    raw !== null &&
    'pid' in raw &&
    typeof raw.pid === 'number' &&
    'started' in raw &&
    typeof raw.started === 'string' &&
    'boot' in raw &&
    typeof raw.boot === 'string' &&
    'namespace' in raw &&
    typeof raw.namespace === 'string' &&
    'nonce' in raw &&
    typeof raw.nonce === 'string' &&
    /^[0-9a-f]{32}$/.test(raw.nonce)
  )
}

async function ownClaim(): Promise<Claim> {
  return {
    pid: process.pid,
    started: (await startOf(process.pid)) ?? '',
    ...(await surroundings()),
    nonce: randomBytes(16).toString('hex'),
  }
}

async function surroundings(): Promise<{ boot: string; namespace: string }> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')
  const namespace = await readlink('/proc/self/ns/pid').catch(() => '')
  return { boot: boot.trim(), namespace }
}

/** Field 22 of /proc/<pid>/stat; null when there is no such process. */
async function startOf(pid: number): Promise<string | null> {
  try {
    const line = await readFile(`/proc/${pid}/stat`, 'utf8')
    // The second field is the program's name in brackets, and may hold spaces and brackets itself.
    const [state, ...fields] = line.slice(line.lastIndexOf(')') + 2).split(' ')
    // A zombie runs no more; it only waits for its parent to take note.
    return state === 'Z' || state === 'X' ? null : (fields[18] ?? '')
  } catch {
    return null
  }
}

async function isAlive(claim: Claim, path: string): Promise<boolean> {
  if (claim.pid === 0) return false
  const here = await surroundings()
  if (here.boot === '') return signalReaches(claim.pid)
  if (claim.boot === here.boot && claim.namespace === here.namespace) {
    return claim.started === (await startOf(claim.pid))
  }
  const touched = await touchOf(path)
  if (touched === null || Date.now() - touched > 5 * SILENT_MS) return false
  // Its clock may be another than ours: what counts is whether the touch moves.
  await pause(SILENT_MS)
  const again = await touchOf(path)
  return again !== null && again !== touched
}

async function touchOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).mtimeMs
  } catch (problem) {
    if (codeOf(problem) === 'ENOENT') return null
    throw problem
  }
}

/** Systems without /proc: whether there is a process of this id, whoever it is. */
function signalReaches(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (problem) {
    return codeOf(problem) === 'EPERM'
  }
}
