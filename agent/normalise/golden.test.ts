import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { canonical, leavesOf, merkleRoot, type SourceId } from '../../schema/index.ts'
import { BatchMaker } from './batch/batch.ts'
import { INTEGRATIONS, loadIntegration } from './index.ts'
import { Mapper } from './map/index.ts'
import { PlainMapper } from './testing/plain/index.ts'
import { setupOf, specOf, taskOf } from './testing/setup.ts'

/** Every integration's samples become the events beside them. */
const RENEW =
  'If the change is meant, write the expected events anew and read the difference:\n' +
  '  WAYBILL_GOLDEN=1 npx vitest run agent/normalise/golden.test.ts && git diff integrations/\n'
const WRITE = process.env.WAYBILL_GOLDEN !== undefined

async function eventsOf(integration: string, sample: string): Promise<string> {
  const parsed = await loadIntegration(integration)
  const bytes = readFileSync(join(INTEGRATIONS, integration, 'samples', sample))
  const slice = { path: `/var/log/${sample}`, source: '0123456789abcdef0123456789abcdef' as SourceId }
  const made = [Mapper, PlainMapper].map((mapper) =>
    new BatchMaker(setupOf([specOf(parsed)]), [parsed], { mapper }).make(taskOf(bytes, slice)),
  )
  const [result, reference] = made.map(({ payload }) => zstdDecompressSync(payload).toString())
  expect(result).toBe(reference)
  const ndjson = Buffer.from(`\0${result}`)
  const { leaves, count } = leavesOf(ndjson, 1, ndjson.length)
  expect(merkleRoot(leaves).toString('hex')).toBe(made[0]!.root)
  expect(made[0]!.events).toBe(count)
  expect(made[0]!.bytes).toBe(ndjson.length - 1)
  return result!
}

const integrations = readdirSync(INTEGRATIONS, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)
  .sort()

describe.each(integrations)('the samples of %s', (integration) => {
  const samples = readdirSync(join(INTEGRATIONS, integration, 'samples')).sort()

  it.each(samples)('%s become the expected events', async (sample) => {
    const events = await eventsOf(integration, sample)
    for (const line of events.split('\n').slice(0, -1)) expect(canonical(JSON.parse(line))).toBe(line)
    const folder = join(INTEGRATIONS, integration, 'expected')
    const file = join(folder, `${sample}.jsonl`)
    if (WRITE) {
      mkdirSync(folder, { recursive: true })
      writeFileSync(file, events)
    }
    const expected = existsSync(file) ? readFileSync(file, 'utf8') : null
    expect(events, `${file} says otherwise.\n${RENEW}`).toBe(expected)
  })
})
