import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { waybillAgent } from './testing/command.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'waybill-test-command-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const run = async (...args: string[]): Promise<{ code: number | null; said: string; wrong: string }> => {
  const { code, out, err } = await waybillAgent(folder, ['test', ...args])
  return { code, said: out, wrong: err }
}
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text)
  return name
}

describe('waybill-agent test', () => {
  it('shows what each record becomes, its type, and what was masked', async () => {
    const log = file(
      'erp.jsonl',
      '{"event_id":"LOG-1","timestamp":"2026-01-22T10:45:32Z","action":"Update","entity":"User","user":"Jane","changes":[{"field":"Password","previous_value":"geheim1","new_value":"geheim2"}]}\n',
    )
    const { code, said } = await run('erp', log)
    expect(code).toBe(0)
    expect(said).toMatch(/line 1 +erp\.record\.updated +\(Record updated\) +masked: 2 password/)
    expect(said).toMatch(/@timestamp +2026-01-22T10:45:32\.000Z/)
    expect(said).toMatch(/change +Password: \[masked:password\] → \[masked:password#2\]/)
    expect(said).toContain('1 events of 1 types, 1 with masked secrets, 0 not understood')
    expect(said).not.toContain('geheim')
  })

  it('says where a line fails and why, and exits with 1', async () => {
    const log = file('broken.jsonl', '{"action":"View"}\n{"action":"View"\n')
    const { code, said } = await run('generic-json', log)
    expect(code).toBe(1)
    expect(said).toMatch(
      /line 2 +NOT UNDERSTOOD\n +why +Not JSON: .*character 16.*\n +record +\{"action":"View"/,
    )
  })

  it('shows one record of many lines by any of its lines', async () => {
    const log = file('rows.csv', 'user,note\njane,"one\ntwo"\nbob,x\n')
    expect((await run('generic-csv', log, '--line', '3')).said).toContain('jane')
    expect((await run('generic-csv', log, '--line', '3')).said).not.toContain('bob')
    expect((await run('generic-csv', log, '--line', '4')).said).toContain('bob')
  })

  it('reads what is in a compressed file, as the agent does', async () => {
    const log = 'packed.jsonl.gz'
    writeFileSync(join(folder, log), gzipSync('{"action":"View","user":"jane"}\n'))
    expect((await run('generic-json', log)).said).toContain('1 events')
    writeFileSync(join(folder, log), Buffer.from([0x1f, 0x8b, 8, 0, 1]))
    const { code, wrong } = await run('generic-json', log)
    expect([code, wrong]).toEqual([
      1,
      expect.stringContaining("packed.jsonl.gz looks like gzip, but can't be unpacked"),
    ])
  })

  it('prints JSON for programs', async () => {
    const log = file('one.jsonl', '{"action":"View","token":"abc123"}\n')
    const [line = '', last = ''] = (await run('erp', log, '--json')).said.split('\n')
    const record = JSON.parse(line)
    expect(record).toMatchObject({
      line: 1,
      outcome: 'event',
      type: { id: 'erp.record.viewed', title: 'Record viewed' },
      masked: { token: 1 },
      event: { event: { action: 'View', code: 'erp.record.viewed' } },
    })
    const { neverMatched } = JSON.parse(last)
    expect(neverMatched.types.never).toContain('erp.record.updated')
    expect(neverMatched.types.never).not.toContain('erp.record.viewed')
  })

  it('ends with what no record matched, the names of another integration left out', async () => {
    const shop = file(
      'shop.yml',
      [
        'name: shop',
        'title: Shop',
        'format: json',
        'like: generic-json',
        'fields:',
        '  - { from: [who, clerk.name], to: user.name }',
        '  - { from: till, to: audit.component }',
        'events:',
        '  - { id: shop.sold, title: Sold, group: Shop, when: { action: sell } }',
        '  - { id: shop.returned, title: Returned, group: Shop, when: { action: return } }',
        '',
      ].join('\n'),
    )
    const log = file('shop.jsonl', '{"clerk":{"name":"Ann"},"action":"sell","till":""}\n')
    expect((await run(`./${shop}`, log)).said).toMatch(
      /\nnever matched: 1 of 3 paths: who\nnever matched: 1 of 2 types: shop\.returned\n$/,
    )
    expect((await run(`./${shop}`, log, '--line', '1')).said).not.toContain('never matched')
    expect((await run('generic-json', log)).said).toMatch(/paths: .* and \d+ more \(--all names them\)\n$/)
    expect((await run('generic-json', log, '--all')).said).not.toContain('--all')
  })

  it('without a file it shows the samples', async () => {
    const { code, said } = await run('clockify')
    expect(code).toBe(0)
    expect(said).toContain('audit-log.csv')
    expect(said).toContain('of 38 types')
  })

  it.each([
    [['no-such'], 'There is no integration no-such'],
    [['erp', 'no-such.log'], 'The file no-such.log does not exist'],
    [['erp', '.'], '. is a folder; name a file in it'],
    [['erp', 'x', '--time-zone', 'Mars/Olympus'], 'Mars/Olympus is not a time zone'],
  ])('%s ends in a sentence', async (args, sentence) => {
    const { code, wrong } = await run(...args)
    expect(code).not.toBe(0)
    expect(wrong).toContain(sentence)
    expect(wrong).not.toContain('defect of waybill-agent')
  })
})
