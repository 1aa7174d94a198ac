import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kill, System, until } from '../test/system/system.ts'
import { makePackages } from './index.ts'
import { Debian, whyNoDebian } from './testing/debian.ts'

const why = whyNoDebian()
const OLD = '0.1.0'
const NEW = '0.1.1'
const CONFIG = '/etc/waybill/agent.yml'
const LOG = '/var/log/app/audit.jsonl'

/** A package goes through what happens to it on a host, one step after the other, under a systemd that really runs. */
describe.skipIf(why !== null)(`the .deb of the agent${why === null ? '' : `: ${why}`}`, () => {
  let made: string
  let debian: Debian
  let system: System
  let before: string[]
  let indexer: ChildProcess
  const installed = new Map<string, string>()
  const install = (version: string): string => debian.must(`dpkg -i ${installed.get(version)} 2>&1`)
  const state = (property: string): string => debian.must(`systemctl show -P ${property} waybill-agent`)
  const identity = (): string | undefined =>
    /enrolled as a-\w+/.exec(
      debian.run(`sudo -u waybill-agent waybill-agent check --offline --config ${CONFIG}`).said,
    )?.[0]

  let written = 0
  const write = (count: number): void => {
    const lines = Array.from({ length: count }, () => {
      written++
      return JSON.stringify({ time: '2026-01-22T10:51:04Z', user: `u${written}`, action: 'login' })
    })
    debian.must(`cat >> ${LOG} <<'END'\n${lines.join('\n')}\nEND`)
  }
  /** Each written record is stored once. */
  const allStored = async (): Promise<void> => {
    const users = await until(`${written} records are stored`, async () => {
      const events = await system.events('user: u*').catch(() => [])
      return events.length >= written ? events.map(({ event }) => JSON.parse(event.original).user) : null
    })
    expect(users.toSorted()).toEqual(
      Array.from({ length: written }, (_, index) => `u${index + 1}`).toSorted(),
    )
  }

  beforeAll(async () => {
    made = mkdtempSync(join(tmpdir(), 'waybill-made-'))
    const date = new Date('2026-01-22T00:00:00Z')
    for (const version of [OLD, NEW])
      await makePackages({
        ...{ to: made, date, version },
        programs: ['waybill-agent'],
        processors: ['amd64'],
        formats: ['deb'],
      })
    debian = Debian.unpack()
    await debian.boot()
    for (const version of [OLD, NEW])
      installed.set(version, debian.bring(join(made, `waybill-agent_${version}-1_amd64.deb`)))
    before = debian.inventory()
    system = await System.make()
    indexer = system.startIndexer()
    await system.ready()
  })
  afterAll(async () => {
    await debian?.end()
    await system?.end()
    if (made !== undefined) rmSync(made, { recursive: true })
  })

  it('installs a user, folders with their modes, and a service that waits to be set up', () => {
    install(OLD)
    expect(debian.must('waybill-agent --version')).toBe(OLD)
    expect(debian.must('id -Gn waybill-agent')).toBe('waybill-agent adm')
    expect(debian.must(`stat -c '%a %U:%G' /etc/waybill /var/lib/waybill-agent`)).toBe(
      '755 root:root\n700 waybill-agent:waybill-agent',
    )
    expect(state('ActiveState')).toBe('inactive')
    expect(debian.must('systemd-analyze verify --man=no waybill-agent.service 2>&1')).toBe('')
    const score = debian.must('systemd-analyze security --no-pager waybill-agent')
    expect(Number(/Overall exposure level for .*: (\d+\.\d+)/.exec(score)?.[1])).toBeLessThan(2)
  })

  it('says at its start why it can not run', () => {
    debian.write(CONFIG, 'agent: {}\n')
    expect(debian.run('systemctl start waybill-agent').code).not.toBe(0)
    expect(state('ExecMainStatus')).toBe('2')
    debian.must(`rm ${CONFIG} && systemctl reset-failed waybill-agent`)
  })

  it('says which permission is missing', () => {
    debian.must('mkdir -p /var/log/audit && chmod 700 /var/log/audit && touch /var/log/audit/audit.log')
    debian.must('install -D -m 0644 /dev/null /var/log/app/audit.jsonl')
    debian.must('install -o root -g adm -m 0640 /dev/null /var/log/auth.log')
    debian.write(
      '/var/tmp/agent.yml',
      [
        'agent: { data: /var/lib/waybill-agent }',
        `indexers: [${system.url}]`,
        'inputs:',
        '  - file: { paths: [/var/log/auth.log], integration: linux-auth }',
        '  - file: { paths: [/var/log/audit/audit.log], integration: auditd }',
        '',
      ].join('\n'),
    )
    const check = (user = 'waybill-agent'): string =>
      debian.run(`sudo -u ${user} waybill-agent check --offline --config /var/tmp/agent.yml`).said
    expect(check()).toMatch(
      /WRONG {3}\/var\/log\/audit\/audit\.log: auditd lets nobody but root read \/var\/log\/audit: set log_group = adm in \/etc\/audit\/auditd\.conf, and restart auditd/,
    )
    expect(check('root')).toMatch(
      /NOTICE .*the agent runs as waybill-agent: sudo -u waybill-agent waybill-agent check/,
    )
    // What auditd does when it begins, with log_group = adm.
    debian.must(
      'chgrp -R adm /var/log/audit && chmod 750 /var/log/audit && chmod 640 /var/log/audit/audit.log',
    )
    expect(check()).not.toMatch(/WRONG {3}\/var\/log\/audit/)
    expect(check()).toMatch(/ok {6}\/var\/log\/auth\.log/)
    debian.must('rm /var/tmp/agent.yml')
  })

  it('is set up by one command, and ships within a minute', async () => {
    write(10)
    const began = performance.now()
    debian.must(`env waybill-agent setup --indexer ${system.url} --name web-1 --file ${LOG} --yes 2>&1`)
    await allStored()
    expect(performance.now() - began).toBeLessThan(60_000)
    expect(state('ActiveState')).toBe('active')
    expect(debian.must(`stat -c '%a %U:%G' ${CONFIG}`)).toBe('640 root:waybill-agent')
    debian.must(
      `echo 'Jan 22 10:51:04 web-1 sshd[7]: Failed password for root from 192.0.2.7 port 5 ssh2' >>/var/log/auth.log`,
    )
    await until('the system log is read', async () => (await system.events('ip: 192.0.2.7')).length === 1)
  })

  it('is restarted by the watchdog if it hangs, and loses nothing', async () => {
    debian.must(
      'mkdir -p /run/systemd/system/waybill-agent.service.d && printf "[Service]\\nWatchdogSec=3s\\n" >/run/systemd/system/waybill-agent.service.d/quick.conf && systemctl daemon-reload && systemctl restart waybill-agent',
    )
    const pid = state('MainPID')
    write(5)
    await allStored()
    await new Promise((resolve) => setTimeout(resolve, 4000))
    expect(state('MainPID')).toBe(pid)
    debian.must(`kill -STOP ${pid}`)
    write(5)
    await until('systemd has restarted it', () => state('NRestarts') === '1')
    expect(state('Result')).toBe('success')
    expect(state('MainPID')).not.toBe(pid)
    await allStored()
    debian.must('rm -r /run/systemd/system/waybill-agent.service.d && systemctl daemon-reload')
  })

  it('is upgraded with a backlog: its settings stay, and each record arrives once', async () => {
    const settings = debian.must(`cat ${CONFIG}`)
    await kill(indexer, 'SIGKILL')
    write(2000)
    install(NEW)
    expect(debian.must('waybill-agent --version')).toBe(NEW)
    expect(state('ActiveState')).toBe('active')
    expect(debian.must(`cat ${CONFIG}`)).toBe(settings)
    write(10)
    indexer = system.startIndexer()
    await system.ready()
    await allStored()
  })

  it('is completed where an upgrade was interrupted', async () => {
    debian.must(`dpkg --unpack ${installed.get(OLD)} 2>&1`)
    expect(state('ActiveState')).toBe('inactive')
    write(5)
    debian.must('dpkg --configure -a 2>&1')
    expect(state('ActiveState')).toBe('active')
    await allStored()
  })

  it('is downgraded', async () => {
    install(NEW)
    install(OLD)
    expect(debian.must('waybill-agent --version')).toBe(OLD)
    expect(state('ActiveState')).toBe('active')
    write(10)
    await allStored()
  })

  it('is removed with its settings and data kept, and goes on when it is installed again', async () => {
    const agent = identity()
    expect(agent).toBeDefined()
    debian.must('dpkg -r waybill-agent 2>&1')
    expect(debian.run('ls /usr/lib/waybill-agent /usr/bin/waybill-agent').code).not.toBe(0)
    expect(debian.run('systemctl is-active waybill-agent').said).toBe('inactive')
    expect(debian.must(`stat -c %U /var/lib/waybill-agent`)).toBe('waybill-agent')
    write(5)
    install(OLD)
    debian.must('systemctl start waybill-agent')
    await allStored()
    expect(identity()).toBe(agent)
  })

  it('leaves nothing when it is purged', () => {
    debian.must('setfacl -m user:waybill-agent:r /var/log/audit/audit.log')
    debian.must('dpkg --purge waybill-agent 2>&1')
    expect(debian.run('getfacl -R --absolute-names /var/log/audit').said).not.toMatch(/user:[^:]/)
    debian.must('rm -r /var/log/app /var/log/audit /var/log/auth.log')
    expect(debian.inventory()).toEqual(before)
    expect(debian.run('systemctl status waybill-agent').said).toMatch(/could not be found/)
  })
})
