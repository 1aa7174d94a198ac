import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConnectionOptions, connect } from 'node:tls'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { TestIndexer } from '../ingest/testing.ts'
import { CERT, KEY } from './testing/certificate.ts'

let folder: string
let indexer: TestIndexer
let tls: { cert: string; key: string }

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waybill-tls-'))
  tls = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
  await writeFile(tls.cert, CERT)
  await writeFile(tls.key, KEY)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** The status of a request over TLS that trusts only the test's certificate. */
function statusOf(
  url: string,
  options: { method?: string; cert?: string; key?: string } = {},
): Promise<number> {
  return new Promise((resolve, reject) => {
    const { method = 'GET', ...own } = options
    const asked = request(url, { method, ca: CERT, agent: false, ...own }, (answer) => {
      answer.resume()
      resolve(answer.statusCode ?? 0)
    })
    asked.once('error', reject)
    asked.end()
  })
}

it('with a certificate it answers over TLS only', async () => {
  indexer = await TestIndexer.start({ listen: 'https://127.0.0.1:0', tls })
  try {
    expect(indexer.url).toMatch(/^https:/)
    expect(await statusOf(`${indexer.url}/readyz`)).toBe(200)
    await expect(indexer.ask('/readyz')).rejects.toThrow()
    await indexer.running.reload(indexer.config({ listen: 'https://127.0.0.1:0', tls }))
    expect(await statusOf(`${indexer.url}/readyz`)).toBe(200)
  } finally {
    await indexer.end()
  }
})

it('with a client authority it takes from agents only what comes with a certificate of it', async () => {
  indexer = await TestIndexer.start({ listen: 'https://127.0.0.1:0', tls: { ...tls, 'client-ca': tls.cert } })
  try {
    for (const path of ['/v1/waybills', '/v1/enroll', '/v1/heartbeat']) {
      expect(await statusOf(indexer.url + path, { method: 'POST' })).toBe(401)
      expect(await statusOf(indexer.url + path, { method: 'POST', cert: CERT, key: KEY })).not.toBe(401)
    }
    expect(await statusOf(`${indexer.url}/v1/agents`)).toBe(200)
  } finally {
    await indexer.end()
  }
})

it('a certificate that is not there, or is none, is a sentence', async () => {
  const start = (files: object) => TestIndexer.start({ listen: 'https://127.0.0.1:0', tls: files })
  await expect(start({ ...tls, key: join(folder, 'nowhere.pem') })).rejects.toThrow(
    /tls\.key: .*nowhere\.pem can't be read \(ENOENT\)/,
  )
  const broken = join(folder, 'broken.pem')
  await writeFile(broken, 'no certificate')
  await expect(start({ ...tls, cert: broken })).rejects.toThrow(/are not a certificate with its key/)
})

it('speaks TLS 1.2 and 1.3 with forward secrecy, and nothing weaker', async () => {
  indexer = await TestIndexer.start({ listen: 'https://127.0.0.1:0', tls })
  const { port } = new URL(indexer.url)
  const spoken = (options: ConnectionOptions) =>
    new Promise<string>((resolve) => {
      const socket = connect({ port: Number(port), host: '127.0.0.1', ca: CERT, ...options }, () => {
        resolve(`${socket.getProtocol()} ${socket.getCipher().name}`)
        socket.destroy()
      })
      socket.once('error', () => resolve('refused'))
    })
  const all = 'ALL:@SECLEVEL=0'
  try {
    expect(await spoken({})).toBe('TLSv1.3 TLS_AES_256_GCM_SHA384')
    expect(await spoken({ maxVersion: 'TLSv1.2', ciphers: all })).toBe(
      'TLSv1.2 ECDHE-ECDSA-AES256-GCM-SHA384',
    )
    // The order is the indexer's, whatever the client would like best.
    const weakFirst = 'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384'
    expect(await spoken({ maxVersion: 'TLSv1.2', ciphers: weakFirst })).toContain('AES256')
    expect(await spoken({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: all })).toBe('refused')
    for (const ciphers of ['ECDHE-ECDSA-AES256-SHA384', 'ECDHE-ECDSA-AES128-SHA', 'AES256-GCM-SHA384'])
      expect(await spoken({ maxVersion: 'TLSv1.2', ciphers: `${ciphers}:@SECLEVEL=0` }), ciphers).toBe(
        'refused',
      )
    await indexer.running.reload(indexer.config({ listen: 'https://127.0.0.1:0', tls }))
    const cbc = { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA' } as const
    expect(await spoken(cbc)).toBe('refused')
  } finally {
    await indexer.end()
  }
})
