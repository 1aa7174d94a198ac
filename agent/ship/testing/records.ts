import { hash } from 'node:crypto'
import { zstdCompressSync } from 'node:zlib'
import { canonical, leavesOf, merkleRoot } from '../../../schema/index.ts'
import type { SourceSlice } from '../../../schema/wire/index.ts'
import type { TaskResult } from '../../normalise/task.ts'
import type { Delays } from '../sender.ts'

/** Waits of milliseconds in place of an agent's seconds. */
export const QUICK: Delays = {
  indexer: { base: 5, cap: 40 },
  full: { base: 10, cap: 40 },
  unauthorised: { base: 10, cap: 40 },
  batch: { base: 5, cap: 40 },
  refusals: { base: 5, cap: 40 },
}

export const SOURCE_A = 'a'.repeat(32)
export const SOURCE_B = 'b'.repeat(32)

/** Record n of a source is at offset n; its event id shows this. */
export const eventId = (source: string, record: number): string =>
  hash('sha256', `${source}/${record}`).slice(0, 40)

export const isFiltered = (record: number): boolean => record % 10 === 9

export function batchOfRecords(
  source: string,
  from: number,
  records: number,
  agent?: string,
): { result: TaskResult; slices: SourceSlice[] } {
  const lines: string[] = []
  for (let record = from; record < from + records; record++) {
    if (isFiltered(record)) continue
    const id = eventId(source, record)
    lines.push(
      canonical({
        '@timestamp': '2026-01-01T00:00:00.000Z',
        ...(agent !== undefined && { agent: { id: agent, name: 'trial' } }),
        event: { id },
        message: `record ${record}`,
      }),
    )
  }
  const text = Buffer.from(lines.length === 0 ? '' : `${lines.join('\n')}\n`)
  const { leaves, count } = leavesOf(Buffer.concat([Buffer.alloc(1), text]), 1, text.length + 1)
  const counts = {
    read: records,
    events: count,
    filtered: records - count,
    skipped: 0,
    truncated: 0,
    errors: 0,
  }
  return {
    result: {
      buffer: new ArrayBuffer(0),
      payload: count === 0 ? new Uint8Array(0) : zstdCompressSync(text),
      encoding: 'zstd',
      events: count,
      bytes: text.length,
      root: merkleRoot(leaves).toString('hex'),
      slices: [{ ...counts, dropped: 0 }],
      shapes: [],
    },
    slices: [
      {
        source: source as SourceSlice['source'],
        generation: 1,
        path: `/var/log/${source.slice(0, 4)}.jsonl`,
        from,
        to: from + records,
        dropped: 0,
        ...counts,
      },
    ],
  }
}
