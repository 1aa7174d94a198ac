import { Piscina, transferableSymbol, valueSymbol } from 'piscina'
import { withColumns } from '../integration/columns.ts'
import type { Integration } from '../integration/integration.ts'
import { expectedOf } from '../integration/lacks.ts'
import { loadIntegration } from '../integration/load.ts'
import type { Task, TaskResult, WorkerSetup } from '../task.ts'
import { Engine } from './engine.ts'
import type { WorkerStart } from './worker.ts'

export interface Normaliser {
  readonly setup: WorkerSetup
  /** What the events of each pipeline should not lack, as bits of `LACK`. */
  readonly expected: readonly number[]
  /**
   * Makes a batch of a task. The task's buffer is moved to the worker and comes back with the result. If the call rejects (a worker died),
   * the buffer is lost, too.
   */
  run(task: Task): Promise<TaskResult>
  close(): Promise<void>
}

export interface NormaliserOptions {
  readonly workers: number
  /** The limits of the young and the old generation of a worker's heap, in MiB. */
  readonly youngMiB?: number
  readonly oldMiB?: number
}

/**
 * Batches live for milliseconds and are outside V8's heap. So a small young generation costs next to nothing, and without a limit a worker
 * takes hundreds of MiB. The limit of the old generation bounds the memory of one hostile record.
 */
const YOUNG_MIB = 8
const OLD_MIB = 192
const IDLE_MS = 10_000

const WORKER = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url).href

/** What the events of each pipeline should not lack. */
export const expectedIn = async ({ pipelines }: WorkerSetup): Promise<number[]> =>
  Promise.all(pipelines.map(async (spec) => expectedOf(await loadIntegration(spec.integration), spec)))

/** Loads the integrations of all pipelines and starts the workers; any fault of an integration is an OperatorError. */
export async function createNormaliser(setup: WorkerSetup, options: NormaliserOptions): Promise<Normaliser> {
  const integrations: Integration[] = []
  for (const pipeline of setup.pipelines)
    integrations.push(withColumns(await loadIntegration(pipeline.integration), pipeline.columns))
  const pool = new Piscina({
    filename: WORKER,
    // While the files are quiet, no worker waits: each costs a heap and a stack.
    minThreads: 0,
    maxThreads: options.workers,
    idleTimeout: IDLE_MS,
    recordTiming: false,
    resourceLimits: {
      maxYoungGenerationSizeMb: options.youngMiB ?? YOUNG_MIB,
      maxOldGenerationSizeMb: options.oldMiB ?? OLD_MIB,
    },
    workerData: { setup, integrations } satisfies WorkerStart,
  })
  const engine = new Engine()
  return {
    setup,
    expected: setup.pipelines.map((spec, i) => expectedOf(integrations[i]!, spec)),
    run(task) {
      engine.work(task.slices.reduce((sum, { start, end }) => sum + end - start, 0))
      return pool.run(Piscina.move({ [transferableSymbol]: [task.buffer], [valueSymbol]: task }))
    },
    close: () => pool.destroy(),
  }
}
