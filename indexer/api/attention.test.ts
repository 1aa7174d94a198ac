import { afterEach, expect, it } from 'vitest'
import type { AttentionShape } from '../../schema/api/index.ts'
import { waybill } from '../cli/testing/command.ts'
import { askAt, TestAgent, TestIndexer } from '../ingest/testing.ts'
import { StrictIndexer } from './testing/people.ts'

const MINUTE = 60_000
const START = Date.UTC(2026, 0, 10)
const ends: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function world() {
  let now = START
  const indexer = await TestIndexer.start({}, { clock: () => now })
  ends.push(() => indexer.end())
  const agent = await TestAgent.enrolled(indexer.url)
  let beats = 0
  return {
    indexer,
    agent,
    tick: (to: number) => {
      now = to
    },
    beat: (members: object = {}) =>
      askAt(indexer.url, '/v1/heartbeat', { json: agent.heartbeat({ beat: ++beats, ...members }) }),
    attention: async () => (await indexer.ask('/v1/attention')).json as unknown as AttentionShape,
  }
}

it('says nothing while nothing is wrong, and what was looked at', async () => {
  const { beat, attention, indexer } = await world()
  await beat()
  expect(await attention()).toEqual({ items: [], more: 0, checked: ['incidents', 'operation'] })
  expect(await waybill(['status'], { WAYBILL_URL: indexer.url })).toMatchObject({
    code: 0,
    out: 'Nothing needs attention.\n',
  })
})

it('names each thing that is wrong with its remedy, the most serious first', async () => {
  const { indexer, agent, tick, beat, attention } = await world()
  await beat({ oldestPending: 30 * MINUTE })
  expect((await attention()).items).toMatchObject([
    {
      priority: 'medium',
      sentence: 'web-1 has records that are not stored yet.',
      since: START - 30 * MINUTE,
      place: 'agents',
    },
  ])
  await agent.send(indexer.url, agent.seal(agent.events(1)))
  agent.seal(agent.events(1))
  await agent.send(indexer.url, agent.seal(agent.events(1)))
  await agent.send(indexer.url, agent.sealLines(['this is no event']))
  tick(START + 6 * MINUTE)
  const { items } = await attention()
  expect(items.map(({ priority, sentence, since }) => [priority, sentence, since])).toEqual([
    ['high', '1 waybill of web-1 has not arrived.', null],
    ['high', 'web-1 does not report.', START],
    ['medium', '1 event could not be stored.', null],
  ])
  const { code, out } = await waybill(['status'], { WAYBILL_URL: indexer.url })
  expect(code).toBe(1)
  expect(out).toMatch(/^high {6}web-1 does not report\. Since 2026-01-10/m)
  expect(out).toContain('See waybill agents.')
})

it('shows open incidents to those who see all events, and how agents are to those with that permission', async () => {
  const strict = await StrictIndexer.start({ masked: { viewer: ['source.ip'] } })
  ends.push(() => strict.end())
  await TestAgent.enrolled(strict.indexer.url)
  const checkedBy = async (name: string, role: 'viewer' | 'auditor', limits?: object) => {
    const person = await strict.person(name, role, limits)
    return ((await person.ask('/v1/attention')).json as unknown as AttentionShape).checked
  }
  expect(await checkedBy('alan', 'auditor')).toEqual(['incidents', 'operation'])
  expect(await checkedBy('veronica', 'viewer')).toEqual(['operation'])
  expect(await checkedBy('clerk', 'auditor', { entities: ['Invoice'] })).toEqual([])
})
