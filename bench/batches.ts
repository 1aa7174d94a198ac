import { createHash } from 'node:crypto'
import type { StoreBatch } from '../indexer/store/index.ts'
import {
  type AgentId,
  canonical,
  type Incarnation,
  leavesOf,
  type Sha256,
  type SourceId,
  sha256,
} from '../schema/index.ts'
import type { Manifest } from '../schema/wire/index.ts'

/** The file that the benches' events name as their source, and the bytes of a record in it. */
export const SOURCE = '00112233445566778899aabbccddeeff' as SourceId
export const RECORD = 430

interface Place {
  readonly sequence: number
  readonly first: number
  readonly ingested: number
}

/** Lines as a batch that was verified already. */
export const batchOf = (lines: readonly string[], place: Place): StoreBatch =>
  batchOfBytes(Buffer.from(`\n${lines.join('\n')}\n`), place)

/** Does the same for lines between newlines. */
export function batchOfBytes(shipped: Buffer, { sequence, first, ingested }: Place): StoreBatch {
  const { leaves, count } = leavesOf(shipped, 1, shipped.length)
  const body = shipped.subarray(1)
  const manifest: Manifest = {
    version: 1,
    agent: 'agent-bench' as AgentId,
    key: 'bench',
    incarnation: '0123456789abcdef0123456789abcdef' as Incarnation,
    sequence,
    previous: null,
    cites: null,
    created: ingested,
    namespace: 'bench',
    settings: null,
    events: count,
    bytes: body.length,
    encoding: 'zstd',
    root: '0'.repeat(64) as Sha256,
    sources: [
      {
        source: SOURCE,
        generation: 0,
        path: '/var/log/app/audit.jsonl',
        from: first * RECORD,
        to: (first + count) * RECORD,
        read: count,
        events: count,
        filtered: 0,
        skipped: 0,
        truncated: 0,
        errors: 0,
        dropped: 0,
      },
    ],
  }
  const manifestBytes = Buffer.from(canonical(manifest))
  return {
    manifest,
    hash: sha256(manifestBytes),
    manifestBytes,
    signature: createHash('sha512').update(manifestBytes).digest(),
    lines: body,
    leaves,
    ingested,
  }
}
