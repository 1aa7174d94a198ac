import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Additions,
  type AgentId,
  type AuditEvent,
  canonical,
  type Incarnation,
  leavesOf,
  merkleRoot,
  mintedEventId,
  mintedIdPrefix,
  type Sha256,
  type SourceId,
  sha256,
} from '../../../schema/index.ts'
import type { Manifest } from '../../../schema/wire/index.ts'
import type { Author, BatchAdditions, StoreBatch } from '../port.ts'

/** The material of the stores' tests: batches as they come from ingest, and temporary folders. */
export const AGENT = 'agent-1' as AgentId
export const INCARNATION = '0123456789abcdef0123456789abcdef' as Incarnation
export const SOURCE = '00112233445566778899aabbccddeeff' as SourceId
export const INGESTED = Date.UTC(2026, 10, 2, 12)

const PREFIX = mintedIdPrefix(SOURCE, 0)
export const idAt = (offset: number): string => mintedEventId(PREFIX, offset)

export interface BatchOptions {
  readonly agent?: string
  readonly incarnation?: string
  readonly ingested?: number
  readonly previous?: string | null
  /**
   * The identity that the agent may report in; members that are left out allow any host, and share nothing. Without it there is no author.
   */
  readonly author?: Partial<Author>
  /** The enrichment's additions, by position in the batch. */
  readonly additions?: readonly (Additions | null)[]
}

/** A batch of lines as given; `lines` need not be events. */
export function batchOfLines(
  sequence: number,
  lines: readonly (string | Buffer)[],
  options: BatchOptions = {},
): StoreBatch {
  const bytes = Buffer.concat([
    Buffer.from('\n'),
    ...lines.flatMap((line) => [Buffer.from(line), Buffer.from('\n')]),
  ])
  const { leaves } = leavesOf(bytes, 1, bytes.length)
  const counts = {
    read: lines.length,
    events: lines.length,
    filtered: 0,
    skipped: 0,
    truncated: 0,
    errors: 0,
    dropped: 0,
  }
  const manifest: Manifest = {
    version: 1,
    agent: (options.agent ?? AGENT) as AgentId,
    key: 'key-1',
    incarnation: (options.incarnation ?? INCARNATION) as Incarnation,
    sequence,
    previous: (options.previous ?? null) as Sha256 | null,
    cites: null,
    created: INGESTED,
    namespace: 'default',
    settings: null,
    events: lines.length,
    bytes: bytes.length - 1,
    encoding: 'zstd',
    root: merkleRoot(leaves).toString('hex') as Sha256,
    sources: [
      { source: SOURCE, generation: 0, path: '/var/log/a.log', from: 0, to: bytes.length, ...counts },
    ],
  }
  const manifestBytes = Buffer.from(canonical(manifest))
  return {
    manifest,
    hash: sha256(manifestBytes),
    manifestBytes,
    signature: Buffer.alloc(64, 7),
    lines: bytes.subarray(1),
    leaves,
    ingested: options.ingested ?? INGESTED,
    ...(options.author !== undefined && {
      author: { agent: manifest.agent, hosts: null, shared: [], ...options.author },
    }),
    ...(options.additions !== undefined && { additions: additionsOf(options.additions) }),
  }
}

function additionsOf(all: readonly (Additions | null)[]): BatchAdditions {
  const given = all.flatMap((additions, position) => (additions === null ? [] : [{ additions, position }]))
  return {
    positions: Uint32Array.from(given, ({ position }) => position),
    lines: Buffer.from(given.map(({ additions }) => canonical(additions)).join('\n')),
  }
}

export const batchOf = (
  sequence: number,
  events: readonly AuditEvent[],
  options: BatchOptions = {},
): StoreBatch => batchOfLines(sequence, events.map(canonical), options)

/** A plain event. */
export function eventAt(offset: number, more: { [member: string]: unknown } = {}): AuditEvent {
  return {
    '@timestamp': new Date(Date.UTC(2026, 10, 1) + offset).toISOString(),
    agent: { id: AGENT },
    audit: { category: 'change', entity: { type: 'customer' } },
    event: { id: idAt(offset), action: 'record.update', kind: 'event', sequence: offset },
    message: `number ${offset}`,
    user: { name: `user${offset % 3}` },
    ...more,
  }
}

/** A folder for one test; `remove` is for `afterEach`. */
export function temporaryFolders(): { make(): string; remove(): void } {
  const made: string[] = []
  return {
    make: () => {
      const folder = mkdtempSync(join(tmpdir(), `waybill-store-${randomBytes(3).toString('hex')}-`))
      made.push(folder)
      return folder
    },
    remove: () => {
      for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true })
    },
  }
}
