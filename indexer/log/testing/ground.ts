import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, expect } from 'vitest'
import type { Act, Trail } from '../../ingest/index.ts'
import { bucketOf } from '../../lifecycle/archive/index.ts'
import { openEmbeddedStore, type Store } from '../../store/index.ts'
import { batchOf, eventAt } from '../../store/testing/batches.ts'
import { type AnchorParts, Anchors } from '../anchors/anchors.ts'
import { RunningLog, readVerifierKey, type VerifierKey } from '../index.ts'
import { logSchema } from '../settings.ts'
import { plainLog } from './plain-reader.ts'

export const ORIGIN = 'audit.example/waybill'
export const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

export const temporaryFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'waybill-log-'))
  closing.push(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A store, and a log of it that the test moves on. */
export class Ground {
  readonly acts: Act[] = []
  readonly said: string[] = []
  now = Date.UTC(2026, 10, 30, 12)
  store!: Store
  readonly folder: string

  private constructor(folder: string) {
    this.folder = folder
  }

  static async make(): Promise<Ground> {
    const ground = new Ground(await temporaryFolder())
    await ground.openStore(join(ground.folder, 'store'))
    return ground
  }

  async openStore(path: string): Promise<void> {
    const store = await openEmbeddedStore({ path })
    this.store = store
    closing.push(() => store.close())
  }

  get trail(): Trail {
    return {
      record: async (...acts) => void this.acts.push(...acts),
      note: () => {},
      waiting: 0,
      close: async () => {},
    }
  }

  log(settings: object = { origin: ORIGIN }): RunningLog {
    return new RunningLog({
      store: this.store,
      trail: this.trail,
      folder: this.folder,
      settings: logSchema.parse(settings),
      log: pino({ level: 'info' }, { write: (line: string) => void this.said.push(JSON.parse(line).msg) }),
      clock: () => this.now,
      random: (bytes) => Buffer.alloc(bytes, 7),
    })
  }

  /** Brings the log up to the store, as a new process would. */
  async round(settings?: object): Promise<RunningLog> {
    const log = this.log(settings)
    await log.round()
    expect(log.status().problem).toBeNull()
    return log
  }

  get public(): string {
    return join(this.folder, 'log')
  }

  write(...sequences: number[]): Promise<unknown> {
    return sequences.reduce<Promise<unknown>>(
      (before, n) => before.then(() => this.store.write(batchOf(n, [eventAt(n * 10)]))),
      Promise.resolve(),
    )
  }

  sequences(): number[] {
    return plainLog(this.public).entries.map((entry) => (JSON.parse(entry) as { sequence: number }).sequence)
  }
}

export const keysOf = (log: RunningLog): VerifierKey[] =>
  (log.status().head?.keys ?? []).map(({ key }) => readVerifierKey(key))
export const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i)

export async function anchorsOf(
  ground: Ground,
  log: RunningLog,
  settings: object,
  more: Partial<AnchorParts> = {},
): Promise<Anchors> {
  const anchors = await Anchors.open({
    log,
    folder: ground.folder,
    settings: logSchema.parse({ anchors: settings }).anchors,
    trail: ground.trail,
    say: pino({ level: 'info' }, { write: (line: string) => void ground.said.push(JSON.parse(line).msg) }),
    clock: () => ground.now,
    send: async () => {},
    bucketOf: (s3) => bucketOf(s3, Date.now),
    ...more,
  })
  closing.push(() => anchors.close())
  return anchors
}
