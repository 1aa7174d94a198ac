import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort, until } from '../test/system/system.ts'
import { makePackages } from './index.ts'
import { Debian, whyNoDebian } from './testing/debian.ts'

const why = whyNoDebian()
const VERSION = '0.1.0'

/** Both packages on one host, which share /etc/waybill. */
describe.skipIf(why !== null)(`the .deb of the indexer${why === null ? '' : `: ${why}`}`, () => {
  let made: string
  let debian: Debian
  let before: string[]
  let url: string
  const state = (property: string): string => debian.must(`systemctl show -P ${property} waybill-indexer`)
  const waybill = (line: string): string =>
    debian.must(`sudo -u waybill waybill ${line} --url ${url} 2>/dev/null`)

  beforeAll(async () => {
    made = mkdtempSync(join(tmpdir(), 'waybill-made-'))
    await makePackages({
      ...{ to: made, date: new Date('2026-01-22T00:00:00Z'), version: VERSION },
      ...{ processors: ['amd64'], formats: ['deb'] },
    })
    debian = Debian.unpack()
    await debian.boot()
    before = debian.inventory()
    url = `http://127.0.0.1:${await freePort()}`
  })
  afterAll(async () => {
    await debian?.end()
    if (made !== undefined) rmSync(made, { recursive: true })
  })

  it('installs beside the agent, and is set up by one command: then it listens', async () => {
    for (const name of ['waybill', 'waybill-agent'])
      debian.must(`dpkg -i ${debian.bring(join(made, `${name}_${VERSION}-1_amd64.deb`))} 2>&1`)
    expect(debian.must('systemd-analyze verify --man=no waybill-indexer.service 2>&1')).toBe('')
    expect(debian.must(`waybill up --listen ${url} --yes 2>&1`)).toMatch(/first sign-in/i)
    expect(debian.must(`stat -c '%a %U:%G' /etc/waybill/indexer.yml /var/lib/waybill`)).toBe(
      '640 root:waybill\n700 waybill:waybill',
    )
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
    expect(await (await fetch(url)).text()).toContain('<div id=')
    expect(waybill('users')).toContain('admin')
  })

  it('stores what the agent of the same host ships, and reports it with its fonts', async () => {
    debian.write('/var/log/app.jsonl', '{"user":"佐藤","action":"login"}\n')
    debian.must(`waybill-agent setup --indexer ${url} --file /var/log/app.jsonl --yes 2>&1`)
    await until('the record is found', () => waybill('search').includes('佐藤'))
    debian.must('mkdir -p /tmp/reports && chown waybill /tmp/reports')
    waybill('reports run security-event --format pdf --output /tmp/reports/all.pdf --from now-30d')
    expect(debian.must('head -c 5 /tmp/reports/all.pdf')).toBe('%PDF-')
    debian.must('rm -r /tmp/reports')
  })

  it('reloads, and is restarted by the watchdog if it hangs', async () => {
    debian.must('systemctl reload waybill-indexer')
    debian.must(
      'mkdir -p /run/systemd/system/waybill-indexer.service.d && printf "[Service]\\nWatchdogSec=3s\\n" >/run/systemd/system/waybill-indexer.service.d/quick.conf && systemctl daemon-reload && systemctl restart waybill-indexer',
    )
    const pid = state('MainPID')
    debian.must(`kill -STOP ${pid}`)
    await until(
      'systemd has restarted it',
      () => state('NRestarts') === '1' && state('ActiveState') === 'active',
    )
    expect(state('MainPID')).not.toBe(pid)
    await until('the record is found again', () => waybill('search').includes('佐藤'))
  })

  it('leaves nothing when both are purged', () => {
    debian.must('dpkg --purge waybill 2>&1')
    expect(debian.must('ls /etc/waybill')).toBe('agent.yml')
    debian.must('dpkg --purge waybill-agent 2>&1')
    debian.must('rm -r /var/log/app.jsonl')
    expect(debian.inventory()).toEqual(before)
  })
})
