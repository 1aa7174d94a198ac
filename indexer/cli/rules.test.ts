import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { TestIndexer } from '../ingest/testing.ts'
import { waybill } from './testing/command.ts'
import { startWithAgent } from './testing/indexer.ts'

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
    expect(out).toMatch(/^impossible-travel +high +engine/m)
    expect(err).toContain('run-by: watcher')
    const embedded = await waybill(['rules', '--url', 'http://127.0.0.1:9'], { COLUMNS: '200' })
    expect(embedded.err).toContain('without their state')
    expect(embedded.out).toMatch(/^failed-logins-user +high +engine/m)
  })

  test('holds rules to their examples, and says which of them is otherwise', async () => {
    expect(await given(RULE)('test')).toMatchObject({
      code: 0,
      out: '2 of 2 examples passed.\n',
    })
    const { code, out } = await given(RULE.replace('action: export"', 'action: none"'))('test')
    expect(code).toBe(1)
    expect(out).toContain('exports: an export: expected 1 alerts, found 0')
  })

  test('names the line of what is wrong in a rule', async () => {
    const { code, err } = await given(RULE.replace('{user.name}', '{usr.name}').replace('low', 'lo'))('test')
    expect(code).toBe(2)
    expect(err).toContain('exports.yml:5: priority: found "lo"; allowed: low, medium, high, critical')
    expect(err).toMatch(/exports\.yml:7: message: .*\{usr\.name\} is not a field/)
    const query = await given(RULE.replace('"action: export"', '"acton: export"'))('list')
    expect(query.err).toMatch(/exports\.yml:3: query: .*acton/)
  })

  test('a rule that there is not is a wrong command line', async () => {
    expect(await given(RULE)('test', 'nothing')).toMatchObject({ code: 2 })
    expect((await given(RULE)('test', '--zone', 'Nowhere')).err).toContain('--zone Nowhere')
  })
})

describe('waybill rules new and check', () => {
  test('write a rule that is valid as it is, and never over another', async () => {
    const run = (...args: string[]) => waybill(['rules', ...args, '--rules', folder])
    const file = join(folder, 'our-exports.yml')
    expect((await run('new', 'our-exports')).out).toContain(`${file} is written`)
    expect(await run('check')).toMatchObject({ code: 0, out: '1 of 1 rules are valid.\n' })
    expect(await run('test')).toMatchObject({ code: 0, out: '2 of 2 examples passed.\n' })
    const again = await run('new', 'our-exports')
    expect([again.code, again.err]).toEqual([1, expect.stringContaining('WB-FILE-EXISTS')])
    expect((await run('new', '../x')).code).toBe(2)
  })

  test('name file, line and reason of each mistake, and go on with the other rules', async () => {
    const run = given(RULE)
    writeFileSync(join(folder, 'wrong.yml'), RULE.replace('low', 'lo'))
    const wrong = join(folder, 'wrong.yml')
    const expected = `${wrong}:5: priority: found "lo"; allowed: low, medium, high, critical\n`
    expect(await run('check')).toMatchObject({ code: 2, out: `${expected}1 of 2 rules are valid.\n` })
    expect(await run('check', wrong)).toMatchObject({ code: 2, out: `${expected}0 of 1 rules are valid.\n` })
    const tested = await run('test')
    expect(tested).toMatchObject({ code: 2, out: '2 of 2 examples passed.\n' })
    expect(tested.err).toContain('wrong.yml:5')
    expect((await run('check', join(folder, 'none.yml'))).err).toContain('WB-FILE-UNREADABLE')
  })
})

const SIGMA = `title: Our export
id: 5a0c8d3b-9e1f-4a6b-9c8d-000000000001
author: Ada Example
logsource: { product: github, service: audit }
detection: { selection: { action: org.export }, condition: selection }
---
title: By pattern
logsource: { product: github, service: audit }
detection:
  selection:
    actor|re: 'b.t'
  condition: selection
`

describe('waybill rules import', () => {
  const sigma = () => {
    const from = join(folder, 'sigma')
    mkdirSync(join(from, 'deep'), { recursive: true })
    writeFileSync(join(from, 'deep', 'rules.yml'), SIGMA)
    writeFileSync(join(from, 'broken.yml'), 'title: [')
    return from
  }

  test('writes rules into a folder, and names file, line and reason of the others', async () => {
    const from = sigma()
    const to = join(folder, 'rules')
    const imported = await waybill(['rules', 'import', from, '--to', to, '--channels', 'security'])
    expect(imported).toMatchObject({ code: 1, out: `1 rules are in ${to}. 2 were not imported.\n` })
    expect(imported.err).toContain(`${join(from, 'broken.yml')}:1: not YAML`)
    expect(imported.err).toContain(`${join(from, 'deep', 'rules.yml')}:11: By pattern: the modifier "re"`)
    const file = join(to, 'our-export.yml')
    expect(readFileSync(file, 'utf8')).toContain('author: Ada Example')
    expect(readFileSync(file, 'utf8')).toContain('- security')
    expect(await waybill(['rules', 'check', '--rules', to])).toMatchObject({ code: 0 })
    // Again: it replaces its own rule, and no other.
    expect((await waybill(['rules', 'import', from, '--to', to])).out).toContain('1 rules')
    writeFileSync(file, RULE)
    const kept = await waybill(['rules', 'import', from, '--to', to])
    expect(kept.out).toContain('0 rules')
    expect(readFileSync(file, 'utf8')).toBe(RULE)
  })

  test('that finds no file is a wrong command line', async () => {
    expect((await waybill(['rules', 'import', join(folder, 'none')])).err).toContain('WB-FILE-UNREADABLE')
    expect(await waybill(['rules', 'import', folder])).toMatchObject({ code: 2 })
  })

  test('puts rules into the store of an indexer, and again over those that it imported', async () => {
    const { indexer } = await startWithAgent()
    try {
      const run = () => waybill(['rules', 'import', sigma(), '--url', indexer.url])
      expect(await run()).toMatchObject({
        code: 1,
        out: '1 rules are at the indexer. 2 were not imported.\n',
      })
      const again = SIGMA.replace('org.export', 'org.exported')
      const file = join(folder, 'sigma', 'deep', 'rules.yml')
      writeFileSync(file, again)
      expect((await waybill(['rules', 'import', file, '--url', indexer.url])).out).toContain('1 rules are at')
      const stored = await indexer.ask('/v1/rules/our-export')
      expect(stored.json).toMatchObject({ rule: { id: 'our-export', origin: 'console' }, version: 2 })
      expect(JSON.stringify(stored.json)).toContain('org.exported')
    } finally {
      await indexer.end()
    }
  })
})

describe('waybill rules backtest', () => {
  let indexer: TestIndexer
  const ids = Array.from({ length: 6 }, (_, i) => `${i}`.padStart(40, 'e'))
  beforeAll(async () => {
    const started = await startWithAgent()
    indexer = started.indexer
    const failures = ids.map((id, minute) => ({
      '@timestamp': new Date(Date.UTC(2026, 0, 22, 10, minute)).toISOString(),
      event: { id, action: 'Login', category: ['authentication'], type: ['start'], outcome: 'failure' },
      user: { name: 'mike' },
      source: { ip: '203.0.113.45' },
    }))
    await started.store(...failures)
  })
  afterAll(() => indexer.end())

  test('tells when a rule would have fired on what is stored', async () => {
    const args = ['rules', 'backtest', 'failed-logins-user', '--from', '2026-01-01', '--url', indexer.url]
    const { code, out, err } = await waybill([...args, '--json'])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(JSON.parse(out)).toEqual({
      rule: 'failed-logins-user',
      at: '2026-01-22T10:04:00.000Z',
      group: { 'user.name': 'mike' },
      count: 5,
      message: 'mike failed to sign in 5 times within 10 minutes, last from 203.0.113.45',
      events: ids.slice(0, 5),
      priority: 'high',
    })
    expect((await waybill(args)).out).toBe(
      '2026-01-22T10:04:00.000Z  high      failed-logins-user  mike failed to sign in 5 times within 10 minutes, last from 203.0.113.45\n',
    )
  })

  test('list shows the rules of the indexer with their state, and enable and disable switch them', async () => {
    const run = (...args: string[]) => waybill(['rules', ...args, '--url', indexer.url], { COLUMNS: '250' })
    expect(await run('disable', 'mass-export', 'mass-delete')).toMatchObject({
      code: 0,
      out: 'mass-export is off.\nmass-delete is off.\n',
    })
    expect((await run()).out).toMatch(/^mass-export +off +high +never +0/m)
    expect(await run('enable', 'mass-export')).toMatchObject({ out: 'mass-export is on.\n' })
    const json = (await run('list', '--json')).out.split('\n').filter((line) => line !== '')
    expect(json.map((line) => JSON.parse(line)).filter(({ enabled }) => !enabled)).toMatchObject([
      { id: 'mass-delete' },
    ])
    expect(await run('enable', 'none')).toMatchObject({ code: 4 })
  })

  test('explain shows why a rule matches an event, and which conditions of others it does not meet', async () => {
    const run = (...args: string[]) => waybill(['rules', 'explain', ...args, '--url', indexer.url])
    const { out } = await run(ids[4] ?? '', 'failed-logins-user', 'mass-export')
    expect(out).toBe(
      'failed-logins-user: matches\n' +
        '  condition {count: {at-least: 5,within: "10m"}}, for user.name mike\n' +
        '  the rule fires with this event\n' +
        'mass-export: no match\n' +
        '  not met: all of\n' +
        '    not met: event.action: *export* (has Login)\n' +
        '    not met: audit.record_count >= 1000\n',
    )
    expect((await run(ids[0] ?? '')).out).toMatch(/^failed-logins-user: matches\n.*\nfailed|^failed/m)
    expect(await run('f'.repeat(40))).toMatchObject({ code: 4 })
  })
})
