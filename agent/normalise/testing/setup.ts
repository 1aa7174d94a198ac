import { framingFor, type Integration } from '../index.ts'
import { type PipelineSpec, type Task, type TaskSlice, type WorkerSetup, wholeFile } from '../task.ts'
import { NOW } from './samples.ts'

/** The start data of a worker with these pipelines. */
export const setupOf = (
  pipelines: readonly PipelineSpec[],
  more: Partial<WorkerSetup> = {},
): WorkerSetup => ({
  agent: { id: 'agent-1', name: 'web-1', version: '1.0.0' },
  host: 'web-1',
  namespace: 'default',
  pipelines,
  compression: { encoding: 'zstd', level: 1 },
  ...more,
})

/** How an input reads records of an integration without an operator's settings. */
export const specOf = (integration: Integration, more: Partial<PipelineSpec> = {}): PipelineSpec => ({
  integration: integration.name,
  framing: framingFor(integration),
  tags: [],
  labels: {},
  timeZone: 'UTC',
  ...more,
})

/** A task with one slice: a whole file, unless the slice is changed. */
export function taskOf(
  content: string | Uint8Array,
  slice: Partial<TaskSlice> = {},
  more: Partial<Omit<Task, 'buffer' | 'slices'>> = {},
): Task {
  const bytes = Buffer.from(content)
  const buffer = new ArrayBuffer(bytes.length)
  Buffer.from(buffer).set(bytes)
  return {
    buffer,
    slices: [{ ...wholeFile('/var/log/audit.log', bytes.length), ...slice }],
    now: NOW,
    ...more,
  }
}
