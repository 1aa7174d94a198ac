import { generateKeyPairSync } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { settingsVersion } from '../../schema/wire/index.ts'
import { askAt, TestAgent, TestIndexer } from './testing.ts'

let indexer: TestIndexer
afterEach(() => indexer.end())

const mint = async (wanted: object = {}): Promise<string> =>
  String((await indexer.ask('/v1/agents/tokens', { json: wanted })).json.token)
const statusOf = async (token?: string): Promise<unknown[]> => {
  const { status, json } = await new TestAgent().enroll(indexer.url, token)
  return status === 200 ? [200] : [status, json.code]
}

describe('on loopback', () => {
  it('the first agent enrolls without a token, and only the first', async () => {
    indexer = await TestIndexer.start()
    const [one, two] = await Promise.all([statusOf(), statusOf()])
    expect([one, two].filter(([status]) => status === 200)).toHaveLength(1)
    expect([one, two]).toContainEqual([401, 'unauthorised'])
    expect(await statusOf()).toEqual([401, 'unauthorised'])
    expect(await statusOf(await mint())).toEqual([200])
  })

  it('a restart makes nobody the first again, nor does revoking', async () => {
    indexer = await TestIndexer.start()
    const first = await TestAgent.enrolled(indexer.url)
    await indexer.ask(`/v1/agents/${first.id}/revoke`, { method: 'POST' })
    await indexer.stop()
    await indexer.run()
    expect(await statusOf()).toEqual([401, 'unauthorised'])
    expect((await first.send(indexer.url, first.seal([]))).json.code).toBe('revoked')
  })

  it('no page of another site, no name that resolves to loopback and no proxy is the first', async () => {
    indexer = await TestIndexer.start()
    const { publicPem } = new TestAgent()
    const json = { publicKey: publicPem, name: 'n', host: 'h', version: 'v' }
    const foreign: Record<string, string>[] = [
      { origin: 'https://evil.example' },
      { host: 'evil.example' },
      { 'sec-fetch-site': 'cross-site' },
      { 'x-forwarded-for': '203.0.113.7' },
      { forwarded: 'for=203.0.113.7' },
    ]
    for (const headers of foreign) {
      const answer = await askAt(indexer.url, '/v1/enroll', { json, headers })
      expect(answer.status).toBe(401)
    }
  })

  it('enroll: token asks the first one too', async () => {
    indexer = await TestIndexer.start({ enroll: 'token' })
    expect(await statusOf()).toEqual([401, 'unauthorised'])
    expect(await statusOf(await mint())).toEqual([200])
  })

  it('a wrong token is refused, although none was needed', async () => {
    indexer = await TestIndexer.start()
    expect(await statusOf('wbe_0123456789abcdef_wrong')).toEqual([401, 'unauthorised'])
    expect(await statusOf()).toEqual([200])
  })
})

it('off loopback nobody is the first without a token', async () => {
  indexer = await TestIndexer.start({ listen: 'http://0.0.0.0:0', 'allow-plain-http': true })
  const url = indexer.url.replace('0.0.0.0', '127.0.0.1')
  expect((await new TestAgent().enroll(url)).status).toBe(401)
  expect((await askAt(url, '/v1/agents')).status).toBe(401)
  expect((await askAt(url, '/v1/agents/tokens', { json: {} })).status).toBe(401)
})

describe('a token', () => {
  it('is used as often as it may be', async () => {
    indexer = await TestIndexer.start({ enroll: 'token' })
    const token = await mint({ uses: 2 })
    const answers = await Promise.all([statusOf(token), statusOf(token), statusOf(token)])
    expect(answers.filter(([status]) => status === 200)).toHaveLength(2)
  })

  it('ends with its time', async () => {
    let now = Date.UTC(2026, 0, 1)
    indexer = await TestIndexer.start({ enroll: 'token' }, { clock: () => now })
    const token = await mint({ ttlSeconds: 60 })
    now += 60_000
    expect(await statusOf(token)).toEqual([401, 'unauthorised'])
    const usual = await mint()
    now += 59 * 60_000
    expect(await statusOf(usual)).toEqual([200])
  })

  it('lives through a restart, and stands nowhere in the clear', async () => {
    indexer = await TestIndexer.start({ enroll: 'token' })
    const token = await mint()
    const half = token.split('_')[2] ?? ''
    await indexer.stop()
    await indexer.run({ enroll: 'token' })
    expect(JSON.stringify(indexer.log)).not.toContain(half)
    expect((await indexer.ask('/v1/search')).text).not.toContain(half)
    expect(await statusOf(token)).toEqual([200])
  })

  it('is not used up by an agent whose answer was lost', async () => {
    indexer = await TestIndexer.start({ enroll: 'token' })
    const token = await mint()
    const agent = new TestAgent()
    const first = await agent.enroll(indexer.url, token)
    const second = await agent.enroll(indexer.url, token)
    expect(second.json).toEqual(first.json)
    expect((await indexer.ask('/v1/agents')).json.agents).toHaveLength(1)
    expect(await statusOf(token)).toEqual([401, 'unauthorised'])
  })

  it('cannot be guessed: after ten failures the address waits, and a good one is taken all the same', async () => {
    let now = Date.UTC(2026, 0, 1)
    indexer = await TestIndexer.start({ enroll: 'token' }, { clock: () => now })
    const guess = `wbe_${'0'.repeat(16)}_${'0'.repeat(64)}`
    for (let i = 0; i < 10; i++) expect(await statusOf(guess)).toEqual([401, 'unauthorised'])
    const late = await new TestAgent().enroll(indexer.url, guess)
    expect([late.status, late.headers['retry-after']]).toEqual([429, '5'])
    expect(await statusOf(await mint())).toEqual([200])
    now += 5_000
    expect(await statusOf(guess)).toEqual([401, 'unauthorised'])
    // Each further failure doubles the time.
    expect((await new TestAgent().enroll(indexer.url, guess)).headers['retry-after']).toBe('10')
  })
})

it('only an Ed25519 public key is enrolled', async () => {
  indexer = await TestIndexer.start()
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const own = generateKeyPairSync('ed25519')
  const keys = [
    'no key',
    String(rsa.publicKey.export({ type: 'spki', format: 'pem' })),
    String(own.privateKey.export({ type: 'pkcs8', format: 'pem' })),
  ]
  for (const publicKey of keys) {
    const answer = await indexer.ask('/v1/enroll', {
      json: { publicKey, name: 'n', host: 'h', version: 'v' },
    })
    expect([answer.status, answer.json.code]).toEqual([400, 'bad-request'])
  }
})

describe('a heartbeat', () => {
  it('says how the agent is, and how far its clock is off', async () => {
    const now = Date.UTC(2026, 0, 1)
    indexer = await TestIndexer.start({}, { clock: () => now })
    const agent = await TestAgent.enrolled(indexer.url)
    const file = {
      path: '/var/log/a.log',
      position: 5,
      size: 9,
      state: 'reading' as const,
      problem: null,
      lastRead: now,
    }
    const details = { cpu: 0.25, memory: 9_000_000, files: [file] }
    const beat = agent.heartbeat({ sent: now + 2500, lagBytes: 7, oldestPending: 9, details })
    expect((await indexer.ask('/v1/heartbeat', { json: beat })).json).toEqual({
      now,
      settings: settingsVersion(0, []),
      takesNotices: true,
      takesDetails: true,
    })
    const { agents } = (await indexer.ask('/v1/agents')).json as { agents: object[] }
    expect(agents[0]).toMatchObject({
      id: agent.id,
      lastSeen: now,
      lagBytes: 7,
      oldestPending: 9,
      clockOffset: 2500,
      details,
      revoked: false,
      chains: [],
    })
  })

  it('can not be shown again, not even after a restart', async () => {
    indexer = await TestIndexer.start()
    const agent = await TestAgent.enrolled(indexer.url)
    const send = async (beat: number) =>
      (await indexer.ask('/v1/heartbeat', { json: agent.heartbeat({ beat }) })).status
    expect([await send(1), await send(2), await send(2), await send(1)]).toEqual([200, 200, 409, 409])
    await indexer.stop()
    await indexer.run()
    expect([await send(2), await send(3)]).toEqual([409, 200])
    agent.incarnation = 'ab'.repeat(16)
    expect(await send(1)).toBe(200)
  })

  it('needs the signature of its agent', async () => {
    indexer = await TestIndexer.start()
    const agent = await TestAgent.enrolled(indexer.url)
    const { heartbeat, signature } = agent.heartbeat()
    const json = { heartbeat: { ...heartbeat, lagBytes: 1 }, signature }
    expect((await indexer.ask('/v1/heartbeat', { json })).status).toBe(401)
  })

  it('that does not come makes the agent silent', async () => {
    let now = Date.UTC(2026, 0, 1)
    indexer = await TestIndexer.start({}, { clock: () => now })
    const agent = await TestAgent.enrolled(indexer.url)
    await indexer.ask('/v1/heartbeat', { json: agent.heartbeat() })
    const silent = async () => /^waybill_agents_silent (\d)/m.exec((await indexer.ask('/metrics')).text)?.[1]
    expect(await silent()).toBe('0')
    now += 5 * 60_000 + 1
    expect(await silent()).toBe('1')
  })
})
