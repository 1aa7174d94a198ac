import { describe, expect, it } from 'vitest'
import { isOver } from '../jobs/index.ts'
import { ANNA, aSchedule, BEN, ReportWorld } from '../testing/world.ts'

const at = (text: string): number => Temporal.Instant.from(text).epochMilliseconds
const iso = (time: number | null): string | null =>
  time === null ? null : new Date(time).toISOString().slice(0, 16)
const MINUTE = 60_000
const BY = { name: 'anna', address: '192.0.2.1' }

async function opened(now: string, schedule: Parameters<typeof aSchedule>[0] = {}) {
  const world = await ReportWorld.open()
  world.now = at(now)
  const jobs = await world.jobs()
  const schedules = world.schedules(jobs)
  await schedules.put('daily', { schedule: aSchedule(schedule) }, ANNA, BY)
  /** The periods of all runs, the oldest first. */
  const runs = async () =>
    (await jobs.list())
      .reverse()
      .map(({ period, late, previous }) => [iso(period.from), iso(period.to), late, iso(previous)])
  return { world, jobs, schedules, runs }
}

describe('a schedule', () => {
  it('makes a report at each of its times, of the period that is over then', async () => {
    const { world, schedules, runs, jobs } = await opened('2026-03-10T05:00:00Z')
    await schedules.turn()
    expect(await runs()).toEqual([])
    for (const time of ['2026-03-10T06:00:00Z', '2026-03-10T06:00:10Z', '2026-03-11T06:00:03Z']) {
      world.now = at(time)
      await schedules.turn()
      await jobs.work()
    }
    expect(await runs()).toEqual([
      ['2026-03-09T00:00', '2026-03-10T00:00', false, null],
      ['2026-03-10T00:00', '2026-03-11T00:00', false, '2026-03-10T06:00'],
    ])
    expect(await jobs.list()).toMatchObject([
      { state: 'done' },
      { state: 'done', schedule: 'daily', requester: ANNA },
    ])
    expect(await schedules.get('daily')).toMatchObject({
      next: at('2026-03-12T06:00:00Z'),
      last: { at: world.now, state: 'done' },
      problem: null,
    })
  })

  it('makes up once what it missed while no indexer ran, and covers all of it', async () => {
    const { world, schedules, runs } = await opened('2026-03-10T05:00:00Z')
    world.now = at('2026-03-10T06:00:00Z')
    await schedules.turn()
    world.now = at('2026-03-14T11:00:00Z')
    await world.schedules(await world.jobs()).turn()
    await schedules.turn()
    world.now = at('2026-03-15T06:00:00Z')
    await schedules.turn()
    expect(await runs()).toEqual([
      ['2026-03-09T00:00', '2026-03-10T00:00', false, null],
      ['2026-03-10T00:00', '2026-03-14T00:00', true, '2026-03-10T06:00'],
      ['2026-03-14T00:00', '2026-03-15T00:00', false, '2026-03-14T11:00'],
    ])
  })

  it('also makes up what it missed if the next time is just now', async () => {
    const { world, schedules, runs } = await opened('2026-03-10T05:00:00Z')
    world.now = at('2026-03-10T06:00:00Z')
    await schedules.turn()
    world.now = at('2026-03-12T06:00:01Z')
    await schedules.turn()
    expect((await runs()).at(-1)).toEqual(['2026-03-10T00:00', '2026-03-12T00:00', true, '2026-03-10T06:00'])
  })

  it('does not make up what it missed while it was switched off, or had other times', async () => {
    const { world, schedules, runs } = await opened('2026-03-10T05:00:00Z', { enabled: false })
    world.now = at('2026-03-12T07:00:00Z')
    await schedules.turn()
    await schedules.put('daily', { schedule: aSchedule({ cron: '30 7 * * *' }), version: 1 }, ANNA, BY)
    await schedules.turn()
    expect(await runs()).toEqual([])
    world.now = at('2026-03-12T07:30:00Z')
    await schedules.turn()
    expect(await runs()).toEqual([['2026-03-11T00:00', '2026-03-12T00:00', false, null]])
  })

  it('runs on the clock of its zone', async () => {
    const { world, schedules, runs } = await opened('2026-03-28T12:00:00Z', {
      cron: '30 2 * * *',
      zone: 'Europe/Berlin',
    })
    world.now = at('2026-03-29T00:59:59Z')
    await schedules.turn()
    expect(await runs()).toEqual([])
    world.now = at('2026-03-29T01:00:00Z')
    await schedules.turn()
    world.now = at('2026-03-29T01:30:00Z')
    await schedules.turn()
    expect(await runs()).toEqual([['2026-03-27T23:00', '2026-03-28T23:00', false, null]])
  })

  it('makes one job at each time, of however many indexers', async () => {
    const { world, runs, jobs } = await opened('2026-03-10T05:59:00Z')
    const others = await Promise.all(
      ['two', 'three'].map((name) => world.jobs(name, { records: world.shared })),
    )
    const all = [jobs, ...others].map((one) => world.schedules(one, { records: world.shared }))
    for (let day = 10; day < 20; day++) {
      world.now = at(`2026-03-${day}T06:00:00Z`)
      await Promise.all(all.map((one) => one.turn()))
    }
    expect(await runs()).toHaveLength(10)
  })

  it('does not run when its owner may not, says why, and runs again when somebody else takes it over', async () => {
    const { world, schedules, runs } = await opened('2026-03-10T05:00:00Z')
    world.barred.add('anna')
    world.now = at('2026-03-10T06:00:00Z')
    await schedules.turn()
    await schedules.turn()
    expect(await runs()).toEqual([])
    expect(await schedules.get('daily')).toMatchObject({ problem: 'anna may not make this any more' })
    expect(world.acts.filter(({ outcome }) => outcome === 'failure')).toMatchObject([
      { action: 'report-schedule-run', reason: 'anna may not make this any more' },
    ])
    await schedules.put('daily', { schedule: aSchedule(), version: 1 }, BEN, { name: 'ben' })
    world.now = at('2026-03-11T06:00:00Z')
    await schedules.turn()
    expect(await runs()).toHaveLength(1)
    expect(await schedules.get('daily')).toMatchObject({ by: 'ben', version: 2, problem: null })
  })

  it('runs at once when somebody asks, without a change of its times', async () => {
    const { world, schedules, runs, jobs } = await opened('2026-03-10T05:00:00Z', { covers: 'month' })
    await jobs.get(await schedules.runNow('daily', BY))
    expect(await runs()).toEqual([['2026-02-01T00:00', '2026-03-01T00:00', false, null]])
    world.now += 61 * MINUTE
    await schedules.turn()
    expect(await runs()).toHaveLength(2)
  })

  it('records each change with before and after, and refuses a change of an older version', async () => {
    const { world, schedules } = await opened('2026-03-10T05:00:00Z')
    await schedules.put('daily', { schedule: aSchedule({ cron: '0 7 * * *' }), version: 1 }, BEN, {
      name: 'ben',
    })
    expect(world.acts.map(({ action, changes }) => [action, changes?.length])).toMatchObject([
      ['report-schedule-create', expect.any(Number)],
      ['report-schedule-change', 2],
    ])
    expect(world.acts[1]?.changes).toEqual([
      { field: 'cron', old: '0 6 * * *', new: '0 7 * * *' },
      { field: 'owner', old: 'anna', new: 'ben' },
    ])
    const change = (version: number | undefined) =>
      schedules.put('daily', { schedule: aSchedule(), version }, ANNA, BY)
    await expect(change(1)).rejects.toMatchObject({ code: 'WB-CHANGED' })
    await expect(change(undefined)).rejects.toMatchObject({ code: 'WB-EXISTS' })
    await schedules.remove('daily', BY)
    expect(world.acts.at(-1)).toMatchObject({ action: 'report-schedule-delete', payload: { version: 2 } })
    await expect(change(2)).rejects.toMatchObject({ code: 'WB-NOT-FOUND' })
    await expect(
      schedules.put('bad', { schedule: aSchedule({ cron: '0 25 * * *' }) }, ANNA, BY),
    ).rejects.toThrow('"25" is no hour')
  })
})

it('a schedule that runs by itself begins its job in time', async () => {
  const world = await ReportWorld.open()
  world.now = at('2026-03-10T05:59:59.900Z')
  const jobs = await world.jobs('one', { worksAlone: true })
  const schedules = world.schedules(jobs, { worksAlone: true })
  await schedules.put('daily', { schedule: aSchedule() }, ANNA, BY)
  world.now = at('2026-03-10T06:00:00Z')
  await expect.poll(async () => (await jobs.list()).filter(isOver)).toHaveLength(1)
  await schedules.close()
})
