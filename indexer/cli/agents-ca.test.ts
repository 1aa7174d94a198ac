import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TestIndexer } from '../ingest/testing.ts'
import { type Ran, waybill } from './testing/command.ts'

let indexer: TestIndexer
beforeAll(async () => {
  indexer = await TestIndexer.start({ read: 'token', manage: 'token' })
})
afterAll(() => indexer.end())

const ca = (...args: string[]): Promise<Ran> =>
  waybill(['agents', 'ca', ...args], {
    WAYBILL_URL: indexer.url,
    WAYBILL_STORE: join(indexer.folder, 'store'),
  })

test('waybill agents ca makes the authority once, shows it, and puts a new one in its place', async () => {
  const none = await ca()
  expect([none.code, none.err.includes('waybill agents ca create')]).toEqual([4, true])
  const made = await ca('create')
  expect([made.code, made.out]).toEqual([
    0,
    expect.stringMatching(/valid until 20\d\d-.*\nSHA-256 [0-9A-F:]{95}\n$/s),
  ])
  expect(made.err).toContain('does not ask agents for certificates yet')
  expect((await ca('create')).err).toContain('There is already an authority for agents')
  expect((await ca('show')).out).toBe(made.out)
  expect((await ca('--pem')).out).toMatch(/^-----BEGIN CERTIFICATE-----\n/)
  const renewed = await ca('renew', '--json')
  expect(JSON.parse(renewed.out)).toMatchObject({ asked: false, fingerprint: expect.any(String) })
  expect((await ca()).out).not.toBe(made.out)
})
