/**
 * Measures the speed of the machine at the moment: one thread of Node that does the least that a shipper could. It reads lines of JSON,
 * parses them, builds an event of each, writes it as JSON, compresses and sends, and keeps no promise: no signature, no spool, no position.
 *
 *   node bench/yardstick.ts FILE URL
 */
import { closeSync, openSync, readSync } from 'node:fs'
import { StringDecoder } from 'node:string_decoder'
import { constants, zstdCompressSync } from 'node:zlib'
import { Pool } from 'undici'

const [file, url] = process.argv.slice(2)
if (file === undefined || url === undefined) throw new Error('node bench/yardstick.ts FILE URL')

const PIECE = 1024 * 1024
const IN_FLIGHT = 4
const FASTEST = { [constants.ZSTD_c_compressionLevel]: 1 }

/** A line of `lines.ts`. */
interface Line {
  readonly time: string
  readonly user: string
  readonly user_id: string
  readonly action: string
  readonly entity: string
  readonly entity_id: string
  readonly ip: string
  readonly session: string
  readonly changes: unknown
  readonly message: string
  readonly status: string
  readonly request_id: string
}

function eventOf(line: string, sequence: number): string {
  const record = JSON.parse(line) as Line
  return JSON.stringify({
    '@timestamp': record.time,
    audit: {
      category: 'change',
      changes: record.changes,
      entity: { id: record.entity_id, type: record.entity },
      session: { id: record.session },
    },
    event: {
      action: record.action,
      id: sequence.toString(16),
      kind: 'event',
      original: line,
      outcome: record.status,
      sequence,
    },
    message: record.message,
    source: { ip: record.ip },
    trace: { id: record.request_id },
    user: { id: record.user_id, name: record.user },
  })
}

const pool = new Pool(url, { connections: IN_FLIGHT })
const sending: Promise<void>[] = []
const decoder = new StringDecoder('utf8')
const buffer = Buffer.alloc(PIECE)
const from = openSync(file, 'r')
let rest = ''
let sequence = 0
for (let read = readSync(from, buffer); read > 0; read = readSync(from, buffer)) {
  const lines = (rest + decoder.write(buffer.subarray(0, read))).split('\n')
  rest = lines.pop() ?? ''
  const body = zstdCompressSync(lines.map((line) => eventOf(line, sequence++)).join('\n'), {
    params: FASTEST,
  })
  if (sending.length === IN_FLIGHT) await sending.shift()
  sending.push(pool.request({ path: '/', method: 'POST', body }).then((answer) => answer.body.dump()))
}
closeSync(from)
await Promise.all(sending)
await pool.close()
