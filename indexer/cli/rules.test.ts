import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { waybill } from './testing/command.ts'
import { type TestIndexer, testIndexer } from './testing/indexer.ts'

const RULE = `name: Exports
about: Each export
query: "action: export"
condition: event
priority: low
channels: [admin]
message: "{user.name} exported"
throttle: 1s
response: Ask them what for.
example: { event.action: export }
examples:
  - { is: an export, fires: 1, events: [{ at: 2026-01-22T10:00:00Z }] }
  - { is: a view, fires: 0, events: [{ at: 2026-01-22T10:00:00Z, set: { event.action: view } }] }
`

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'waybill-rules-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))
const given = (text: string) => {
  writeFileSync(join(folder, 'exports.yml'), text)
  return (...args: string[]) => waybill(['rules', ...args, '--rules', folder], { COLUMNS: '200' })
}

describe('waybill rules', () => {
  test('lists the rules that come with Waybill, and who runs each', async () => {
    const { code, out, err } = await waybill(['rules', 'list', '--watcher'], { COLUMNS: '200' })
    expect(code).toBe(0)
    expect(out).toMatch(/^failed-logins-user +high +Watcher/m)
    expect(out).toMatch(/^impossible-travel +high +nobody/m)
    const embedded = await waybill(['rules'], { COLUMNS: '200' })
    expect(embedded.out).toMatch(/^failed-logins-user +high +nobody/m)
    expect(embedded.err).toContain('Nobody runs these 21 rules on their own')
    expect(err).toContain('Nobody runs impossible-travel: it has to remember')
  })

  test('holds rules to their examples, and says which of them is otherwise', async () => {
    expect(await given(RULE)('test')).toMatchObject({
      code: 0,
      out: '2 of 2 examples are as their rules say.\n',
    })
    const { code, out } = await given(RULE.replace('action: export"', 'action: none"'))('test')
    expect(code).toBe(1)
    expect(out).toContain('exports: an export: expected 1 alerts, found 0')
  })

  test('names the line of what is wrong in a rule', async () => {
    const { code, err } = await given(RULE.replace('{user.name}', '{usr.name}').replace('low', 'lo'))('test')
    expect(code).toBe(2)
    expect(err).toContain('exports.yml:5: priority: found "lo"; allowed: low, medium, high, critical')
    expect(err).toMatch(/exports\.yml:7: message: .*\{usr\.name\} is no field/)
    const query = await given(RULE.replace('"action: export"', '"acton: export"'))('list')
    expect(query.err).toMatch(/exports\.yml:3: query: .*acton/)
  })

  test('a rule that there is not is a wrong command line', async () => {
    expect(await given(RULE)('test', 'nothing')).toMatchObject({ code: 2 })
    expect((await given(RULE)('test', '--zone', 'Nowhere')).err).toContain('--zone Nowhere')
  })
})

describe('waybill rules backtest', () => {
  let indexer: TestIndexer
  beforeEach(async () => {
    indexer = await testIndexer()
  })
  afterEach(() => indexer.stop())

  test('tells when a rule would have fired on what is stored', async () => {
    for (let minute = 0; minute < 6; minute++)
      indexer.events.push({
        '@timestamp': new Date(Date.UTC(2026, 0, 22, 10, minute)).toISOString(),
        event: {
          id: `e${minute}`,
          action: 'Login',
          category: ['authentication'],
          type: ['start'],
          outcome: 'failure',
        },
        user: { name: 'mike' },
        source: { ip: '203.0.113.45' },
      })
    const args = ['rules', 'backtest', 'failed-logins-user', '--from', '2026-01-01', '--url', indexer.url]
    const { code, out, err } = await waybill([...args, '--json'])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(JSON.parse(out)).toEqual({
      rule: 'failed-logins-user',
      at: '2026-01-22T10:04:00.000Z',
      group: { 'user.name': 'mike' },
      count: 5,
      message: 'mike failed to sign in 5 times within 10 minutes, last from 203.0.113.45',
      events: ['e0', 'e1', 'e2', 'e3', 'e4'],
      priority: 'high',
    })
    expect((await waybill(args)).out).toBe(
      '2026-01-22T10:04:00.000Z  high      failed-logins-user  mike failed to sign in 5 times within 10 minutes, last from 203.0.113.45\n',
    )
  })
})
