import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stripped } from './elf.ts'
import { makePackages } from './index.ts'
import { publicPem, readKey } from './sign.ts'

const has = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0
const VERSION = '0.1.0'

let folder: string
let key: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'waybill-build-'))
  key = join(folder, 'key.pem')
  execFileSync('openssl', ['genpkey', '-algorithm', 'ed25519', '-out', key])
})
afterAll(() => rmSync(folder, { recursive: true }))

const build = async (name: string): Promise<string> => {
  const to = join(folder, name)
  const date = new Date('2026-01-22T00:00:00Z')
  await makePackages({ to, date, version: VERSION, key: readKey(key), programs: ['waybill-agent'] })
  return to
}
const path = (name: string): string => join(folder, 'first', name)

describe('the packages of a version', () => {
  it('are the same, byte for byte, if they are built twice', async () => {
    const [first, second] = [await build('first'), await build('second')]
    const files = readdirSync(first)
    expect(files).toHaveLength(9)
    for (const file of files)
      expect(readFileSync(join(first, file)).equals(readFileSync(join(second, file))), file).toBe(true)
  }, 1_200_000)

  it('have checksums, which a key signs, and openssl verifies', () => {
    expect(spawnSync('sha256sum', ['-c', 'SHA256SUMS'], { cwd: path('') }).status).toBe(0)
    writeFileSync(path('key.pub'), publicPem(readKey(key)))
    const verified = () =>
      spawnSync(
        'openssl',
        'pkeyutl -verify -pubin -inkey key.pub -rawin -in SHA256SUMS -sigfile SHA256SUMS.sig'.split(' '),
        {
          cwd: path(''),
          encoding: 'utf8',
        },
      ).status
    expect(verified()).toBe(0)
    writeFileSync(path('SHA256SUMS'), `${readFileSync(path('SHA256SUMS'), 'utf8')}0  another.deb\n`)
    expect(verified()).toBe(1)
  })

  it('have the Node of their processor, without debug information', () => {
    const MACHINES = { amd64: 62, arm64: 183 }
    for (const [processor, machine] of Object.entries(MACHINES)) {
      const root = join(folder, processor)
      const file = path(`waybill-agent_${VERSION}-1_${processor}.deb`)
      execFileSync('dpkg-deb', ['-x', file, root])
      const node = readFileSync(join(root, 'usr/lib/waybill-agent/node'))
      expect(node.readUInt16LE(18)).toBe(machine)
      expect(stripped(node).equals(node)).toBe(true)
      expect(execFileSync('dpkg-deb', ['-f', file, 'Architecture'], { encoding: 'utf8' })).toBe(
        `${processor}\n`,
      )
    }
  })

  it('have nothing in the agent’s that only the indexer needs', () => {
    const files = execFileSync('dpkg-deb', ['-c', path(`waybill-agent_${VERSION}-1_amd64.deb`)], {
      encoding: 'utf8',
    })
    expect(files).toMatch(/usr\/lib\/waybill-agent\/agent\/cli\/main\.js/)
    expect(files).not.toMatch(/indexer|dashboards|woff2|fastify|elasticsearch/)
  })

  it.skipIf(!has('lintian'))('are clean in the eyes of lintian', () => {
    const packages = readdirSync(path('')).filter((file) => file.endsWith('.deb'))
    const { stdout } = spawnSync('lintian', ['--allow-root', '--tag-display-limit', '0', ...packages], {
      cwd: path(''),
      encoding: 'utf8',
    })
    expect(stdout).toBe('')
  })

  it.skipIf(!has('rpmlint'))('are clean in the eyes of rpmlint', () => {
    const packages = readdirSync(path('')).filter((file) => file.endsWith('.rpm'))
    const config = join(import.meta.dirname, 'rpmlint.toml')
    const { stdout } = spawnSync('rpmlint', ['-c', config, ...packages], { cwd: path(''), encoding: 'utf8' })
    expect(stdout).toMatch(/2 packages and 0 specfiles checked; 0 errors, 0 warnings/)
  })

  it.skipIf(!has('rpm'))(
    'own their folders, and ask for the libraries that Node needs, in the words of rpm',
    () => {
      const rpm = (...args: string[]): string =>
        execFileSync('rpm', ['-qp', ...args, path(`waybill-agent-${VERSION}-1.x86_64.rpm`)], {
          encoding: 'utf8',
        })
      expect(rpm('--list').split('\n')).toEqual(
        expect.arrayContaining([
          '/usr/lib/waybill-agent',
          '/usr/lib/waybill-agent/integrations',
          '/etc/waybill',
        ]),
      )
      expect(rpm('--requires')).toContain('libc.so.6(GLIBC_2.28)(64bit)')
    },
  )
})
