import { randomBytes } from 'node:crypto'
import { link, readdir, readFile, readlink, rename, stat, unlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import * as z from 'zod'
import { codeOf, OperatorError, parsedJson, sha256 } from '../../schema/index.ts'
import { makeFolder } from './durable.ts'

/**
 * Prevents two agents from sharing a data folder. A claim names its process by id and start time, so that a claim left by kill -9 is
 * distinguished from one of a living process even when the id was reused since.
 *
 * The claim at `lock` is the first of a chain. A process that finds it dead puts its own claim at `lock.after-<its nonce>`, by a link that
 * succeeds for one process only, and then moves it to `lock`. Nothing is ever removed on the basis of an earlier look.
 */
export interface FolderLock {
  release(): Promise<void>
}

const claimShape = z.object({
  pid: z.number(),
  /** Clock ticks from the start of the system to that of the process. */
  started: z.string(),
  boot: z.string(),
  /** Process ids are only valid within their namespace: containers that share a folder have several. */
  namespace: z.string(),
  nonce: z.string().regex(/^[0-9a-f]{32}$/),
})
type Claim = Readonly<z.infer<typeof claimShape>>

const ROOT = 'lock'
/** A holder that is not visible from here is recognised by the touches of its claim. */
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
    // A lost claim is detected at release; a touch must not fail.
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
      // Meanwhile a faster process may have become the root: then our place is not in the chain.
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
        'WB-DATA-IN-USE',
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
  const claim = claimShape.safeParse(parsedJson(text))
  if (claim.success) return claim.data
  // A claim is linked when complete, so this one was damaged later (or by a power loss): no process can be queued after it any more.
  return { pid: 0, started: '', boot: '', namespace: '', nonce: sha256(text).slice(0, 32) }
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
    // The second field is the program's name in brackets; it may contain spaces and brackets itself.
    const [state, ...fields] = line.slice(line.lastIndexOf(')') + 2).split(' ')
    // A zombie no longer runs; it only waits for its parent.
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
  // Its clock may differ from ours: only a change of the touch counts.
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

/** Whether there is a process with this id, for systems without /proc. */
function signalReaches(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (problem) {
    return codeOf(problem) === 'EPERM'
  }
}
