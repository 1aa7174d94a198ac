import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AlertShape } from '../../../schema/api/index.ts'
import type { AuditEvent } from '../../../schema/index.ts'
import { alertsOf } from '../evaluate.ts'
import type { ParsedRule } from '../rules.ts'
import { Killed, login, MINUTE, ruleOf, World } from './testing/world.ts'

const NOON = Date.UTC(2026, 0, 22, 12)
const START = NOON - 3 * 3_600_000
const HOUR = 3_600_000
const COUNT = '{ count: { at-least: 3, within: 10m } }'

/** Judges all that has arrived, and counts what went on. */
async function settle({ engine }: { engine: { turn(): Promise<boolean> } }): Promise<void> {
  while (await engine.turn()) {}
  for (let turns = 0; turns < 5; turns++) await engine.turn()
}

async function begun(...rules: ParsedRule[]) {
  const world = new World(...rules)
  const running = await world.start()
  await running.engine.turn()
  return { world, ...running }
}

const told = (world: World): string[] =>
  world.told.filter(({ action }) => action === 'alert').map(({ entity }) => entity!.id)

const essence = (alerts: readonly AlertShape[]) =>
  alerts
    .filter(({ resolution }) => resolution?.by !== 'withdrawn')
    .map(({ id, first, last, from, group, events, message, count }) => ({
      id,
      first,
      last,
      from,
      group,
      events,
      message,
      count,
    }))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))

describe('the engine', () => {
  it('names the author of an imported rule in the alert and in the trail', async () => {
    const { world, engine, book } = await begun(ruleOf('event', { more: 'author: Ada Example' }))
    world.arrive(login(START))
    await settle({ engine })
    const [alert] = book.all()
    expect(alert?.rule.author).toBe('Ada Example')
    expect(world.told.find(({ action }) => action === 'alert')?.payload).toMatchObject({
      author: 'Ada Example',
    })
  })

  it('raises one alert at N events, none at N-1, and lets it go on', async () => {
    const { world, engine, book } = await begun(ruleOf(COUNT))
    world.arrive(login(START), login(START + MINUTE))
    await settle({ engine })
    expect(book.all()).toEqual([])
    world.arrive(login(START + 10 * MINUTE))
    await settle({ engine })
    expect(book.all()).toMatchObject([
      {
        state: 'open',
        priority: 'high',
        message: 'jane from 203.0.113.9, 3 times',
        from: START,
        first: START + 10 * MINUTE,
        last: START + 10 * MINUTE,
        count: 3,
        late: true,
        users: ['jane'],
        addresses: ['203.0.113.9'],
        timeline: [{ did: 'opened', by: 'waybill' }],
      },
    ])
    world.arrive(login(START + 11 * MINUTE), login(START + 12 * MINUTE))
    await settle({ engine })
    expect(book.all()).toMatchObject([{ count: 5, last: START + 12 * MINUTE, first: START + 10 * MINUTE }])
    expect(told(world)).toEqual([book.all()[0]!.id])
    expect([...world.news.values()].map(({ kind }) => kind)).toEqual(['opened'])
  })

  it('does not count across the edge of a window, nor across groups', async () => {
    const { world, engine, book } = await begun(ruleOf(COUNT))
    world.arrive(login(START), login(START + 1), login(START + 10 * MINUTE + 1))
    for (const user of ['a', 'b', 'c']) world.arrive(login(START, { user }))
    await settle({ engine })
    expect(book.all()).toEqual([])
  })

  it('counts an event that comes late, also when its window has left memory', async () => {
    const { world, engine, book } = await begun(ruleOf(COUNT))
    world.arrive(login(START), login(START + 2 * MINUTE))
    await settle({ engine })
    world.now += 5 * HOUR
    world.arrive(login(START + 5 * HOUR, { user: 'other' }))
    await settle({ engine })
    world.arrive(login(START + MINUTE))
    await settle({ engine })
    expect(book.all()).toMatchObject([{ first: START + 2 * MINUTE, count: 3, late: true }])
  })

  it('does not judge what happened before its horizon', async () => {
    const { world, engine, book } = await begun(ruleOf('event'))
    world.arrive(login(world.now - 8 * 86_400_000), login(world.now - 6 * 86_400_000))
    await settle({ engine })
    expect(book.all()).toHaveLength(1)
    expect(engine.tooOld).toBe(1)
  })

  it('goes on where it stopped, and knows the windows that were open', async () => {
    const { world, engine } = await begun(ruleOf(COUNT))
    world.arrive(login(START), login(START + MINUTE))
    await settle({ engine })
    const next = await world.start()
    await settle(next)
    world.arrive(login(START + 2 * MINUTE))
    await settle(next)
    expect(next.book.all()).toMatchObject([{ count: 3 }])
  })

  it('judges anew when a rule means something else, and not when only its message changed', async () => {
    const rule = ruleOf('event')
    const { world, engine, book } = await begun(rule)
    world.arrive(login(START))
    await settle({ engine })
    world.rules = [{ ...rule, message: ['changed'] }]
    world.arrive(login(START + MINUTE))
    await settle({ engine })
    expect(book.all()).toHaveLength(1)
    world.rules = [ruleOf('event', { throttle: '2h' })]
    world.arrive(login(START + 2 * MINUTE))
    await settle({ engine })
    expect(book.all()).toHaveLength(2)
  })
})

const RULES: Record<string, ParsedRule> = {
  event: ruleOf('event', { throttle: '5m' }),
  count: ruleOf(COUNT, { throttle: '15m' }),
  distinct: ruleOf('{ distinct: { field: source.ip, at-least: 3, within: 10m } }', { throttle: '15m' }),
  sum: ruleOf('{ sum: { field: audit.record_count, at-least: 12, within: 10m } }', { throttle: '15m' }),
  'new value': ruleOf('{ new-value: { field: source.ip, within: 30m } }', { throttle: '5m' }),
  'rare value': ruleOf('{ rare-value: { field: source.ip, at-most: 2, within: 30m } }', { throttle: '5m' }),
  'a count that lasts': ruleOf('{ count: { at-least: 2, within: 6m, for: 5m } }', { throttle: '15m' }),
  'outside of a maintenance': ruleOf(COUNT, {
    throttle: '15m',
    more: 'except-times: [{ from: "09:20", to: "09:50" }, { since: 2026-01-22T10:00:00Z, until: 2026-01-22T10:10:00Z }]',
  }),
  sequence: ruleOf('{ sequence: { followed-by: "source.ip: 192.0.2.3", within: 10m } }', { throttle: '15m' }),
  schedule: ruleOf('{ schedule: { from: "09:30", to: "10:30" } }', { throttle: '5m' }),
  'both of two': ruleOf(
    '{ all: [{ count: { at-least: 3, within: 10m } }, { distinct: { field: source.ip, at-least: 2, within: 10m } }] }',
    { throttle: '15m' },
  ),
  'one without the other': ruleOf(
    '{ all: [{ count: { at-least: 3, within: 10m } }, { not: { distinct: { field: source.ip, at-least: 2, within: 5m } } }] }',
    { throttle: '15m' },
  ),
}

const someEvents = fc
  .uniqueArray(
    fc.record({
      minute: fc.integer({ min: 0, max: 90 }),
      user: fc.constantFrom('a', 'b'),
      ip: fc.constantFrom('192.0.2.1', '192.0.2.2', '192.0.2.3'),
      count: fc.integer({ min: 1, max: 6 }),
    }),
    { maxLength: 30, selector: ({ minute, user, ip }) => `${minute} ${user} ${ip}` },
  )
  .map((given) =>
    given.map(({ minute, user, ip, count }, i) =>
      login(START + minute * MINUTE, {
        user,
        ip,
        id: `event-${String(i).padStart(3, '0')}`,
        ...{ audit: { record_count: count } },
      }),
    ),
  )

/** How events arrive: in which order, in which portions, and when the process dies. */
const anArrival = fc.record({
  order: fc.array(fc.nat(), { minLength: 40, maxLength: 40 }),
  portions: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 40, maxLength: 40 }),
  kills: fc.array(fc.integer({ min: 1, max: 25 }), { maxLength: 4 }),
})

async function judged(
  rule: ParsedRule,
  events: readonly AuditEvent[],
  {
    order,
    portions,
    kills,
  }: { order: readonly number[]; portions: readonly number[]; kills: readonly number[] },
): Promise<World & { alerts: readonly AlertShape[] }> {
  const world = new World(rule)
  let running = await world.start()
  await running.engine.turn()
  const waiting = events
    .map((event, i) => ({ event, by: order[i % order.length]! + i / 1000 }))
    .toSorted((a, b) => a.by - b.by)
  let killing = [...kills]
  const dying = async (): Promise<void> => {
    for (;;) {
      try {
        await settle(running)
        return
      } catch (thrown) {
        if (!(thrown instanceof Killed)) throw thrown
        world.revive(killing.shift())
        running = await world.start()
      }
    }
  }
  world.revive(killing.shift())
  for (let i = 0; waiting.length > 0; i++) {
    world.arrive(...waiting.splice(0, portions[i % portions.length]).map(({ event }) => event))
    await dying()
  }
  killing = []
  world.revive(undefined)
  await dying()
  return Object.assign(world, { alerts: running.book.all() })
}

const IN_ORDER = { order: [0], portions: [1], kills: [] }

describe.each(Object.entries(RULES))(
  'any order of arrival, any portions, kill -9 anywhere: %s',
  (_, rule) => {
    it('leads to the same alerts, each told once', { timeout: 60_000 }, async () => {
      await fc.assert(
        fc.asyncProperty(someEvents, anArrival, async (events, arrival) => {
          const inOrder = await judged(rule, [...events].sort(byTime), IN_ORDER)
          const otherwise = await judged(rule, events, arrival)
          expect(essence(otherwise.alerts)).toEqual(essence(inOrder.alerts))
          // A backtest says the same.
          const backtest = alertsOf(rule, events, { zone: 'UTC' }).map(({ at, last }) => [at, last])
          expect(inOrder.alerts.map(({ first, last }) => [first, last]).sort(byBoth)).toEqual(
            backtest.sort(byBoth),
          )
          for (const world of [inOrder, otherwise]) {
            const ids = told(world)
            expect(ids).toHaveLength(new Set(ids).size)
            for (const { id } of world.alerts) expect(ids).toContain(id)
          }
        }),
        { numRuns: process.env.WAYBILL_FULL === undefined ? 25 : 500 },
      )
    })
  },
)

const byBoth = (a: readonly number[], b: readonly number[]): number => a[0]! - b[0]! || a[1]! - b[1]!

const byTime = (a: AuditEvent, b: AuditEvent): number =>
  Date.parse(String(a['@timestamp'])) - Date.parse(String(b['@timestamp']))
