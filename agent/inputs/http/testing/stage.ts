import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { request as httpRequest, type IncomingHttpHeaders, type RequestOptions } from 'node:http'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type Delivery, readRecord, recordEnd } from '../../journal/record.ts'
import { JournalKey } from '../../journal/seal.ts'
import type { Listen } from '../../listen/index.ts'
import { type Listening, Reception } from '../../reception.ts'
import { KEY, temporaryFolder } from '../../syslog/testing/stage.ts'
import type { Door } from '../door.ts'

export interface Answered {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly json: () => unknown
}

export type Stored = Delivery & { readonly text: string }

/** An HTTP input on a port that the system chose, with a journal that a test reads. */
export class HttpStage {
  readonly folder: string
  readonly reception: Reception
  readonly entry: Listening
  readonly said: string[]
  readonly #limit: number
  /** The positions that the test declares as acknowledged. */
  readonly acknowledged: Map<string, number>

  private constructor(
    folder: string,
    reception: Reception,
    entry: Listening,
    said: string[],
    limit: number,
    acknowledged: Map<string, number>,
  ) {
    this.folder = folder
    this.reception = reception
    this.entry = entry
    this.said = said
    this.#limit = limit
    this.acknowledged = acknowledged
  }

  static async open(
    door: Door,
    options: {
      readonly folder?: string
      readonly limit?: number
      readonly tls?: Listening['tls']
      readonly limits?: Partial<Listening['limits']>
      readonly transports?: readonly Listen['transport'][]
    } = {},
  ): Promise<HttpStage> {
    const folder = options.folder ?? temporaryFolder()
    const said: string[] = []
    const note = (sentence: string): void => {
      said.push(sentence)
    }
    const limit = options.limit ?? 64 * 1024 * 1024
    const acknowledged = new Map<string, number>()
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
      listens: (options.transports ?? ['bulk']).map((transport) => ({
        transport,
        host: '127.0.0.1',
        port: 0,
      })),
      tls: options.tls ?? null,
      limits: { connections: 100, perPeer: 100, idle: 60_000, ...options.limits },
      door,
    }
    const stage = new HttpStage(folder, reception, entry, said, limit, acknowledged)
    await stage.listen(entry)
    return stage
  }

  listen(entry: Listening): Promise<void> {
    return this.reception.listen([entry], { limit: this.#limit, syncEvery: 2 })
  }

  get port(): number {
    return this.ports[0] ?? 0
  }

  /** The ports of all its addresses, in their order. */
  get ports(): number[] {
    return this.reception.status().listeners.map(({ address }) => Number(address.split(':').at(-1)))
  }

  /** One request over a connection of its own. */
  send(
    path: string,
    { body, ...options }: RequestOptions & { readonly body?: string | Uint8Array } = {},
  ): Promise<Answered> {
    return new Promise((resolve, reject) => {
      const request = httpRequest({
        host: '127.0.0.1',
        port: this.port,
        path,
        agent: false,
        method: body === undefined ? 'GET' : 'POST',
        ...options,
      })
      request.on('error', reject)
      request.on('response', (response) => {
        const pieces: Buffer[] = []
        response.on('data', (piece: Buffer) => pieces.push(piece))
        response.on('error', reject)
        response.on('end', () => {
          const text = Buffer.concat(pieces).toString('latin1')
          const { statusCode = 0, headers } = response
          resolve({ status: statusCode, headers, text, json: () => JSON.parse(text) as unknown })
        })
      })
      request.end(body)
    })
  }

  /** All records on the disk, in order. */
  stored(): Stored[] {
    return storedIn(this.folder)
  }

  /** Declares all present bytes as read, shipped and acknowledged. */
  acknowledgeAll(): void {
    for (const name of readdirSync(this.folder)) {
      const path = join(this.folder, name)
      // A segment that was acknowledged earlier may be removed at this moment.
      const size = statSync(path, { throwIfNoEntry: false })?.size
      if (size !== undefined) this.acknowledged.set(path, size)
    }
  }
}

/** The records that came by other doors than syslog, from the files of a journal. */
export function storedIn(folder: string, key: Uint8Array = KEY): Stored[] {
  const segments = readdirSync(folder).filter((name) => name.endsWith('.journal'))
  return segments.sort().flatMap((name) => {
    const bytes = readFileSync(join(folder, name))
    new JournalKey(key).open(bytes, 0, bytes.length)
    const found: Stored[] = []
    for (let at = 0; at < bytes.length; ) {
      const end = recordEnd(bytes, at, bytes.length)
      if (end < 0) break
      const record = readRecord(bytes, at, end)
      if (record.kind === 'delivery')
        found.push({ ...record.delivery, text: bytes.toString('utf8', record.start, record.end) })
      at = end
    }
    return found
  })
}
