import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Records } from '../../store/index.ts'
import { anAlert, anIncident, news, START } from './testing/news.ts'
import { smtpServer } from './testing/smtp.ts'
import { type Hook, hook, settingsOf, World } from './testing/world.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

const kinds = ({ received }: Hook): string[] =>
  received.map(({ body }) => String((body as { type: string }).type).replace('incident.', ''))

async function withHook(more: object = {}, others: object = {}) {
  const receiver = await hook()
  const world = await World.open({ channels: { security: { to: [receiver.target], ...more }, ...others } })
  world.incidents.set('incident-1', anIncident())
  const notifier = await world.notifier()
  const pass = async (ms: number): Promise<void> => {
    world.now += ms
    await notifier.work()
  }
  return { receiver, world, notifier, pass }
}

describe('people hear of an incident', () => {
  it('once when it opens, however many alerts join it, and however often the same news come', async () => {
    const { receiver, notifier } = await withHook()
    const first = news()
    await Promise.all([notifier.tell(first), notifier.tell(first)])
    for (let i = 0; i < 500; i++) await notifier.tell(news('opened', { alert: { id: `alert-${i}` } }))
    await notifier.tell(first)
    await notifier.work()
    expect(kinds(receiver)).toEqual(['opened'])
  })

  it('again when it grows more serious, and not when it is as serious as before', async () => {
    const { receiver, notifier, pass } = await withHook()
    await notifier.tell(news())
    await pass(MINUTE)
    await notifier.tell(news('opened', { incident: { priority: 'critical' } }))
    await notifier.tell(news('opened', { incident: { priority: 'critical' } }))
    await pass(MINUTE)
    expect(kinds(receiver)).toEqual(['opened', 'worse'])
    expect(receiver.received[1]?.body).toMatchObject({
      data: { title: expect.stringContaining('Now critical') },
    })
  })

  it('in another channel, if an alert that joins it is for other people', async () => {
    const finance = await hook()
    const { receiver, notifier, pass } = await withHook({}, { finance: { to: [finance.target] } })
    await notifier.tell(news())
    await notifier.tell(news('opened', { alert: { channels: ['security', 'finance'] } }))
    await pass(0)
    expect([kinds(receiver), kinds(finance)]).toEqual([['opened'], ['opened']])
  })

  it('when it is over, and when it is opened again', async () => {
    const { receiver, notifier, pass, world } = await withHook()
    await notifier.tell(news())
    await pass(MINUTE)
    // One alert of two is over: the incident is not.
    await notifier.tell(news('resolved', { at: world.now }))
    await pass(MINUTE)
    const over = {
      at: world.now,
      incident: { state: 'resolved' as const },
      alert: { resolution: { by: 'person' as const, reason: 'it was a scanner', at: world.now } },
    }
    const end = news('resolved', over)
    await notifier.tell(end)
    await notifier.tell(end)
    await pass(MINUTE)
    await notifier.tell(news('reopened', { at: world.now }))
    await pass(MINUTE)
    expect(kinds(receiver)).toEqual(['opened', 'resolved', 'reopened'])
    expect(receiver.received[1]?.body).toMatchObject({ data: { note: 'it was a scanner' } })
  })

  it('not anew by old news that come again after its end', async () => {
    const { receiver, notifier, pass, world } = await withHook()
    await notifier.tell(news())
    await pass(MINUTE)
    await notifier.tell(news('resolved', { at: world.now, incident: { state: 'resolved' } }))
    await notifier.tell(news('opened', { at: START + 1 }))
    await pass(MINUTE)
    expect(kinds(receiver)).toEqual(['opened', 'resolved'])
  })

  it('without its end, if the channel wants none', async () => {
    const { receiver, notifier, pass, world } = await withHook({ recovery: false })
    await notifier.tell(news())
    await notifier.tell(news('resolved', { at: world.now, incident: { state: 'resolved' } }))
    await pass(MINUTE)
    expect(kinds(receiver)).toEqual(['opened'])
  })

  it('and of its end if they are not on call any more', async () => {
    const [jane, mike] = [await hook(), await hook()]
    const world = await World.open({
      channels: {
        security: { to: [{ 'on-call': 'duty' }] },
        jane: { to: [jane.target] },
        mike: { to: [mike.target] },
      },
      rotas: { duty: { start: '2026-01-19 08:00', people: ['jane', 'mike'] } },
    })
    const notifier = await world.notifier()
    await notifier.tell(news())
    await notifier.work()
    world.now += 7 * 24 * HOUR
    await notifier.tell(news('resolved', { at: world.now, incident: { state: 'resolved' } }))
    await notifier.work()
    expect([kinds(jane), kinds(mike)]).toEqual([['opened', 'resolved'], []])
  })
})

describe('an incident that stays open', () => {
  it('is repeated at the interval until somebody acknowledges it', async () => {
    const { receiver, notifier, pass, world } = await withHook({ repeat: '4h' })
    await notifier.tell(news())
    await pass(4 * HOUR - 1)
    expect(kinds(receiver)).toEqual(['opened'])
    await pass(1)
    await pass(4 * HOUR)
    expect(kinds(receiver)).toEqual(['opened', 'reminder', 'reminder'])
    world.incidents.set('incident-1', anIncident({ state: 'acknowledged' }))
    await pass(8 * HOUR)
    expect(kinds(receiver)).toHaveLength(3)
  })

  it('escalates step by step if nobody acknowledges it in time', async () => {
    const [managers, board] = [await hook(), await hook()]
    const { receiver, notifier, pass, world } = await withHook(
      {
        escalate: [
          { after: '15m', to: ['managers'] },
          { after: '1h', to: ['managers', 'board'] },
        ],
      },
      { managers: { to: [managers.target] }, board: { to: [board.target] } },
    )
    await notifier.tell(news())
    await pass(15 * MINUTE - 1)
    expect(kinds(managers)).toEqual([])
    await pass(1)
    await pass(MINUTE)
    expect([kinds(managers), kinds(board)]).toEqual([['escalation'], []])
    await pass(44 * MINUTE)
    expect([kinds(managers), kinds(board)]).toEqual([['escalation', 'escalation'], ['escalation']])
    world.incidents.set('incident-1', anIncident({ state: 'acknowledged' }))
    await pass(24 * HOUR)
    expect(kinds(receiver)).toEqual(['opened'])
  })

  it('does not escalate once it is acknowledged, and tells those it escalated to of its end', async () => {
    const managers = await hook()
    const { notifier, pass, world } = await withHook(
      { escalate: [{ after: '15m', to: ['managers'] }] },
      { managers: { to: [managers.target] } },
    )
    await notifier.tell(news())
    await pass(15 * MINUTE)
    await notifier.tell(news('resolved', { at: world.now, incident: { state: 'resolved' } }))
    await pass(MINUTE)
    expect(kinds(managers)).toEqual(['escalation', 'resolved'])
  })
})

describe('a silence', () => {
  const by = { name: 'jane' }

  it('holds news back while it lasts, and people hear afterwards if the incident is still open', async () => {
    const { receiver, notifier, pass, world } = await withHook()
    await notifier.silences.add({ about: {}, until: START + HOUR, reason: 'maintenance' }, by)
    await notifier.tell(news())
    await pass(30 * MINUTE)
    expect(kinds(receiver)).toEqual([])
    await pass(31 * MINUTE)
    expect(kinds(receiver)).toEqual(['opened'])
    expect(world.acts.map(({ action }) => action)).toContain('silence-start')
  })

  it('is about what it names only', async () => {
    const { receiver, notifier, pass } = await withHook()
    await notifier.silences.add(
      { about: { users: ['jane'], 'up-to': 'high' }, until: START + HOUR, reason: 'test' },
      by,
    )
    await notifier.tell(news())
    // Somebody else is in it, too.
    await notifier.tell(news('opened', { incident: { id: 'incident-2', users: ['jane', 'mike'] } }))
    await notifier.tell(news('opened', { incident: { id: 'incident-3', priority: 'critical' } }))
    await pass(0)
    await pass(0)
    expect(
      receiver.received.map(({ body }) => (body as { data: { incident: { id: string } } }).data.incident.id),
    ).toEqual(['incident-2', 'incident-3'])
  })

  it('during which an incident grows more serious says so afterwards', async () => {
    const { receiver, notifier, pass, world } = await withHook()
    await notifier.tell(news())
    await pass(0)
    await notifier.silences.add({ about: {}, until: START + HOUR, reason: 'maintenance' }, by)
    await notifier.tell(news('opened', { incident: { priority: 'critical' } }))
    world.incidents.set('incident-1', anIncident({ priority: 'critical' }))
    await pass(MINUTE)
    expect(kinds(receiver)).toEqual(['opened'])
    await pass(HOUR)
    expect(kinds(receiver)).toEqual(['opened', 'worse'])
  })

  it('ends when somebody ends it, and ends nothing that has ended', async () => {
    const { receiver, notifier, pass } = await withHook()
    const { id } = await notifier.silences.add({ about: {}, until: START + HOUR, reason: 'test' }, by)
    await notifier.tell(news())
    await pass(MINUTE)
    await notifier.silences.end(id, by)
    await pass(MINUTE)
    expect(kinds(receiver)).toEqual(['opened'])
    await expect(notifier.silences.end(id, by)).rejects.toThrow('There is no silence')
    expect(await notifier.silences.list()).toMatchObject([{ id, by: 'jane', until: START + MINUTE }])
  })

  it('needs an end in the future, within 90 days', async () => {
    const { notifier } = await withHook()
    const day = 24 * HOUR
    for (const until of [START, START + 91 * day])
      await expect(notifier.silences.add({ about: {}, until, reason: 'x' }, by)).rejects.toThrow('until')
  })

  it('of an alert that somebody snoozed works the same', async () => {
    const { receiver, notifier, pass } = await withHook()
    await notifier.tell(news('opened', { alert: { snoozedUntil: START + HOUR } }))
    await notifier.work()
    expect(kinds(receiver)).toEqual([])
    await pass(HOUR)
    expect(kinds(receiver)).toEqual(['opened'])
  })
})

it('a snooze of all open alerts holds back reminders and escalations', async () => {
  const [receiver, managers] = [await hook(), await hook()]
  const world = await World.open({
    channels: {
      security: {
        to: [receiver.target],
        repeat: '1h',
        escalate: [{ after: '2h', to: ['managers'] }],
      },
      managers: { to: [managers.target] },
    },
  })
  world.incidents.set('incident-1', anIncident())
  let snoozedUntil: number | null = null
  const notifier = await world.notifier({ alertOf: (id) => anAlert({ id, snoozedUntil }) })
  await notifier.tell(news())
  await notifier.work()
  snoozedUntil = START + 3 * HOUR
  for (let hours = 1; hours <= 2; hours++) {
    world.now += HOUR
    await notifier.work()
  }
  expect([kinds(receiver), kinds(managers)]).toEqual([['opened'], []])
  world.now += HOUR
  await notifier.work()
  expect([kinds(receiver), kinds(managers)]).toEqual([['opened', 'reminder'], ['escalation']])
})

describe('quiet hours and digests', () => {
  it('keep less serious messages until morning, and then send them together', async () => {
    const { receiver, notifier, pass } = await withHook({
      quiet: { from: '09:00', to: '12:00', below: 'high' },
    })
    for (const n of [1, 2, 3])
      await notifier.tell(
        news('opened', { incident: { id: `i${n}`, summary: `number ${n}`, priority: 'low' } }),
      )
    await notifier.tell(news('opened', { incident: { id: 'urgent' } }))
    await pass(0)
    expect(kinds(receiver)).toEqual(['opened'])
    await pass(2 * HOUR)
    expect(kinds(receiver)).toEqual(['opened', 'digest'])
    expect(receiver.received[1]?.body).toMatchObject({
      data: { lines: ['Low: number 1', 'Low: number 2', 'Low: number 3'] },
    })
    const states = (await notifier.outbox()).map(({ state }) => state)
    expect(states.sort()).toEqual(['combined', 'combined', 'combined', 'sent', 'sent'])
  })

  it('send one message alone as it is', async () => {
    const { receiver, notifier, pass } = await withHook({ digest: { at: '11:00', below: 'critical' } })
    await notifier.tell(news())
    await pass(HOUR)
    expect(kinds(receiver)).toEqual(['opened'])
  })
})

describe('a channel that a rule names and the settings do not have', () => {
  it('is reported, and the others hear', async () => {
    const { receiver, notifier, world } = await withHook()
    await notifier.tell(news('opened', { alert: { channels: ['nowhere', 'security'] } }))
    await notifier.work()
    expect(kinds(receiver)).toEqual(['opened'])
    expect((await notifier.channels()).unknown).toEqual(['nowhere'])
    expect(world.log.join()).toContain('names the channel \\"nowhere\\"')
  })
})

describe('a rule can name', () => {
  it('a channel as Slack writes it', async () => {
    const { receiver, notifier } = await withHook()
    await notifier.tell(news('opened', { alert: { channels: ['#security'] } }))
    await notifier.work()
    expect(kinds(receiver)).toEqual(['opened'])
    expect((await notifier.channels()).unknown).toEqual([])
  })

  it('the address of a person, who gets mail', async () => {
    const { port, mails } = await smtpServer()
    const mail = { host: '127.0.0.1', port, tls: 'none' as const, from: 'waybill@acme.example' }
    const world = await World.open({ mail })
    world.incidents.set('incident-1', anIncident())
    const notifier = await world.notifier()
    await notifier.tell(news('opened', { alert: { channels: ['jane@acme.example'] } }))
    await notifier.work()
    expect(mails.map(({ to }) => to)).toEqual([['jane@acme.example']])
    expect((await notifier.channels()).unknown).toEqual([])
  })

  it('no address while there is no mail server: the log and the list of channels say so', async () => {
    const { notifier, world } = await withHook()
    await notifier.tell(news('opened', { alert: { channels: ['jane@acme.example'] } }))
    await notifier.work()
    expect((await notifier.channels()).unknown).toEqual(['jane@acme.example'])
    expect(world.log.join()).toContain('jane@acme.example')
  })
})

describe('kill -9', () => {
  /** Records that stop working after a number of writes, as if the process had ended there. */
  function dyingAfter(records: Records, writes: number): Records {
    let left = writes
    const count = (): void => {
      if (left-- <= 0) throw new Error('the process has ended')
    }
    return {
      get: (kind, key) => records.get(kind, key),
      list: (kind) => records.list(kind),
      kinds: () => records.kinds(),
      version: () => records.version(),
      put: async (...given) => {
        count()
        return records.put(...given)
      },
      remove: async (...given) => {
        count()
        return records.remove(...given)
      },
    }
  }

  it('at any write loses no message, and sends none twice unless it was on its way', async () => {
    // Two recipients: the record of the incident, two messages, the mark, then a lease and a result each.
    for (let writes = 0; writes <= 9; writes++) {
      const [one, two] = [await hook(), await hook()]
      const world = await World.open({ channels: { security: { to: [one.target, two.target] } } })
      world.incidents.set('incident-1', anIncident())
      const told = news()
      try {
        const dying = await world.notifier({ records: dyingAfter(world.records, writes) })
        await dying.tell(told)
        await dying.work()
      } catch {
        // That is the end of this process.
      }
      const atDeath = [one, two].map(({ received }) => received.length)
      const next = await world.notifier()
      await next.tell(told)
      await next.work()
      for (const [index, receiver] of [one, two].entries()) {
        const ids = receiver.received.map(({ headers }) => headers['webhook-id'])
        expect(new Set(ids).size, `after ${writes} writes`).toBe(1)
        expect(ids.length, `after ${writes} writes`).toBeLessThanOrEqual((atDeath[index] ?? 0) + 1)
      }
      expect(
        (await next.outbox()).map(({ state }) => state),
        `after ${writes} writes`,
      ).toEqual(['sent', 'sent'])
    }
  })
})

describe('two indexers that share a store', () => {
  /** The records of a store that others use too: their version changes. */
  const shared = (records: Records): Records => ({
    get: (kind, key) => records.get(kind, key),
    list: (kind) => records.list(kind),
    kinds: () => records.kinds(),
    put: (...given) => records.put(...given),
    remove: (...given) => records.remove(...given),
    version: async () => 'of others too',
  })

  it('send each message once, also if both hear the news', async () => {
    const receiver = await hook()
    const world = await World.open({ channels: { security: { to: [receiver.target] } } })
    const both = await Promise.all([
      world.notifier({ records: shared(world.records) }),
      world.notifier({ records: shared(world.records) }),
    ])
    for (let n = 0; n < 10; n++) {
      const told = news('opened', { incident: { id: `i${n}` } })
      await Promise.all(both.map((one) => one.tell(told)))
    }
    for (let n = 0; n < 30; n++) {
      world.now += 20_000
      await Promise.all(both.map((one) => one.work()))
    }
    const ids = receiver.received.map(({ headers }) => headers['webhook-id'])
    expect([ids.length, new Set(ids).size]).toEqual([10, 10])
  })

  it('take over what the other had begun, once its lease is over', async () => {
    let isStuck = true
    const slow = await hook(() => (isStuck ? null : 200))
    const world = await World.open({ channels: { security: { to: [slow.target] } } })
    const first = await world.notifier({ records: shared(world.records) })
    await first.tell(news())
    const stuck = first.work()
    await expect.poll(() => slow.received.length).toBe(1)
    isStuck = false
    const second = await world.notifier({ records: shared(world.records) })
    await second.work()
    expect(slow.received).toHaveLength(1)
    world.now += 2 * MINUTE + 1
    await second.work()
    expect(slow.received).toHaveLength(2)
    expect(slow.received[0]?.headers['webhook-id']).toBe(slow.received[1]?.headers['webhook-id'])
    slow.end()
    await stuck
    expect(await second.outbox()).toMatchObject([{ state: 'sent' }])
  })
})

describe('a channel that fails', () => {
  it('is asked again for two days, ever more seldom, is reported once, and then the message has failed', async () => {
    const { receiver, world, notifier, pass } = await withHook()
    receiver.answer = () => 503
    await notifier.tell(news())
    await notifier.work()
    const attempts = [world.now]
    while (world.now < START + 72 * HOUR) {
      const before = receiver.received.length
      await pass(MINUTE)
      if (receiver.received.length > before) attempts.push(world.now)
    }
    const [message] = await notifier.outbox()
    expect(message).toMatchObject({ state: 'failed', reason: 'it answers 503' })
    expect(message?.finished).toBeGreaterThan(START + 46 * HOUR)
    expect(message?.finished).toBeLessThanOrEqual(START + 48 * HOUR)
    expect(attempts.length).toBeGreaterThan(45)
    expect(attempts.length).toBeLessThan(75)
    expect(world.acts.map(({ action }) => action)).toEqual(['channel-failing', 'notification-failed'])
    expect((await notifier.channels()).channels[0]?.targets).toMatchObject([
      { state: 'failing', reason: 'it answers 503', failed: 1 },
    ])
    receiver.answer = () => 200
    await notifier.retry(message?.id ?? '', { name: 'jane' })
    await pass(0)
    expect(await notifier.outbox()).toMatchObject([{ state: 'sent' }])
    expect(world.acts.map(({ action }) => action).slice(2)).toEqual(['notification-retry', 'channel-working'])
    expect((await notifier.channels()).channels[0]?.targets).toMatchObject([
      { state: 'working', reason: null },
    ])
  })

  it('blocks no other, also if it never answers', async () => {
    const silent = await hook(() => null)
    const { receiver, notifier, world } = await withHook({}, { other: { to: [silent.target] } })
    await notifier.tell(news('opened', { alert: { channels: ['other', 'security'] } }))
    const work = notifier.work()
    await expect.poll(() => receiver.received.length).toBe(1)
    await notifier.tell(news('opened', { incident: { id: 'i2' } }))
    void notifier.work()
    await expect.poll(() => receiver.received.length).toBe(2)
    expect(world.acts).toEqual([])
    silent.end()
    await work
  })

  it('gets as much time as it asks for', async () => {
    const { receiver, notifier, pass } = await withHook()
    receiver.answer = () => 429
    receiver.headers = { 'retry-after': '600' }
    await notifier.tell(news())
    await notifier.work()
    await pass(590_000)
    expect(receiver.received).toHaveLength(1)
    await pass(20_000)
    expect(receiver.received).toHaveLength(2)
  })

  it('with one message that it does not like gets the others', async () => {
    const { receiver, notifier, pass } = await withHook()
    receiver.answer = (body) => (JSON.stringify(body).includes('poison') ? 500 : 200)
    await notifier.tell(news('opened', { incident: { id: 'p', summary: 'poison' } }))
    await notifier.tell(news('opened', { incident: { id: 'good' } }))
    await pass(0)
    await pass(10_000)
    expect((await notifier.outbox()).map(({ incident, state }) => [incident, state]).sort()).toEqual([
      ['good', 'sent'],
      ['p', 'waiting'],
    ])
  })

  it('hears of the end of an incident after its beginning', async () => {
    const { receiver, notifier, pass, world } = await withHook()
    receiver.answer = () => 500
    await notifier.tell(news())
    await pass(0)
    receiver.answer = () => 200
    await notifier.tell(news('resolved', { at: world.now, incident: { state: 'resolved' } }))
    for (let n = 0; n < 12; n++) await pass(10_000)
    expect(kinds(receiver).slice(1)).toEqual(['opened', 'resolved'])
  })

  it('keeps no more than a thousand messages; the others have failed, in the outbox and on the record', async () => {
    const { receiver, notifier, world, pass } = await withHook()
    receiver.answer = () => 503
    for (let n = 0; n < 1003; n++) await notifier.tell(news('opened', { incident: { id: `i${n}` } }))
    await pass(0)
    const states = (await notifier.outbox()).map(({ state }) => state)
    expect([
      states.filter((one) => one === 'waiting').length,
      states.filter((one) => one === 'failed').length,
    ]).toEqual([1000, 3])
    expect(world.acts.filter(({ action }) => action === 'notification-failed')).toHaveLength(3)
  })

  it('that the settings no longer have fails with that reason', async () => {
    const { notifier, world } = await withHook()
    await notifier.tell(news())
    world.settings = settingsOf({ channels: {} })
    await notifier.work()
    expect(await notifier.outbox()).toMatchObject([
      { state: 'failed', reason: 'indexer.yml has no target webhook in security any more.' },
    ])
  })
})

describe('the outbox', () => {
  it('forgets what was finished 30 days ago', async () => {
    const { notifier, pass } = await withHook()
    await notifier.tell(news())
    await pass(0)
    await pass(29 * 24 * HOUR)
    expect(await notifier.outbox()).toHaveLength(1)
    await pass(2 * 24 * HOUR)
    expect(await notifier.outbox()).toEqual([])
  })

  it('refuses to send again what was sent', async () => {
    const { notifier } = await withHook()
    await notifier.tell(news())
    await notifier.work()
    const [message] = await notifier.outbox()
    await expect(notifier.retry(message?.id ?? '', { name: 'jane' })).rejects.toThrow('was sent already')
    await expect(notifier.retry('none', { name: 'jane' })).rejects.toThrow('no message none')
  })

  it('works by itself, and a stop leaves what is on its way for the next start', async () => {
    const silent = await hook(() => null)
    const world = await World.open({ channels: { security: { to: [silent.target] } } })
    const running = await world.notifier({ worksAlone: true, clock: Date.now })
    await running.tell(news('opened', { at: Date.now() }))
    await expect.poll(() => silent.received.length).toBe(1)
    await running.close()
    silent.answer = () => 200
    const next = await world.notifier({ clock: Date.now })
    await next.work()
    expect(await next.outbox()).toMatchObject([{ state: 'sent', attempts: 1 }])
  })
})

it('a test of a channel goes to all its targets, whatever their conditions, and gives the reason of a failure', async () => {
  const { receiver, world, notifier } = await withHook()
  const refusing = createServer((_request, response) => response.writeHead(404).end('no such hook'))
  await new Promise<void>((resolve) => refusing.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void refusing.close())
  const url = `http://127.0.0.1:${(refusing.address() as AddressInfo).port}/secret-path`
  world.settings = settingsOf({
    channels: {
      security: { to: [{ ...receiver.target, when: { priority: 'critical' } }, { slack: url }] },
    },
  })
  expect(await notifier.test('security', { name: 'jane' })).toEqual({
    results: [
      { target: 'webhook', to: '', sent: true, reason: null },
      { target: 'slack', to: '', sent: false, reason: 'it answers 404: no such hook' },
    ],
  })
  expect(kinds(receiver)).toEqual(['test'])
  expect(JSON.stringify(await notifier.channels())).not.toMatch(/secret-path|sixteen/)
  await expect(notifier.test('nobody', { name: 'jane' })).rejects.toThrow('no channel nobody')
})
