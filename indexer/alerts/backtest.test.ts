import { afterAll, beforeAll, expect, it } from 'vitest'
import { openEmbeddedStore, type Store } from '../store/index.ts'
import { batchOf, eventAt, temporaryFolders } from '../store/testing/batches.ts'
import { backtest, parseRule } from './index.ts'

const RULE = (more: string): string => `name: Updates
about: Many updates.
query: "action: record.update"
group-by: [user.name]
priority: low
channels: [admin]
message: "{user.name}"
response: Nothing.
${more}`
const each = parseRule(RULE('condition: event\nthrottle: 1s\n'), 'each.yml')
const five = parseRule(RULE('condition: { count: { at-least: 5, within: 10m } }\nthrottle: 1h\n'), 'five.yml')

const START = Date.UTC(2026, 10, 1)
const HOUR = 3_600_000
const EVENTS = 2500

const folders = temporaryFolders()
let store: Store
beforeAll(async () => {
  store = await openEmbeddedStore({ path: folders.make(), minimumFree: 0 })
  // One event a minute and user, in turn: three users.
  const events = Array.from({ length: EVENTS }, (_, i) => eventAt(i * 20_000))
  await store.write({ ...batchOf(1, events), ingested: START })
})
afterAll(async () => {
  await store.close()
  folders.remove()
})

const over = (rule: typeof each, more: Partial<Parameters<typeof backtest>[2]> = {}) =>
  backtest(rule, store, {
    from: START,
    to: START + 24 * HOUR,
    calendar: { zone: 'Europe/Berlin' },
    limits: { alerts: 1000, events: 1_000_000, time: 60_000 },
    elapsed: () => 0,
    ...more,
  })

it('counts all alerts, gives the first, and has a day for each of the asked time, in the time zone', async () => {
  const found = await over(each, { limits: { alerts: 3, events: 1_000_000, time: 60_000 } })
  expect([found.total, found.alerts.length, found.until]).toEqual([EVENTS, 3, START + 24 * HOUR])
  // In Berlin the time is from 1:00 to 1:00.
  expect([...found.perDay]).toEqual([
    ['2026-11-01', EVENTS],
    ['2026-11-02', 0],
  ])
})

it('ends when it has read as many events as it may, and when its time is up, and says until when it judged', async () => {
  for (const more of [
    { limits: { alerts: 9000, events: 1000, time: 60_000 } },
    { limits: { alerts: 9000, events: 1_000_000, time: 5 }, elapsed: clock(4) },
  ]) {
    const { total, until } = await over(each, more)
    expect(total).toBeGreaterThan(0)
    expect(total).toBeLessThan(EVENTS)
    expect(until).toBe(START + (total - 1) * 20_000)
  }
})

it('counts what began before the asked time, and no alert of before', async () => {
  const whole = await over(five)
  // Five events of a user take four minutes; no other alert follows within an hour.
  expect(whole.alerts.slice(0, 3).map(({ at }) => at - START)).toEqual([240_000, 260_000, 280_000])
  const later = await over(five, { from: START + 230_000, to: START + 270_000 })
  expect(later.alerts.map(({ at }) => at - START)).toEqual([240_000, 260_000])
  expect((await over(five, { from: START + 290_000, to: START + HOUR })).total).toBe(0)
})

it('stops when nobody waits for it', async () => {
  await expect(over(each, { gone: AbortSignal.abort() })).rejects.toThrow()
})

function clock(step: number): () => number {
  let now = 0
  return () => {
    now += step
    return now
  }
}
