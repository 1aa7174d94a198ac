import { afterEach, expect, test } from 'vitest'
import { TestAgent } from '../ingest/testing.ts'
import { Places, runIndexer } from '../move/testing/scenario.ts'
import { waybill } from './testing/command.ts'

let places: Places
afterEach(() => places.remove())

test('settings that do not fit together are a wrong command line, and name what to write', async () => {
  places = await Places.make()
  const from = await places.embedded('old')
  const to = await places.embedded('new', { namespace: 'other' })
  const same = await places.embedded('old')
  for (const [args, said] of [
    [['--from', from], 'to'],
    [['--from', from, '--to', to], 'write namespace: default'],
    [['--from', from, '--to', same], 'name the same store'],
  ] as const) {
    const { code, err } = await waybill(['move', ...args], {})
    expect([code, err]).toEqual([2, expect.stringContaining(said)])
  }
})

test('a finish is refused while the indexer runs, and says what to do; afterwards the move is an event of the trail', async () => {
  places = await Places.make()
  const [from, to] = [await places.embedded('old'), await places.embedded('new')]
  const before = await runIndexer(from)
  const agent = await TestAgent.enrolled(before.url)
  expect((await agent.send(before.url, agent.seal(agent.events(3)))).status).toBe(200)
  const early = await waybill(['move', '--from', from, '--to', to, '--finish'], {})
  expect([early.code, early.err]).toEqual([1, expect.stringContaining('stop the indexer first')])
  const copied = await waybill(['move', '--from', from, '--to', to], {})
  expect([copied.code, copied.out]).toEqual([
    0,
    expect.stringMatching(/^copied \d+ waybills with \d+ events/),
  ])
  await before.close()
  const { code, out } = await waybill(['move', '--from', from, '--to', to, '--finish'], {})
  expect(code).toBe(0)
  expect(out).toMatch(/^moved and verified: the embedded store in .*old is now the embedded store in .*new\n/)
  expect(out).toMatch(/\n {2}roots {9}\d+ computed again from the lines of the new store, all as signed\n/)
  // Killed just before its last line, the command is given again.
  const again = await waybill(['move', '--from', from, '--to', to, '--finish'], {})
  expect([again.code, again.out]).toEqual([0, expect.stringMatching(/^moved and verified at 20\d\d-/)])
  expect(again.err).toContain('Start the indexer')
  for (let start = 0; start < 2; start++) {
    const after = await runIndexer(to)
    const question = encodeURIComponent('event.action: store-move')
    const found = await fetch(`${after.url}/v1/search?q=${question}`)
    expect(((await found.json()) as { events: unknown[] }).events).toHaveLength(1)
    await after.close()
  }
})
