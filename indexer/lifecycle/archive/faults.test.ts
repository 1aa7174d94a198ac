import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Store } from '../../store/index.ts'
import type { StoredPartition } from '../../store/port.ts'
import { batchOf, eventAt, INGESTED, temporaryFolders } from '../../store/testing/batches.ts'
import { type Destination, Folder, type Sink } from './destination.ts'
import { KeyRing } from './keys.ts'
import { ArchiveObject } from './read.ts'
import { DAY, filesIn, fillDays, type Ground, ground, ring } from './testing/ground.ts'

const folders = temporaryFolders()
const open: Ground[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
  folders.remove()
})

async function grounded(...given: Parameters<typeof ground>): Promise<Ground> {
  const made = await ground(...given)
  open.push(made)
  return made
}

/** All events of closed partitions are in the store, or in the archive, read back. */
async function isSafe(here: Ground): Promise<boolean> {
  const { partitions } = await here.store.storage()
  const stored = partitions.reduce((sum, { events }) => sum + events, 0)
  let archived = 0
  for (const { name, events } of await here.archive.catalogue.objects()) {
    await here.archive.verify(name)
    archived += events
  }
  return stored === ALL_EVENTS || archived === ALL_EVENTS
}
const ALL_EVENTS = 40

describe('an object that somebody touched', () => {
  let folder: string
  let here: Ground
  let name: string
  let file: string
  let bytes: Buffer
  beforeEach(async () => {
    folder = folders.make()
    here = await grounded(folder)
    await fillDays(here.store, 2)
    here.now = INGESTED + 5 * DAY
    await here.archive.round()
    name = (await here.archive.catalogue.objects())[0]!.name
    file = join(folder, 'archive', name)
    bytes = readFileSync(file)
  })
  const verified = (): Promise<unknown> => here.archive.verify(name)

  test('any changed byte is noticed', async () => {
    for (let at = 0; at < bytes.length; at += Math.ceil(bytes.length / 60)) {
      const changed = Buffer.from(bytes)
      changed[at]! ^= 1
      writeFileSync(file, changed)
      await expect(verified(), `byte ${at}`).rejects.toMatchObject({
        code: expect.stringMatching(/WB-ARCHIVE-(DAMAGED|KEY|VERSION)/),
      })
    }
    writeFileSync(file, bytes)
    await verified()
  })

  test('a missing end of any length is noticed', async () => {
    for (const length of [0, 5, 12, 100, 700, bytes.length - 20, bytes.length - 1]) {
      writeFileSync(file, bytes.subarray(0, length))
      await expect(verified(), `${length} bytes`).rejects.toMatchObject({ code: 'WB-ARCHIVE-DAMAGED' })
    }
    writeFileSync(file, Buffer.concat([bytes, Buffer.alloc(3)]))
    await expect(verified()).rejects.toMatchObject({ code: 'WB-ARCHIVE-DAMAGED' })
  })

  test('chunks that change places, and a whole object under the name of another, are noticed', async () => {
    const big = await ObjectOfManyChunks(here)
    const at = join(folder, 'archive', big)
    const whole = readFileSync(at)
    const start = 12 + whole.readUInt32BE(8)
    const each = 65_536 + 16
    expect(whole.length).toBeGreaterThan(start + 3 * each)
    const [a, b] = [whole.subarray(start, start + each), whole.subarray(start + each, start + 2 * each)]
    const swapped = Buffer.concat([whole.subarray(0, start), b, a, whole.subarray(start + 2 * each)])
    writeFileSync(at, swapped)
    await expect(here.archive.verify(big)).rejects.toThrow(/chunk 0 of \d+ is not authentic/)
    // The end at a border of chunks: all that is left is authentic, but for its role.
    writeFileSync(at, whole.subarray(0, start + 2 * each))
    await expect(here.archive.verify(big)).rejects.toThrow(/its end was cut off/)
    writeFileSync(at, bytes)
    await expect(here.archive.verify(big)).rejects.toThrow(`it is the object ${name}, under another name`)
  })

  test('a removed object is noticed, recorded, and written again while its events are in the store', async () => {
    rmSync(file)
    await expect(verified()).rejects.toThrow(/somebody removed it; restore it from a copy/)
    expect(here.acts.at(-1)).toMatchObject({ action: 'archive-damage', outcome: 'failure' })
    const of = (await here.store.storage()).partitions.find((one) => name.includes(one.name))!
    expect(await here.archive.holds(of)).toBe(false)
    await here.archive.round()
    expect(await here.archive.holds(of)).toBe(true)
    await verified()
  })

  test('a wrong key, a missing key and a format of the future are one sentence with the remedy', async () => {
    const destination = new Folder(join(folder, 'archive'))
    const opened = (keys: KeyRing): Promise<unknown> => ArchiveObject.open(name, { destination, keys })
    await expect(opened(ring('00'.repeat(32)))).rejects.toThrow(
      /the key "first" of archive.keys does not open it/,
    )
    await expect(opened(ring('00'.repeat(32), 'new'))).rejects.toThrow(
      /"first", which archive.keys does not have: add it/,
    )
    writeFileSync(file, Buffer.concat([Buffer.from('wbarch2\n'), bytes.subarray(8)]))
    await expect(opened(ring())).rejects.toThrow(
      /has the format wbarch2, and this version of Waybill reads wbarch1/,
    )
  })
})

async function ObjectOfManyChunks(here: Ground): Promise<string> {
  await fillNoise(here.store)
  const [object] = await here.archive.export({ name: 'all', query: 'noise', until: null }, { name: 'anna' })
  return object!.name
}

async function fillNoise(store: Store): Promise<void> {
  const events = Array.from({ length: 12 }, (_, i) =>
    eventAt(5_000_000 + i, { message: `noise ${randomBytes(20_000).toString('base64')}` }),
  )
  await store.write(batchOf(900, events, { ingested: INGESTED + 5 * DAY }))
}

describe('a run that fails', () => {
  /** A folder in which writing fails at the nth step. */
  function failing(
    real: Destination,
    step: number,
    error: () => Error,
  ): { destination: Destination; ended(): void } {
    let n = 0
    const next = (): void => {
      if (n++ === step) throw error()
    }
    const destination: Destination = {
      place: real.place,
      locks: real.locks,
      size: (name) => real.size(name),
      read: async (...given) => {
        next()
        return real.read(...given)
      },
      list: (prefix) => real.list(prefix),
      remove: (name) => real.remove(name),
      hold: (name, isHeld) => real.hold(name, isHeld),
      proveLock: (name, until) => real.proveLock(name, until),
      tidy: () => real.tidy(),
      close: () => real.close(),
      async create(name, options) {
        next()
        const sink = await real.create(name, options)
        return {
          ...sink,
          async write(bytes) {
            next()
            return sink.write(bytes)
          },
          async finish() {
            next()
            await sink.finish()
            next()
          },
        }
      },
    }
    return {
      destination,
      ended: () => {
        n = Number.NEGATIVE_INFINITY
      },
    }
  }

  test('at any step of writing and reading back, nothing leaves the store, and the next run completes it', async () => {
    let steps = Number.POSITIVE_INFINITY
    for (let step = 0; step < steps; step++) {
      const folder = folders.make()
      const trouble = failing(new Folder(join(folder, 'archive')), step, () => new Error('power is gone'))
      const here = await ground(folder, { destination: trouble.destination })
      await fillDays(here.store, 2)
      here.now = INGESTED + 5 * DAY
      const failed = await here.archive.round().then(
        () => false,
        () => true,
      )
      trouble.ended()
      steps = failed ? Number.POSITIVE_INFINITY : 0
      if (failed) {
        expect((await here.store.storage()).partitions.reduce((sum, { events }) => sum + events, 0)).toBe(
          ALL_EVENTS,
        )
        expect(here.archive.state.problem).toBe('power is gone')
      }
      expect(await isSafe(here)).toBe(true)
      await here.archive.round()
      for (const partition of (await here.store.storage()).partitions)
        if (!partition.open) await here.archive.confirm(partition)
      expect(filesIn(join(folder, 'archive')).filter((name) => name.endsWith('.partial'))).toEqual([])
      await here.close()
      folders.remove()
    }
  })

  test('a full disk is one sentence, and leaves nothing half written', async () => {
    const folder = folders.make()
    // Every write to this device finds no room.
    const full = (): Error => Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
    const real = new Folder(join(folder, 'archive'))
    const here = await grounded(folder, { destination: real })
    await fillDays(here.store, 2)
    here.now = INGESTED + 5 * DAY
    const { FileHandle } = await handles(folder)
    const write = FileHandle.write
    FileHandle.write = () => Promise.reject(full())
    try {
      await expect(here.archive.round()).rejects.toThrow(
        /is full, so .* was not written and nothing was removed from the store: make room there/,
      )
    } finally {
      FileHandle.write = write
    }
    expect(filesIn(join(folder, 'archive')).filter((name) => name.endsWith('.wba'))).toEqual([])
    expect(filesIn(join(folder, 'archive')).filter((name) => name.endsWith('.partial'))).toEqual([])
    await here.archive.round()
    expect(await isSafe(here)).toBe(true)
  })

  test('a place that stores other bytes than it was given is noticed before anything may leave the store', async () => {
    const folder = folders.make()
    class Careless extends Folder {
      override async create(name: string): Promise<Sink> {
        const sink = await super.create(name)
        return {
          ...sink,
          write(bytes) {
            const changed = Buffer.from(bytes)
            if (name.endsWith('.wba')) changed[changed.length - 1]! ^= 1
            return sink.write(changed)
          },
        }
      }
    }
    const here = await grounded(folder, { destination: new Careless(join(folder, 'archive')) })
    await fillDays(here.store, 2)
    here.now = INGESTED + 5 * DAY
    await expect(here.archive.round()).rejects.toMatchObject({ code: 'WB-ARCHIVE-DAMAGED' })
    for (const partition of (await here.store.storage()).partitions)
      expect(await here.archive.holds(partition)).toBe(false)
  })

  test('events that arrive in an archived partition are archived, too, before it may go', async () => {
    const here = await grounded(folders.make())
    await fillDays(here.store, 2)
    here.now = INGESTED + 5 * DAY
    await here.archive.round()
    const closed = async (): Promise<StoredPartition> =>
      (await here.store.storage()).partitions.find(({ name }) => name === 'change-2026-11-01')!
    expect(await here.archive.holds(await closed())).toBe(true)
    await here.store.write(batchOf(700, [eventAt(9_000_000)], { ingested: INGESTED + 1 }))
    expect(await here.archive.holds(await closed())).toBe(false)
    await expect(here.archive.confirm(await closed())).rejects.toThrow('is not in the archive yet')
    expect(await here.archive.round()).toEqual(['change-2026-11-01'])
    expect(await here.archive.holds(await closed())).toBe(true)
    await here.archive.confirm(await closed())
  })

  test('a folder that is not there is one sentence', async () => {
    const folder = folders.make()
    const file = join(folder, 'file')
    writeFileSync(file, '')
    const here = await grounded(folder, { destination: new Folder(join(file, 'archive')) })
    await fillDays(here.store, 2)
    here.now = INGESTED + 5 * DAY
    await expect(here.archive.round()).rejects.toThrow(
      /Check that it is mounted and that the user of the indexer may/,
    )
  })
})

/** The prototype of file handles: the only place where a full disk can be had without a file system of one's own. */
async function handles(folder: string): Promise<{ FileHandle: { write: (...given: never[]) => unknown } }> {
  const { open: openFile } = await import('node:fs/promises')
  mkdirSync(folder, { recursive: true })
  const handle = await openFile(join(folder, 'probe'), 'w')
  await handle.close()
  return { FileHandle: Object.getPrototypeOf(handle) }
}

describe('a key of a command', () => {
  const program = (folder: string, text: string): string[] => {
    const file = join(folder, 'kms.mjs')
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
    return [process.execPath, file]
  }

  test('a command encrypts and decrypts the keys of objects', async () => {
    const folder = folders.make()
    const mask = createHash('sha256').update('kms').digest('hex')
    const command = program(
      folder,
      `const read = []; for await (const some of process.stdin) read.push(some)
       const bytes = Buffer.from(Buffer.concat(read).toString(), 'base64')
       const mask = Buffer.from('${mask}', 'hex')
       if (!process.env.WAYBILL_ARCHIVE_OBJECT || !['wrap', 'unwrap'].includes(process.argv[2])) process.exit(9)
       console.log(bytes.map((byte, i) => byte ^ mask[i]).toString('base64'))`,
    )
    const here = await grounded(folder, { keys: new KeyRing([{ id: 'kms', command }], randomBytes) })
    await fillDays(here.store, 1)
    here.now = INGESTED + 5 * DAY
    await here.archive.round()
    for (const { name, key } of await here.archive.catalogue.objects()) {
      expect(key).toBe('kms')
      await here.archive.verify(name)
    }
  })

  test.each([
    ['process.exit(3)', /it ended with 3/],
    ['console.log("no base64 !")', /it did not print base64/],
    ['console.error("denied"); process.exit(1)', /it ended with 1: denied/],
  ])('a command that fails is one sentence: %s', async (text, sentence) => {
    const folder = folders.make()
    const keys = new KeyRing([{ id: 'kms', command: program(folder, text) }], randomBytes)
    await expect(keys.wrap(randomBytes(32), 'x')).rejects.toThrow(sentence)
    await expect(
      new KeyRing([{ id: 'kms', command: [join(folder, 'none')] }], randomBytes).wrap(randomBytes(32), 'x'),
    ).rejects.toThrow(/the command of the key "kms" failed.*run it by hand/)
    expect(existsSync(folder)).toBe(true)
  })
})
