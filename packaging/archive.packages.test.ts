import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { System, until } from '../test/system/system.ts'
import { makePackages } from './index.ts'
import { Debian, whyNoDebian } from './testing/debian.ts'

const why = whyNoDebian()
const [OLD, NEW] = ['0.1.0', '0.1.1']
const CONFIG = '/etc/waybill/agent.yml'

/** A host without systemd, on which no package manager is used. */
describe.skipIf(why !== null)(`the archive with an installer${why === null ? '' : `: ${why}`}`, () => {
  let made: string
  let debian: Debian
  let system: System
  let before: string[]
  const folderOf = (version: string): string => `/root/waybill-agent-${version}-linux-amd64`
  const install = (version: string, option = '') => debian.run(`${folderOf(version)}/install.sh ${option}`)
  const ship = (): string =>
    debian.must(`chroot --userspec=waybill-agent / waybill-agent run --once --config ${CONFIG}`)

  beforeAll(async () => {
    made = mkdtempSync(join(tmpdir(), 'waybill-made-'))
    debian = Debian.unpack()
    for (const version of [OLD, NEW]) {
      await makePackages({
        ...{ to: made, date: new Date('2026-01-22T00:00:00Z'), version },
        ...{ programs: ['waybill-agent'], processors: ['amd64'], formats: ['tar'] },
      })
      const archive = join(made, `waybill-agent-${version}-linux-amd64.tar.gz`)
      execFileSync('tar', ['-xzf', archive, '-C', join(debian.root, 'root')])
    }
    before = debian.inventory()
    system = await System.make()
    system.startIndexer()
    await system.ready()
  })
  afterAll(async () => {
    await debian?.end()
    await system?.end()
    if (made !== undefined) rmSync(made, { recursive: true })
  })

  it('refuses in a sentence whatever would leave half an installation', () => {
    const refused = (line: string): string => {
      const { code, said } = debian.run(line)
      expect(code).toBe(1)
      expect(debian.inventory()).toEqual(before)
      return said
    }
    const script = `${folderOf(OLD)}/install.sh`
    expect(refused(`cp -r ${folderOf(OLD)} /tmp/a && chroot --userspec=nobody / /tmp/a/install.sh`)).toBe(
      'install.sh: Only root may install waybill-agent: run sudo ./install.sh.',
    )
    expect(refused(`${script} --purge-all`)).toMatch(
      /--purge-all is no option: give none, --remove or --purge/,
    )
    expect(refused(`flock /run/waybill-agent.install ${script}`)).toMatch(
      /Another installation of waybill-agent is running: wait until it ends/,
    )
    const library = '/usr/lib/x86_64-linux-gnu/libatomic.so.1'
    expect(
      refused(
        `mv ${library} /tmp/ && { ${script}; code=$?; mv /tmp/libatomic.so.1 ${library}; exit $code; }`,
      ),
    ).toMatch(
      /The Node of waybill-agent does not start here \(.*libatomic\.so\.1.*\): it needs glibc 2\.28 or newer with libstdc\+\+ and libatomic\. .*Nothing was changed/,
    )
    expect(
      refused(
        `PATH=/tmp/bin:$PATH; mkdir -p /tmp/bin && printf '#!/bin/sh\\necho "Filesystem 1 1 1 1 1"; echo "x 1 1 1000 1 /"\\n' >/tmp/bin/df && chmod +x /tmp/bin/df && { ${script}; code=$?; rm -r /tmp/bin; exit $code; }`,
      ),
    ).toMatch(/\/usr has 1000 KiB free, and waybill-agent needs \d+ KiB: make room, and run this again/)
  })

  it('installs, says that nothing starts it here, and ships', async () => {
    const { code, said } = install(OLD)
    expect(code).toBe(0)
    expect(said).toMatch(/is installed\. Set it up with: waybill-agent setup\nThis host has no systemd/)
    expect(debian.must(`stat -c '%a %U:%G' /var/lib/waybill-agent`)).toBe('700 waybill-agent:waybill-agent')
    debian.write('/var/log/app.jsonl', '{"user":"u1","action":"login"}\n')
    debian.must(
      `printf 'agent: { name: web-1, data: /var/lib/waybill-agent }\\nindexers: [${system.url}]\\ninputs:\\n  - file: { paths: [/var/log/app.jsonl], integration: generic-json }\\n' >${CONFIG}`,
    )
    expect(ship()).toMatch(/1 stored/)
  })

  it('replaces a version, also where an earlier attempt was interrupted; settings and identity stay', async () => {
    debian.must('mkdir -p /usr/lib/waybill-agent.new/left && echo "{}" >/usr/lib/waybill-agent/left.json')
    expect(install(NEW).code).toBe(0)
    expect(debian.must('waybill-agent --version')).toBe(NEW)
    expect(debian.run('ls -d /usr/lib/waybill-agent.new /usr/lib/waybill-agent/left.json').code).not.toBe(0)
    debian.must(`echo '{"user":"u2","action":"login"}' >>/var/log/app.jsonl`)
    ship()
    await until('both are stored', async () => (await system.events('user: u*')).length === 2)
    expect(install(OLD).code).toBe(0)
    expect(ship()).toMatch(/0 records read/)
  })

  it('removes the program and keeps the data, then removes everything', () => {
    expect(install(OLD, '--remove').said).toMatch(/Settings and data are kept/)
    expect(debian.run('ls /usr/bin/waybill-agent').code).not.toBe(0)
    debian.must(`test -s ${CONFIG} && test -d /var/lib/waybill-agent/state`)
    expect(install(OLD, '--purge').code).toBe(0)
    debian.must('rm /var/log/app.jsonl')
    expect(debian.inventory()).toEqual(before)
  })
})
