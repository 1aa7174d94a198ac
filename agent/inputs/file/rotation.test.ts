import {
  appendFileSync,
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  renameSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { numbered, numbers, until, Workbench } from './workbench.ts'

let bench: Workbench
let log: string
beforeEach(() => {
  bench = new Workbench()
  log = bench.path('app.log')
})
afterEach(() => bench.close())

const sourcesOf = (): Set<string> => new Set(bench.readings.map((reading) => reading.slice.source))

/** Each promise is tested with a running agent, and with an agent that is stopped during the change. */
const manners = [
  { how: 'running', pause: async () => {}, resume: async () => {} },
  { how: 'stopped', pause: () => bench.stop(), resume: async () => void (await bench.start()) },
]

describe.each(manners)('with the agent $how', ({ pause, resume }) => {
  beforeEach(async () => {
    writeFileSync(log, numbered(0, 200))
    await bench.start()
    await bench.drain()
    expect(bench.records).toEqual(numbers(0, 200))
  })

  it('a file renamed to a name outside the glob is read to its end, and the new one from its start', async () => {
    await pause()
    appendFileSync(log, numbered(200, 300))
    renameSync(log, bench.path('app.log.1'))
    appendFileSync(bench.path('app.log.1'), numbered(300, 400))
    writeFileSync(log, numbered(400, 500))
    await resume()
    await bench.drain()
    expect(bench.records.sort()).toEqual(numbers(0, 500).sort())
    expect(sourcesOf().size).toBe(2)
  })

  it('a file renamed within the glob is the same source and not read again', async () => {
    await pause()
    renameSync(log, bench.path('app-old.log'))
    writeFileSync(log, numbered(200, 300))
    await resume()
    await bench.drain()
    await bench.drain()
    expect(bench.records).toEqual(numbers(0, 300))
  })

  it('a file moved to another folder of the globs is the same source', async () => {
    bench.files = bench.files.map((file) => ({ ...file, paths: [join(bench.logs, '**/*.log')] }))
    await bench.stop()
    await bench.start()
    await pause()
    mkdirSync(bench.path('archive'))
    renameSync(log, bench.path('archive/app.log'))
    appendFileSync(bench.path('archive/app.log'), numbered(200, 210))
    await resume()
    await bench.drain()
    expect(bench.records).toEqual(numbers(0, 210))
    expect(sourcesOf().size).toBe(1)
  })

  it('a file copied and truncated is read on in the copy, then from its start as a new generation', async () => {
    await pause()
    appendFileSync(log, numbered(200, 300))
    copyFileSync(log, bench.path('app.log.1'))
    truncateSync(log, 0)
    appendFileSync(log, numbered(300, 320))
    await resume()
    await bench.drain()
    expect(bench.records).toEqual(numbers(0, 320))
    expect(sourcesOf().size).toBe(1)
    expect(bench.readings.at(-1)?.slice).toMatchObject({ generation: 1, offset: 0 })
    expect(bench.readings.at(-21)?.slice).toMatchObject({ generation: 0 })
  })

  it('a copy that matches the glob is not read again, not even after a restart', async () => {
    bench.files = bench.files.map((file) => ({ ...file, paths: [join(bench.logs, '*')] }))
    await bench.stop()
    await bench.start()
    await pause()
    appendFileSync(log, numbered(200, 300))
    copyFileSync(log, bench.path('app.log.1'))
    truncateSync(log, 0)
    await resume()
    await bench.drain()
    appendFileSync(log, numbered(300, 320))
    await bench.drain()
    await bench.stop()
    await bench.start()
    await bench.drain()
    renameSync(bench.path('app.log.1'), bench.path('app.log.2'))
    await bench.drain()
    await bench.stop()
    await bench.start()
    await bench.drain()
    expect(bench.records).toEqual(numbers(0, 320))
  })

  it('a file truncated and written anew, smaller than before, is read as a new generation', async () => {
    await pause()
    writeFileSync(log, numbered(200, 250))
    await resume()
    await bench.drain()
    expect(bench.records).toEqual(numbers(0, 250))
    expect(sourcesOf().size).toBe(1)
  })

  it('a file cut to a smaller size is not read again, and what is appended then is', async () => {
    await pause()
    truncateSync(log, numbered(0, 90).length)
    await resume()
    await bench.drain()
    appendFileSync(log, numbered(200, 210))
    await bench.drain()
    expect(bench.records).toEqual(numbers(0, 210))
    expect(bench.readings.at(-1)?.slice.generation).toBe(1)
  })

  it('a file truncated that grew past the old position is read from its start', async () => {
    await pause()
    writeFileSync(log, numbered(200, 1000))
    await resume()
    await bench.drain()
    expect(bench.records).toEqual(numbers(0, 1000))
    expect(sourcesOf().size).toBe(1)
  })

  it('a file that grew past the old position with the same first KiB is read from its start too', async () => {
    const head = numbered(0, 150)
    await pause()
    writeFileSync(log, head + numbered(1000, 1500))
    await resume()
    await bench.drain()
    expect(bench.records).toEqual([...numbers(0, 200), ...numbers(0, 150), ...numbers(1000, 1500)])
    expect(bench.readings.at(-1)?.slice.generation).toBe(1)
  })

  it('a deleted file is gone, and another at its path is another source, whatever its inode', async () => {
    await pause()
    const { ino } = statSync(log)
    unlinkSync(log)
    // The file system tends to reuse the number.
    for (let i = 0; ; i += 1) {
      writeFileSync(log, numbered(500, 900))
      if (statSync(log).ino === ino || i === 50) break
      unlinkSync(log)
    }
    await resume()
    await bench.drain()
    expect(bench.records).toEqual([...numbers(0, 200), ...numbers(500, 900)])
    expect(sourcesOf().size).toBe(2)
  })
})

describe('while it is being written', () => {
  it('rename and create lose nothing and read nothing twice', async () => {
    writeFileSync(log, numbered(0, 10))
    await bench.start()
    let next = 10
    for (let round = 0; round < 8; round += 1) {
      const writer = openSync(log, 'a')
      for (let i = 0; i < 50; i += 1) {
        writeSync(writer, numbered(next, next + 20))
        next += 20
        if (i % 10 === 0) await bench.fill()
      }
      await bench.settle()
      renameSync(log, bench.path(`app.log.${round}`))
      // A daemon writes through its old descriptor until a signal makes it open the file again.
      writeSync(writer, numbered(next, next + 5))
      next += 5
      closeSync(writer)
      writeFileSync(log, '')
    }
    await bench.readUntil(() => bench.readings.length >= next, 'all is read')
    await bench.drain()
    expect(bench.records.map((record) => Number(record.slice(7))).sort((a, b) => a - b)).toEqual(
      Array.from({ length: next }, (_, i) => i),
    )
  })

  it('copy and truncate read nothing twice, and lose nothing that was copied', async () => {
    bench.files = bench.files.map((file) => ({ ...file, paths: [join(bench.logs, '*')] }))
    await bench.start()
    let next = 0
    for (let round = 0; round < 6; round += 1) {
      const writer = openSync(log, 'a')
      for (let i = 0; i < 50; i += 1) {
        writeSync(writer, numbered(next, next + 20))
        next += 20
        if (i % 10 === 0) await bench.fill()
      }
      if (round % 2 === 0) await bench.running.sweep()
      for (let old = round; old > 0; old -= 1)
        renameSync(bench.path(`app.log.${old}`), bench.path(`app.log.${old + 1}`))
      copyFileSync(log, bench.path('app.log.1'))
      if (round % 3 === 0) await bench.running.sweep()
      truncateSync(log, 0)
      closeSync(writer)
      if (round % 3 === 1) await bench.drain()
    }
    await bench.readUntil(() => bench.readings.length >= next, 'all is read')
    await bench.drain()
    expect(bench.records.map((record) => Number(record.slice(7))).sort((a, b) => a - b)).toEqual(
      Array.from({ length: next }, (_, i) => i),
    )
  })
})

it('what was cut off unread without a copy is said', async () => {
  writeFileSync(log, numbered(0, 100))
  await bench.start()
  await bench.fill({ records: 10 })
  await bench.settle()
  truncateSync(log, 0)
  await bench.drain()
  expect(bench.hasSaid(/was truncated before its last \d+ bytes \(from 90\) were read/)).toBe(true)
})

it('a data folder whose disk got another number knows its files again', async () => {
  writeFileSync(log, numbered(0, 200))
  await bench.start()
  await bench.drain()
  await bench.stop()
  // A restore from backup has this effect: the same content at the same path, with another inode.
  copyFileSync(log, bench.path('restored'))
  unlinkSync(log)
  renameSync(bench.path('restored'), log)
  appendFileSync(log, numbered(200, 210))
  await bench.start()
  await bench.drain()
  expect(bench.records).toEqual(numbers(0, 210))
  expect(sourcesOf().size).toBe(1)
})

it('a source whose file is long gone is forgotten', async () => {
  let ahead = 0
  bench.now = () => Date.now() + ahead
  writeFileSync(log, numbered(0, 10))
  await bench.start()
  await bench.drain()
  unlinkSync(log)
  await until(async () => {
    await bench.drain()
    return bench.running.status()[0]?.state === 'gone'
  }, 'the file is found to be gone')
  ahead = 31 * 24 * 3600 * 1000
  await bench.running.sweep()
  expect(bench.running.status()).toEqual([])
  expect([...bench.state!.entries('source/')]).toEqual([])
})

it('the hole before a writer that goes on at its old place after a truncation is passed over', async () => {
  const writer = openSync(log, 'w')
  writeSync(writer, numbered(0, 2000))
  await bench.start()
  await bench.drain()
  copyFileSync(log, bench.path('app.log.1'))
  truncateSync(log, 0)
  writeSync(writer, numbered(2000, 2010))
  await bench.drain()
  writeSync(writer, numbered(2010, 2020))
  await bench.drain()
  closeSync(writer)
  await bench.stop()
  await bench.start()
  await bench.drain()
  expect(bench.records).toEqual(numbers(0, 2020))
})

it('what was given back is read again from the copy, where the file was truncated meanwhile', async () => {
  writeFileSync(log, numbered(0, 500))
  await bench.start()
  const slices = await bench.fill({ records: 300 })
  copyFileSync(log, bench.path('app.log.1'))
  truncateSync(log, 0)
  appendFileSync(log, numbered(500, 520))
  bench.running.giveBack(slices)
  bench.unsettled = []
  bench.readings.length = 0
  await bench.readUntil(() => bench.readings.length >= 520, 'all is read')
  expect(bench.records).toEqual(numbers(0, 520))
})

it('logs that were rotated several times while the agent was stopped are all read', async () => {
  writeFileSync(log, numbered(0, 200))
  await bench.start()
  await bench.fill({ records: 50 })
  await bench.settle()
  await bench.stop()
  for (let round = 1; round < 4; round += 1) {
    for (let old = round; old > 0; old -= 1)
      if (statSync(bench.path(`app.log.${old}`), { throwIfNoEntry: false }) !== undefined)
        renameSync(bench.path(`app.log.${old}`), bench.path(`app.log.${old + 1}`))
    renameSync(log, bench.path('app.log.1'))
    writeFileSync(log, numbered(round * 200, round * 200 + 200))
  }
  await bench.start()
  await bench.drain()
  await bench.stop()
  await bench.start()
  await bench.drain()
  expect(bench.records.map((record) => Number(record.slice(7))).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 800 }, (_, i) => i),
  )
})
