import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readBundle } from './bundle.ts'
import { serveConsole } from './serve.ts'

let folder: string
let app: FastifyInstance
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'waybill-console-'))
  mkdirSync(join(folder, 'built/assets'), { recursive: true })
  writeFileSync(join(folder, 'secret.js'), 'secret')
  writeFileSync(join(folder, 'built/index.html'), '<!doctype html>page')
  writeFileSync(join(folder, 'built/assets/a-1.js'), 'script')
  writeFileSync(join(folder, 'built/assets/a-1.js.br'), 'small')
  app = Fastify()
  serveConsole(app, readBundle(join(folder, 'built')))
})
afterEach(async () => {
  await app.close()
  rmSync(folder, { recursive: true, force: true })
})

const get = (url: string, headers: Record<string, string> = {}) => app.inject({ url, headers })

describe('serving the console', () => {
  it.each([
    '/',
    '/events',
    '/events/abc-1',
    '/settings/users',
    '/alerts/mass-export.0f3a',
    '/incidents/incident.r%C3%A9seau.0f3a',
    '/rules/our.rule',
  ])('answers %s with its page', async (path) => {
    const answer = await get(path)
    expect([answer.statusCode, answer.body]).toEqual([200, '<!doctype html>page'])
    expect(answer.headers['cache-control']).toBe('no-cache')
  })

  it.each([
    '/../secret.js',
    '/assets/../../secret.js',
    '/assets/%2e%2e/%2e%2e/secret.js',
    '/assets/none.js',
    '/v1/none',
    '/a.php',
  ])('has nothing at %s', async (path) => expect((await get(path)).statusCode).toBe(404))

  it('lets browsers keep for good what has a hash in its name, compressed where they take it', async () => {
    const plain = await get('/assets/a-1.js')
    const small = await get('/assets/a-1.js', { 'accept-encoding': 'gzip, br' })
    expect(plain.body).toBe('script')
    expect([small.body, small.headers['content-encoding']]).toEqual(['small', 'br'])
    expect(small.headers['cache-control']).toContain('immutable')
  })

  it('sends nothing again that a browser has', async () => {
    const { etag } = (await get('/')).headers
    expect((await get('/', { 'if-none-match': String(etag) })).statusCode).toBe(304)
  })

  it('says how to build it where it has not been built', async () => {
    const bare = Fastify()
    serveConsole(bare, readBundle(join(folder, 'nowhere')))
    const answer = await bare.inject('/')
    expect(answer.statusCode).toBe(404)
    expect(answer.body).toContain('npm run build:console')
    await bare.close()
  })
})
