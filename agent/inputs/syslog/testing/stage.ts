import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { type ReceivedMessage, readRecord, recordEnd } from '../../journal/record.ts'
import { JournalKey } from '../../journal/seal.ts'
import type { Listen } from '../../listen/index.ts'
import { type Listening, Reception } from '../../reception.ts'

export interface Seen {
  readonly text: string
  readonly about: ReceivedMessage
}

export interface StageOptions {
  readonly folder?: string
  readonly listens?: readonly Listen['transport'][]
  readonly limit?: number
  readonly limits?: Partial<Listening['limits']>
  readonly tls?: Listening['tls']
}

/** The key of all journals that a stage writes. */
export const KEY: Uint8Array = Buffer.from(
  '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',
  'hex',
)

/** A reception on ports that the system chose, with a journal in a separate folder that a test reads. */
export class Stage {
  readonly folder: string
  readonly reception: Reception
  readonly said: string[]
  readonly entry: Listening
  readonly limit: number
  /** The positions that the test declares as acknowledged. */
  readonly acknowledged: Map<string, number>

  private constructor(
    folder: string,
    reception: Reception,
    said: string[],
    entry: Listening,
    limit: number,
    acknowledged: Map<string, number>,
  ) {
    this.folder = folder
    this.reception = reception
    this.said = said
    this.entry = entry
    this.limit = limit
    this.acknowledged = acknowledged
  }

  static async open(options: StageOptions = {}): Promise<Stage> {
    const folder = options.folder ?? temporaryFolder()
    const said: string[] = []
    const acknowledged = new Map<string, number>()
    const note = (sentence: string): void => {
      said.push(sentence)
    }
    const limit = options.limit ?? 64 * 1024 * 1024
    const reception = await Reception.open(
      { folder, key: KEY, limit, syncEvery: 2 },
      {
        clock: Date.now,
        random: randomBytes,
        log: { info: note, warn: note, error: note },
        acknowledged: () => acknowledged,
        written: () => {},
      },
    )
    onTestFinished(() => reception.close())
    const entry: Listening = {
      listens: (options.listens ?? ['tcp']).map((transport) => ({ transport, host: '127.0.0.1', port: 0 })),
      door: null,
      tls: options.tls ?? null,
      limits: { connections: 100, perPeer: 100, idle: 60_000, ...options.limits },
    }
    const stage = new Stage(folder, reception, said, entry, limit, acknowledged)
    await stage.listen(entry)
    return stage
  }

  listen(entry: Listening): Promise<void> {
    return this.reception.listen([entry], { limit: this.limit, syncEvery: 2 })
  }

  portOf(transport: Listen['transport']): number {
    const found = this.reception.status().listeners.find(({ listen }) => listen.startsWith(transport))
    return Number(found?.address.split(':').at(-1))
  }

  async connect(): Promise<Socket> {
    const socket = connect(this.portOf('tcp'), '127.0.0.1')
    socket.on('error', () => {})
    onTestFinished(() => {
      socket.destroy()
    })
    await once(socket, 'connect')
    return socket
  }

  /** All messages of the journal on the disk, in order. */
  messages(): Seen[] {
    return messagesIn(this.folder)
  }

  dropped(): number {
    let sum = 0
    for (const record of recordsIn(this.folder)) if (record.kind === 'dropped') sum += record.count
    return sum
  }

  /** Declares all present bytes as read, shipped and acknowledged. */
  acknowledgeAll(): void {
    for (const path of segmentsIn(this.folder)) {
      // An earlier acknowledged segment may be removed at this moment.
      const size = statSync(path, { throwIfNoEntry: false })?.size
      if (size !== undefined) this.acknowledged.set(path, size)
    }
  }

  async until<T>(what: string, look: () => T | null | undefined | false, ms = 60_000): Promise<T> {
    const end = performance.now() + ms
    for (;;) {
      const found = look()
      if (found !== null && found !== undefined && found !== false) return found
      if (performance.now() > end) throw new Error(`not within ${ms / 1000} s: ${what}`)
      await pause(5)
    }
  }
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'waybill-syslog-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const segmentsIn = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.journal'))
    .sort()
    .map((name) => join(folder, name))

function recordsIn(folder: string, key: Uint8Array = KEY) {
  return segmentsIn(folder).flatMap((path) => {
    const bytes = readFileSync(path)
    new JournalKey(key).open(bytes, 0, bytes.length)
    const records = []
    for (let at = 0; at < bytes.length; ) {
      const end = recordEnd(bytes, at, bytes.length)
      if (end < 0) break
      const record = readRecord(bytes, at, end)
      records.push(
        record.kind === 'message'
          ? { ...record, text: bytes.toString('latin1', record.start, record.end) }
          : record,
      )
      at = end
    }
    return records
  })
}

export function messagesIn(folder: string, key?: Uint8Array): Seen[] {
  return recordsIn(folder, key).flatMap((record) =>
    record.kind === 'message' && 'text' in record ? [{ text: record.text, about: record.message }] : [],
  )
}

export interface Certificates {
  readonly ca: string
  readonly cert: string
  readonly key: string
  /** The certificates of a client that the authority signed, and of one that signed its own. */
  readonly client: { readonly cert: string; readonly key: string }
  readonly stranger: { readonly cert: string; readonly key: string }
}

/** Creates an authority, a server, a client and a stranger with openssl. */
export function certificates(folder: string): Certificates {
  const path = (name: string): string => join(folder, name)
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { stdio: 'ignore' })
  }
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  openssl(
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    path('ca.key'),
    '-out',
    path('ca.pem'),
    '-subj',
    '/CN=Test CA',
    '-days',
    '2',
  )
  const signed = (name: string, subject: string): { cert: string; key: string } => {
    openssl(
      'req',
      '-x509',
      ...newKey,
      '-CA',
      path('ca.pem'),
      '-CAkey',
      path('ca.key'),
      '-keyout',
      path(`${name}.key`),
      '-out',
      path(`${name}.pem`),
      '-subj',
      subject,
      '-addext',
      'subjectAltName=IP:127.0.0.1,DNS:localhost',
      '-addext',
      'basicConstraints=critical,CA:FALSE',
      '-days',
      '2',
    )
    return { cert: path(`${name}.pem`), key: path(`${name}.key`) }
  }
  const server = signed('server', '/CN=localhost')
  const client = signed('client', '/O=Acme/CN=web-1')
  openssl(
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    path('odd.key'),
    '-out',
    path('odd.pem'),
    '-subj',
    '/CN=stranger',
    '-days',
    '2',
  )
  return {
    ca: path('ca.pem'),
    ...server,
    client,
    stranger: { cert: path('odd.pem'), key: path('odd.key') },
  }
}
