import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, expect, test } from 'vitest'
import { openEmbeddedStore, StoreFullError } from '../index.ts'
import { AGENT, batchOf, eventAt, temporaryFolders } from '../testing/batches.ts'
import { everything } from '../testing/reference.ts'

const FULL = process.env.WAYBILL_FULL !== undefined
const KILLS = FULL ? 60 : 6
const EVENTS = 60
const folders = temporaryFolders()
let child: ChildProcess | null = null
afterEach(() => {
  child?.kill('SIGKILL')
  folders.remove()
})

/** Lets a process store until this many batches are acknowledged, kills it, and returns their numbers. */
async function storeAndKill(path: string, first: number, until: number): Promise<number[]> {
  const acknowledged: number[] = []
  const process_ = spawn(
    process.execPath,
    [new URL('./testing/storing.ts', import.meta.url).pathname, path, String(first), String(EVENTS)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  child = process_
  for await (const line of createInterface({ input: process_.stdout })) {
    if (line !== 'ready') acknowledged.push(Number(line))
    if (acknowledged.length >= until) process_.kill('SIGKILL')
  }
  return acknowledged
}

test(
  `killed at any moment, ${KILLS} times: what was acknowledged is there, and nothing is there twice`,
  async () => {
    const path = folders.make()
    const acknowledged = new Set<number>()
    let first = 1
    for (let i = 0; i < KILLS; i++) {
      // The batches under way at the kill are sent again, as an agent does.
      for (const number of await storeAndKill(path, first, 1 + ((i * 7) % 12))) acknowledged.add(number)
      while (acknowledged.has(first)) first++
    }
    const store = await openEmbeddedStore({ path })
    try {
      const stored = await everything(store, { query: { kind: 'all' }, order: 'oldest', limit: 1000 })
      const offsets = stored.map((event) => (event.event as { sequence: number }).sequence)
      expect(new Set(offsets).size).toBe(offsets.length)
      const there = new Set(offsets)
      for (const number of acknowledged) {
        for (let i = 0; i < EVENTS; i++) expect(there.has(number * 1000 + i)).toBe(true)
      }
      const counted = await store.counts({ by: 'category', from: 0, to: Date.UTC(2027, 0, 1) })
      expect(counted.reduce((sum, { count }) => sum + count, 0)).toBe(offsets.length)
      const [chain] = await store.chains(AGENT)
      expect(chain!.waybills).toBeGreaterThanOrEqual(acknowledged.size)
    } finally {
      await store.close()
    }
  },
  120_000 + KILLS * 5000,
)

/** A small disk of its own, where the machine lets the test have one. */
function smallDisk(folder: string): string | null {
  const disk = join(folder, 'disk')
  mkdirSync(disk)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', disk], { stdio: 'ignore' })
    return disk
  } catch {
    return null
  }
}

test('a full disk refuses batches, keeps what was acknowledged, and takes them again when there is room', async (context) => {
  const disk = smallDisk(folders.make())
  if (disk === null) return context.skip('this machine lets no test mount a disk')
  try {
    const path = join(disk, 'store')
    const store = await openEmbeddedStore({ path, minimumFree: 0 })
    const wide = (sequence: number): ReturnType<typeof batchOf> =>
      batchOf(
        sequence,
        Array.from({ length: 300 }, (_, i) =>
          eventAt(sequence * 1000 + i, {
            message: `${sequence * i} ${Math.sin(sequence * 1000 + i)} ${Math.cos(sequence * 1000 + i)}`,
            audit: { category: i % 2 === 0 ? 'change' : 'security' },
          }),
        ),
      )
    try {
      let stored = 0
      let refused: unknown = null
      while (refused === null && stored < 1000) {
        try {
          await store.write(wide(stored + 1))
          stored++
        } catch (thrown) {
          refused = thrown
        }
      }
      expect(refused).toBeInstanceOf(StoreFullError)
      expect(stored).toBeGreaterThan(0)
      await expect(store.write(wide(stored + 1))).rejects.toThrow(StoreFullError)
      expect((await store.status()).ready).toBe(false)

      execFileSync('mount', ['-o', 'remount,size=64m', disk])
      expect(await store.write(wide(stored + 1))).toMatchObject({
        kind: 'stored',
        result: { stored: 300, duplicate: 0 },
      })
      for (let sequence = 1; sequence <= stored; sequence++) {
        expect(await store.write(wide(sequence))).toMatchObject({ again: true, result: { stored: 300 } })
      }
      const status = await store.status()
      expect(status).toMatchObject({ ready: true, problem: null, events: (stored + 1) * 300 })
    } finally {
      await store.close()
    }
  } finally {
    execFileSync('umount', [disk])
  }
}, 60_000)

test('a damaged database is a sentence', async () => {
  const path = folders.make()
  const store = await openEmbeddedStore({ path })
  await store.write(batchOf(1, [eventAt(1)]))
  await store.close()
  for (const file of ['control.db', 'control.db-wal']) rmSync(join(path, file), { force: true })
  writeFileSync(join(path, 'control.db'), Buffer.alloc(20_000, 'x'))
  await expect(openEmbeddedStore({ path })).rejects.toThrow(
    /control\.db is damaged .* restore it from a backup/,
  )
})
