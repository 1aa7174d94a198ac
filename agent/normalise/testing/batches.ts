import { zstdDecompressSync } from 'node:zlib'
import type { AuditEvent } from '../../../schema/index.ts'
import { BatchMaker, framingFor, type Integration, type PipelineSpec, type TaskResult } from '../index.ts'
import type { MapperClass } from '../map/mapper.ts'
import { type WorkerSetup, wholeFile } from '../task.ts'
import { NOW } from './samples.ts'

/** What makes batches of one integration's records, as in a worker. Compiling it takes longer than most tests: make it once. */
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
  const spec = { integration: integration.name, framing, tags: [], labels: {}, timeZone: 'UTC' }
  const setup: WorkerSetup = {
    agent: { id: 'agent-1', name: 'web-1', version: '1.0.0' },
    host: 'web-1',
    namespace: 'default',
    pipelines: [spec],
    compression: { encoding: 'zstd', level: 1 },
    ...received,
  }
  return new BatchMaker(setup, [integration], mapper === undefined ? {} : { mapper })
}

/** The batch of a file's content, and its events. */
export function batchOf(
  maker: BatchMaker,
  content: string | Buffer,
  { now = NOW, opaque = false }: { readonly now?: number; readonly opaque?: boolean } = {},
): { readonly result: TaskResult; readonly events: AuditEvent[] } {
  const bytes = Buffer.from(content)
  const buffer = new ArrayBuffer(bytes.length)
  Buffer.from(buffer).set(bytes)
  const slice = wholeFile('/var/log/audit.log', bytes.length)
  const result = maker.make({ buffer, slices: [slice], now, ...(opaque ? { opaque } : {}) })
  const lines = zstdDecompressSync(result.payload).toString().trim()
  return { result, events: lines === '' ? [] : lines.split('\n').map((line): AuditEvent => JSON.parse(line)) }
}
