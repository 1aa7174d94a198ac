import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { pino } from 'pino'
import { expect, onTestFinished } from 'vitest'
import type { Ledger } from '../../../schema/wire/index.ts'
import { type Sink, type SinkOptions, startSink } from '../../../test/sink/server.ts'
import { reachOf } from '../../ranges.ts'
import { type Log, openState, type State } from '../../state/index.ts'
import type { HeartbeatNumbers } from '../heartbeat.ts'
import { createShipper, enroll, loadIdentity, type Shipper, type ShipperOptions } from '../index.ts'
import { addsUp, sumOf } from '../ledger.ts'
import { batchOfRecords, eventId, isFiltered, QUICK } from './records.ts'

export { eventId, QUICK, SOURCE_A, SOURCE_B } from './records.ts'

export async function folder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'waybill-ship-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}

export async function sink(options: SinkOptions = {}): Promise<Sink> {
  const started = await startSink({ remember: true, ...options })
  onTestFinished(() => started.close())
  return started
}

export function recordingLog(): { log: Log; lines: string[]; said(text: string): boolean } {
  const lines: string[] = []
  const log = pino(
    { level: 'debug', base: null },
    new Writable({
      write(chunk, _encoding, done) {
        lines.push(String(chunk))
        done()
      },
    }),
  )
  return { log, lines, said: (text) => lines.some((line) => line.includes(text)) }
}

/** The position of each source as an input stores it. */
export const positionOf = (state: State, source: string): number =>
  state.get<{ position: number }>(`source/${source}`)?.position ?? 0

export interface Trial {
  readonly dir: string
  readonly sink: Sink
  readonly state: State
  readonly shipper: Shipper
  readonly lines: readonly string[]
  said(text: string): boolean
  /** Seals this many records of a source from its present position; every tenth is filtered. */
  batch(source: string, records: number): Promise<void>
  /** Closes the shipper and the state; a new trial on the same folder continues. */
  stop(): Promise<void>
  total(): Ledger
}

export interface TrialOptions {
  readonly dir?: string
  readonly sink?: Sink
  readonly stateDir?: string
  readonly shipper?: Partial<ShipperOptions>
}

export async function trial(options: TrialOptions = {}): Promise<Trial> {
  const dir = options.dir ?? (await folder())
  const server = options.sink ?? (await sink())
  const { log, lines, said } = recordingLog()
  const state = await openState(options.stateDir ?? join(dir, 'state'), { log })
  const about = { url: server.url, dir, name: 'trial', host: 'trial', version: '1' }
  const identity = (await loadIdentity(dir)) ?? (await enroll(about))
  const read = new Map<string, number>()
  const shipper = createShipper({
    state,
    dir,
    indexers: [server.url],
    identity,
    delays: QUICK,
    grace: 100,
    random: randomBytes,
    log,
    hooks: {
      settled: (slices) =>
        slices.map(({ source, to }) => {
          const position = Math.max(positionOf(state, source), to)
          return { key: `source/${source}`, value: { position } }
        }),
      lost: (slices) => {
        for (const { source, from } of slices) read.set(source, Math.min(from, read.get(source) ?? 0))
      },
    },
    ...options.shipper,
  })
  await shipper.takeUp()
  const sealed = shipper.sealed()
  const reach = (source: string, position: number): number =>
    reachOf(position, sealed.get(`${source}/1`) ?? [])
  for (const [key, { position }] of state.entries<{ position: number }>('source/')) {
    const source = key.slice('source/'.length)
    read.set(source, reach(source, position))
  }
  await shipper.start()
  const stop = async (): Promise<void> => {
    await shipper.close()
    await state.close()
  }
  onTestFinished(stop)
  return {
    dir,
    sink: server,
    state,
    shipper,
    lines,
    said,
    async batch(source, records) {
      const from = read.get(source) ?? reach(source, 0)
      read.set(source, from + records)
      const made = batchOfRecords(source, from, records, identity.agent)
      await shipper.seal(made.result, made.slices)
    },
    stop,
    total: () => sumOf(shipper.ledgers().values()),
  }
}

/** Waits until the condition holds; names it if it does not. */
export async function eventually(
  what: string,
  holds: () => boolean | Promise<boolean>,
  ms = 60_000,
): Promise<void> {
  const end = Date.now() + ms
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`in ${ms} ms it did not come true that ${what}`)
    await pause(5)
  }
}

export const drained = (shipper: Shipper): Promise<void> => shipper.drained(AbortSignal.timeout(60_000))

/** Whether the ledger of every source adds up, and nothing is pending. */
export function accountsAddUp(shipper: Shipper): boolean {
  return [...shipper.ledgers().values()].every((ledger) => addsUp(ledger))
}

/** Expects that every record is stored exactly once, and that the ledgers agree. */
export function expectAllOnce(t: Trial, counts: Record<string, number>): void {
  let shipped = 0
  for (const [source, records] of Object.entries(counts)) {
    for (let record = 0; record < records; record++) {
      if (isFiltered(record)) continue
      expect(t.sink.ids).toContain(eventId(source, record))
      shipped++
    }
  }
  expect(t.sink.ids.size).toBe(shipped)
  expect(accountsAddUp(t.shipper)).toBe(true)
  const read = Object.values(counts).reduce((sum, count) => sum + count, 0)
  expect(t.total()).toMatchObject({
    read,
    stored: shipped,
    duplicate: 0,
    filtered: read - shipped,
    pending: 0,
  })
}

export async function spooledFiles(dir: string): Promise<string[]> {
  const names = await readdir(join(dir, 'spool'), { recursive: true })
  return names.filter((name) => name.includes('.waybill'))
}

export const NO_LEDGER: Ledger = sumOf([])

/** The heartbeat of an agent that has done nothing. */
export const NUMBERS: HeartbeatNumbers = {
  name: 'trial',
  host: 'trial',
  version: '1',
  settings: null,
  uptime: 1,
  lagBytes: 0,
  oldestPending: null,
  sources: 1,
  quarantinedBatches: 0,
  ledger: NO_LEDGER,
}
