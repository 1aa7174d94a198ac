import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { until } from '../test/system/system.ts'
import { isMoving } from './cli/run.ts'
import { createFileInput } from './inputs/index.ts'
import type { TaskResult } from './normalise/index.ts'
import { Pump } from './pump.ts'
import { openState } from './state/index.ts'

const QUIET = { debug() {}, info() {}, warn() {}, error() {} }

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'waybill-pump-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('a batch that no worker finishes is noticed; waiting for records is no fault', async () => {
  const state = await openState(join(folder, 'state'), { log: QUIET })
  const input = createFileInput(
    {
      files: [
        {
          ...{ paths: [join(folder, '*.log')], exclude: [], gzip: false, watch: false, pipeline: 0 },
          framing: { kind: 'lines' },
        },
      ],
      policy: { sweepEvery: 100 },
    },
    {
      ...{ state, sealed: new Map(), holdDir: join(folder, 'hold'), clock: Date.now },
      ...{ random: randomBytes, log: QUIET },
    },
  )
  await input.start()
  const pump = new Pump({
    ...{ input, buffers: 2, clock: Date.now, log: QUIET, shaped: () => {} },
    normaliser: { run: () => new Promise<TaskResult>(() => {}) },
    shipper: { hasRoom: () => true, room: async () => {}, seal: async () => {} },
  })
  const stop = new AbortController()
  void pump.run(stop.signal)
  await until('it waits for records', () => pump.busySince === null)
  writeFileSync(join(folder, 'a.log'), 'one\n')
  const since = await until('it is at work', () => pump.busySince)
  expect(isMoving(since, since + 59_000)).toBe(true)
  expect(isMoving(since, since + 61_000)).toBe(false)
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(pump.busySince).not.toBe(null)
  expect(isMoving(null, since + 1_000_000)).toBe(true)

  // The pump stays at this batch: it would wait for its worker for ever.
  stop.abort()
  await input.close()
  await state.close()
})
