import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { settingsVersion } from '../../schema/wire/index.ts'
import { TestIndexer } from '../ingest/testing.ts'
import { waybill } from './testing/command.ts'

let indexer: TestIndexer
const OLGA = 'a-token-of-olga-123'
beforeAll(async () => {
  indexer = await TestIndexer.start({
    manage: 'token',
    tokens: [{ name: 'olga', token: OLGA, scopes: ['manage', 'read'] }],
  })
})
afterAll(() => indexer.end())

const events = (...args: string[]) =>
  waybill(['events', ...args], { WAYBILL_URL: indexer.url, WAYBILL_TOKEN: OLGA })
const rules = async () => (await indexer.ask('/v1/settings/events')).json.events

describe('events', () => {
  test('are switched off, on for some, and back to their default, and each is in the audit trail', async () => {
    const off = await events('off', 'erp.record.viewed', 'clockify.*')
    expect([off.code, off.err]).toEqual([0, ''])
    expect(off.out).toBe('erp.record.viewed is off (version 1).\nclockify.* is off (version 1).\n')
    const on = await events('on', 'erp.record.viewed', '--entity', 'Financial Record', '--json')
    const financial = { event: 'erp.record.viewed', entity: 'Financial Record', record: 'on' }
    const now = [
      { event: 'erp.record.viewed', record: 'off' },
      { event: 'clockify.*', record: 'off' },
      financial,
    ] as const
    expect(JSON.parse(on.out)).toEqual({
      ...financial,
      version: settingsVersion(2, now as never),
      changed: true,
    })
    expect(await rules()).toEqual(now)

    const listed = await events('list', '--integration', 'erp')
    expect(listed.out).toMatch(/^erp\.record\.viewed +Record viewed +\S+ +off +rule erp\.record\.viewed$/m)
    expect(listed.out).toMatch(/^ +entity Financial Record +on +rule erp\.record\.viewed$/m)
    expect(listed.out).toMatch(/^erp\.login\.failed .* on +mandatory$/m)
    expect(listed.out).not.toContain('clockify')
    expect(listed.out).toContain('version 2')
    const lines = (await events('--json')).out.trim().split('\n')
    const off2 = lines.map((line) => JSON.parse(line)).filter(({ recorded }) => !recorded)
    expect(off2.map(({ id }) => id)).toContain('clockify.other')

    expect((await events('off', 'erp.record.viewed')).out).toBe(
      'erp.record.viewed is off already (version 2).\n',
    )
    const group = await events('on', 'erp.*')
    expect(group.out).toContain('erp.record.viewed stays off, because of the rule erp.record.viewed.')
    const back = await events('default', 'erp.record.viewed', 'erp.*', 'clockify.*')
    expect(back.out).toContain('erp.record.viewed follows its integration and the other rules (version 4).')
    expect(await rules()).toEqual([financial])

    const search = [
      'search',
      'user: olga and audit.entity.id: erp.record.viewed',
      '--format',
      'json',
      '--sort',
      'oldest',
    ]
    const found = await waybill(search, { WAYBILL_URL: indexer.url, WAYBILL_TOKEN: OLGA })
    const acts = found.out.trim().split('\n')
    expect(acts.map((line) => JSON.parse(line).event.action)).toEqual([
      'event-type-off',
      'event-type-on',
      'event-type-on',
    ])
  })

  test('two that are switched at the same time are both switched', async () => {
    const both = await Promise.all([
      events('off', 'strapi.other'),
      events('off', 'creatio.other'),
      events('off', 'connexcs.other'),
    ])
    expect(both.map(({ code }) => code)).toEqual([0, 0, 0])
    const off = (await rules()) as { event: string }[]
    expect(off.map(({ event }) => event)).toEqual(
      expect.arrayContaining(['strapi.other', 'creatio.other', 'connexcs.other']),
    )
  })

  test('that are not known are 4, mandatory ones 1, and the sentence helps', async () => {
    const unknown = await events('off', 'erp.record.viewd')
    expect([unknown.code, unknown.out]).toEqual([4, ''])
    expect(unknown.err).toBe(
      'waybill: There is no event type erp.record.viewd; did you mean erp.record.viewed? (WB-NOT-FOUND)\n',
    )
    expect((await events('list', '-i', 'shop')).code).toBe(4)
    const mandatory = await events('off', 'erp.login.failed')
    expect(mandatory.code).toBe(1)
    expect(mandatory.err).toContain('erp.login.failed is mandatory')
  })

  test('a wrong command line is 2, no right 1, no indexer 3', async () => {
    expect((await events('off')).code).toBe(2)
    const wrong = await events('of', 'erp.record.viewed')
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('did you mean on?')])
    const nobody = await waybill(['events', 'off', 'erp.other'], { WAYBILL_URL: indexer.url })
    expect(nobody.code).toBe(1)
    expect(nobody.err).toContain('WAYBILL_TOKEN')
    const nowhere = await waybill(['events'], { WAYBILL_URL: 'http://127.0.0.1:1' })
    expect(nowhere.code).toBe(3)
    const help = await waybill(['events', '--help'])
    expect(help.out).toContain("waybill events on erp.record.viewed --entity 'Financial Record'")
    expect(help.out).toContain('Exit codes:')
  })
})
