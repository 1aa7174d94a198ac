import { zstdDecompressSync } from 'node:zlib'
import type { AuditEvent } from '../../../schema/index.ts'
import { BatchMaker, framingFor, type Integration, type PipelineSpec, type TaskResult } from '../index.ts'
import type { MapperClass } from '../map/mapper.ts'
import type { WorkerSetup } from '../task.ts'
import { NOW } from './samples.ts'
import { setupOf, specOf, taskOf } from './setup.ts'

/**
 * Returns a function that makes batches of one integration's records, as a worker does. Compiling takes longer than most tests: do it
 * once.
 */
export function makerOf(
  integration: Integration,
  {
    mapper,
    framing = framingFor(integration),
    ...received
  }: { readonly mapper?: MapperClass; readonly framing?: PipelineSpec['framing'] } & Pick<
    WorkerSetup,
    'syslog' | 'journalKey'
  > = {},
): BatchMaker {
  const setup = setupOf([specOf(integration, { framing })], received)
  return new BatchMaker(setup, [integration], mapper === undefined ? {} : { mapper })
}

/** The batch of a file's content, and its events. */
export function batchOf(
  maker: BatchMaker,
  content: string | Buffer,
  { now = NOW, opaque = false }: { readonly now?: number; readonly opaque?: boolean } = {},
): { readonly result: TaskResult; readonly events: AuditEvent[] } {
  const result = maker.make(taskOf(content, {}, { now, ...(opaque ? { opaque } : {}) }))
  const lines = zstdDecompressSync(result.payload).toString().trim()
  return { result, events: lines === '' ? [] : lines.split('\n').map((line): AuditEvent => JSON.parse(line)) }
}
