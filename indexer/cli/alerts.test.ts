import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../../test/system/system.ts'
import { waybill } from './testing/command.ts'
import { startWithAgent } from './testing/indexer.ts'

let world: Awaited<ReturnType<typeof startWithAgent>>
const alerts = (...args: string[]) =>
  waybill(['alerts', ...args, '--url', world.indexer.url], { COLUMNS: '240' })

const START = Date.now() - 60 * 60_000
const failure = (i: number, user = 'mike') => ({
  '@timestamp': new Date(START + i * 60_000).toISOString(),
  event: {
    id: `${i}`.padStart(40, 'a'),
    category: ['authentication'],
    type: ['start'],
    outcome: 'failure',
    action: 'Login',
  },
  user: { name: user },
  source: { ip: '203.0.113.45' },
  related: { user: [user], ip: ['203.0.113.45'] },
})

beforeAll(async () => {
  world = await startWithAgent({}, { runsRules: true, clock: Date.now })
  await until('the engine has begun', async () => (await alerts('--json')).code === 0)
  await world.store(...Array.from({ length: 5 }, (_, i) => failure(i)))
})
afterAll(() => world.indexer.end())

const ids = async (): Promise<string[]> =>
  (await alerts('list', '--json')).out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => String((JSON.parse(line) as { id: string }).id))

describe('waybill alerts', () => {
  test('lists what the engine raised, and handles it', { timeout: 60_000 }, async () => {
    const found = await until('both rules fire', async () => {
      const now = await ids()
      return now.length === 2 ? now : null
    })
    const user = found.find((id) => id.startsWith('failed-logins-user.'))!
    const address = found.find((id) => id.startsWith('failed-logins-address.'))!
    const list = await alerts()
    expect(list.out).toMatch(/failed-logins-user\.\w+ .* high +open .*mike failed to sign in 5 times/)
    const csv = await alerts('list', '--csv')
    expect(csv.out.split('\n')[0]).toBe('ID,LAST,PRIORITY,STATE,ASSIGNEE,EVENTS,MESSAGE')

    expect((await alerts('ack', user)).out).toMatch(/is acknowledged, \S+ looks after it/)
    expect((await alerts('note', 'called Mike', user)).code).toBe(0)
    expect((await alerts('snooze', address, '--until', '4h')).code).toBe(0)
    expect((await alerts('resolve', user, '--reason', 'he forgot it')).out).toContain('is resolved')
    const shown = await alerts('show', user)
    expect(shown.out).toContain('mike failed to sign in 5 times within 10 minutes')
    expect(shown.out).toMatch(/acknowledged\n.*noted: called Mike\n.*resolved: he forgot it/)
    expect(await ids()).toEqual([address])
    expect((await alerts('reopen', user)).out).toContain('is open')

    // Each act is an event of the trail, and so are the alerts themselves.
    const trail = await waybill(
      ['search', 'source: waybill and action: alert*', '--format', 'json', '--url', world.indexer.url],
      {},
    )
    for (const action of [
      'alert',
      'alert-acknowledge',
      'alert-note',
      'alert-snooze',
      'alert-resolve',
      'alert-reopen',
    ])
      expect(trail.out, action).toContain(`"action":"${action}"`)
  })

  test('names what is wrong', async () => {
    const unknown = await alerts('show', 'nothing.0')
    expect(unknown.code).toBe(4)
    expect(unknown.err).toContain('There is no alert nothing.0; `waybill alerts --state any` lists all')
    expect((await alerts('snooze', 'nothing.0', '--until', 'soon')).code).toBe(2)
    const [id = ''] = await ids()
    const assigned = await alerts('assign', 'nobody-here', id)
    expect(assigned.code).not.toBe(0)
    expect(assigned.err).toContain('There is no user nobody-here')
  })
})
