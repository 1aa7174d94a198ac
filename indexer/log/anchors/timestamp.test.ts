import { execFileSync, spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { timestampQuery, verifyTimestamp } from './timestamp.ts'

/** A timestamp authority: OpenSSL's. */
const HAS_OPENSSL = spawnSync('openssl', ['ts', '-help']).status === 0

const configWith = (alg: string): string => `
[req]
distinguished_name = dn
prompt = no
[dn]
CN = placeholder
[root]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
[tsa]
basicConstraints = CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[web]
basicConstraints = CA:false
extendedKeyUsage = critical, serverAuth
[tsa_default]
serial = ${folder}/serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1
ordering = yes
ess_cert_id_chain = no
ess_cert_id_alg = ${alg}
`

let folder = ''
const path = (name: string): string => join(folder, name)
const openssl = (...args: string[]): void =>
  void execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
const TEXT = Buffer.from('audit.example/waybill\n7\nAAAA\n')

function authority(name: string, kind: string, algorithm: string[]): void {
  openssl(
    'req',
    '-new',
    '-newkey',
    ...algorithm,
    '-nodes',
    '-keyout',
    `${name}.key`,
    '-subj',
    `/CN=${name}`,
    '-out',
    `${name}.csr`,
    '-config',
    'ts.cnf',
  )
  openssl(
    'x509',
    '-req',
    '-in',
    `${name}.csr`,
    '-CA',
    'root.pem',
    '-CAkey',
    'root.key',
    '-CAcreateserial',
    '-days',
    '30',
    '-extfile',
    'ts.cnf',
    '-extensions',
    kind,
    '-out',
    `${name}.pem`,
  )
}

function reply(query: Buffer, name: string, { alg = 'sha256', certificate = name } = {}): Buffer {
  writeFileSync(path('ts.cnf'), configWith(alg))
  writeFileSync(path('query.tsq'), query)
  writeFileSync(path('serial'), '01')
  openssl(
    'ts',
    '-reply',
    '-queryfile',
    'query.tsq',
    '-config',
    'ts.cnf',
    '-section',
    'tsa_default',
    '-signer',
    `${certificate}.pem`,
    '-inkey',
    `${name}.key`,
    '-chain',
    'root.pem',
    '-out',
    'reply.tsr',
  )
  return readFileSync(path('reply.tsr'))
}

const rootOf = (name = 'root'): X509Certificate => new X509Certificate(readFileSync(path(`${name}.pem`)))

beforeAll(() => {
  if (!HAS_OPENSSL) return
  folder = mkdtempSync(join(tmpdir(), 'waybill-tsa-'))
  writeFileSync(path('ts.cnf'), configWith('sha256'))
  for (const name of ['root', 'other'])
    openssl(
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      `${name}.key`,
      '-subj',
      `/CN=${name}`,
      '-days',
      '30',
      '-out',
      `${name}.pem`,
      '-config',
      'ts.cnf',
      '-extensions',
      'root',
    )
  authority('rsa', 'tsa', ['rsa:2048'])
  authority('curve', 'tsa', ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'])
  authority('web', 'web', ['rsa:2048'])
})
afterAll(() => {
  if (HAS_OPENSSL) rmSync(folder, { recursive: true, force: true })
})

describe.skipIf(!HAS_OPENSSL)('a timestamp of OpenSSL', () => {
  it.each(['rsa', 'curve'])('signed with %s is verified offline, up to the trusted root', (name) => {
    const nonce = Buffer.from('8102030405060708', 'hex')
    const answer = reply(timestampQuery(TEXT, nonce), name)
    const { at, authority: by } = verifyTimestamp(answer, TEXT, [rootOf()], nonce)
    expect(by).toBe(`CN=${name}`)
    expect(Math.abs(at - Date.now())).toBeLessThan(120_000)
    // Later, without the question.
    expect(verifyTimestamp(answer, TEXT, [rootOf('other'), rootOf()]).at).toBe(at)
  })

  it('names its certificate with any hash', () => {
    for (const alg of ['sha1', 'sha512'])
      verifyTimestamp(reply(timestampQuery(TEXT), 'rsa', { alg }), TEXT, [rootOf()])
  })

  it('is refused for another text, another question and another root', () => {
    const nonce = Buffer.alloc(8, 1)
    const answer = reply(timestampQuery(TEXT, nonce), 'rsa')
    const roots = [rootOf()]
    expect(() => verifyTimestamp(answer, Buffer.from('x'), roots)).toThrow('about another text')
    expect(() => verifyTimestamp(answer, TEXT, roots, Buffer.alloc(8, 2))).toThrow('another question')
    expect(() => verifyTimestamp(answer, TEXT, [rootOf('other')])).toThrow('does not lead to a trusted root')
    expect(() => verifyTimestamp(answer, TEXT, [])).toThrow('does not lead to a trusted root')
  })

  it('is refused after any change of a byte, or without its end', () => {
    const answer = reply(timestampQuery(TEXT), 'curve')
    const { at } = verifyTimestamp(answer, TEXT, [rootOf()])
    for (let i = 0; i < answer.length; i += 3) {
      const changed = Buffer.from(answer)
      changed[i]! ^= 0x01
      try {
        // Parts that nobody signs may change, such as the text of the status: the time may not.
        expect(verifyTimestamp(changed, TEXT, [rootOf()]).at).toBe(at)
      } catch (error) {
        expect((error as Error).message.length).toBeGreaterThan(5)
      }
    }
    for (const length of [0, 1, 10, answer.length - 1])
      expect(() => verifyTimestamp(answer.subarray(0, length), TEXT, [rootOf()])).toThrow()
  })

  it('is refused if the key is for something else than timestamps', () => {
    // OpenSSL itself refuses to sign with such a certificate: the answer gets it afterwards.
    const answer = reply(timestampQuery(TEXT), 'rsa')
    const its = rootOf('rsa').raw
    const at = answer.indexOf(its)
    const web = rootOf('web').raw
    expect(at).toBeGreaterThan(0)
    const swapped = Buffer.concat([answer.subarray(0, at), web, answer.subarray(at + its.length)])
    expect(() => verifyTimestamp(swapped, TEXT, [rootOf()])).toThrow()
  })
})

it('a refusal of the authority is an error', () => {
  const refused = Buffer.from('30053003020102', 'hex')
  expect(() => verifyTimestamp(refused, TEXT, [])).toThrow('the authority refused (status 2)')
})
