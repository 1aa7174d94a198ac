import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { request } from 'undici'
import { afterEach, describe, expect, it } from 'vitest'
import { LIMITS } from '../schema/index.ts'
import { WAYBILL_TYPE } from '../schema/wire/index.ts'
import { eventsAt } from '../test/pages.ts'
import { freePort } from '../test/system/system.ts'
import { askAt, TestAgent, TestIndexer, until } from './ingest/testing.ts'
import { openEmbeddedStore, type Store, StoreFullError, StoreUnavailableError } from './store/index.ts'

let indexer: TestIndexer
afterEach(() => indexer?.end())

/** A store that accepts nothing while the test says so, like one with a full disk. */
async function troubled(): Promise<{
  store: Store
  trouble: { error: Error | null; isAway: boolean }
  end: () => Promise<void>
}> {
  const path = await mkdtemp(join(tmpdir(), 'waybill-full-'))
  const real = await openEmbeddedStore({ path, minimumFree: 0 })
  const trouble: { error: Error | null; isAway: boolean } = { error: null, isAway: false }
  const store: Store = {
    moment: () => real.moment(),
    write: (batch) => (trouble.error === null ? real.write(batch) : Promise.reject(trouble.error)),
    reach: async () => {
      if (trouble.isAway && trouble.error !== null) throw trouble.error
    },
    search: (asked) => real.search(asked),
    arrivals: (asked) => real.arrivals(asked),
    arrivalsEnd: () => real.arrivalsEnd(),
    get: (id) => real.get(id),
    counts: (asked) => real.counts(asked),
    aggregate: (asked) => real.aggregate(asked),
    chains: (agent) => real.chains(agent),
    deadLetters: real.deadLetters,
    records: real.records,
    consignments: real.consignments,
    shares: real.shares,
    status: async () => {
      const problem = trouble.error?.message ?? null
      return { ...(await real.status()), ready: problem === null, problem }
    },
    storage: () => real.storage(),
    parts: () => real.parts(),
    keepFor: (searchable) => real.keepFor(searchable),
    expire: (name, before) => real.expire(name, before),
    close: () => real.close(),
  }
  return { store, trouble, end: () => rm(path, { recursive: true, force: true }) }
}

describe('a store that can take no more', () => {
  it('is answered as 507 or 503 with Retry-After, shows in readyz, and goes on without a restart', async () => {
    const { store, trouble, end } = await troubled()
    indexer = await TestIndexer.start({}, { store })
    const agent = await TestAgent.enrolled(indexer.url)
    const sealed = agent.seal(agent.events(3))

    trouble.error = new StoreFullError('The disk of the store is full.')
    const full = await agent.send(indexer.url, sealed)
    expect([full.status, full.json.code, full.headers['retry-after']]).toEqual([507, 'full', '10'])
    const ready = await indexer.ask('/readyz')
    expect([ready.status, ready.json.detail]).toEqual([503, 'The disk of the store is full.'])
    expect((await indexer.ask('/healthz')).status).toBe(200)
    // An agent must be revocable also now; the event about it waits.
    const other = await indexer.ask('/v1/agents/tokens', { json: {} })
    expect(other.status).toBe(200)

    trouble.error = new StoreUnavailableError('The store is busy.')
    const busy = await agent.send(indexer.url, sealed)
    expect([busy.status, busy.json.code, busy.headers['retry-after']]).toEqual([503, 'busy', '2'])

    // Out of reach, it refuses a waybill before its content is read: this content would be refused for good.
    const broken = agent.seal(agent.events(1), { sequence: 9, payload: Buffer.from('not compressed') })
    expect((await agent.send(indexer.url, broken)).status).toBe(422)
    trouble.isAway = true
    expect((await agent.send(indexer.url, broken)).status).toBe(503)

    trouble.error = null
    expect((await agent.send(indexer.url, sealed)).json).toMatchObject({ again: false, stored: 3 })
    expect((await indexer.ask('/readyz')).status).toBe(200)
    await indexer.ask('/v1/agents/tokens', { json: {} })
    const { events } = (await indexer.ask('/v1/search?q=action%3Aenrol-token-create')).json as {
      events: object[]
    }
    expect(events).toHaveLength(2)
    await indexer.stop()
    await end()
  })
})

it('an act that can not be stored stands in the log, without what its doer is known by', async () => {
  const { store, trouble, end } = await troubled()
  indexer = await TestIndexer.start({}, { store })
  const password = indexer.running.firstSignIn?.password ?? ''
  const half = await indexer.ask('/v1/session', { json: { name: 'admin', password, for: 'program' } })
  const changed = await indexer.ask('/v1/session/password', {
    json: { password: 'correct horse battery staple' },
    headers: { authorization: `Bearer ${half.json.token}` },
  })
  trouble.error = new StoreFullError('The disk of the store is full.')
  const headers = { authorization: `Bearer ${changed.json.token}` }
  // The first is sealed on the disk until the store takes it; what follows waits in memory.
  for (let acts = 0; acts < 2; acts++)
    expect((await indexer.ask('/v1/agents/tokens', { json: {}, headers })).status).toBe(200)
  await indexer.stop()
  const log = JSON.stringify(indexer.log)
  expect(log).toContain('"by":{"name":"admin","address":"127.0.0.1","channel":"program"}')
  expect(log).not.toMatch(/wbs_|scrypt|correct horse/)
  await end()
})

describe('memory', () => {
  it('for waybills is bounded: who finds no room is told to come back', async () => {
    indexer = await TestIndexer.start({ ingest: { 'in-flight': '136MiB', 'body-timeout': '20s' } })
    const agent = await TestAgent.enrolled(indexer.url)
    const { port } = new URL(indexer.url)
    const { json } = await indexer.ask('/v1/agents/tokens', { json: {} })
    const other = await TestAgent.enrolled(indexer.url, String(json.token))
    // Two agents that announce 60 MiB of events each take 120 MiB; they keep them while they dawdle.
    const bytes = LIMITS.batchBytes - 4 * 1024 * 1024
    const [large, others] = [agent, other].map((one) => one.sealLines(['{}'], { manifest: { bytes } }).body)
    if (large === undefined || others === undefined) throw new Error('nothing was sealed')
    const sockets = [large, others].map((sealed) => {
      const socket = connect(Number(port), '127.0.0.1')
      socket.write(
        `POST /v1/waybills HTTP/1.1\r\nhost: x\r\ncontent-type: ${WAYBILL_TYPE}\r\ncontent-length: ${sealed.length}\r\n\r\n`,
      )
      socket.write(sealed.subarray(0, sealed.length - 1))
      return socket
    })
    const inFlight = async () =>
      Number(/^waybill_in_flight_bytes (\d+)/m.exec((await indexer.ask('/metrics')).text)?.[1])
    await until(inFlight, (held) => held >= 2 * bytes)
    const third = await agent.send(indexer.url, { body: large })
    expect([third.status, third.json.code, third.headers['retry-after']]).toEqual([503, 'busy', '1'])
    // A usual one still finds room.
    expect((await agent.send(indexer.url, agent.seal(agent.events(5)))).status).toBe(200)
    for (const socket of sockets) socket.resetAndDestroy()
    await until(inFlight, (held) => held === 0)
  })

  it('for a stream is bounded: nothing is asked of the store for a client that does not read, or has gone', async () => {
    const { store, end } = await troubled()
    let searches = 0
    const counting: Store = {
      ...store,
      search: (asked) => {
        searches++
        return store.search(asked)
      },
    }
    indexer = await TestIndexer.start({}, { store: counting })
    const agent = await TestAgent.enrolled(indexer.url)
    const padding = 'x'.repeat(4000)
    for (let i = 0; i < 10; i++) {
      const events = agent
        .events(1000)
        .map((event) => ({ ...event, message: `${String(event.message)} ${padding}` }))
      await agent.send(indexer.url, agent.seal(events))
    }
    const { body } = await request(`${indexer.url}/v1/search`, {
      headers: { accept: 'application/x-ndjson' },
    })
    let still = 0
    let before = 0
    await until(
      async () => {
        await new Promise((resolve) => setTimeout(resolve, 100))
        still = searches === before ? still + 1 : 0
        before = searches
        return still
      },
      (looks) => looks === 10,
    )
    // 10,000 events of 9 KB are 90 MB: far more than sockets hold.
    expect(searches).toBeLessThan(80)
    const asked = searches
    body.destroy()
    body.once('error', () => {})
    await indexer.ask('/readyz')
    expect(searches - asked).toBeLessThan(3)
    await indexer.stop()
    await end()
  })
})

describe('a stop', () => {
  it('finishes what was begun: a waybill on its way is stored and answered', async () => {
    indexer = await TestIndexer.start()
    const agent = await TestAgent.enrolled(indexer.url)
    const sealed = agent.seal(agent.events(2000))
    const answer = agent.send(indexer.url, sealed)
    await until(
      async () =>
        Number(/^waybill_received_bytes_total (\d+)/m.exec((await indexer.ask('/metrics')).text)?.[1]),
      (bytes) => bytes > 0,
    )
    await Promise.all([indexer.stop(), answer])
    expect((await answer).json).toMatchObject({ acknowledged: true, stored: 2000 })
    await indexer.run()
    expect((await agent.send(indexer.url, sealed)).json).toMatchObject({ again: true, stored: 2000 })
  })

  it('does not wait for a sender that has stopped', async () => {
    indexer = await TestIndexer.start({ shutdown: { grace: '300ms' }, ingest: { 'body-timeout': '10m' } })
    const { port } = new URL(indexer.url)
    const socket = connect(Number(port), '127.0.0.1')
    socket.on('error', () => {})
    socket.write(
      `POST /v1/waybills HTTP/1.1\r\nhost: x\r\ncontent-type: ${WAYBILL_TYPE}\r\ncontent-length: 500\r\n\r\nM`,
    )
    await until(
      () => indexer.ask('/healthz'),
      ({ status }) => status === 200,
    )
    // Without the cut, stopping would take as long as a request may, which is longer than a test.
    await indexer.stop()
  })
})

describe('a start that can not be', () => {
  it('on a port in use is a sentence, and leaves the store free', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const address = other.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    indexer = await TestIndexer.start()
    await indexer.stop()
    await expect(indexer.run({ listen: `http://127.0.0.1:${port}` })).rejects.toThrow(
      `Port ${port} on 127.0.0.1 is in use: stop the other program, or set another port in listen.`,
    )
    await new Promise((resolve) => other.close(resolve))
    await indexer.run()
  })

  it('on a store that another indexer has is a sentence', async () => {
    indexer = await TestIndexer.start()
    const second = { ...indexer.config() }
    const { startIndexer } = await import('./server.ts')
    const { pino } = await import('pino')
    await expect(startIndexer(second, { log: pino({ level: 'silent' }) })).rejects.toThrow(
      /in use by another process/,
    )
  })
})

it('the first answer comes when the token of the operator is laid down', async () => {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  indexer = await TestIndexer.start()
  await indexer.stop()
  const laidDown: string[] = []
  // Ten that ask all the time, as a command that follows does.
  const asking = Array.from({ length: 10 }, async () => {
    for (;;) {
      const answer = await askAt(url, '/healthz').catch(() => null)
      if (answer === null) continue
      laidDown.push(await readFile(join(indexer.folder, 'store', 'local-token'), 'utf8').catch(() => ''))
      return
    }
  })
  await indexer.run({ listen: url })
  await Promise.all(asking)
  for (const text of laidDown) expect(JSON.parse(text)).toMatchObject({ url })
})

describe('settings read again', () => {
  it('hold at once, and what needs a restart is named', async () => {
    indexer = await TestIndexer.start()
    const tokens = [{ name: 'reader', token: 'token-of-the-reader', scopes: ['read'] }]
    const waiting = await indexer.running.reload(
      indexer.config({ read: 'token', tokens, namespace: 'other', log: { level: 'error' } }),
    )
    expect(waiting).toEqual(['namespace'])
    expect((await indexer.ask('/v1/agents')).status).toBe(401)
    const headers = { authorization: 'Bearer token-of-the-reader' }
    expect((await indexer.ask('/v1/agents', { headers })).status).toBe(200)
    expect((await TestAgent.enrolled(indexer.url)).namespace).toBe('default')
  })
})

describe('the process', () => {
  const ROUNDS = process.env.WAYBILL_FULL === undefined ? 2 : 10
  const MAIN = fileURLToPath(new URL('./cli/main.ts', import.meta.url))
  let folder: string
  let child: ChildProcess | undefined
  let log = ''
  afterEach(async () => {
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL')
      await new Promise((resolve) => child?.once('exit', resolve))
    }
    await rm(folder, { recursive: true, force: true })
  })

  const OPEN = 'read: open-on-loopback\n'
  const settings = (more = OPEN) =>
    `listen: http://127.0.0.1:0\nmanage: open-on-loopback\nstore: { embedded: { path: ./store, min-free: 1MiB } }\n${more}`
  function launch(): ChildProcess {
    log = ''
    const started = spawn(process.execPath, [MAIN, 'indexer', '--config', 'indexer.yml'], { cwd: folder })
    child = started
    for (const stream of [started.stdout, started.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        log += text
      })
    return started
  }
  async function start(): Promise<string> {
    const started = launch()
    const found = await until(
      () => /listens on (http:[\d./]+:\d+)\./.exec(log) ?? (started.exitCode !== null ? [log, ''] : null),
      (match) => match !== null,
    )
    return found?.[1] ?? ''
  }
  const ended = (): Promise<number | null> =>
    new Promise((resolve) => {
      if (child?.exitCode !== null && child?.exitCode !== undefined) resolve(child.exitCode)
      else child?.once('exit', (code) => resolve(code))
    })

  it('ends with 0 on SIGTERM, keeps its settings when the file is broken, and takes up a good one', async () => {
    folder = await mkdtemp(join(tmpdir(), 'waybill-process-'))
    const file = join(folder, 'indexer.yml')
    await writeFile(file, settings())
    const url = await start()
    await writeFile(file, settings('read: perhaps\n'))
    child?.kill('SIGHUP')
    await until(
      () => log,
      (text) => text.includes('The previous settings stay in use: indexer.yml:4: read: found'),
    )
    expect((await askAt(url, '/v1/agents')).status).toBe(200)
    await writeFile(file, settings('read: token\nnamespace: other\n'))
    child?.kill('SIGHUP')
    await until(
      () => log,
      (text) => text.includes('except those that need a restart: namespace'),
    )
    expect((await askAt(url, '/v1/agents')).status).toBe(401)
    for (const name of ['control.db', 'local-token', 'first-sign-in'])
      expect((await stat(join(folder, 'store', name))).mode & 0o077).toBe(0)
    child?.kill('SIGTERM')
    expect(await ended()).toBe(0)
    for (const line of log.trim().split('\n')) expect(() => JSON.parse(line)).not.toThrow()
  })

  it('starts without its cluster, answers 503 with the reason, and stops in order', async () => {
    folder = await mkdtemp(join(tmpdir(), 'waybill-process-'))
    const [port, cluster] = [await freePort(), await freePort()]
    await writeFile(
      join(folder, 'indexer.yml'),
      `listen: http://127.0.0.1:${port}\nstore: { elasticsearch: { nodes: ['http://127.0.0.1:${cluster}'], path: ./own } }\n`,
    )
    launch()
    const url = `http://127.0.0.1:${port}`
    await until(
      () => askAt(url, '/healthz').catch(() => null),
      (answer) => answer?.status === 200,
    )
    for (const path of ['/readyz', '/v1/search?q=x']) {
      const { status, json } = await askAt(url, path)
      expect([status, json]).toMatchObject([
        503,
        {
          code: 'busy',
          detail: expect.stringMatching(/^The indexer waits for its store\. Elasticsearch .*ECONNREFUSED/),
        },
      ])
    }
    const refused = await request(`${url}/v1/waybills`, { method: 'POST', body: Buffer.alloc(100_000) })
    expect([refused.statusCode, refused.headers['retry-after']]).toEqual([503, '5'])
    expect(log).not.toContain('mistake')
    child?.kill('SIGTERM')
    expect(await ended()).toBe(0)
  })

  it('heeds signals while it starts: it reads its settings again, stops in order, and ends with 0', async () => {
    folder = await mkdtemp(join(tmpdir(), 'waybill-process-'))
    await writeFile(join(folder, 'indexer.yml'), settings())
    const started = launch()
    await until(
      () => existsSync(join(folder, 'store', 'control.db')),
      (isThere) => isThere,
    )
    started.kill('SIGHUP')
    started.kill('SIGTERM')
    expect(await ended()).toBe(0)
    expect(log).toMatch(/are in use[\s\S]*Stopped\./)
    expect(existsSync(join(folder, 'store', 'local-token'))).toBe(false)
  })

  it('ends with 2 and a sentence where the file of places is missing', async () => {
    folder = await mkdtemp(join(tmpdir(), 'waybill-process-'))
    await writeFile(join(folder, 'indexer.yml'), settings('enrich: { geo: { file: ./city.mmdb } }\n'))
    await start()
    expect(await ended()).toBe(2)
    expect(log).toMatch(/^waybill: enrich\.geo\.file: .*city\.mmdb can't be read \(ENOENT.*check the path/)
  })

  it('killed in the midst of its own trail goes on with the chain, without a gap or a fork', async () => {
    folder = await mkdtemp(join(tmpdir(), 'waybill-process-'))
    await writeFile(join(folder, 'indexer.yml'), settings())
    for (let round = 0; round < ROUNDS; round++) {
      const url = await start()
      const asked = Array.from({ length: 10 }, () =>
        askAt(url, '/v1/agents/tokens', { json: {} }).catch(() => null),
      )
      await asked[round]
      child?.kill('SIGKILL')
      await ended()
      await Promise.all(asked)
    }
    const url = await start()
    await askAt(url, '/v1/agents/tokens', { json: {} })
    const events = await eventsAt(
      (path) => askAt(url, path),
      '/v1/search?q=source%3Awaybill&limit=1000&sort=oldest',
    )
    const seals = events.map(
      ({ audit }) => (audit as { seal: { sequence: number; incarnation: string } }).seal,
    )
    const sequences = [...new Set(seals.map(({ sequence }) => sequence))]
    expect(sequences).toEqual(sequences.map((_, index) => index + 1))
    expect(seals.length).toBeGreaterThan(sequences.length / 2)
    expect(new Set(seals.map(({ incarnation }) => incarnation)).size).toBe(1)
    expect(log).not.toContain('forked')
  })

  it('with a folder that it can not use says so in a sentence, and ends', async () => {
    folder = await mkdtemp(join(tmpdir(), 'waybill-process-'))
    await writeFile(join(folder, 'store'), 'a file where the folder should be')
    await writeFile(join(folder, 'indexer.yml'), settings())
    await start()
    expect(await ended()).toBe(1)
    expect(log).toMatch(/store can't be used/)
    expect(log).not.toMatch(/^\s+at /m)
  })
})
