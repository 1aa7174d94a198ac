import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { S3Server, serverProgram } from '../../lifecycle/archive/testing/s3-server.ts'
import { anchorsOf, Ground } from '../testing/ground.ts'

const found = serverProgram()
if ('why' in found) process.stderr.write(`${found.why}.\n`)

describe.skipIf('why' in found)('a bucket with Object Lock', () => {
  let server: S3Server
  beforeAll(async () => {
    if ('program' in found) server = await S3Server.start(found.program)
    await server.makeBucket('locked', { locks: true })
    await server.makeBucket('plain', { locks: false })
  })
  afterAll(() => server.stop())

  const settingsOf = (bucket: string) => {
    const { endpoint } = server.config(bucket)
    const keys = server.config(bucket)
    return {
      bucket,
      prefix: 'waybill/',
      endpoint,
      'access-key-id': keys['access-key-id']?.reveal(),
      'secret-access-key': keys['secret-access-key']?.reveal(),
      retain: '1d',
    }
  }

  it('keeps each checkpoint as an object that nobody can remove, and shows when a log was rewritten', async () => {
    const ground = await Ground.make()
    ground.now = Date.now()
    const log = await ground.round()
    const anchors = await anchorsOf(ground, log, { s3: [settingsOf('locked')] })
    for (const n of [1, 2]) {
      await ground.write(n)
      await log.round()
      await anchors.run()
      await anchors.run()
      expect(anchors.status()).toMatchObject([{ size: n, problem: null }])
    }
    const objects = await server
      .client('locked')
      .ask({ method: 'GET', query: { 'list-type': '2', prefix: 'waybill/checkpoints/' } })
    expect(objects.body.toString().match(/<Key>[^<]*<\/Key>/g)?.length).toBe(2)
    const other = await Ground.make()
    other.now = ground.now
    await other.write(7)
    const rewritten = await other.round()
    const others = await anchorsOf(other, rewritten, { s3: [settingsOf('locked')] })
    await others.run()
    expect(others.status()[0]?.problem).toContain('has another content than the checkpoint of 1 entries')
  })

  it('without a lock is no anchor', async () => {
    const ground = await Ground.make()
    ground.now = Date.now()
    const anchors = await anchorsOf(ground, await ground.round(), { s3: [settingsOf('plain')] })
    await anchors.run()
    expect(anchors.status()).toMatchObject([{ at: null, problem: expect.stringContaining('plain') }])
  })
})
