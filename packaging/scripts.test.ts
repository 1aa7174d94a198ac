import { spawnSync } from 'node:child_process'
import { generateKeyPairSync, verify } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { closureOf, readLock } from './lock.ts'
import { PROGRAMS } from './programs.ts'
import { billOfMaterials } from './sbom.ts'
import { publicPem, readKey, signed } from './sign.ts'
import { scriptOf } from './stage.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'waybill-scripts-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('the scripts of packages', () => {
  const files = readdirSync(join(import.meta.dirname, 'files')).filter((file) =>
    /^(deb|rpm|install)/.test(file),
  )
  for (const program of PROGRAMS)
    it.each(files)(
      `${program.name}: %s is understood by the plainest shell, and names no other program`,
      (file) => {
        const more = { version: '1.2.3', machine: 'x86_64' }
        const text = scriptOf(file, program, more)
        const { status, stderr } = spawnSync('sh', ['-n'], { input: text, encoding: 'utf8' })
        expect(stderr).toBe('')
        expect(status).toBe(0)
        expect(text).not.toMatch(/@[a-z-]+@/)
        if (program.part === 'indexer') expect(text).not.toContain('waybill-agent')
      },
    )
})

describe('the bill of materials', () => {
  const lock = readLock()
  const made = () =>
    billOfMaterials({
      program: PROGRAMS[0]!,
      version: '1.2.3',
      date: new Date('2026-01-22T00:00:00Z'),
      lock,
      node: { version: '26.10.0', program: Buffer.alloc(0), licence: '' },
      nodeParts: { node: '26.10.0', openssl: '3.5.0' },
      places: closureOf(lock, ['fastify']),
    })

  it('has each package once, with version, licence and the hash of the lock file', () => {
    const { components, dependencies } = JSON.parse(made())
    const fastify = components.find(({ name }: { name: string }) => name === 'fastify')
    const entry = lock.get('node_modules/fastify')
    expect(fastify).toMatchObject({ version: entry?.version, licenses: [{ expression: 'MIT' }] })
    expect(Buffer.from(fastify.hashes[0].content, 'hex').toString('base64')).toBe(entry?.integrity.slice(7))
    const refs = components.map((one: { 'bom-ref': string }) => one['bom-ref'])
    expect(new Set(refs).size).toBe(refs.length)
    const known = new Set([...refs, 'pkg:generic/waybill-agent@1.2.3'])
    for (const { ref, dependsOn } of dependencies)
      for (const one of [ref, ...dependsOn]) expect(known).toContain(one)
    // Two versions of one package are two components.
    expect(refs.filter((ref: string) => ref.startsWith('pkg:npm/fast-uri@'))).toHaveLength(2)
  })

  it('is the same each time, with a number of its own', () => {
    expect(made()).toBe(made())
    expect(JSON.parse(made()).serialNumber).toMatch(
      /^urn:uuid:[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/,
    )
  })
})

describe('the key of the builder', () => {
  it('signs the checksums', () => {
    const file = join(folder, 'key.pem')
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }))
    const sums = Buffer.from('0123  waybill.deb\n')
    expect(verify(null, sums, publicKey, signed(sums, readKey(file)))).toBe(true)
    expect(publicPem(readKey(file))).toBe(publicKey.export({ type: 'spki', format: 'pem' }))
  })

  it('is refused with what makes one', () => {
    const file = join(folder, 'wrong.pem')
    expect(() => readKey(file)).toThrow(/can't be read as a key .*openssl genpkey -algorithm ed25519/)
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }))
    expect(() => readKey(file)).toThrow(/is a key for ec, expected Ed25519/)
  })
})
