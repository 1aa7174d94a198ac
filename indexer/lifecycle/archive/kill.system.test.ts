import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { OperatorError, textAt } from '../../../schema/index.ts'
import { INGESTED, temporaryFolders } from '../../store/testing/batches.ts'
import { everything } from '../../store/testing/reference.ts'
import { Folder } from './destination.ts'
import { ArchiveObject } from './read.ts'
import { DAY, fillDays, ground, ring } from './testing/ground.ts'

const KILLS = process.env.WAYBILL_FULL === undefined ? 6 : 60
const DAYS = 6
const EACH = 3000
const folders = temporaryFolders()
let child: ChildProcess | null = null
afterEach(() => {
  child?.kill('SIGKILL')
  folders.remove()
})

/** Lets a process archive for this long, and kills it; returns whether it came to its end. */
async function archiveAndKill(folder: string, attempt: number, after: number): Promise<boolean> {
  const process_ = spawn(
    process.execPath,
    [new URL('./testing/archiving.ts', import.meta.url).pathname, folder, String(attempt)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  child = process_
  let isDone = false
  for await (const line of createInterface({ input: process_.stdout })) {
    if (line === 'ready') void setTimeout(after).then(() => process_.kill('SIGKILL'))
    if (line === 'done') isDone = true
  }
  return isDone
}

/** The ids of events that are in the store, and of those in objects of the archive that are sound. */
async function idsOf(folder: string): Promise<{ stored: Set<string>; archived: Set<string> }> {
  const here = await ground(folder, { now: INGESTED + 60 * DAY })
  const stored = new Set<string>()
  for (const event of await everything(here.store, { query: { kind: 'all' }, order: 'oldest', limit: 1000 }))
    stored.add(textAt(event, 'event.id') ?? '')
  await here.close()
  const archived = new Set<string>()
  const parts = { destination: new Folder(join(folder, 'archive')), keys: ring() }
  for await (const { name } of parts.destination.list('')) {
    if (!name.endsWith('.wba')) continue
    const object = await ArchiveObject.open(name, parts)
    await object.verify()
    for (const block of object.blocks)
      for (const event of await object.events(block)) archived.add(textAt(event, 'event.id') ?? '')
  }
  return { stored, archived }
}

test(
  `killed at any moment while it archives and expires, ${KILLS} times: each event is in the store, or in the archive`,
  async () => {
    const folder = folders.make()
    const filled = await ground(folder)
    await fillDays(filled.store, DAYS, EACH)
    await filled.close()
    for (let i = 0; i < KILLS; i++) {
      await archiveAndKill(folder, i, 10 + ((i * 397) % 1500))
      const { stored, archived } = await idsOf(folder)
      expect(stored.union(archived).size).toBe(DAYS * EACH)
    }
    expect(await archiveAndKill(folder, KILLS, 600_000)).toBe(true)
    const { stored, archived } = await idsOf(folder)
    expect([stored.size, archived.size]).toEqual([0, DAYS * EACH])
  },
  120_000 + KILLS * 20_000,
)

test('a full disk is one sentence; nothing is lost or half written, and the run goes on when there is room', async (context) => {
  const folder = folders.make()
  const disk = join(folder, 'disk')
  mkdirSync(disk)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=200k', 'tmpfs', disk], { stdio: 'ignore' })
  } catch {
    context.skip('this machine lets nobody mount a disk of a few bytes')
  }
  try {
    const destination = new Folder(join(disk, 'archive'))
    const here = await ground(folder, { destination })
    try {
      await fillDays(here.store, DAYS, 4000)
      here.now = INGESTED + 60 * DAY
      const failed = await here.archive.round().then(
        () => null,
        (thrown: unknown) => thrown,
      )
      expect(failed).toBeInstanceOf(OperatorError)
      expect(failed).toMatchObject({
        code: 'WB-ARCHIVE-FULL',
        message: expect.stringMatching(
          /is full, so .* was not written and nothing was removed from the store/,
        ),
      })
      for await (const { name } of destination.list('')) {
        if (!name.endsWith('.wba')) continue
        await (await ArchiveObject.open(name, here)).verify()
      }
      expect((await here.store.storage()).partitions.reduce((sum, { events }) => sum + events, 0)).toBe(
        DAYS * 4000,
      )
      execFileSync('mount', ['-o', 'remount,size=50m', disk], { stdio: 'ignore' })
      await here.archive.round()
      expect((await here.archive.catalogue.objects()).reduce((sum, { events }) => sum + events, 0)).toBe(
        DAYS * 4000,
      )
    } finally {
      await here.close()
    }
  } finally {
    execFileSync('umount', [disk], { stdio: 'ignore' })
  }
})
