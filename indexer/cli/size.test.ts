import { describe, expect, it } from 'vitest'
import { sizeOf } from './size.ts'
import { waybill } from './testing/command.ts'

describe('waybill size', () => {
  it('recommends the embedded store as long as it is made for the load', () => {
    const fits = (eventsPerSecond: number, days: number) =>
      sizeOf({ eventsPerSecond, days, peak: 4, replicas: 1 }).embedded.fits
    expect([fits(20, 30), fits(3, 300), fits(40, 30), fits(6_000, 0.1)]).toEqual([true, true, false, false])
  })

  it('grows with events, days, copies and the busiest minute, each where it matters', () => {
    const load = { eventsPerSecond: 5_000, days: 365, peak: 4, replicas: 1 }
    const { events, cluster } = sizeOf(load)
    expect(events).toBe(5_000 * 86_400 * 365 * 1.1)
    const twice = sizeOf({ ...load, days: 730 })
    expect(twice.cluster.bytes).toBe(cluster.bytes * 2)
    expect([twice.cluster.cores, twice.cluster.indexers]).toEqual([cluster.cores, cluster.indexers])
    expect(sizeOf({ ...load, replicas: 3 }).cluster.bytes).toBe(cluster.bytes * 2)
    expect(sizeOf({ ...load, peak: 8 }).cluster.cores).toBe(cluster.cores * 2)
    expect(sizeOf({ ...load, eventsPerSecond: 1, days: 1, replicas: 0 }).cluster).toMatchObject({
      nodes: 1,
      shards: 1,
      indexers: 2,
    })
  })

  it('says what to use, for people and for programs', async () => {
    const { code, out } = await waybill(['size', '--events-per-second', '5000'], {})
    expect(code).toBe(0)
    expect(out).toContain('Use Elasticsearch')
    expect(out).toMatch(/data nodes +\d+ with 8 cores/)
    const small = await waybill(['size', '--events-per-second', '20', '--days', '30', '--json'], {})
    expect(JSON.parse(small.out)).toMatchObject({ embedded: { fits: true } })
  })

  it.each([
    [['--events-per-second', '0'], '--events-per-second takes a number above 0'],
    [['--events-per-second', '5', '--peak', '0.5'], '--peak takes a number from 1 up'],
    [['--events-per-second', '5', '--replicas', '1.5'], '--replicas takes a whole number'],
    [[], 'events-per-second'],
  ])('%j is a wrong command line', async (args, says) => {
    const { code, err } = await waybill(['size', ...args], {})
    expect([code, err]).toEqual([2, expect.stringContaining(says)])
  })
})
