import { workerData } from 'node:worker_threads'
import { move, transferableSymbol, valueSymbol } from 'piscina'
import type { Integration } from '../integration/integration.ts'
import type { Task, TaskResult, WorkerSetup } from '../task.ts'
import { BatchMaker } from './batch.ts'

/** The start data of a worker thread. It is plain data, and the worker loads neither zod nor yaml. */
export interface WorkerStart {
  readonly setup: WorkerSetup
  /** The integrations, by pipeline. */
  readonly integrations: readonly Integration[]
}

/** piscina passes its own value beside ours: `[port settings, workerData]`. */
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
