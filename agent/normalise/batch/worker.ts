import { workerData } from 'node:worker_threads'
import { move, transferableSymbol, valueSymbol } from 'piscina'
import type { Integration } from '../integration/integration.ts'
import type { Task, TaskResult, WorkerSetup } from '../task.ts'
import { BatchMaker } from './batch.ts'

/** What a worker thread runs. It is given plain data, and loads neither zod nor yaml. */
export interface WorkerStart {
  readonly setup: WorkerSetup
  /** By pipeline. */
  readonly integrations: readonly Integration[]
}

/** piscina hands its own value over beside ours: `[port settings, workerData]`. */
const { setup, integrations }: WorkerStart = Array.isArray(workerData) ? workerData[1] : workerData

const batches = new BatchMaker(setup, integrations)

/** The result's buffers are moved to the main thread, not copied. */
export default function run(task: Task): unknown {
  const result: TaskResult = batches.make(task)
  return move({
    [transferableSymbol]: [result.buffer, result.payload.buffer],
    [valueSymbol]: result,
  })
}
