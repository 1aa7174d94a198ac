import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Bucket } from '../../lifecycle/archive/s3/s3.ts'
import { S3Server, serverProgram } from '../../lifecycle/archive/testing/s3-server.ts'
import { anExport, jobOf, newId, ReportWorld } from '../testing/world.ts'
import { Places } from './places.ts'

const found = serverProgram()
if ('why' in found) process.stderr.write(`${found.why}.\n`)

describe.skipIf('why' in found)('a place that is a bucket', () => {
  let server: S3Server
  beforeAll(async () => {
    if ('program' in found) server = await S3Server.start(found.program)
    await server.makeBucket('auditor', { locks: false })
  })
  afterAll(() => server.stop())

  test('gets the files, byte for byte, also if it is done twice', async () => {
    const world = await ReportWorld.open()
    const jobs = await world.jobs()
    const id = newId()
    await jobs.add(id, anExport({ formats: ['csv', 'ndjson'] }))
    await jobs.work()
    const job = await jobOf(jobs, id)
    const s3 = server.config('auditor', { lock: 'none', prefix: 'reports/' })
    const places = new Places(
      () => ({ auditor: { s3 } }),
      (given) => new Bucket(given, { now: Date.now, ca: null }),
    )
    await places.put('auditor', job, jobs)
    await places.put('auditor', job, jobs)
    const bucket = new Bucket(s3, { now: Date.now, ca: null })
    const names: string[] = []
    for await (const { name, bytes } of bucket.list('')) {
      names.push(name)
      const file = job.files.find((one) => name.endsWith(one.name))
      const sha256 = createHash('sha256')
        .update(await bucket.read(name, 0, bytes))
        .digest('hex')
      expect(sha256).toBe(file?.sha256)
    }
    expect(names).toHaveLength(2)
    await bucket.close()
  })
})
