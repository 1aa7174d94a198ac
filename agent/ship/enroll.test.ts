import { execFileSync } from 'node:child_process'
import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { OperatorError } from '../../schema/index.ts'
import { enroll, loadIdentity, reach } from './index.ts'
import { folder, sink } from './testing/trial.ts'

const about = (dir: string, url: string) => ({ url, dir, name: 'web-1', host: 'web-1', version: '1' })

/** A server that gives the same answer to everything. */
async function answering(status: number, body: string): Promise<string> {
  const server = createServer((_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function failure(attempt: Promise<unknown>): Promise<OperatorError> {
  const thrown: unknown = await attempt.then(
    () => null,
    (problem: unknown) => problem,
  )
  if (!(thrown instanceof OperatorError))
    throw new Error(`expected an OperatorError, found ${String(thrown)}`)
  return thrown
}

describe('enrolment', () => {
  it('makes a key that only its owner can read, and an identity that is found again', async () => {
    const dir = join(await folder(), 'new')
    const server = await sink()
    const identity = await enroll(about(dir, server.url))
    const found = await loadIdentity(dir)
    expect(found).toMatchObject({ agent: identity.agent, key: identity.key, namespace: 'default' })
    expect(found?.privateKey.equals(identity.privateKey)).toBe(true)
    expect((await stat(join(dir, 'key.pem'))).mode & 0o777).toBe(0o600)
    expect(await readFile(join(dir, 'key.pem'), 'utf8')).toContain('BEGIN PRIVATE KEY')
    expect(JSON.parse(await readFile(join(dir, 'identity.json'), 'utf8'))).toMatchObject({ version: 1 })
  })

  it('killed between key and identity, it enrolls the same key again and is the same agent', async () => {
    const dir = await folder()
    const server = await sink()
    const first = await enroll(about(dir, server.url))
    await rm(join(dir, 'identity.json'))
    expect(await loadIdentity(dir)).toBeNull()
    const second = await enroll(about(dir, server.url))
    expect(second.agent).toBe(first.agent)
  })

  it('says what is wrong with what it kept', async () => {
    const dir = await folder()
    await enroll(about(dir, (await sink()).url))
    const identity = await readFile(join(dir, 'identity.json'), 'utf8')
    await writeFile(join(dir, 'identity.json'), '')
    expect((await failure(loadIdentity(dir))).message).toContain('identity.json is damaged')
    await writeFile(join(dir, 'identity.json'), identity.replace('"version": 1', '"version": 9'))
    expect((await failure(loadIdentity(dir))).message).toContain('newer waybill-agent')
    await writeFile(join(dir, 'identity.json'), identity)
    await writeFile(join(dir, 'key.pem'), 'no key')
    expect((await failure(loadIdentity(dir))).message).toContain('key, is damaged')
    await rm(join(dir, 'key.pem'))
    expect((await failure(loadIdentity(dir))).message).toContain('key, is missing')
  })

  it('tells apart a refused token, an indexer that is not there, and something else at the address', async () => {
    const dir = await folder()
    const problem = (status: number) =>
      JSON.stringify({ title: 'no', status, detail: 'The token has expired.', code: 'forbidden' })
    const refused = await failure(
      enroll({ ...about(dir, await answering(403, problem(403))), token: 'secret-token' }),
    )
    expect(refused.message).toContain('make a new one')
    expect(refused.message).not.toContain('secret-token')
    expect(refused.exitCode).toBe(1)
    const needed = await failure(enroll(about(dir, await answering(401, problem(401)))))
    expect(needed.message).toContain('A token is needed')
    const said = JSON.stringify({
      title: 'no',
      status: 401,
      detail: 'One is enrolled: make a token with `waybill agents token`.',
      code: 'unauthorised',
    })
    const told = await failure(enroll(about(dir, await answering(401, said))))
    expect(told.message.match(/make (?:a token|one)/g)).toHaveLength(1)
    expect(told.message).toContain('Give it as WAYBILL_TOKEN')
    const busy = await failure(enroll(about(dir, await answering(503, problem(503)))))
    expect(busy.exitCode).toBe(3)
    const gone = await failure(enroll(about(dir, 'http://127.0.0.1:1')))
    expect(gone.message).toContain('nothing listens there')
    expect(gone.exitCode).toBe(3)
    const other = await failure(enroll(about(dir, await answering(200, '<html>'))))
    expect(other.message).toContain('something other than an indexer')
    expect((await failure(reach({ url: await answering(404, '') }))).message).toContain('something other')
    await reach({ url: (await sink()).url })
  })

  it('speaks plain HTTP only to this machine, unless it is told to', async () => {
    const dir = await folder()
    expect((await failure(enroll(about(dir, 'http://indexer.example:8600')))).message).toContain('plain HTTP')
    expect((await failure(enroll(about(dir, 'ftp://indexer.example')))).message).toContain(
      'not the address of an indexer',
    )
    const allowed = await failure(
      enroll({ ...about(dir, 'http://indexer.invalid:8600'), allowPlainHttp: true }),
    )
    expect(allowed.exitCode).toBe(3)
  })

  it('does not trust a certificate that nobody it trusts has signed, and does with tls.ca', async (test) => {
    const dir = await folder()
    const ca = join(dir, 'ca.pem')
    const key = join(dir, 'tls-key.pem')
    try {
      execFileSync(
        'openssl',
        [
          'req',
          '-x509',
          '-newkey',
          'ec',
          '-pkeyopt',
          'ec_paramgen_curve:prime256v1',
          '-nodes',
          '-days',
          '1',
          '-subj',
          '/CN=localhost',
          '-addext',
          'subjectAltName=DNS:localhost,IP:127.0.0.1',
          '-keyout',
          key,
          '-out',
          ca,
        ],
        { stdio: 'ignore' },
      )
    } catch {
      return test.skip('there is no openssl here to make a certificate with')
    }
    const answer = JSON.stringify({ agent: 'agent-1', key: 'k1', namespace: 'default' })
    const server = createTlsServer(
      { key: await readFile(key), cert: await readFile(ca) },
      (_request, response) => response.end(answer),
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    const url = `https://localhost:${(server.address() as AddressInfo).port}`
    expect((await failure(enroll(about(dir, url)))).message).toContain('certificate is not trusted')
    const identity = await enroll({ ...about(dir, url), tls: { ca } })
    expect(identity.agent).toBe('agent-1')
    const absent = await failure(enroll({ ...about(dir, url), tls: { ca: join(dir, 'absent.pem') } }))
    expect(absent.message).toContain('absent.pem')
  })
})
