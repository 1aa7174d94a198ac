import {
  appendFileSync,
  copyFileSync,
  statSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { numbered, numbers, until, Workbench } from './workbench.ts'

let bench: Workbench
let log: string
beforeEach(() => {
  bench = new Workbench()
  bench.files = bench.files.map((file) => ({ ...file, paths: [join(bench.logs, '*')] }))
  log = bench.path('app.log')
})
afterEach(() => bench.close())

const readPacked = (): void => {
  bench.files = bench.files.map((file) => ({ ...file, gzip: true }))
}

/** Does the same as gzip: writes the compressed file beside the original, then deletes the original. */
function pack(path: string, text: string): void {
  writeFileSync(`${path}.gz`, gzipSync(text))
  const old = new Date(Date.now() - 60_000)
  utimesSync(`${path}.gz`, old, old)
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) unlinkSync(path)
}

it('a rotated file that was compressed is passed over, with a sentence', async () => {
  writeFileSync(log, numbered(0, 100))
  await bench.start()
  await bench.drain()
  pack(log, numbered(0, 100))
  writeFileSync(log, numbered(100, 120))
  await bench.drain()
  await bench.stop()
  await bench.start()
  await bench.drain()
  expect(bench.records).toEqual(numbers(0, 120))
  expect(bench.hasSaid(/app\.log\.gz is compressed with gzip, so the agent ignores it/)).toBe(true)
})

describe('where gzip is to be read', () => {
  beforeEach(readPacked)

  it('a file that is only there compressed is read once', async () => {
    pack(bench.path('old.log'), numbered(0, 5000))
    await bench.start()
    await bench.drain()
    expect(bench.records).toEqual(numbers(0, 5000))
    await bench.running.sweep()
    await bench.stop()
    await bench.start()
    await bench.drain()
    expect(bench.readings.length).toBe(5000)
  })

  it.each(['running', 'stopped'])('a rotated file that was read is not read again (%s)', async (how) => {
    writeFileSync(log, numbered(0, 500))
    await bench.start()
    await bench.drain()
    if (how === 'stopped') await bench.stop()
    pack(log, numbered(0, 500))
    if (how === 'stopped') await bench.start()
    await bench.drain()
    await bench.stop()
    await bench.start()
    await bench.drain()
    expect(bench.records).toEqual(numbers(0, 500))
  })

  it('what was appended before the compression is read under the same source and offsets', async () => {
    writeFileSync(log, numbered(0, 500))
    await bench.start()
    await bench.drain()
    await bench.stop()
    pack(log, numbered(0, 800))
    await bench.start()
    await bench.drain()
    expect(bench.records).toEqual(numbers(0, 800))
    expect(new Set(bench.readings.map((reading) => reading.slice.source)).size).toBe(1)
    expect(bench.readings.at(-1)?.slice.offset).toBe(numbered(0, 500).length)
  })

  it('a copy that was compressed after its original was truncated is known again', async () => {
    writeFileSync(log, numbered(0, 500))
    await bench.start()
    await bench.drain()
    copyFileSync(log, bench.path('app.log.1'))
    truncateSync(log, 0)
    appendFileSync(log, numbered(500, 600))
    await bench.drain()
    pack(bench.path('app.log.1'), numbered(0, 500))
    await bench.drain()
    await bench.stop()
    await bench.start()
    await bench.drain()
    expect(bench.records).toEqual(numbers(0, 600))
  })

  it('a compressed file is read on after a kill in the middle', async () => {
    pack(bench.path('old.log'), numbered(0, 5000))
    await bench.start()
    await until(async () => (await bench.fill({ records: 1000 })).length > 0, 'it is unpacked')
    await bench.settle()
    await bench.fill({ records: 1000 })
    await bench.kill()
    bench.readings.splice(1000)
    await bench.start()
    await bench.drain()
    expect(bench.records).toEqual(numbers(0, 5000))
  })

  it('a damaged file is said and left alone, and the others are read', async () => {
    pack(bench.path('old.log'), numbered(0, 5000))
    truncateSync(bench.path('old.log.gz'), 5000)
    utimesSync(bench.path('old.log.gz'), 1, 1)
    writeFileSync(log, numbered(0, 10))
    await bench.start()
    await bench.readUntil(() => bench.hasSaid(/can't be unpacked: it is damaged or incomplete/), 'it is said')
    await bench.readUntil(() => bench.readings.length === 10, 'the other is read')
  })
})

describe('documents that a service delivers compressed', () => {
  /** The form of CloudTrail's files: one line without an end, files with the same beginning, names that look like those of rotation. */
  const files = ['20260122T0900Z_a1', '20260122T0905Z_b2', '20260122T0910Z_c3'].map((name, file) => {
    const ids = Array.from({ length: 40 }, (_, i) => file * 40 + i)
    const records = ids.map((id) => ({
      userIdentity: { arn: 'x'.repeat(1500) },
      eventID: `e-${id}`,
    }))
    return {
      name: `111122223333_CloudTrail_eu-central-1_${name}.json`,
      ids,
      text: JSON.stringify({ Records: records }),
    }
  })
  const idsRead = (): number[] =>
    bench.records.map((record) => Number(/"e-(\d+)"/.exec(record)?.[1])).sort((a, b) => a - b)
  const ids = (from = 0): number[] => files.slice(from).flatMap((file) => file.ids)

  beforeEach(() => {
    bench.files = bench.files.map((file) => ({
      ...file,
      gzip: true,
      framing: { kind: 'json-list', names: ['Records'] },
    }))
  })

  it('each is read whole and once, though all begin alike', async () => {
    for (const { name, text } of files) pack(bench.path(name), text)
    await bench.start()
    await bench.drain()
    expect(idsRead()).toEqual(ids())
    await bench.stop()
    await bench.start()
    await bench.drain()
    expect(bench.records).toHaveLength(120)
  })

  it('those that come while others are read, or after they were, are read too', async () => {
    const [first, second, third] = files
    pack(bench.path(first!.name), first!.text)
    await bench.start()
    await bench.drain()
    pack(bench.path(second!.name), second!.text)
    await bench.drain()
    await bench.stop()
    pack(bench.path(third!.name), third!.text)
    await bench.start()
    await bench.drain()
    expect(idsRead()).toEqual(ids())
  })

  it('is not read as it lies on the disk while it is unpacked', async () => {
    const [first] = files
    const disk = Promise.withResolvers<void>()
    await bench.start()
    pack(bench.path(first!.name), first!.text)
    bench.disk = disk.promise
    await until(() => bench.held > 0, 'it is about to be unpacked')
    // A sweep determines the length of its content.
    await until(() => bench.running.status().some(({ size }) => size === first!.text.length), 'a sweep')
    disk.resolve()
    await bench.readUntil(() => bench.readings.length >= first!.ids.length, 'it is read')
    expect(idsRead()).toEqual(first!.ids)
    await bench.stop()
  })

  it('a copy of one that was read is known by its content', async () => {
    const [first] = files
    pack(bench.path(first!.name), first!.text)
    await bench.start()
    await bench.drain()
    pack(bench.path(`copy-of-${first!.name}`), first!.text)
    await bench.drain()
    expect(idsRead()).toEqual(first!.ids)
  })
})
