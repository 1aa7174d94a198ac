import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { openEmbeddedStore } from '../../indexer/store/index.ts'
import { allBatches, LIVES, type Numbered } from './batches.ts'
import { Disk, type Mood, replay } from './disk.ts'
import { chanceOf, newFolder, seedOf } from './folders.ts'
import { type Call, readTrace, traced, whyNotTraced } from './trace.ts'

const CUTS = process.env.WAYBILL_FULL === undefined ? 15 : 500
const reason = whyNotTraced()

/** What the recorded process had said so far: what was acknowledged when the power went. */
interface Said {
  readonly batches: Set<number>
  readonly records: Set<number>
}

interface Recorded {
  readonly root: string
  readonly calls: readonly Call[]
  readonly disk: Disk
}

async function recorded(): Promise<Recorded> {
  const root = newFolder()
  const folder = newFolder()
  const file = join(folder, 'calls')
  const disk = new Disk(root)
  const run = traced([join(import.meta.dirname, 'storing.ts'), join(root, 'store')], file, folder)
  let said = ''
  run.stdout.on('data', (text) => {
    said += String(text)
  })
  expect(await run.ended, said).toBe(0)
  expect(said).toContain(`life ${LIVES - 1}`)
  return { root, calls: await readTrace(file, folder), disk }
}

/** Takes note of what a call says on the process's output. */
function listen(call: Call, said: Said): void {
  if (call.name !== 'write' || call.fd !== 1 || call.data === null) return
  for (const [, kind, number] of call.data.toString().matchAll(/^(batch|record) (\d+)$/gm))
    (kind === 'batch' ? said.batches : said.records).add(Number(number))
}

/** Opens what a cut left, and sees that all that was acknowledged is there, each once; then sends everything again, as agents do. */
async function check(path: string, said: Said, batches: readonly Numbered[], what: string): Promise<void> {
  const warnings: string[] = []
  const store = await openEmbeddedStore({ path, minimumFree: 0, log: (sentence) => warnings.push(sentence) })
  const ids = async (): Promise<string[]> => {
    const found: string[] = []
    let after: string | undefined
    do {
      const page = await store.search({
        query: { kind: 'all' },
        order: 'oldest',
        limit: 1000,
        ...(after !== undefined && { after }),
      })
      for (const { event } of page.events) found.push((event as { id: string }).id)
      after = page.next ?? undefined
    } while (after !== undefined)
    return found
  }
  try {
    const there = await ids()
    const distinct = new Set(there)
    expect(there.length, `${what}: events that are there twice`).toBe(distinct.size)
    const missing = batches
      .filter(({ batch }) => said.batches.has(batch.manifest.sequence))
      .flatMap((one) =>
        one.ids
          .filter((id) => !distinct.has(id))
          .map((id) => `${id} of batch ${one.batch.manifest.sequence}`),
      )
    expect(missing.slice(0, 3), `${what}: ${missing.length} acknowledged events are missing`).toEqual([])
    for (const number of said.records)
      expect((await store.records.get('kind', `key-${number}`))?.value, what).toEqual({ sequence: number })
    // As threads may take them over, each is sent as a copy.
    const outcomes = await Promise.all(
      batches.map(({ batch }) =>
        store.write({ ...batch, lines: Buffer.from(batch.lines), leaves: Buffer.from(batch.leaves) }),
      ),
    )
    for (const [i, { batch }] of batches.entries()) {
      const { sequence } = batch.manifest
      const again = said.batches.has(sequence) ? { again: true } : {}
      expect(outcomes[i], `${what}: batch ${sequence} sent again`).toMatchObject({ kind: 'stored', ...again })
    }
    const all = await ids()
    expect(all.length, `${what}: events that are there twice when all was sent again`).toBe(new Set(all).size)
    const wanted = batches.flatMap((one) => one.ids)
    const after = new Set(all)
    expect(
      wanted.filter((id) => !after.has(id)),
      `${what}: missing when all was sent again`,
    ).toEqual([])
    const status = await store.status()
    expect(status, what).toMatchObject({ ready: true, problem: null })
    expect(status.events, `${what}: the events that status counts`).toBe(all.length)
    expect(status.deadLetters, what).toBe(batches.reduce((sum, { dead }) => sum + dead, 0))
    expect(warnings, what).toEqual([])
  } finally {
    await store.close()
  }
}

describe.skipIf(reason !== null)('the power of an indexer’s machine goes, while it stores', () => {
  let record: Recorded
  beforeAll(async () => {
    if (reason === null) record = await recorded()
  }, 300_000)

  it(`${CUTS} times at random: it starts without help, no acknowledged event is missing, and none is there twice`, {
    timeout: 60_000 + CUTS * 10_000,
  }, async () => {
    const seed = seedOf()
    const chance = chanceOf(seed)
    const { calls } = record
    const batches = allBatches()
    const disk = record.disk
    const moments = calls.filter((call) => disk.concerns(call)).length * 2
    const cuts = new Set<number>()
    while (cuts.size < CUTS) cuts.add(Math.floor(chance() * moments))
    const copies = newFolder()
    const said: Said = { batches: new Set(), records: new Set() }
    let step = 0
    let cut = 0
    await replay(disk, calls, async (_, call, part) => {
      if (part === 'begin') listen(call, said)
      if (!disk.concerns(call) || !cuts.has(step++)) return
      const mood: Mood = chance() < 0.25 ? 'nothing' : chance() < 0.1 ? 'everything' : 'some'
      const copy = join(copies, String(cut++))
      mkdirSync(copy)
      disk.cut(copy, mood, chance)
      await check(
        join(copy, 'store'),
        said,
        batches,
        `seed ${seed}, cut ${cut} at call ${call.begin} (${call.name}), ${mood}`,
      )
      rmSync(copy, { recursive: true })
    })
    expect(cut).toBe(cuts.size)
    expect(said.batches.size).toBe(batches.length)
  })
})
