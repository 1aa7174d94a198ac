import { zstdDecompressSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createNormaliser, loadIntegration, type Normaliser, type Task } from '../index.ts'
import { setupOf, specOf, taskOf } from '../testing/setup.ts'

const setup = setupOf([specOf(await loadIntegration('generic-json'))])

/** A task whose buffer has the size that is moved there and back. */
function roomyTaskOf(text: string, pipeline = 0): Task {
  const buffer = new ArrayBuffer(64 * 1024)
  Buffer.from(buffer).write(text)
  return { ...taskOf(text, { pipeline }), buffer }
}

let normaliser: Normaliser
beforeAll(async () => {
  normaliser = await createNormaliser(setup, { workers: 2 })
})
afterAll(() => normaliser.close())

describe('workers', () => {
  it('move buffers there and back, without a copy', async () => {
    const task = roomyTaskOf('{"user":"a"}\n')
    const result = await normaliser.run(task)
    expect(task.buffer.byteLength).toBe(0)
    expect(result.buffer.byteLength).toBe(64 * 1024)
    expect(JSON.parse(zstdDecompressSync(result.payload).toString()).user.name).toBe('a')
    // This reuses the same buffer.
    expect((await normaliser.run({ ...roomyTaskOf(''), buffer: result.buffer, slices: [] })).events).toBe(0)
  })

  it('run side by side, each result its own', async () => {
    const names = Array.from({ length: 40 }, (_, i) => `user-${i}`)
    const results = await Promise.all(
      names.map((name) => normaliser.run(roomyTaskOf(`{"user":"${name}"}\n`))),
    )
    expect(
      results.map(({ payload }) => JSON.parse(zstdDecompressSync(payload).toString()).user.name),
    ).toEqual(names)
  })

  it('a task that fails rejects, and the others go on', async () => {
    await expect(normaliser.run(roomyTaskOf('{}\n', 7))).rejects.toThrow('there is no pipeline 7')
    expect((await normaliser.run(roomyTaskOf('{}\n'))).events).toBe(1)
  })

  it('an integration that is not there is known before a worker starts', async () => {
    const wrong = { ...setup, pipelines: [{ ...setup.pipelines[0]!, integration: 'nowhere' }] }
    await expect(createNormaliser(wrong, { workers: 1 })).rejects.toThrow('There is no integration nowhere')
  })
})
