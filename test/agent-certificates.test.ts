import { randomBytes, X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { Agent as HttpsAgent, request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { clockOf, createShipper, enroll, loadIdentity, type Shipper } from '../agent/ship/index.ts'
import { batchOfRecords, QUICK, SOURCE_A } from '../agent/ship/testing/records.ts'
import { openState, type State } from '../agent/state/index.ts'
import { CERT, KEY } from '../indexer/api/testing/certificate.ts'
import { TestAgent, TestIndexer, until } from '../indexer/ingest/testing.ts'
import { enrollAnswerSchema, type Heartbeat, signQuestion, WAYBILL_TYPE } from '../schema/wire/index.ts'

const DAY = 86_400_000

let folder: string
let files: { cert: string; key: string }
const clock = { now: Date.now() }
const now = (): number => clock.now

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waybill-certificates-'))
  files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
  await writeFile(files.cert, CERT)
  await writeFile(files.key, KEY)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

interface Answered {
  readonly status: number
  readonly text: string
  readonly json: Record<string, unknown>
  /** On a connection that was open already. */
  readonly reused: boolean
}

/** One connection that stays open, with a certificate or without. */
class Caller {
  readonly #agent: HttpsAgent

  constructor(shown: { cert?: string; key?: string } = {}) {
    this.#agent = new HttpsAgent({ keepAlive: true, maxSockets: 1, ca: CERT, ...shown })
  }

  ask(
    url: string,
    options: { headers?: Record<string, string>; json?: unknown; body?: Buffer } = {},
  ): Promise<Answered> {
    const { headers, json } = options
    const body = options.body ?? (json === undefined ? undefined : Buffer.from(JSON.stringify(json)))
    return new Promise((resolve, reject) => {
      const asked = request(
        url,
        {
          agent: this.#agent,
          method: body === undefined ? 'GET' : 'POST',
          headers: { ...(json !== undefined && { 'content-type': 'application/json' }), ...headers },
        },
        (answer) => {
          const parts: Buffer[] = []
          answer.on('data', (part: Buffer) => parts.push(part))
          answer.on('end', () => {
            const text = Buffer.concat(parts).toString()
            resolve({
              status: answer.statusCode ?? 0,
              text,
              json: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
              reused: asked.reusedSocket,
            })
          })
        },
      )
      asked.once('error', reject)
      asked.end(body)
    })
  }

  send(url: string, { body }: { body: Buffer }): Promise<Answered> {
    return this.ask(`${url}/v1/waybills`, { body, headers: { 'content-type': WAYBILL_TYPE } })
  }

  close(): void {
    this.#agent.destroy()
  }
}

const callers: Caller[] = []
const caller = (shown: { cert?: string; key?: string } = {}): Caller => {
  const made = new Caller(shown)
  callers.push(made)
  return made
}
afterEach(() => {
  for (const one of callers.splice(0)) one.close()
})

const plain = { listen: 'https://127.0.0.1:0' }
const token = async (url: string): Promise<string> =>
  String((await caller().ask(`${url}/v1/agents/tokens`, { json: {} })).json.token)

/** An agent that only the wire knows, enrolled. */
async function enrolled(url: string, host = 'web-1.example', shown = {}): Promise<TestAgent> {
  const agent = new TestAgent()
  const { json } = await caller(shown).ask(`${url}/v1/enroll`, {
    json: { publicKey: agent.publicPem, name: 'web-1', host, version: '0.1.0', token: await token(url) },
  })
  const { agent: id, key, namespace } = enrollAnswerSchema.parse(json)
  Object.assign(agent, { id, key, namespace })
  return agent
}

/** The same with the certificate that it asked for. */
async function certified(url: string): Promise<{ agent: TestAgent; shown: { cert: string; key: string } }> {
  const agent = await enrolled(url)
  const answer = await certificateFor(url, agent)
  const key = String(agent.privateKey.export({ type: 'pkcs8', format: 'pem' }))
  return { agent, shown: { cert: String(answer.json.certificate), key } }
}

function certificateFor(url: string, agent: TestAgent, shown = {}): Promise<Answered> {
  const path = '/v1/agent/certificate'
  const question = { agent: agent.id, key: agent.key, asked: now(), path }
  const authorization = signQuestion(question, agent.privateKey)
  return caller(shown).ask(url + path, { headers: { authorization } })
}

const sealed = (agent: TestAgent) => agent.seal(agent.events(1))

describe('with an authority of the indexer', () => {
  let indexer: TestIndexer
  const settings = (certificates: 'optional' | 'required' = 'required') => ({
    listen: indexer === undefined ? plain.listen : indexer.url,
    tls: files,
    agents: { certificates },
  })
  const reload = (certificates: 'optional' | 'required') =>
    indexer.running.reload(indexer.config(settings(certificates)))

  beforeAll(async () => {
    indexer = await TestIndexer.start({ ...plain, tls: files }, { clock: now })
    const { url } = indexer
    expect((await caller().ask(`${url}/v1/agents/ca`)).status).toBe(404)
    expect((await certificateFor(url, await enrolled(url))).text).toContain('waybill agents ca create')
    const made = await caller().ask(`${url}/v1/agents/ca`, { json: {} })
    expect(made.json).toMatchObject({
      asked: false,
      fingerprint: expect.stringMatching(/^([0-9A-F]{2}:){31}/),
    })
    expect((await caller().ask(`${url}/v1/agents/ca`, { json: {} })).status).toBe(409)
    await reload('required')
    const early = await caller().send(url, sealed(await enrolled(url)))
    expect(early.text).toContain('does not request one until it is restarted')
    for (const one of callers.splice(0)) one.close()
    const again = settings('required')
    await indexer.stop()
    await indexer.run(again, { clock: now })
    expect((await caller().ask(`${url}/v1/agents/ca`)).json).toMatchObject({ asked: true })
  })
  afterAll(() => indexer.end())

  it('an agent with its certificate ships; without one it is refused in a sentence', async () => {
    const { url } = indexer
    const { agent, shown } = await certified(url)
    const certificate = new X509Certificate(shown.cert)
    expect(certificate.subject).toBe(`CN=${agent.id}`)
    expect(certificate.checkPrivateKey(agent.privateKey)).toBe(true)
    const batch = sealed(agent)
    const without = await caller().send(url, batch)
    expect([without.status, without.json.detail]).toEqual([
      401,
      expect.stringMatching(
        /^This indexer requires a certificate of agents .*this agent sent none: use https/,
      ),
    ])
    expect((await caller().ask(`${url}/v1/heartbeat`, { json: agent.heartbeat() })).status).toBe(401)
    expect((await caller(shown).send(url, batch)).json).toMatchObject({ stored: 1 })
    expect((await caller(shown).ask(`${url}/v1/heartbeat`, { json: agent.heartbeat() })).status).toBe(200)
  })

  it('one of another agent is refused, whatever is signed', async () => {
    const { url } = indexer
    const [mine, other] = [await certified(url), await certified(url)]
    const sent = await caller(other.shown).send(url, sealed(mine.agent))
    expect([sent.status, sent.json.detail]).toEqual([
      403,
      `Agent ${mine.agent.id} signed this, but the certificate of the connection belongs to ${other.agent.id}: each agent needs its own.`,
    ])
    const beat = await caller(other.shown).ask(`${url}/v1/heartbeat`, { json: mine.agent.heartbeat() })
    expect(beat.status).toBe(403)
    const path = '/v1/agent/settings'
    const question = { agent: mine.agent.id, key: mine.agent.key, asked: now(), path }
    const headers = { authorization: signQuestion(question, mine.agent.privateKey) }
    expect((await caller(other.shown).ask(url + path, { headers })).status).toBe(403)
    expect((await caller(mine.shown).ask(url + path, { headers })).status).toBe(200)
  })

  it('one that another authority signed is refused, and one that signs itself', async () => {
    const { url } = indexer
    const { agent } = await certified(url)
    const { status, json } = await caller({ cert: CERT, key: KEY }).send(url, sealed(agent))
    expect([status, json.detail]).toEqual([
      401,
      expect.stringContaining("not issued by this indexer's authority"),
    ])
  })

  it('a revoked agent is out at once, on a connection that is open, and gets no certificate', async () => {
    const { url } = indexer
    const { agent, shown } = await certified(url)
    const open = caller(shown)
    expect((await open.send(url, sealed(agent))).status).toBe(200)
    expect(await open.send(url, sealed(agent))).toMatchObject({ status: 200, reused: true })
    await caller().ask(`${url}/v1/agents/${agent.id}/revoke`, { json: {} })
    const after = await open.send(url, sealed(agent))
    expect(after).toMatchObject({ status: 403, reused: true, json: { code: 'revoked' } })
    expect((await certificateFor(url, agent)).status).toBe(403)
    // Nor does its certificate serve another agent.
    const other = await certified(url)
    expect((await caller(shown).send(url, sealed(other.agent))).json.code).toBe('revoked')
  })

  it('is an option: where it is not required, who shows none ships, and who shows another one does not', async () => {
    const { url } = indexer
    await reload('optional')
    const [mine, other] = [await certified(url), await certified(url)]
    expect((await caller().send(url, sealed(mine.agent))).status).toBe(200)
    expect((await caller(other.shown).send(url, sealed(mine.agent))).status).toBe(403)
    await reload('required')
  })

  it('a new authority takes the place of the old one, whose certificates stay good', async () => {
    const { url } = indexer
    const before = await certified(url)
    const old = (await caller().ask(`${url}/v1/agents/ca`)).json.fingerprint
    const renewed = await caller().ask(`${url}/v1/agents/ca/renew`, { json: {} })
    expect(renewed.json.fingerprint).not.toBe(old)
    const after = await certified(url)
    for (const { agent, shown } of [before, after])
      expect((await caller(shown).send(url, sealed(agent))).status).toBe(200)
    const authority = new X509Certificate(String(renewed.json.certificate))
    const signed = [before, after].map(({ shown }) =>
      new X509Certificate(shown.cert).verify(authority.publicKey),
    )
    expect(signed).toEqual([false, true])
  })

  it('an agent gets its certificate at enrolment, renews it in time, and gets another after it has expired', async () => {
    const { url } = indexer
    const dir = await mkdtemp(join(folder, 'agent-'))
    const tls = { ca: files.cert }
    await enroll({ url, tls, dir, token: await token(url), name: 'a', host: 'a.example', version: '0.1.0' })
    const kept = (): Promise<string> => readFile(join(dir, 'certificate.pem'), 'utf8')
    const first = await kept()
    const identity = await loadIdentity(dir)
    if (identity === null) throw new Error('not enrolled')
    const key = await readFile(join(dir, 'key.pem'), 'utf8')
    const state = await openState(join(dir, 'state'), { log: silent })
    let at = 0
    const ship = async (shipper: Shipper): Promise<void> => {
      const { result, slices } = batchOfRecords(SOURCE_A, at++, 1)
      await shipper.seal(result, slices)
      await shipper.drained(AbortSignal.timeout(60_000))
      expect(shipper.status().spooledBatches).toBe(0)
    }
    const running = shipperIn(dir, url, identity, state)
    await running.start()
    await ship(running)
    clock.now += 50 * DAY
    await ship(running)
    expect(await kept()).toBe(first)
    clock.now += 12 * DAY
    const second = await until(kept, (pem) => pem !== first)
    await ship(running)
    clock.now += 60 * DAY
    const late = await caller({ cert: first, key }).ask(`${url}/v1/waybills`, {
      body: Buffer.alloc(0),
      headers: { 'content-type': WAYBILL_TYPE },
    })
    expect([late.status, late.json.detail]).toEqual([
      401,
      `The certificate of "CN=${identity.agent}" expired on ${new X509Certificate(first).validToDate.toISOString()}: the agent asks for a new one with its next heartbeat, if it is not revoked.`,
    ])
    await until(kept, (pem) => pem !== second)
    await ship(running)
    await running.close()

    clock.now += 200 * DAY
    const again = shipperIn(dir, url, identity, state)
    await again.start()
    await ship(again)
    await again.close()
    // A damaged file keeps nobody from connecting.
    await writeFile(join(dir, 'certificate.pem'), 'no certificate')
    const mended = shipperIn(dir, url, identity, state)
    await mended.start()
    await ship(mended)
    expect(new X509Certificate(await kept()).subject).toBe(`CN=${identity.agent}`)
    await mended.close()
    await state.close()
  }, 90_000)

  it('no key of the authority is in an answer or the log', async () => {
    const { text } = await caller().ask(`${indexer.url}/v1/agents/ca`)
    expect(text + JSON.stringify(indexer.log)).not.toContain('PRIVATE KEY')
  })
})

describe('with the operator’s authority', () => {
  it('a certificate that names a host is that agent’s alone, and one that names none is the fleet’s', async () => {
    const tls = { ...files, 'client-ca': files.cert }
    const indexer = await TestIndexer.start({ ...plain, tls })
    try {
      const { url } = indexer
      const shown = { cert: CERT, key: KEY }
      const web = await enrolled(url, 'web-1.example', shown)
      expect((await caller(shown).send(url, sealed(web))).status).toBe(200)
      expect((await caller().send(url, sealed(web))).text).toContain('from the authority in tls.client-ca')
      // The certificate says localhost, too.
      const local = await enrolled(url, 'localhost', shown)
      expect((await caller(shown).send(url, sealed(local))).status).toBe(200)
      expect((await caller(shown).send(url, sealed(web))).status).toBe(403)
      await caller().ask(`${url}/v1/agents/${local.id}/revoke`, { json: {} })
      expect((await caller(shown).send(url, sealed(local))).json.code).toBe('revoked')
      const made = await caller().ask(`${url}/v1/agents/ca`, { json: {} })
      expect([made.status, made.text.includes('tls.client-ca')]).toEqual([409, true])
    } finally {
      await indexer.end()
    }
  })
})

it('certificates over http are refused by the settings, with the remedy', async () => {
  await expect(TestIndexer.start({ agents: { certificates: 'required' } })).rejects.toThrow(
    /agents\.certificates: required needs https.*listen: https/,
  )
})

const silent = pino({ level: 'silent' })

const shipperIn = (
  dir: string,
  url: string,
  identity: NonNullable<Awaited<ReturnType<typeof loadIdentity>>>,
  state: State,
): Shipper =>
  createShipper({
    state,
    dir,
    indexers: [url],
    tls: { ca: files.cert },
    identity,
    delays: QUICK,
    clock: clockOf(now),
    random: randomBytes,
    heartbeatEvery: 30,
    heartbeat: () => numbers,
    log: silent,
    hooks: {
      settled: () => [],
      lost: () => {
        throw new Error('a batch was lost')
      },
    },
  })

const {
  agent: _agent,
  key: _key,
  incarnation: _incarnation,
  beat: _beat,
  sent: _sent,
  sequence: _sequence,
  ...numbers
}: Heartbeat = new TestAgent().heartbeat().heartbeat
