import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { waybill } from './testing/command.ts'
import { startWithAgent } from './testing/indexer.ts'

let world: Awaited<ReturnType<typeof startWithAgent>>
const people = (...args: string[]) =>
  waybill(['people', ...args, '--url', world.indexer.url], { COLUMNS: '200' })

beforeAll(async () => {
  world = await startWithAgent({}, {})
  const did = (number: number, module: string, user: object) =>
    world.store({
      '@timestamp': `2026-02-03T10:00:0${number}.000Z`,
      event: { id: `${'d'.repeat(39)}${number}`, action: 'Update', module },
      user,
    })
  await did(1, 'erp', { name: 'Jane Doe', id: 'U-7', email: 'jane@x.example' })
  await did(2, 'strapi', { name: 'Jane', email: 'jane@x.example' })
  await did(3, 'linux-auth', { name: 'jdoe' })
})
afterAll(() => world.indexer.end())

describe('waybill people', () => {
  test('lists people over all systems, and tells why accounts are one person’s', async () => {
    const { code, out } = await people('list', 'not source: waybill')
    expect(code).toBe(0)
    expect(out).toMatch(/2 +Jane Doe +jane@x\.example +erp, strapi/)
    const shown = await people('show', 'Jane Doe')
    expect(shown.out).toMatch(/erp +Jane Doe +U-7 +jane@x\.example/)
    expect(shown.out).toContain('1 event of strapi carries both jane@x.example and strapi/Jane.')
  })

  test('joins accounts, lists the decision, and undoes it', async () => {
    const joined = await people('join', 'jane@x.example', 'linux-auth/jdoe')
    expect(joined).toMatchObject({ code: 0 })
    const id = /^([0-9a-f]{16}): /.exec(joined.out)?.[1] ?? ''
    expect(joined.out).toContain(`waybill people undo ${id}`)
    const found = await waybill(['count', 'person: "Jane Doe"', '--url', world.indexer.url])
    expect(found.out.trim()).toBe('3')
    expect((await people('decisions')).out).toMatch(
      new RegExp(`${id}.*jane@x.example and linux-auth/jdoe are one person`),
    )
    expect(await people('undo', id)).toMatchObject({ code: 0 })
    expect(await people('undo', id)).toMatchObject({ code: 4 })
    expect((await people('decisions')).err).toContain('Nothing was decided about people.')
  })

  test('says how an account is written, and who is not there', async () => {
    expect(await people('part', 'jdoe')).toMatchObject({
      code: 2,
      err: expect.stringContaining('"jdoe" names no account: write an e-mail address, SYSTEM/USER'),
    })
    expect(await people('part', 'jane@x.example')).toMatchObject({
      code: 2,
      err: expect.stringContaining('only an account of a system can be kept apart'),
    })
    expect((await people('show', 'nobody')).code).toBe(4)
  })
})
