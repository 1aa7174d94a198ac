import { randomBytes } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Secret } from '../../../../config/index.ts'
import { temporaryFolders } from '../../../store/testing/batches.ts'
import { ArchiveObject } from '../read.ts'
import { DAY, fillDays, type Ground, ground } from '../testing/ground.ts'
import { S3Server, serverProgram } from '../testing/s3-server.ts'
import { Bucket } from './s3.ts'

const found = serverProgram()
if ('why' in found) process.stderr.write(`${found.why}.\n`)

describe.skipIf('why' in found)('an archive in a bucket', () => {
  let server: S3Server
  beforeAll(async () => {
    if ('program' in found) server = await S3Server.start(found.program)
    await server.makeBucket('locked', { locks: true })
    await server.makeBucket('plain', { locks: false })
  })
  afterAll(() => server.stop())

  const folders = temporaryFolders()
  const open: Ground[] = []
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close()
    folders.remove()
  })

  const bucket = (name: string, own: Parameters<S3Server['config']>[1] = {}, now = Date.now): Bucket =>
    new Bucket(server.config(name, own), { now, ca: null })

  async function put(
    at: Bucket,
    name: string,
    bytes: Buffer,
    retainUntil: number | null = null,
  ): Promise<void> {
    const sink = await at.create(name, { retainUntil })
    for (let from = 0; from < bytes.length; from += 1_000_000)
      await sink.write(bytes.subarray(from, from + 1_000_000))
    await sink.finish()
  }

  /** An archive of events that are received now: locks go by the clock of the server. */
  async function grounded(destination: Bucket): Promise<Ground> {
    const made = await ground(folders.make(), { destination })
    open.push(made)
    await fillDays(made.store, 2)
    made.now = Date.now()
    return made
  }

  test('small objects and uploads in parts are read back, in any piece, listed and removed', async () => {
    const at = bucket('plain', { lock: 'none' })
    const sizes = [0, 1, 5_000_000, 8 * 1024 * 1024, 20_000_001]
    for (const size of sizes) {
      const bytes = randomBytes(size)
      await put(at, `sizes/a b+ü/${size}`, bytes)
      expect(await at.size(`sizes/a b+ü/${size}`)).toBe(size)
      expect((await at.read(`sizes/a b+ü/${size}`, 0, size)).equals(bytes)).toBe(true)
      if (size > 10)
        expect((await at.read(`sizes/a b+ü/${size}`, size - 10, size + 10)).equals(bytes.subarray(-10))).toBe(
          true,
        )
    }
    const listed: number[] = []
    for await (const { name, bytes } of at.list('sizes/')) {
      listed.push(bytes)
      await at.remove(name)
      expect(await at.size(name)).toBeNull()
    }
    expect(listed.sort((a, b) => a - b)).toEqual(sizes)
    await at.close()
  })

  test('an upload that is given up leaves nothing, and the next run removes one that was interrupted', async () => {
    const at = bucket('plain', { lock: 'none' })
    const client = server.client('plain')
    const begun = async (): Promise<number> =>
      [...(await client.ask({ method: 'GET', query: { uploads: '' } })).body.toString().matchAll(/<Upload>/g)]
        .length
    const given = await at.create('half', { retainUntil: null })
    await given.write(randomBytes(9_000_000))
    expect(await begun()).toBe(1)
    await given.abort()
    expect(await begun()).toBe(0)
    const interrupted = await at.create('half', { retainUntil: null })
    await interrupted.write(randomBytes(9_000_000))
    await at.tidy()
    expect([await begun(), await at.size('half')]).toEqual([0, null])
    await client.close()
    await at.close()
  })

  test('a partition is archived, locked, and cannot be removed, shortened or weakened', async () => {
    const at = bucket('locked')
    const here = await grounded(at)
    expect(await here.archive.round()).not.toEqual([])
    const objects = await here.archive.catalogue.objects()
    const [first] = objects
    expect(first).toMatchObject({ problem: null, lockedUntil: first!.until })
    await at.proveLock(first!.name, first!.until!)
    await expect(at.remove(first!.name)).rejects.toMatchObject({ code: 'WB-ARCHIVE-LOCKED' })
    for (const { name, events } of objects) {
      const object = await ArchiveObject.open(name, here)
      await object.verify()
      expect(object.contents.events).toBe(events)
    }
    const [partition] = (await here.store.storage()).partitions
    expect(await here.archive.holds(partition!)).toBe(true)
    await here.archive.confirm(partition!)
  })

  test('a legal hold protects an object without an end date, until it ends', async () => {
    const at = bucket('locked', { prefix: 'held/' })
    await put(at, 'one', Buffer.from('x'))
    await at.hold('one', true)
    await expect(at.remove('one')).rejects.toMatchObject({ code: 'WB-ARCHIVE-LOCKED' })
    await at.hold('one', false)
    await at.remove('one')
    expect(await at.size('one')).toBeNull()
    await at.close()
  })

  test('an object with an event of a legal hold gets the legal hold of the bucket, too, until the hold ends', async () => {
    const here = await grounded(bucket('locked', { prefix: 'case/' }))
    await here.archive.round()
    const client = server.client('locked')
    const held = async (): Promise<string[]> => {
      const names: string[] = []
      for (const { name } of await here.archive.catalogue.objects()) {
        const asked = { method: 'GET', key: `case/${name}`, query: { 'legal-hold': '' } } as const
        if ((await client.ask(asked, [400, 404])).body.toString().includes('<Status>ON</Status>'))
          names.push(name)
      }
      return names
    }
    expect(await held()).toEqual([])
    const asked = { query: 'event.sequence: 10', case: 'Doe v. Roe', until: null }
    const { id } = await here.holds.add(asked, { name: 'anna' })
    await here.archive.round()
    expect(await held()).toEqual(['change/2026/11/02/change-2026-11-01.1.wba'])
    await here.holds.end(id, { name: 'anna' })
    await here.archive.round()
    expect(await held()).toEqual([])
    await client.close()
  })

  test('a bucket without a lock is refused before anything is written, and nothing leaves the store', async () => {
    const here = await grounded(bucket('plain'))
    await expect(here.archive.round()).rejects.toThrow(/has no Object Lock.*Nothing was written/)
    const [partition] = (await here.store.storage()).partitions
    expect(await here.archive.holds(partition!)).toBe(false)
    const plain = bucket('plain')
    for await (const { name } of plain.list('')) expect(name).toBe('')
    await plain.close()
  })

  test('an object that was written without a lock is found out', async () => {
    const at = bucket('locked', { prefix: 'bare/' })
    await put(at, 'bare', Buffer.from('x'))
    await expect(at.proveLock('bare', Date.now() + DAY)).rejects.toThrow(/did not keep the lock COMPLIANCE/)
    await at.close()
  })

  test.each([
    ['the secret', { 'secret-access-key': new Secret('another-secret') }, /Check access-key-id/],
    ['the key', { 'access-key-id': new Secret('nobody') }, /Check access-key-id/],
  ])('a wrong credential is one sentence: %s', async (_, own, sentence) => {
    const at = bucket('locked', own)
    await expect(at.size('x')).rejects.toThrow(sentence)
    await expect(at.tidy()).rejects.toThrow(sentence)
    await at.close()
  })

  test('a bucket that is not there, and a clock that is wrong, are one sentence with the remedy', async () => {
    const none = bucket('nowhere', { lock: 'none' })
    await expect(none.tidy()).rejects.toThrow(/Make the bucket/)
    await none.close()
    const late = bucket('locked', {}, () => Date.now() - 3_600_000)
    await expect(late.tidy()).rejects.toThrow(/Set the clock of this machine/)
    await late.close()
  })

  test('a busy store is asked again, and a broken one is named after some tries', async () => {
    let refusals = 2
    const answers: RequestListener = (request, response) => {
      request.resume()
      if (refusals-- > 0) response.writeHead(503).end('<Error><Code>SlowDown</Code></Error>')
      else response.writeHead(200, { 'content-length': '7' }).end()
    }
    const busy = createServer(answers)
    await new Promise<void>((resolve) => busy.listen(0, '127.0.0.1', resolve))
    const { port } = busy.address() as AddressInfo
    const at = bucket('any', { endpoint: `http://127.0.0.1:${port}`, lock: 'none' })
    expect(await at.size('x')).toBe(7)
    refusals = 100
    await expect(at.size('x')).rejects.toThrow(/refused.*asked 5 times; the next run tries again/)
    busy.closeAllConnections()
    await new Promise((resolve) => busy.close(resolve))
    await expect(at.size('x')).rejects.toThrow(/does not answer.*check archive.s3.endpoint/)
    await at.close()
  })
})
