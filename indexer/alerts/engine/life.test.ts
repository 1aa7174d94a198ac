import { describe, expect, it } from 'vitest'
import { parseRule } from '../rules.ts'
import { Lease } from './lease.ts'
import { login, MINUTE, ruleOf, World } from './testing/world.ts'

const HOUR = 60 * MINUTE
const START = Date.UTC(2026, 0, 22, 11)
const BY = { name: 'jane' }

async function settle({ engine }: { engine: { turn(): Promise<boolean> } }): Promise<void> {
  while (await engine.turn()) {}
  for (let turns = 0; turns < 3; turns++) await engine.turn()
}

async function begun(...rules: ReturnType<typeof ruleOf>[]) {
  const world = new World(...rules)
  const running = await world.start()
  await running.engine.turn()
  return { world, ...running }
}

const ledgerRule = (id: string, condition: string) =>
  parseRule(
    `name: Ledger
about: a
condition: ${condition}
priority: high
channels: [admin]
message: "{agent.id} {count}"
throttle: 6h
response: r
`,
    `${id}.yml`,
  )

describe('a rule about absence', () => {
  const rule = ruleOf('{ absence: { for: 2h } }', { group: '[host.name]', throttle: '1h' })
  const backup = (at: number, host = 'db-1') => ({ ...login(at), host: { name: host } })

  it('fires once when nothing has come for too long, and ends when something comes', async () => {
    const { world, engine, book } = await begun(rule)
    world.arrive(backup(START), backup(START, 'db-2'))
    await settle({ engine })
    world.now = START + 2 * HOUR - 1
    await settle({ engine })
    expect(book.all()).toEqual([])
    world.now = START + 2 * HOUR + MINUTE
    world.arrive(backup(world.now, 'db-2'))
    await settle({ engine })
    expect(book.all()).toMatchObject([{ state: 'open', group: { 'host.name': 'db-1' }, from: START }])
    world.now += 5 * HOUR
    await settle({ engine })
    expect(book.all().filter(({ group }) => group['host.name'] === 'db-1')).toHaveLength(1)
    world.arrive(backup(world.now))
    await settle({ engine })
    const ended = book.all().find(({ group }) => group['host.name'] === 'db-1')
    expect(ended).toMatchObject({ state: 'resolved', resolution: { by: 'condition' } })
    expect([...world.news.values()].filter(({ kind }) => kind === 'resolved')).toHaveLength(1)
  })

  it('remembers across a restart when it last heard of each group', async () => {
    const { world, engine } = await begun(rule)
    world.arrive(backup(START))
    await settle({ engine })
    world.now = START + 2 * HOUR + MINUTE
    const next = await world.start()
    await settle(next)
    expect(next.book.all()).toMatchObject([{ group: { 'host.name': 'db-1' } }])
  })
})

describe('a rule about agents and the store', () => {
  it('raises one alert while an agent is silent, which ends with the silence', async () => {
    const { world, engine, book } = await begun(ledgerRule('agent-silent', '{ agent-silent: { for: 15m } }'))
    const agent = (lastSeen: number) => ({ id: 'web-1', lastSeen, missingSince: null })
    for (let minutes = 0; minutes <= 60; minutes++) {
      world.now += MINUTE
      world.ledger = { agents: [agent(world.now - minutes * MINUTE)], deadLetters: 0 }
      await engine.turn()
    }
    expect(book.all()).toMatchObject([{ state: 'open', message: 'web-1 15', group: { 'agent.id': 'web-1' } }])
    world.now += MINUTE
    world.ledger = { agents: [agent(world.now)], deadLetters: 0 }
    await engine.turn()
    expect(book.all()).toMatchObject([{ state: 'resolved', resolution: { by: 'condition' } }])
  })

  it('counts dead letters over its window, also across a restart', async () => {
    const world = new World(
      ledgerRule('dead-letters-rising', '{ dead-letters: { at-least: 10, within: 1h } }'),
    )
    const { engine } = await world.start()
    world.ledger = { agents: [], deadLetters: 300 }
    await engine.turn()
    world.now += MINUTE
    world.arrive(login(world.now))
    await engine.turn()
    const next = await world.start()
    world.now += 30 * MINUTE
    world.ledger = { agents: [], deadLetters: 312 }
    await settle(next)
    expect(next.book.all()).toMatchObject([{ message: '? 12' }])
  })

  it('knows since when numbers have been missing, also across a restart', async () => {
    const { world, engine } = await begun(ledgerRule('sequence-gap', '{ waybills-missing: { for: 30m } }'))
    world.ledger = { agents: [{ id: 'web-1', lastSeen: world.now, missingSince: 1 }], deadLetters: 0 }
    world.now += MINUTE
    world.arrive(login(world.now))
    await engine.turn()
    world.now += 20 * MINUTE
    const next = await world.start()
    await settle(next)
    expect(next.book.all()).toEqual([])
    world.now += 11 * MINUTE
    await settle(next)
    expect(next.book.all()).toHaveLength(1)
  })
})

describe('an alert', () => {
  it('that somebody resolved opens again if it goes on, and not by what came before', async () => {
    const { world, engine, book } = await begun(ruleOf('event', { throttle: '2h' }))
    world.arrive(login(START))
    await settle({ engine })
    const [{ id } = { id: '' }] = book.all()
    await book.act({ do: 'resolve', ids: [id], note: 'a test' }, BY)
    world.arrive(login(START + MINUTE))
    await settle({ engine })
    expect(book.get(id)).toMatchObject({ state: 'resolved', count: 2 })
    world.now += HOUR
    world.arrive(login(world.now))
    await settle({ engine })
    expect(book.get(id)).toMatchObject({ state: 'open', resolution: null, count: 3 })
    expect(book.get(id)?.timeline.map(({ did }) => did)).toEqual(['opened', 'resolved', 'reopened'])
  })

  it('keeps what people did with it, and each act is in the trail before it takes effect', async () => {
    const { world, engine, book } = await begun(ruleOf('event'))
    world.arrive(login(START))
    await settle({ engine })
    const ids = [book.all()[0]!.id]
    await book.act({ do: 'acknowledge', ids, note: '' }, BY)
    await book.act({ do: 'assign', ids, to: 'mike', note: 'you know them' }, BY)
    await book.act({ do: 'note', ids, note: 'called' }, BY)
    await book.act({ do: 'snooze', ids, until: world.now + HOUR, note: '' }, BY)
    const after = await world.start()
    expect(after.book.all()).toMatchObject([
      {
        state: 'acknowledged',
        assignee: 'mike',
        snoozedUntil: world.now + HOUR,
        timeline: [
          { did: 'opened' },
          { did: 'acknowledged', by: 'jane' },
          { did: 'assigned', note: 'mike: you know them' },
          { did: 'noted', note: 'called' },
          { did: 'snoozed' },
        ],
      },
    ])
    expect(world.told.map(({ action }) => action)).toEqual([
      'alert',
      'alert-acknowledge',
      'alert-assign',
      'alert-note',
      'alert-snooze',
    ])
    await expect(book.act({ do: 'note', ids: ['nothing'], note: 'x' }, BY)).rejects.toThrow(
      'There is no alert',
    )
    await expect(book.act({ do: 'snooze', ids, until: world.now, note: '' }, BY)).rejects.toThrow(
      'time to come',
    )
  })
})

describe('an alert that ends by itself', () => {
  const rule = ruleOf('{ absence: { for: 2h } }', {
    group: '[host.name]',
    throttle: '1h',
    more: 'keep-firing: 30m',
  })
  const backup = (at: number) => ({ ...login(at), host: { name: 'db-1' } })

  it('stays for as long as its rule says, also across a restart', async () => {
    const { world, engine, book } = await begun(rule)
    world.arrive(backup(START))
    world.now = START + 3 * HOUR
    await settle({ engine })
    world.arrive(backup(world.now))
    await settle({ engine })
    expect(book.all()).toMatchObject([{ state: 'open' }])
    world.now += 29 * MINUTE
    const next = await world.start()
    await settle(next)
    expect(next.book.all()).toMatchObject([{ state: 'open' }])
    world.now += MINUTE
    await settle(next)
    expect(next.book.all()).toMatchObject([{ state: 'resolved', resolution: { by: 'condition' } }])
  })

  it('does not end if its condition holds again before', async () => {
    const short = ruleOf('{ absence: { for: 10m } }', {
      group: '[host.name]',
      throttle: '1h',
      more: 'keep-firing: 30m',
    })
    const { world, engine, book } = await begun(short)
    world.arrive(backup(START))
    world.now = START + 15 * MINUTE
    await settle({ engine })
    world.arrive(backup(world.now))
    await settle({ engine })
    world.now += 40 * MINUTE
    await settle({ engine })
    expect(book.all()).toMatchObject([{ state: 'open' }])
  })
})

describe('a ratio to past weeks', () => {
  it('is judged live as in order: by what the store has of the same hours', async () => {
    const DAY = 24 * HOUR
    const rule = ruleOf('{ ratio: { at-least: 2, minimum: 3, weeks: 2 } }', { throttle: '2h' })
    const world = new World(rule)
    world.arrive(login(START - 14 * DAY), login(START - 7 * DAY), login(START - 7 * DAY + MINUTE))
    const { engine, book } = await world.start()
    await engine.turn()
    for (const minute of [2, 0, 1]) world.arrive(login(START + minute * MINUTE))
    await settle({ engine })
    expect(book.all()).toMatchObject([{ first: START + 2 * MINUTE, count: 3 }])
  })
})

describe('the evidence of an alert', () => {
  const idsOf = (events: readonly object[]): unknown[] =>
    events.map((event) => (event as { event: { id: string } }).event.id)

  it('is its events at once, and the hours around it once they are over; all of it stays when the events expire', async () => {
    const { world, engine, book } = await begun(ruleOf('{ count: { at-least: 2, within: 10m } }'))
    const other = { event: { id: 'other', action: 'read' }, audit: { session: { id: 's1' } } }
    world.arrive(
      { ...login(START - 30 * MINUTE), event: { id: 'before', action: 'read' } },
      { ...login(START - 90 * MINUTE), event: { id: 'too-early', action: 'read' } },
      login(START, { id: 'one', audit: { session: { id: 's1' } } } as object),
      login(START + MINUTE, { id: 'two' }),
    )
    await settle({ engine })
    const [{ id } = { id: '' }] = book.all()
    expect(await book.evidence.of(id)).toMatchObject({ until: null, before: [], after: [] })
    expect(idsOf((await book.evidence.of(id))!.events)).toEqual(['one', 'two'])
    world.arrive(
      { ...other, '@timestamp': new Date(START + 30 * MINUTE).toISOString() },
      { ...login(START + 40 * MINUTE, { user: 'mike', ip: '192.0.2.7' }), event: { id: 'stranger' } },
    )
    world.now = START + 2 * HOUR
    await settle({ engine })
    world.expiredBefore = world.now
    const kept = await book.evidence.of(id)
    expect(kept).toMatchObject({ until: START + MINUTE, isMore: false })
    expect([kept!.before, kept!.events, kept!.after].map(idsOf)).toEqual([
      ['before'],
      ['one', 'two'],
      ['other'],
    ])
  })

  it('grows with the alert, and what expired meanwhile is not forgotten', async () => {
    const { world, engine, book } = await begun(ruleOf('event', { throttle: '3h' }))
    world.arrive(login(START, { id: 'one' }))
    world.now = START + HOUR + 2 * MINUTE
    await settle({ engine })
    world.expiredBefore = START + HOUR
    world.arrive(login(START + 2 * HOUR, { id: 'two' }), {
      ...login(START + 2 * HOUR + MINUTE),
      event: { id: 'after', action: 'read' },
    })
    world.now = START + 4 * HOUR
    const next = await world.start()
    await settle(next)
    await settle(next)
    const evidence = await next.book.evidence.of(book.all()[0]!.id)
    expect(evidence).toMatchObject({ until: START + 2 * HOUR })
    expect(idsOf(evidence!.events)).toEqual(['one'])
    expect(idsOf(evidence!.after)).toEqual(['after'])
  })
})

describe('alerts about the same person or address', () => {
  it('are one incident, however many there are', async () => {
    const { world, engine, book } = await begun(ruleOf('event'))
    for (let i = 0; i < 300; i++) world.arrive(login(START + i, { user: `user-${i}` }))
    await settle({ engine })
    expect(book.all()).toHaveLength(300)
    const incidents = new Set(book.all().map(({ incident }) => incident))
    expect(incidents.size).toBe(1)
    const incident = book.incident([...incidents][0]!)
    expect(incident).toMatchObject({ state: 'open', priority: 'high', addresses: ['203.0.113.9'] })
    expect(incident?.summary).toContain('A rule (300 times)')
  })

  it('are not one, if there is more than an hour between them, or if they share only a common name', async () => {
    const { world, engine, book } = await begun(ruleOf('event', { group: '[source.ip]', throttle: '1m' }))
    world.arrive(
      login(START - 2 * HOUR, { user: 'root', ip: '192.0.2.1' }),
      login(START, { user: 'root', ip: '192.0.2.1' }),
      login(START, { user: 'root', ip: '192.0.2.2' }),
    )
    await settle({ engine })
    expect(new Set(book.all().map(({ incident }) => incident)).size).toBe(3)
  })
})

describe('of several indexers', () => {
  it('one holds the lease, until it stops or is silent', async () => {
    const world = new World()
    world.isShared = true
    const one = new Lease(world.records, 'lease', 'one', () => world.now)
    const two = new Lease(world.records, 'lease', 'two', () => world.now)
    expect([await one.hold(), await two.hold()]).toEqual([true, false])
    world.now += 25_000
    expect([await one.hold(), await two.hold()]).toEqual([true, false])
    world.now += 31_000
    expect(await two.hold()).toBe(true)
    expect(await one.hold()).toBe(false)
    await two.release()
    expect(await one.hold()).toBe(true)
  })

  it('one that was replaced can write nothing any more, and both together raise each alert once', async () => {
    const { world, engine } = await begun(ruleOf('event'))
    world.isShared = true
    const other = await world.start('two')
    world.arrive(login(START))
    await settle(other)
    world.arrive(login(START, { user: 'mike' }))
    await expect(settle({ engine })).rejects.toThrow('another indexer has taken over')
    await settle(other)
    expect(other.book.all()).toHaveLength(2)
    expect(world.told.filter(({ action }) => action === 'alert')).toHaveLength(2)
    expect(world.news.size).toBe(2)
  })
})
