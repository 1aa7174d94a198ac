import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { OperatorError } from '../../../schema/index.ts'
import { StoreUnavailableError } from '../../store/index.ts'
import { ANNA, anExport, BEN, EVENTS, jobOf, newId, ReportWorld } from '../testing/world.ts'
import { JobFiles } from './files.ts'

const DAY = 86_400_000
const MINUTE = 60_000

describe('a job', () => {
  it('is done with whole files, or has none', async () => {
    const world = await ReportWorld.open()
    const jobs = await world.jobs()
    const id = newId()
    await jobs.add(id, anExport({ formats: ['csv', 'ndjson'] }))
    expect(await jobOf(jobs, id)).toMatchObject({ state: 'waiting', files: [], holder: null })
    await jobs.work()
    const job = await jobOf(jobs, id)
    expect(job).toMatchObject({
      state: 'done',
      tries: 1,
      lease: null,
      progress: { rows: 2 * EVENTS, of: 2 * EVENTS },
      until: world.now + 7 * DAY,
      holder: { name: 'host one' },
    })
    for (const { name, bytes } of job.files) expect(readFileSync(jobs.pathOf(job, name)).length).toBe(bytes)
    expect(world.acts).toMatchObject([{ action: 'export-made', outcome: 'success', count: EVENTS }])
  })

  it('shows how far it is, and is cancelled in the middle: nothing of it stays', async () => {
    const world = await ReportWorld.open()
    const jobs = await world.jobs()
    const id = newId()
    await jobs.add(id, anExport())
    const reached = Promise.withResolvers<void>()
    const go = Promise.withResolvers<void>()
    let pages = 0
    world.beforePage = async () => {
      if (++pages !== 3) return
      reached.resolve()
      await go.promise
    }
    const worked = jobs.work()
    await reached.promise
    expect(await jobOf(jobs, id)).toMatchObject({ state: 'running', progress: { rows: 50, of: EVENTS } })
    expect(readdirSync(join(world.folder, 'one'))).toContain(`${id}.partial`)
    await jobs.cancel(id, 'anna')
    go.resolve()
    await worked
    expect(await jobOf(jobs, id)).toMatchObject({
      state: 'cancelled',
      reason: 'anna cancelled it.',
      files: [],
    })
    expect(readdirSync(join(world.folder, 'one'))).toEqual(['.holder'])
    expect(await jobs.cancel(id, 'anna')).toBeNull()
  })

  it('fails with the sentence of what is wrong, and the next one is made', async () => {
    const world = await ReportWorld.open()
    const jobs = await world.jobs()
    const [bad, good] = [newId(), newId()]
    world.barred.add('anna')
    await jobs.add(bad, anExport())
    await jobs.add(good, anExport({ requester: BEN }))
    await jobs.work()
    expect(await jobOf(jobs, bad)).toMatchObject({
      state: 'failed',
      reason: 'anna may not make this any more.',
    })
    expect(await jobOf(jobs, good)).toMatchObject({ state: 'done' })
    expect(world.acts[0]).toMatchObject({ outcome: 'failure', reason: 'anna may not make this any more.' })
  })

  it('waits while the store is away, and goes on by itself', async () => {
    const world = await ReportWorld.open()
    const jobs = await world.jobs()
    const id = newId()
    await jobs.add(id, anExport())
    world.beforePage = async () => {
      throw new StoreUnavailableError('the store is away')
    }
    for (let n = 0; n < 5; n++) {
      await jobs.work()
      expect(await jobOf(jobs, id)).toMatchObject({ state: 'waiting', tries: 0, reason: null })
      world.now += MINUTE
    }
    world.beforePage = async () => {}
    await jobs.work()
    expect(await jobOf(jobs, id)).toMatchObject({ state: 'done' })
  })

  it('that is interrupted by a stop begins anew, however often', async () => {
    const world = await ReportWorld.open()
    const id = newId()
    for (let n = 0; n < 5; n++) {
      const jobs = await world.jobs()
      if (n === 0) await jobs.add(id, anExport())
      const reached = Promise.withResolvers<void>()
      const go = Promise.withResolvers<void>()
      world.beforePage = async () => {
        reached.resolve()
        await go.promise
      }
      const worked = jobs.work()
      await reached.promise
      const closed = jobs.close()
      go.resolve()
      await Promise.all([closed, worked])
      expect(await jobOf(jobs, id)).toMatchObject({ state: 'waiting', tries: 0, lease: null })
    }
    world.beforePage = async () => {}
    const jobs = await world.jobs()
    await jobs.work()
    expect(await jobOf(jobs, id)).toMatchObject({ state: 'done', tries: 1 })
  })

  it('that took its indexer down three times is not begun again', async () => {
    const world = await ReportWorld.open()
    const id = newId()
    const first = await world.jobs()
    await first.add(id, anExport())
    // As kill -9 leaves it: a record that says it runs, of a process that is gone.
    const killed = () =>
      first.change(id, (job) => ({
        ...job,
        state: 'running',
        tries: job.tries + 1,
        lease: { by: 'gone', until: world.now + MINUTE },
      }))
    for (let n = 0; n < 3; n++) await killed()
    const jobs = await world.jobs()
    await jobs.work()
    expect(await jobOf(jobs, id)).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('ended 3 times while it made this'),
    })
    expect(world.acts).toMatchObject([{ action: 'export-made', outcome: 'failure' }])
  })

  it('is removed some days after it was made, and its record later', async () => {
    const world = await ReportWorld.open({ keep: { exports: '2d' } })
    const jobs = await world.jobs()
    const id = newId()
    await jobs.add(id, anExport())
    await jobs.work()
    world.now += 2 * DAY - 1
    await jobs.work()
    expect((await jobOf(jobs, id)).files).toHaveLength(1)
    world.now += MINUTE
    await jobs.work()
    expect(await jobOf(jobs, id)).toMatchObject({ state: 'done', files: [] })
    expect(existsSync(join(world.folder, 'one', id))).toBe(false)
    world.now += 31 * DAY
    await jobs.work()
    expect(await jobs.list()).toEqual([])
  })

  it('of somebody with many waits behind the first one of somebody else', async () => {
    const world = await ReportWorld.open()
    const jobs = await world.jobs()
    const ids = [newId(), newId(), newId()]
    for (const id of ids) {
      await jobs.add(id, anExport())
      world.now++
    }
    const other = newId()
    await jobs.add(other, anExport({ requester: BEN }))
    await jobs.work()
    expect(world.asked.map(({ id }) => id)).toEqual([ids[0], other, ids[1], ids[2]])
  })

  it('is refused to somebody who has many already', async () => {
    const world = await ReportWorld.open({ waiting: 2 })
    const jobs = await world.jobs()
    for (const id of [newId(), newId()]) await jobs.add(id, anExport())
    await expect(jobs.demandRoomFor(ANNA)).rejects.toMatchObject({ code: 'WB-TOO-MANY-JOBS', status: 429 })
    await jobs.demandRoomFor(BEN)
    await jobs.work()
    await jobs.demandRoomFor(ANNA)
  })
})

describe('the room for files', () => {
  it('is made by removing the oldest exports, and never reports', async () => {
    const world = await ReportWorld.open({ room: '1MiB' })
    const jobs = await world.jobs()
    const ids = [newId(), newId(), newId()]
    const report = newId()
    const all = { makes: 'report', report: 'all', parameters: { ...NOTHING } } as const
    await jobs.add(report, anExport({ work: all, formats: ['ndjson'] }))
    await jobs.work()
    const size = (await jobOf(jobs, report)).files[0]!.bytes
    // Room for the report and two exports.
    world.settings = { ...world.settings, room: 3 * size + 100 }
    for (const id of ids) {
      await jobs.add(id, anExport({ formats: ['ndjson'] }))
      await jobs.work()
      world.now += MINUTE
    }
    const kept = async () =>
      Promise.all([report, ...ids].map(async (id) => (await jobOf(jobs, id)).files.length))
    expect(await kept()).toEqual([1, 0, 1, 1])
    world.settings = { ...world.settings, room: size + 100 }
    const last = newId()
    await jobs.add(last, anExport({ formats: ['ndjson'] }))
    await jobs.work()
    expect(await jobOf(jobs, last)).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('larger than the room for reports and exports (reports.room)'),
    })
    expect(await kept()).toEqual([1, 0, 1, 1])
    expect(readdirSync(join(world.folder, 'one')).filter((name) => name.endsWith('.partial'))).toEqual([])
  })
})

const NOTHING = {
  users: [],
  people: [],
  entities: [],
  systems: [],
  outcomes: [],
  q: '',
  paper: 'a4' as const,
}

describe('two indexers that share the records', () => {
  it('make each job once, and each says which of them has the files', async () => {
    const world = await ReportWorld.open()
    const both = [
      await world.jobs('one', { records: world.shared }),
      await world.jobs('two', { records: world.shared }),
    ] as const
    const ids = Array.from({ length: 8 }, newId)
    for (const id of ids) await both[0].add(id, anExport())
    await Promise.all(both.map((one) => one.work()))
    expect(world.asked.map(({ id }) => id).toSorted()).toEqual(ids.toSorted())
    for (const id of ids) {
      const job = await jobOf(both[0], id)
      expect(job.state).toBe('done')
      const [here, there] = job.holder?.name === 'host one' ? both : both.toReversed()
      expect([here!.shapeOf(job).here, there!.shapeOf(job).here]).toEqual([true, false])
      expect(existsSync(here!.pathOf(job, job.files[0]!.name))).toBe(true)
      expect(() => there!.pathOf(job, job.files[0]!.name)).toThrow(`on the indexer ${job.holder?.name}`)
    }
  })

  it('take over what the other had begun, once it has been silent for its lease', async () => {
    const world = await ReportWorld.open()
    const one = await world.jobs('one', { records: world.shared })
    const two = await world.jobs('two', { records: world.shared })
    const id = newId()
    await one.add(id, anExport())
    const go = Promise.withResolvers<void>()
    const reached = Promise.withResolvers<void>()
    world.beforePage = async () => {
      reached.resolve()
      await go.promise
    }
    const stuck = one.work()
    await reached.promise
    world.beforePage = async () => {}
    await two.work()
    expect((await jobOf(two, id)).state).toBe('running')
    world.now += 31_000
    await two.work()
    const job = await jobOf(two, id)
    expect(job).toMatchObject({ state: 'done', holder: { name: 'host two' } })
    // The first one wakes up, and finds that it is no longer its own.
    go.resolve()
    await stuck
    expect(await jobOf(two, id)).toEqual(job)
    expect(readdirSync(join(world.folder, 'one'))).toEqual(['.holder'])
    expect(existsSync(two.pathOf(job, job.files[0]!.name))).toBe(true)
  })
})

describe('the disk', () => {
  it('that is full is one sentence; nothing half written stays, and the indexer goes on when there is room', async (context) => {
    const world = await ReportWorld.open()
    const disk = join(world.folder, 'disk')
    mkdirSync(disk)
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=40k', 'tmpfs', disk], { stdio: 'ignore' })
    } catch {
      context.skip('this machine lets nobody mount a disk of a few bytes')
    }
    try {
      const jobs = await world.jobs('disk')
      const id = newId()
      await jobs.add(id, anExport({ formats: ['ndjson'] }))
      await jobs.work()
      expect(await jobOf(jobs, id)).toMatchObject({
        state: 'failed',
        files: [],
        reason: expect.stringMatching(
          /^The disk of .* is full, so nothing of this was kept: make room there/,
        ),
      })
      expect(readdirSync(disk)).toEqual(['.holder'])
      execFileSync('mount', ['-o', 'remount,size=10m', disk], { stdio: 'ignore' })
      const again = newId()
      await jobs.add(again, anExport({ formats: ['ndjson'] }))
      await jobs.work()
      expect(await jobOf(jobs, again)).toMatchObject({ state: 'done' })
    } finally {
      execFileSync('umount', [disk], { stdio: 'ignore' })
    }
  })

  it('on which the folder can not be made is one sentence', async () => {
    const world = await ReportWorld.open()
    const file = join(world.folder, 'file')
    writeFileSync(file, '')
    const failed = await JobFiles.open(join(file, 'reports')).catch((thrown: unknown) => thrown)
    expect(failed).toBeInstanceOf(OperatorError)
    expect(String(failed)).toMatch(/can't be used: .*reports\.folder$/)
  })
})
