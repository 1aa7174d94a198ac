import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { OperatorError, reasonOf } from '../../../schema/index.ts'
import { decodeWaybill } from '../../../schema/wire/index.ts'
import type { Consignment } from '../../store/port.ts'
import type { EvidenceSource } from './source.ts'

const WAYBILL = '.waybill'
const NEWLINE = 10
/** Lines of a batch are at most this long together: more is no batch of an agent. */
const MOST_BYTES = 128 * 1024 * 1024

/** Whether a folder has waybills as agents keep them in spool and quarantine. */
export const hasShipped = (folder: string): boolean =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).some((name) => name.endsWith(WAYBILL))

/** The waybills in a folder of an agent: its spool, its quarantine, or a copy of these. */
export function shippedEvidence(folder: string): EvidenceSource {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(WAYBILL))
    .sort()
    .map((name) => join(folder, name))
  return {
    kind: 'events',
    place: `the waybills in ${folder}`,
    holds: 'part',
    logs: [],
    deadLetters: null,
    keys: async () => [],
    counted: async () => null,
    consignments: {
      list: async ({ after, limit }) => {
        const from = Number(after ?? 0)
        const to = Math.min(from + limit, files.length)
        const consignments = files.slice(from, to).map(consignmentIn)
        return { consignments, damaged: [], next: String(to), isEnd: to === files.length }
      },
    },
    close: async () => {},
  }
}

function consignmentIn(file: string): Consignment {
  try {
    const { manifest, manifestBytes, signature, payload } = decodeWaybill(readFileSync(file))
    const { agent, incarnation, sequence, events, created, encoding } = manifest
    const inflate = encoding === 'zstd' ? zstdDecompressSync : gunzipSync
    const bytes = payload.length === 0 ? payload : inflate(payload, { maxOutputLength: MOST_BYTES })
    const result = { stored: events, duplicate: 0, dead: 0, sources: [], reasons: [] }
    return {
      agent,
      incarnation,
      sequence,
      waybill: {
        manifest: manifestBytes,
        signature,
        at: created,
        result,
        leaves: new Map(),
        sealed: new Map(),
        fates: null,
      },
      lines: linesIn(bytes).map((line, position) => ({
        position,
        line,
        ingested: created,
        renamed: null,
        additions: '',
      })),
    }
  } catch (thrown) {
    throw new OperatorError(
      'WB-FILE-INVALID',
      `${file} is no waybill that can be read (${reasonOf(thrown)}): leave it out`,
      { cause: thrown, exitCode: 2 },
    )
  }
}

function linesIn(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = []
  for (let at = 0, end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, at)) {
    lines.push(bytes.subarray(at, end))
    at = end + 1
  }
  return lines
}
