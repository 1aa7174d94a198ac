import {
  appendFileSync,
  copyFileSync,
  existsSync,
  readFileSync,
  renameSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { TaskSlice } from '../../normalise/task.ts'
import { numbered, Workbench } from './workbench.ts'

/** Random numbers that are reproducible from their seed. */
function dice(seed: number): (sides: number) => number {
  let state = seed * 2_654_435_761 + 1
  return (sides) => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 3_266_489_917) >>> 0
    return (state >>> 8) % sides
  }
}

type Rotation = 'rename' | 'copyTruncate'

/**
 * Writes, rotates and compresses a log while the agent reads, stops and is killed. Between two rotations a running agent looks at least
 * once; a stopped one may miss several.
 */
async function storm(seed: number, rotation: Rotation, globs: string, gzip: boolean): Promise<void> {
  const roll = dice(seed)
  const bench = new Workbench()
  bench.files = bench.files.map((file) => ({ ...file, paths: [join(bench.logs, globs)], gzip }))
  const log = bench.path('app.log')
  const settled: string[] = []
  const history: string[] = []
  let next = 0
  let mark = 0

  const write = (): void => {
    const count = 1 + roll(roll(4) === 0 ? 400 : 30)
    appendFileSync(log, numbered(next, next + count))
    next += count
  }
  const settle = async (slices?: readonly TaskSlice[]): Promise<void> => {
    await bench.settle(slices)
    settled.push(...bench.records.slice(mark))
    mark = bench.readings.length
  }
  const shift = (): void => {
    for (let old = 99; old > 0; old -= 1)
      for (const end of ['', '.gz'])
        if (existsSync(bench.path(`app.log.${old}${end}`)))
          renameSync(bench.path(`app.log.${old}${end}`), bench.path(`app.log.${old + 1}${end}`))
  }
  const deeds: Record<string, () => Promise<void> | void> = {
    write,
    writeMore: write,
    sweep: () => bench.running.sweep(),
    read: async () => {
      await bench.fill({ records: 1 + roll(200) })
      await settle()
    },
    readUnsettled: async () => void (await bench.fill({ records: 1 + roll(50) })),
    giveBack: async () => {
      bench.running.giveBack(bench.unsettled)
      bench.unsettled = []
      bench.readings.length = mark
    },
    restart: async () => {
      bench.readings.length = mark
      await bench.kill()
      for (let i = roll(4); i > 0; i -= 1) await outside()
      await bench.start()
    },
  }
  const rotations: Record<Rotation, () => Promise<void>> = {
    rename: async () => {
      shift()
      renameSync(log, bench.path('app.log.1'))
      if (roll(2) === 0) appendFileSync(bench.path('app.log.1'), numbered(next, ++next))
      writeFileSync(log, roll(2) === 0 ? '' : numbered(next, ++next))
    },
    copyTruncate: async () => {
      shift()
      copyFileSync(log, bench.path('app.log.1'))
      if (bench.input !== null && roll(3) === 0) await bench.running.sweep()
      truncateSync(log, 0)
      if (roll(2) === 0) write()
    },
  }
  const rotate = async (): Promise<void> => {
    if (bench.input !== null) await bench.running.sweep()
    await rotations[rotation]()
  }
  const others: Record<string, () => Promise<void> | void> = {
    rotate,
    rotateAndWrite: async () => {
      await rotate()
      write()
    },
    compress: () => {
      const plain = bench.path(`app.log.${2 + roll(2)}`)
      if (!gzip || !existsSync(plain)) return
      writeFileSync(`${plain}.gz`, gzipSync(readFileSync(plain)))
      utimesSync(`${plain}.gz`, 1_000_000_000, 1_000_000_000)
      unlinkSync(plain)
    },
  }
  Object.assign(deeds, others)
  const outside = async (): Promise<void> => {
    const name = ['write', 'rotate', 'compress', 'write', 'rotate'][roll(5)]!
    history.push(`(${name})`)
    await deeds[name]!()
  }

  try {
    write()
    await bench.start()
    for (let step = 0; step < 60; step += 1) {
      const names = Object.keys(deeds)
      const name = names[roll(names.length)]!
      history.push(name)
      await deeds[name]!()
    }
    await bench.drain()
    await settle()
    await bench.running.sweep()
    await bench.drain()
    await settle()
    const counts = new Map<string, number>()
    for (const record of settled) counts.set(record, (counts.get(record) ?? 0) + 1)
    const lost = Array.from({ length: next }, (_, i) => `record ${i}`).filter((record) => !counts.has(record))
    const twice = [...counts].filter(([, count]) => count > 1).map(([record]) => record)
    expect({ lost, twice }, `seed ${seed}: ${history.join(' ')}\n${bench.said.join('\n')}`).toEqual({
      lost: [],
      twice: [],
    })
  } finally {
    await bench.close()
  }
}

const seeds = process.env.WAYBILL_FULL === undefined ? 4 : 100

describe.each(['rename', 'copyTruncate'] as const)('rotation by %s', (rotation) => {
  it.each([
    ['*.log', false],
    ['*', false],
    ['*', true],
  ] as const)('ships each record once (%s, gzip %s)', { timeout: 600_000 }, async (globs, gzip) => {
    for (let seed = 1; seed <= seeds; seed += 1) await storm(seed, rotation, globs, gzip)
  })
})
