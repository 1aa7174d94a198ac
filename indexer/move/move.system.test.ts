import { afterEach, expect, test } from 'vitest'
import { holdsEachOnce, movesWhileShipping, Places } from './testing/scenario.ts'

let places: Places
afterEach(() => places.remove())

test('a store is moved while an agent ships, killed at several moments: each event is there once, and the agent goes on', async () => {
  places = await Places.make()
  const from = await places.embedded('old')
  const to = await places.embedded('new')
  const { agent, indexer, statement } = await movesWhileShipping({
    from,
    to,
    batches: 40,
    kills: [5, 60, 150, 300],
  })
  await indexer.close()
  await holdsEachOnce(to, agent)
  expect(statement).toContain('moved and verified')
}, 240_000)
