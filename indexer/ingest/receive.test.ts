import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { zstdCompressSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LIMITS, sha256 } from '../../schema/index.ts'
import { type Manifest, WAYBILL_TYPE } from '../../schema/wire/index.ts'
import { whatDoesNotAddUp } from './receive.ts'
import type { Answer, Sealed, SealOptions } from './testing.ts'
import { askAt, TestAgent, TestIndexer, until } from './testing.ts'

let indexer: TestIndexer
let agent: TestAgent

beforeAll(async () => {
  indexer = await TestIndexer.start({ ingest: { 'body-timeout': '400ms' } })
  agent = await TestAgent.enrolled(indexer.url)
})
afterAll(() => indexer.end())

const send = (sealed: { body: Buffer }): Promise<Answer> => agent.send(indexer.url, sealed)
const stored = async (id: unknown): Promise<number> => (await indexer.ask(`/v1/events/${id}`)).status
const idOf = (event: Record<string, unknown>): string => (event.event as { id: string }).id
const figure = async (name: string): Promise<number> => {
  const { text } = await indexer.ask('/metrics')
  return Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${name} `))
      ?.split(' ')
      .at(-1) ?? 0,
  )
}

describe('what a manifest says of its sources', () => {
  const slice = {
    from: 0,
    to: 90,
    read: 10,
    events: 7,
    filtered: 3,
    skipped: 0,
    truncated: 0,
    errors: 0,
    dropped: 0,
  }
  const said = (change: Partial<typeof slice>, events = 7): string | null =>
    whatDoesNotAddUp({ events, sources: [{ ...slice, ...change }] } as Manifest)

  it('adds up, or is refused with what does not', () => {
    expect(said({})).toBeNull()
    expect(said({ read: 11 })).toContain('read 11 records, and has 7 events and 3 filtered')
    expect(said({ read: 9 })).toContain('read 9 records')
    expect(said({ filtered: 4 })).toContain('4 filtered')
    expect(said({ to: -1 })).toContain('ends at -1, before it starts at 0')
    expect(said({ truncated: 8 })).toContain('more truncated or failed events than events')
    expect(said({ errors: 8 })).toContain('more truncated or failed events than events')
    expect(said({}, 8)).toContain('7 events together, and it names 8')
  })
})

describe('a waybill', () => {
  it('is acknowledged when its events can be found', async () => {
    const events = agent.events(3)
    const sealed = agent.seal(events)
    const answer = await send(sealed)
    expect(answer.status).toBe(200)
    expect(answer.json).toEqual({
      acknowledged: true,
      hash: sealed.hash,
      again: false,
      stored: 3,
      duplicate: 0,
      dead: 0,
      sources: [{ stored: 3, duplicate: 0, dead: 0 }],
      reasons: [],
    })
    for (const event of events) expect(await stored(idOf(event))).toBe(200)
  })

  it('with gzip, and one without any event, are as good', async () => {
    expect((await send(agent.seal(agent.events(2), { encoding: 'gzip' }))).json).toMatchObject({ stored: 2 })
    const empty = await send(agent.seal([]))
    expect(empty.json).toMatchObject({ acknowledged: true, stored: 0, sources: [] })
  })

  it('that comes again is acknowledged again, with the counts of the first time', async () => {
    const sealed = agent.seal(agent.events(4))
    const first = await send(sealed)
    const second = await send(sealed)
    expect(second.status).toBe(200)
    expect(second.json).toEqual({ ...first.json, again: true })
  })

  it('that comes twice at once is stored once', async () => {
    const sealed = agent.seal(agent.events(500))
    const answers = await Promise.all([send(sealed), send(sealed), send(sealed)])
    expect(answers.map(({ json }) => [json.stored, json.duplicate])).toEqual([
      [500, 0],
      [500, 0],
      [500, 0],
    ])
    expect(answers.filter(({ json }) => json.again === false)).toHaveLength(1)
  })

  it('whose answer was lost is known when it is sent again', async () => {
    const sealed = agent.seal(agent.events(2))
    const { port } = new URL(indexer.url)
    const socket = connect(Number(port), '127.0.0.1')
    socket.write(
      `POST /v1/waybills HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: ${WAYBILL_TYPE}\r\ncontent-length: ${sealed.body.length}\r\n\r\n`,
    )
    socket.write(sealed.body)
    // The line breaks as soon as the answer begins to come.
    await new Promise((resolve) => socket.once('readable', resolve))
    socket.resetAndDestroy()
    expect((await send(sealed)).json).toMatchObject({ again: true, stored: 2, duplicate: 0 })
  })

  it('is taken whatever is missing before it, and the gap is shown until it is filled', async () => {
    const other = await enrolAnother()
    const [one, two, three] = [1, 2, 3].map((sequence) => other.seal(other.events(1), { sequence })) as [
      Sealed,
      Sealed,
      Sealed,
    ]
    const gaps = async () => {
      const { agents } = (await indexer.ask('/v1/agents')).json as {
        agents: { id: string; chains: { gaps: unknown }[] }[]
      }
      return agents.find(({ id }) => id === other.id)?.chains[0]?.gaps
    }
    expect((await send(one)).status).toBe(200)
    expect((await send(three)).status).toBe(200)
    expect(await gaps()).toEqual([{ from: 2, to: 2 }])
    expect((await send(two)).status).toBe(200)
    expect(await gaps()).toEqual([])
  })

  it('with events that another brought counts them as duplicates', async () => {
    const events = agent.events(3)
    await send(agent.seal(events))
    const answer = await send(agent.seal([...events, agent.event()]))
    expect(answer.json).toMatchObject({ again: false, stored: 1, duplicate: 3, dead: 0 })
  })

  it('with a line that is no event is stored without it, and the line lies in the dead letters', async () => {
    const sealed = agent.sealLines([JSON.stringify(agent.event()), 'no event'])
    const answer = await send(sealed)
    agent.sequence = sealed.manifest.sequence
    agent.previous = sealed.hash
    expect(answer.json).toMatchObject({ stored: 1, dead: 1, reasons: [{ position: 1 }] })
    const { letters } = (await indexer.ask('/v1/dead-letters')).json as { letters: { line: string }[] }
    expect(letters.map(({ line }) => line)).toContain('no event')
  })

  it('with another content under a stored id raises an alarm', async () => {
    const event = agent.event()
    await send(agent.seal([event]))
    const answer = await send(agent.seal([{ ...event, message: 'something else' }]))
    expect(answer.json).toMatchObject({ stored: 0, duplicate: 0, dead: 1 })
    const { letters } = (await indexer.ask('/v1/dead-letters')).json as {
      letters: { kind: string; eventId: string }[]
    }
    expect(letters.find(({ eventId }) => eventId === idOf(event))).toMatchObject({ kind: 'collision' })
  })
})

describe('a fork', () => {
  it('is refused, acknowledges nothing, and raises one alarm in log, figures and audit trail', async () => {
    const twin = await enrolAnother()
    const copy = { sequence: twin.sequence + 1 }
    await send(twin.seal(twin.events(1), copy))
    const event = twin.event()
    const forked = twin.seal([event], copy)
    const before = await figure('waybill_forks_total')
    const answers = [await send(forked), await send(forked)]
    expect(answers.map(({ status, json }) => [status, json.code])).toEqual([
      [409, 'fork'],
      [409, 'fork'],
    ])
    expect(await stored(idOf(event))).toBe(404)
    expect(await figure('waybill_forks_total')).toBe(before + 2)
    const trail = await indexer.ask(
      `/v1/search?q=${encodeURIComponent(`action: waybill-fork and "${twin.id}"`)}`,
    )
    expect(trail.json.events).toHaveLength(1)
    expect(indexer.log.some(({ level, msg }) => level === 50 && String(msg).includes(twin.id))).toBe(true)
  })
})

describe('refused is', () => {
  const refused = async (answer: Promise<Answer>): Promise<unknown[]> => {
    const { status, headers, json } = await answer
    expect(headers['content-type']).toBe('application/problem+json')
    return [status, json.code]
  }

  it('an agent that is not enrolled, or has another key than it says', async () => {
    const stranger = new TestAgent()
    expect(await refused(send(stranger.seal(stranger.events(1))))).toEqual([401, 'unauthorised'])
    const sealed = agent.sealLines(['{}'], { manifest: { key: 'ffffffffffffffff' } })
    expect(await refused(send(sealed))).toEqual([401, 'unauthorised'])
  })

  it('a signature by another key, or over another manifest', async () => {
    const thief = new TestAgent()
    thief.id = agent.id
    thief.key = agent.key
    expect(await refused(send(thief.seal(thief.events(1))))).toEqual([401, 'unauthorised'])
    const { body } = agent.sealLines(['{}'])
    const changed = Buffer.from(body)
    const at = changed.indexOf('"created":') + '"created":'.length
    changed[at] = changed[at] === 0x31 ? 0x32 : 0x31
    expect(await refused(send({ body: changed }))).toEqual([401, 'unauthorised'])
  })

  it("whoever uses the key of the indexer's own agent, or the key of another agent", async () => {
    const { json } = await indexer.ask('/v1/search?q=source%3Awaybill&limit=1')
    const [own] = json.events as { agent: { id: string } }[]
    const thief = new TestAgent()
    thief.id = own?.agent.id ?? ''
    expect(await refused(send(thief.seal([])))).toEqual([401, 'unauthorised'])
    const other = await enrolAnother()
    other.id = agent.id
    expect(await refused(send(other.seal([])))).toEqual([401, 'unauthorised'])
  })

  it('a revoked agent, also one that was known a moment ago', async () => {
    const other = await enrolAnother()
    expect((await send(other.seal(other.events(1)))).status).toBe(200)
    const revoked = await indexer.ask(`/v1/agents/${other.id}/revoke`, { method: 'POST' })
    expect(revoked.json).toEqual({ id: other.id, revoked: true })
    expect(await refused(send(other.seal(other.events(1))))).toEqual([403, 'revoked'])
    expect(await refused(other.enroll(indexer.url))).toEqual([403, 'revoked'])
    const beat = indexer.ask('/v1/heartbeat', { json: other.heartbeat() })
    expect(await refused(beat)).toEqual([403, 'revoked'])
  })

  it('a waybill for another namespace, but not for good', async () => {
    const sealed = agent.sealLines(['{}'], { manifest: { namespace: 'elsewhere' } })
    expect(await refused(send(sealed))).toEqual([403, 'forbidden'])
  })

  const contradictions: Record<string, SealOptions> = {
    'a root that is not the root of its lines': { manifest: { root: sha256('another') } },
    'more lines than it names': { manifest: { bytes: 6 }, payload: zstdCompressSync('{}\n{}\n') },
    'fewer bytes than it names': { manifest: { bytes: 4 } },
    'a payload that is not compressed': { payload: Buffer.from('{}\n') },
    'no payload': { payload: Buffer.alloc(0) },
    'sources that do not sum up': { manifest: { sources: [] } },
  }
  for (const [name, options] of Object.entries(contradictions)) {
    it(`for good: a signed waybill with ${name}`, async () => {
      expect(await refused(send(agent.sealLines(['{}'], options)))).toEqual([422, 'refused'])
    })
  }

  it('for good: a bomb that unpacks to a thousand times what it names', async () => {
    const bomb = zstdCompressSync(Buffer.alloc(512 * 1024 * 1024))
    expect(bomb.length).toBeLessThan(100_000)
    const before = process.memoryUsage.rss()
    const answer = await send(agent.sealLines(['{}'], { payload: bomb, manifest: { bytes: 1024 } }))
    expect([answer.status, answer.json.code]).toEqual([422, 'refused'])
    expect(answer.json.detail).toContain('unpacks to more than the 1024 bytes')
    // The bomb itself was made in this process; what matters is that half a GiB was not unpacked beside it.
    expect(process.memoryUsage.rss() - before).toBeLessThan(128 * 1024 * 1024)
  })

  it('a body that is no waybill, or ends too early, or goes on too long', async () => {
    expect(await refused(send({ body: Buffer.from('hello') }))).toEqual([400, 'bad-request'])
    expect(await refused(send({ body: Buffer.alloc(0) }))).toEqual([400, 'bad-request'])
    const { body } = agent.sealLines(['{}'])
    for (const length of [3, 40, body.length - 70, body.length - 1]) {
      expect(await refused(send({ body: body.subarray(0, length) }))).toEqual([400, 'bad-request'])
    }
    expect(await refused(send({ body: Buffer.concat([body, body]) }))).toEqual([400, 'bad-request'])
    expect(await refused(send({ body: randomBytes(5000) }))).toEqual([400, 'bad-request'])
  })

  it('another content type', async () => {
    const { body } = agent.sealLines(['{}'])
    const answer = askAt(indexer.url, '/v1/waybills', { body, headers: { 'content-type': 'text/plain' } })
    expect(await refused(answer)).toEqual([415, 'bad-request'])
  })

  it('a payload larger than a body may be, before it is sent', async () => {
    const { body } = agent.sealLines(['{}'])
    const head = Buffer.from(body)
    const payload = zstdCompressSync('{}\n')
    head.writeUInt32BE(LIMITS.bodyBytes + 1, body.length - payload.length - 4)
    const status = await raw(
      `POST /v1/waybills HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: ${WAYBILL_TYPE}\r\ncontent-length: 99999999\r\n\r\n`,
      head,
    )
    expect(status).toMatch(/^HTTP\/1\.1 413/)
  })
})

describe('a sender that stops half-way', () => {
  it('is told so after a while, and the connection is closed', async () => {
    const { body } = agent.sealLines(['{}'])
    const head = `POST /v1/waybills HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: ${WAYBILL_TYPE}\r\ncontent-length: ${body.length}\r\n\r\n`
    for (const sent of [body.subarray(0, 0), body.subarray(0, 20), body.subarray(0, body.length - 5)]) {
      const answer = await raw(head, sent)
      expect(answer).toMatch(/^HTTP\/1\.1 408/)
      expect(answer.toLowerCase()).toContain('connection: close')
    }
    await until(
      () => figure('waybill_in_flight_bytes'),
      (bytes) => bytes === 0,
    )
  })

  it('and goes away leaves nothing behind', async () => {
    const { body } = agent.sealLines(['{}'])
    const { port } = new URL(indexer.url)
    for (const length of [10, body.length - 5]) {
      const socket = connect(Number(port), '127.0.0.1')
      socket.write(
        `POST /v1/waybills HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: ${WAYBILL_TYPE}\r\ncontent-length: ${body.length}\r\n\r\n`,
      )
      await new Promise((resolve) => socket.write(body.subarray(0, length), resolve))
      socket.resetAndDestroy()
    }
    await until(
      () => figure('waybill_in_flight_bytes'),
      (bytes) => bytes === 0,
    )
    expect((await send(agent.seal(agent.events(1)))).status).toBe(200)
  })
})

/** Sends this and reads until the other side closes. */
async function raw(head: string, body: Buffer): Promise<string> {
  const socket = connect(Number(new URL(indexer.url).port), '127.0.0.1')
  socket.write(head)
  socket.write(body)
  let text = ''
  socket.setEncoding('utf8').on('data', (part: string) => {
    text += part
    if (text.includes('\r\n\r\n') && !/connection: close/i.test(text)) socket.end()
  })
  await new Promise((resolve) => socket.once('close', resolve))
  return text
}

async function enrolAnother(): Promise<TestAgent> {
  const { json } = await indexer.ask('/v1/agents/tokens', { json: {} })
  return TestAgent.enrolled(indexer.url, String(json.token))
}
