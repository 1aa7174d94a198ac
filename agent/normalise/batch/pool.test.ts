import { zstdDecompressSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SourceId } from '../../../schema/index.ts'
import { createNormaliser, type Normaliser, type Task, type WorkerSetup } from '../index.ts'

const setup: WorkerSetup = {
  agent: { id: 'agent-1', name: 'web-1', version: '1.0.0' },
  host: 'web-1',
  namespace: 'default',
  pipelines: [
    { integration: 'generic-json', framing: { kind: 'lines' }, tags: [], labels: {}, timeZone: 'UTC' },
  ],
  compression: { encoding: 'zstd', level: 1 },
}

function taskOf(text: string, pipeline = 0): Task {
  const buffer = new ArrayBuffer(64 * 1024)
  const end = Buffer.from(buffer).write(text)
  const source = 'a'.repeat(32) as SourceId
  return {
    buffer,
    now: 0,
    slices: [
      {
        source,
        generation: 0,
        path: '/a',
        pipeline,
        start: 0,
        end,
        offset: 0,
        to: end,
        header: null,
        truncated: null,
      },
    ],
  }
}

let normaliser: Normaliser
beforeAll(async () => {
  normaliser = await createNormaliser(setup, { workers: 2 })
})
afterAll(() => normaliser.close())

describe('workers', () => {
  it('move buffers there and back, without a copy', async () => {
    const task = taskOf('{"user":"a"}\n')
    const result = await normaliser.run(task)
    expect(task.buffer.byteLength).toBe(0)
    expect(result.buffer.byteLength).toBe(64 * 1024)
    expect(JSON.parse(zstdDecompressSync(result.payload).toString()).user.name).toBe('a')
    // The same buffer again.
    expect((await normaliser.run({ ...taskOf(''), buffer: result.buffer, slices: [] })).events).toBe(0)
  })

  it('run side by side, each result its own', async () => {
    const names = Array.from({ length: 40 }, (_, i) => `user-${i}`)
    const results = await Promise.all(names.map((name) => normaliser.run(taskOf(`{"user":"${name}"}\n`))))
    expect(
      results.map(({ payload }) => JSON.parse(zstdDecompressSync(payload).toString()).user.name),
    ).toEqual(names)
  })

  it('a task that fails rejects, and the others go on', async () => {
    await expect(normaliser.run(taskOf('{}\n', 7))).rejects.toThrow('there is no pipeline 7')
    expect((await normaliser.run(taskOf('{}\n'))).events).toBe(1)
  })

  it('an integration that is not there is known before a worker starts', async () => {
    const wrong = { ...setup, pipelines: [{ ...setup.pipelines[0]!, integration: 'nowhere' }] }
    await expect(createNormaliser(wrong, { workers: 1 })).rejects.toThrow('There is no integration nowhere')
  })
})
