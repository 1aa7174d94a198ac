import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { isSourceId, LIMITS } from '../../../schema/index.ts'
import type { SourceSlice } from '../../../schema/wire/index.ts'
import type { TaskSlice } from '../../normalise/task.ts'
import type { Range } from '../../ranges.ts'
import { openState, type State } from '../../state/index.ts'
import { forEachRecord } from '../framing.ts'
import type { Input } from '../input.ts'
import { createFileInput, type FileConfig, type Policy } from './index.ts'

/** The tools for the tests of this folder: a temporary folder, the real state, and a pump that settles the records it reads. */
export interface Reading {
  readonly record: string
  readonly slice: TaskSlice
}

export class Workbench {
  /** The folder is on a real disk, which gives the inode of a deleted file to the next one; a memory file system doesn't. */
  readonly folder = mkdtempSync(join(process.env.WAYBILL_DISK ?? tmpdir(), 'waybill-files-'))
  readonly logs = join(this.folder, 'logs')
  readonly data = join(this.folder, 'data')
  /** All logged sentences. */
  readonly said: string[] = []
  readonly readings: Reading[] = []
  /** The slices that were handed out and are not settled. */
  unsettled: TaskSlice[] = []
  /** The sealed ranges that the spool would report after a restart. */
  readonly sealed = new Map<string, readonly Range[]>()
  input: Input | null = null
  state: State | null = null
  /** The input's writes to its state wait for this. */
  disk: Promise<void> = Promise.resolve()
  /** The number of waiting writes. */
  held = 0
  now: () => number = Date.now
  files: FileConfig[]
  policy: Partial<Policy> = {
    activeFor: 200,
    holdAfter: 100,
    flushAfter: 100,
    sweepEvery: 100,
    pollEvery: 20,
  }

  constructor(files: Partial<FileConfig>[] = [{}]) {
    mkdirSync(this.logs, { recursive: true })
    this.files = files.map((file, pipeline) => ({
      paths: [join(this.logs, '*.log')],
      exclude: [],
      pipeline,
      framing: { kind: 'lines' },
      ...file,
    }))
  }

  path(name: string): string {
    return join(this.logs, name)
  }

  get records(): string[] {
    return this.readings.map((reading) => reading.record)
  }

  get running(): Input {
    if (this.input === null) throw new Error('the input is not started')
    return this.input
  }

  async start(): Promise<Input> {
    const log = pino({ level: 'debug' }, { write: (line) => this.said.push(JSON.parse(line).msg) })
    const state = await openState(join(this.data, 'state'), { log, sync: false })
    this.state = state
    this.input = createFileInput(
      { files: this.files, policy: this.policy },
      {
        state: {
          get: (key) => state.get(key),
          entries: (prefix) => state.entries(prefix),
          write: async (changes) => {
            this.held++
            await this.disk
            this.held--
            await state.write(changes)
          },
          close: () => state.close(),
        },
        sealed: this.sealed,
        holdDir: join(this.data, 'hold'),
        clock: () => this.now(),
        random: randomBytes,
        log,
      },
    )
    await this.input.start()
    return this.input
  }

  async stop(): Promise<void> {
    await this.input?.close()
    await this.state?.close()
    this.input = null
    this.state = null
  }

  /** Simulates kill -9: forgets all slices that were handed out and not sealed. */
  async kill(): Promise<void> {
    this.unsettled = []
    await this.stop()
  }

  async close(): Promise<void> {
    await this.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** Fills one buffer and returns its slices, which are not yet settled. */
  async fill(limits: { bytes?: number; records?: number } = {}): Promise<TaskSlice[]> {
    const buffer = Buffer.alloc(LIMITS.taskBytes + LIMITS.recordBytes, '?')
    const filled = await this.running.fill(buffer, {
      bytes: limits.bytes ?? LIMITS.taskBytes,
      records: limits.records ?? LIMITS.batchRecords,
    })
    if (filled === null) return []
    for (const slice of filled.slices) {
      this.unsettled.push(slice)
      const framing = this.files[slice.pipeline]!.framing
      if (slice.truncated !== null) {
        this.readings.push({ record: buffer.toString('utf8', slice.start, slice.end), slice })
        continue
      }
      forEachRecord(framing, buffer, slice.start, slice.end, (start, end) =>
        this.readings.push({ record: buffer.toString('utf8', start, end), slice }),
      )
    }
    return [...filled.slices]
  }

  async settle(slices: readonly TaskSlice[] = this.unsettled): Promise<void> {
    const done = new Set(slices)
    this.unsettled = this.unsettled.filter((slice) => !done.has(slice))
    await this.state!.write(this.running.settled(slices.map(asSourceSlice)))
  }

  /** Reads and settles all present records. */
  async drain(): Promise<string[]> {
    const before = this.readings.length
    await this.running.sweep()
    await until(async () => {
      while ((await this.fill()).length > 0) await this.settle()
      return this.running.exhausted()
    }, 'all is read')
    return this.records.slice(before)
  }

  /** Reads and settles until the condition holds. */
  async readUntil(condition: () => boolean, what: string): Promise<void> {
    await until(async () => {
      while ((await this.fill()).length > 0) await this.settle()
      return condition()
    }, what)
  }

  hasSaid(pattern: RegExp): boolean {
    return this.said.some((sentence) => pattern.test(sentence))
  }
}

export function asSourceSlice(slice: TaskSlice): SourceSlice {
  const { source, generation, path, offset, to } = slice
  if (!isSourceId(source)) throw new Error(`${source} is no source id`)
  const none = { read: 0, events: 0, filtered: 0, skipped: 0, truncated: 0, errors: 0, dropped: 0 }
  return { source, generation, path, from: offset, to, ...none }
}

export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  ms = 60_000,
): Promise<void> {
  const deadline = Date.now() + ms
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited ${ms} ms in vain until ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

export const numbered = (from: number, to: number, text = 'record'): string =>
  Array.from({ length: to - from }, (_, i) => `${text} ${from + i}\n`).join('')

export const numbers = (from: number, to: number, text = 'record'): string[] =>
  Array.from({ length: to - from }, (_, i) => `${text} ${from + i}`)
