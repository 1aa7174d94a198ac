import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, expect, test } from 'vitest'
import type { EvidenceStatus } from '../../../schema/api/index.ts'
import { TestAgent, TestIndexer, until } from '../../ingest/testing.ts'

const indexers: TestIndexer[] = []
afterEach(async () => {
  for (const indexer of indexers.splice(0)) await indexer.end()
})

const statusOf = async (indexer: TestIndexer): Promise<EvidenceStatus> =>
  (await indexer.ask('/v1/evidence')).json as unknown as EvidenceStatus

/** An indexer with two waybills, whose background verification works all the time. */
async function filled(): Promise<{ indexer: TestIndexer; agent: TestAgent }> {
  const indexer = await TestIndexer.start(SETTINGS, { watchesEvery: 50 })
  indexers.push(indexer)
  const agent = await TestAgent.enrolled(indexer.url)
  for (let i = 0; i < 2; i++) await agent.send(indexer.url, agent.seal(agent.events(5)))
  return { indexer, agent }
}
const SETTINGS = { verify: { every: '1m', share: 1 } }

test('the newest day and the whole store are verified, and a restart goes on', async () => {
  const { indexer } = await filled()
  const done = await until(
    () => statusOf(indexer),
    ({ newest, finished }) => newest !== null && finished !== null && finished.waybills >= 2,
  )
  expect(done).toMatchObject({ enabled: true, findings: [], problem: null, whole: null })
  expect(done.newest!.events).toBeGreaterThanOrEqual(1)
  await indexer.stop()
  await indexer.run(SETTINGS, { watchesEvery: 50 })
  const again = await until(
    () => statusOf(indexer),
    ({ finished }) => finished !== null,
  )
  expect(again.finished).toMatchObject({ at: done.finished!.at })
  const { text } = await indexer.ask('/metrics')
  expect(text).toMatch(/waybill_evidence_findings 0/)
  expect(text).toMatch(/waybill_evidence_age_seconds \d/)
}, 120_000)

test('what was changed is an event of the trail, once, and shown', async () => {
  const { indexer, agent } = await filled()
  await indexer.stop()
  const control = new DatabaseSync(join(indexer.folder, 'store', 'control.db'))
  control
    .prepare('UPDATE waybills SET signature = ? WHERE agent = ? AND sequence = 1')
    .run(Buffer.alloc(64), agent.id)
  control.exec("DELETE FROM records WHERE kind = 'evidence'")
  control.close()
  await indexer.run(SETTINGS, { watchesEvery: 50 })
  const { findings } = await until(
    () => statusOf(indexer),
    (status) => status.findings.length > 0,
  )
  expect(findings).toMatchObject([
    { finding: { kind: 'signature-invalid', at: { agent: agent.id, sequence: 1 } } },
  ])
  await until(
    () => statusOf(indexer),
    ({ finished }) => finished !== null,
  )
  const search = await indexer.ask('/v1/search?q=event.action:evidence-finding')
  const { events } = search.json as { events: { message: string }[] }
  expect(events).toHaveLength(1)
  expect(events[0]!.message).toContain('does not have the signature of key')
  expect((await statusOf(indexer)).findings).toHaveLength(1)
}, 120_000)
