import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { askAt, TestIndexer } from '../ingest/testing.ts'

const tokens = [
  { name: 'reader', token: 'token-of-the-reader', scopes: ['read'] },
  { name: 'manager', token: 'token-of-the-manager', scopes: ['manage'] },
]
const as = (name: string) => ({ authorization: `Bearer token-of-the-${name}` })

describe('an indexer that is open on loopback', () => {
  let indexer: TestIndexer
  beforeAll(async () => {
    indexer = await TestIndexer.start()
  })
  afterAll(() => indexer.end())

  it('answers this machine, by any name of loopback', async () => {
    const { port } = new URL(indexer.url)
    for (const host of [
      `127.0.0.1:${port}`,
      `localhost:${port}`,
      `LOCALHOST:${port}`,
      `[::1]:${port}`,
      '127.0.0.2',
    ]) {
      expect((await indexer.ask('/v1/agents', { headers: { host } })).status).toBe(200)
    }
    const origin = `http://127.0.0.1:${port}`
    expect((await indexer.ask('/v1/agents', { headers: { origin } })).status).toBe(200)
  })

  const foreign: Record<string, Record<string, string>> = {
    'by a name that resolves to loopback': { host: 'waybill.evil.example' },
    'by a name that only begins like loopback': { host: '127.0.0.1.evil.example' },
    'from a page of another site': { origin: 'https://evil.example' },
    'from a page of another port': { origin: 'http://127.0.0.1:1' },
    'from a page without a site': { origin: 'null' },
    'from an image of another site': { 'sec-fetch-site': 'cross-site' },
    'by a proxy on this machine': { 'x-forwarded-for': '203.0.113.7' },
  }
  for (const [name, headers] of Object.entries(foreign)) {
    it(`does not answer ${name}`, async () => {
      for (const path of ['/v1/agents', '/v1/search', '/metrics']) {
        const { status, json } = await indexer.ask(path, { headers })
        expect([status, json.code]).toEqual([403, 'forbidden'])
      }
      const minted = await indexer.ask('/v1/agents/tokens', { json: {}, headers })
      expect([minted.status, minted.json.code]).toEqual([403, 'forbidden'])
    })
  }

  it('refuses a token that it does not know, although none was needed', async () => {
    expect((await indexer.ask('/v1/agents', { headers: as('stranger') })).status).toBe(401)
    expect((await indexer.ask('/v1/agents', { headers: { authorization: 'Basic eDp5' } })).status).toBe(401)
  })
})

describe('where tokens are asked for', () => {
  let indexer: TestIndexer
  beforeAll(async () => {
    indexer = await TestIndexer.start({ read: 'token', manage: 'token', tokens })
  })
  afterAll(() => indexer.end())
  const status = async (path: string, headers: Record<string, string>, json?: object) => {
    const answer = await askAt(indexer.url, path, { headers, ...(json === undefined ? {} : { json }) })
    return answer.status
  }

  it('a token does what its scopes say, and nothing else', async () => {
    expect(await status('/v1/agents', {})).toBe(401)
    expect(await status('/v1/agents', as('reader'))).toBe(200)
    expect(await status('/v1/agents', as('manager'))).toBe(403)
    expect(await status('/v1/agents/tokens', as('reader'), {})).toBe(403)
    expect(await status('/v1/agents/tokens', as('manager'), {})).toBe(200)
    expect(await status('/v1/agents/tokens', {}, {})).toBe(401)
  })

  it('a token is good by any host name, as behind a proxy', async () => {
    const headers = { ...as('reader'), host: 'audit.example', 'x-forwarded-for': '203.0.113.7' }
    expect(await status('/v1/agents', headers)).toBe(200)
  })

  it('tells that a token is wanted, and shows none in answers and log', async () => {
    const answer = await indexer.ask('/v1/agents')
    expect(answer.headers['www-authenticate']).toBe('Bearer')
    await indexer.ask('/v1/agents', { headers: { authorization: 'Bearer a-wrong-one' } })
    const shown = JSON.stringify(indexer.log) + answer.text
    expect(shown).not.toMatch(/token-of-the|a-wrong-one/)
  })

  it('health and the API document need none', async () => {
    for (const path of ['/healthz', '/readyz', '/v1/openapi.json']) expect(await status(path, {})).toBe(200)
    expect(await status('/metrics', {})).toBe(401)
  })

  it('an address that tries many is slowed down', async () => {
    const wrong = { authorization: 'Bearer wrong' }
    let last = 401
    for (let i = 0; i < 12 && last === 401; i++) last = await status('/v1/agents', wrong)
    expect(last).toBe(429)
  })
})
