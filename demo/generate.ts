#!/usr/bin/env node
import { parseArgs } from 'node:util'
import { AuditFiles, type Entry, Scenario } from './generator/index.ts'

/**
 * Writes realistic audit records of five systems into a folder: some thousand of the past days, then a few per second until it is stopped.
 *
 *   node demo/generate.ts --dir D [--rate 5] [--backlog 2000] [--seed 1] [--rotate-after 400] [--keep 10]
 */
const TICK = 250
const BACKLOG_CHUNK = 200

function fail(sentence: string): never {
  process.stderr.write(`${sentence}\n`)
  process.exit(1)
}

interface Settings {
  readonly folder: string
  readonly rate: number
  readonly backlog: number
  readonly seed: number
  readonly rotateAfter: number
  readonly keep: number
}

function settings(): Settings {
  const { values } = parseArgs({
    options: {
      dir: { type: 'string' },
      rate: { type: 'string', default: '5' },
      backlog: { type: 'string', default: '2000' },
      seed: { type: 'string', default: '1' },
      'rotate-after': { type: 'string', default: '400' },
      keep: { type: 'string', default: '10' },
    },
  })
  const number = (name: 'rate' | 'backlog' | 'seed' | 'rotate-after' | 'keep', least: number): number => {
    const value = Number(values[name])
    if (!Number.isFinite(value) || value < least)
      fail(`--${name}: expected a number of at least ${least}, found ${values[name]}.`)
    return value
  }
  return {
    folder: values.dir ?? fail('--dir is missing: name the folder to write the audit files to.'),
    rate: number('rate', 0),
    backlog: Math.floor(number('backlog', 0)),
    seed: number('seed', 0),
    rotateAfter: Math.floor(number('rotate-after', 1)),
    keep: Math.floor(number('keep', 0)),
  }
}

async function generate({ folder, rate, backlog, seed, rotateAfter, keep }: Settings): Promise<void> {
  const clock = (): Date => new Date()
  const stopped = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopped.abort())

  const files = new AuditFiles({ folder, rotateAfter, keep })
  const scenario = new Scenario(seed)
  const begun = files.begun()
  await files.open()

  let written = 0
  const write = async (entries: readonly Entry[]): Promise<void> => {
    await files.write(entries, clock())
    written += entries.length
  }
  if (begun) console.log('The folder holds records of an earlier run: no backlog is written.')
  else {
    let chunk: Entry[] = []
    for (const entry of scenario.backlog(clock(), backlog)) {
      chunk.push(entry)
      if (chunk.length < BACKLOG_CHUNK) continue
      await write(chunk)
      chunk = []
      if (stopped.signal.aborted) break
    }
    await write(chunk)
    console.log(`Backlog: ${written} records of the past days.`)
  }

  let owed = 0
  let before = performance.now()
  while (!stopped.signal.aborted) {
    await pause(TICK, stopped.signal)
    const now = performance.now()
    // After a suspended machine wakes up, the missed records are not generated.
    owed += (Math.min(now - before, 10 * TICK) * rate) / 1000
    before = now
    const due = Math.floor(owed)
    owed -= due
    await write(Array.from({ length: due }, () => scenario.next(clock())))
  }
  await files.close()
  console.log(`Stopped after ${written} records.`)
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, milliseconds)
    signal.addEventListener('abort', done)
  })
}

try {
  await generate(settings())
} catch (thrown) {
  fail(`The generator stopped: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
}
