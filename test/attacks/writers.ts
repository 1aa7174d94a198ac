import { connect, type Socket } from 'node:net'
import { expect } from 'vitest'
import { TestAgent, until } from '../../indexer/ingest/testing.ts'
import { declaredEventId, LIMITS } from '../../schema/index.ts'
import { WAYBILL_TYPE } from '../../schema/wire/index.ts'
import { type Attack, type AttackGround, WATCHER } from './attack.ts'

/** Attacks on writing, by enrolled agents and by unknown connections. */

const idOf = (event: Record<string, unknown>): string => (event.event as { id: string }).id

/** Sends these beside a genuine event: of all that is taken, they are not. */
async function buried(
  ground: AttackGround,
  agent: TestAgent,
  forged: object[],
  reason: RegExp,
): Promise<void> {
  const genuine = agent.event()
  const { status, json } = await agent.send(ground.url, agent.seal([genuine, ...forged]))
  expect([status, json.stored, json.dead]).toEqual([200, 1, forged.length])
  expect(json.reasons).toEqual(
    forged.map(() => expect.objectContaining({ reason: expect.stringMatching(reason) })),
  )
  expect(await ground.events(`event.id: ${idOf(genuine)}`)).toHaveLength(1)
}

/** The metric of this name. */
async function figure({ ask }: AttackGround, name: string): Promise<number> {
  const { text } = await ask('/metrics')
  return Number(new RegExp(`^${name} (\\S+)`, 'm').exec(text)?.[1] ?? 0)
}

/** Connections that announce a body of this many bytes, send its beginning, and then nothing. */
async function stalled({ port }: AttackGround, count: number, start: Buffer): Promise<Socket[]> {
  const sockets = Array.from({ length: count }, () => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write(
      `POST /v1/waybills HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: ${WAYBILL_TYPE}\r\ncontent-length: 70000000\r\n\r\n`,
    )
    socket.write(start)
    return socket
  })
  await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('connect', resolve))))
  return sockets
}

const frame = (type: number, length: number): Buffer => {
  const header = Buffer.alloc(5)
  header[0] = type
  header.writeUInt32BE(length, 1)
  return header
}
const MANIFEST = 0x4d

/** Checks that all 61 waybills of three agents are accepted at the first attempt. */
async function honestOnesAreTaken(ground: AttackGround): Promise<void> {
  const agents = [await ground.agent(), await ground.agent(), await ground.agent()]
  const sent = Array.from({ length: 61 }, (_, i) => {
    const agent = agents[i % agents.length]
    if (agent === undefined) throw new Error('no agent')
    return agent.send(ground.url, agent.seal(agent.events(20)))
  })
  expect((await Promise.all(sent)).map(({ status }) => status)).toEqual(sent.map(() => 200))
}

const record = (agent: TestAgent, key: string, message: string): Record<string, unknown> => {
  const event = agent.event({ message })
  return { ...event, event: { ...(event.event as object), id: declaredEventId('default', 'erp', [key]) } }
}

export const WRITERS: readonly Attack[] = [
  {
    name: "an agent writes events of Waybill's own audit trail",
    async run(ground) {
      const agent = await ground.agent()
      const own = (members: object) => {
        const event = agent.event({ message: 'User mallory was removed.' })
        return { ...event, event: { ...(event.event as object), action: 'user-remove', ...members } }
      }
      await buried(
        ground,
        agent,
        [
          own({ module: 'waybill' }),
          own({ module: ['shop', 'WAYBILL'] }),
          own({ module: 'x', dataset: 'waybill.indexer' }),
        ],
        /which only the indexer may write/,
      )
      expect(await ground.events('event.action: user-remove')).toEqual([])
      const told = await ground.events(`event.action: agent-foreign-event and audit.entity.id: ${agent.id}`)
      expect(told).toMatchObject([{ audit: { record_count: 3 } }])
    },
  },
  {
    name: 'an agent writes in the name of another agent',
    async run(ground) {
      const [agent, victim] = [await ground.agent(), await ground.agent()]
      await buried(
        ground,
        agent,
        [agent.event({ agent: { id: victim.id } })],
        /may write only in its own name/,
      )
      expect(await ground.events(`agent.id: ${victim.id}`)).toEqual([])
    },
  },
  {
    name: 'an agent writes events of a host that is not its own',
    async run(ground) {
      const [agent, victim] = [await ground.agent(), await ground.agent()]
      await buried(
        ground,
        agent,
        [agent.event({ host: { name: victim.host } })],
        /not an allowed host of agent/,
      )
      // Once an operator allows it, the dead letter is stored.
      const hosts = { hosts: [victim.host] }
      expect((await ground.ask(`/v1/agents/${agent.id}/hosts`, { method: 'PUT', json: hosts })).status).toBe(
        200,
      )
      const { letters } = (await ground.ask('/v1/dead-letters?limit=100')).json as {
        letters: { id: string; agent: string }[]
      }
      const mine = letters.find((letter) => letter.agent === agent.id)
      const replay = await ground.ask(`/v1/dead-letters/${mine?.id}/replay`, { method: 'POST' })
      expect(replay.json).toEqual({ stored: true })
    },
  },
  {
    name: 'an agent sends a waybill for another namespace',
    async run(ground) {
      const agent = await ground.agent()
      const answer = await agent.send(
        ground.url,
        agent.seal([agent.event()], { manifest: { namespace: 'finance' } }),
      )
      expect([answer.status, answer.json.code]).toEqual([403, 'forbidden'])
    },
  },
  {
    name: 'a forged event carries the id of an alert, to silence it',
    async run(ground) {
      const agent = await ground.agent()
      const id = 'failed-logins-user.attack.mike'
      const forged = agent.event({
        audit: { category: 'security', entity: { id, type: 'alert' } },
      })
      const event = { ...forged, event: { ...(forged.event as object), action: 'alert', kind: 'alert' } }
      expect((await agent.send(ground.url, agent.seal([event]))).json).toMatchObject({ stored: 1 })
      const alert = {
        id,
        at: '2026-01-22T10:08:00Z',
        message: 'mike failed to sign in',
        count: 5,
        group: {},
        events: [],
      }
      const delivery = { rule: 'failed-logins-user', alerts: [alert], more: 0 }
      const headers = { authorization: `Bearer ${WATCHER}` }
      const tell = async (execution: string) =>
        (await ground.ask('/v1/alerts', { json: { ...delivery, execution }, headers })).json
      expect(await tell('run-1')).toEqual({ taken: 1, known: 0 })
      expect(await tell('run-2')).toEqual({ taken: 0, known: 1 })
    },
  },
  {
    name: 'an agent claims the declared id of a record before the agent that reads it',
    async run(ground) {
      const [thief, honest] = [await ground.agent(), await ground.agent()]
      await thief.send(ground.url, thief.seal([record(thief, 'LOG-1', 'nothing happened')]))
      const event = record(honest, 'LOG-1', 'mallory was made an admin')
      expect((await honest.send(ground.url, honest.seal([event]))).json).toMatchObject({
        stored: 1,
        duplicate: 0,
        dead: 0,
      })
      // The same words do not help either, and what comes again is a duplicate.
      await thief.send(ground.url, thief.seal([record(thief, 'LOG-2', 'payment approved')]))
      const second = record(honest, 'LOG-2', 'payment approved')
      expect((await honest.send(ground.url, honest.seal([event, second]))).json).toMatchObject({
        stored: 1,
        duplicate: 1,
      })
      expect(await ground.events(`audit.seal.agent: ${honest.id}`)).toHaveLength(2)
    },
  },
  {
    name: 'an agent counts on to the next ids of a file of another agent',
    async run(ground) {
      const [thief, honest] = [await ground.agent(), await ground.agent()]
      const [first, next] = honest.events(2)
      if (first === undefined || next === undefined) throw new Error('no events')
      await honest.send(ground.url, honest.seal([first]))
      await thief.send(
        ground.url,
        thief.seal([{ ...next, agent: { id: thief.id }, message: 'nothing happened' }]),
      )
      expect((await honest.send(ground.url, honest.seal([next]))).json).toMatchObject({ stored: 1, dead: 0 })
      expect(await ground.events(`audit.seal.agent: ${honest.id}`)).toHaveLength(2)
    },
  },
  {
    name: 'a waybill is put into a chain in place of another, and one cites what never was',
    async run(ground) {
      const agent = await ground.agent()
      const before = await figure(ground, 'waybill_chain_breaks_total')
      await agent.send(ground.url, agent.seal(agent.events(1)))
      const other = 'ab'.repeat(32)
      const odd = agent.seal(agent.events(1), { manifest: { previous: other as never } })
      expect((await agent.send(ground.url, odd)).status).toBe(200)
      expect((await agent.send(ground.url, odd)).status).toBe(200)
      const incarnation = agent.incarnation
      agent.incarnation = 'cd'.repeat(16)
      agent.sequence = 0
      agent.previous = null
      const cites = { incarnation, sequence: 9, hash: other } as never
      expect(
        (await agent.send(ground.url, agent.seal(agent.events(1), { manifest: { cites } }))).status,
      ).toBe(200)
      const told = await ground.events(
        `event.action: waybill-chain-break and audit.entity.name: ${agent.name}`,
      )
      expect(told).toHaveLength(2)
      expect(await figure(ground, 'waybill_chain_breaks_total')).toBe(before + 2)
      const { agents } = (await ground.ask('/v1/agents')).json as {
        agents: { id: string; breaks: unknown[] }[]
      }
      expect(agents.find(({ id }) => id === agent.id)?.breaks).toMatchObject([
        { sequence: 2, reason: expect.stringContaining(`follows ${other}`) },
        { sequence: 1, reason: expect.stringContaining('which is not stored') },
      ])
    },
  },
  {
    name: '100 strangers announce manifests of 60 MiB and stall, beside 61 honest waybills',
    async run(ground) {
      const start = Buffer.concat([frame(MANIFEST, 60 * 1024 * 1024), Buffer.alloc(40_000, 0x20)])
      const sockets = await stalled(ground, 100, start)
      await honestOnesAreTaken(ground)
      for (const socket of sockets) socket.destroy()
    },
  },
  {
    name: '100 strangers who name a known agent begin long manifests and stall, beside 61 honest waybills',
    async run(ground) {
      const known = await ground.agent()
      const names = Buffer.from(`{"agent":"${known.id}","bytes":0,"key":"${known.key}","pad":"`)
      const start = Buffer.concat([
        frame(MANIFEST, LIMITS.manifestBytes),
        names,
        Buffer.alloc(1024 * 1024, 0x61),
      ])
      const sockets = await stalled(ground, 100, start)
      await honestOnesAreTaken(ground)
      for (const socket of sockets) socket.destroy()
    },
  },
  {
    name: 'an agent announces 60 MiB eight times over and stalls, beside 61 honest waybills',
    async run(ground) {
      const rogue = await ground.agent()
      const { body } = rogue.sealLines(['{}'], { manifest: { bytes: 60 * 1024 * 1024 } })
      const sockets = await stalled(ground, 8, body.subarray(0, body.length - 1))
      await honestOnesAreTaken(ground)
      for (const socket of sockets) socket.destroy()
    },
  },
  {
    name: 'an agent sends one event of 20 MB',
    async run(ground) {
      const agent = await ground.agent()
      const large = agent.event()
      const event = { ...large, event: { ...(large.event as object), original: 'x'.repeat(20_000_000) } }
      await buried(ground, agent, [event], /the event has \d+ bytes, and an event may have/)
    },
  },
  {
    name: 'an agent sends more than its quota, and slows down nobody but itself',
    async run(ground) {
      const [greedy, other] = [await ground.agent(), await ground.agent()]
      const sealed = Array.from({ length: 6 }, () => greedy.seal(greedy.events(LIMITS.batchRecords)))
      const answers = await Promise.all(sealed.map((one) => greedy.send(ground.url, one)))
      const refused = sealed.filter((_, i) => answers[i]?.status === 429)
      expect(refused.length).toBeGreaterThan(0)
      const waits = answers
        .filter(({ status }) => status === 429)
        .map(({ headers }) => Number(headers['retry-after']))
      expect(Math.min(...waits)).toBeGreaterThan(0)
      expect((await other.send(ground.url, other.seal(other.events(10)))).status).toBe(200)
      expect(await ground.events(`event.action: agent-slow and audit.entity.id: ${greedy.id}`)).toHaveLength(
        1,
      )
      const { agents } = (await ground.ask('/v1/agents')).json as {
        agents: { id: string; slowed: unknown }[]
      }
      expect(agents.find(({ id }) => id === greedy.id)?.slowed).toMatchObject({ why: 'events' })
      expect(agents.find(({ id }) => id === other.id)?.slowed).toBeNull()
      // Nothing is lost: it comes again when it may.
      for (const one of refused)
        await until(
          () => greedy.send(ground.url, one),
          ({ status }) => status === 200,
        )
    },
  },
  {
    name: "a heartbeat takes the name of another agent, or the indexer's",
    async run(ground) {
      const [agent, victim] = [await ground.agent(), await ground.agent()]
      const listed = async () => {
        const { agents } = (await ground.ask('/v1/agents')).json as {
          agents: { id: string; name: string; host: string }[]
        }
        return agents.find(({ id }) => id === agent.id)
      }
      const names = [victim.name, victim.name.toUpperCase(), ` ${victim.name}`, 'waybill indexer']
      for (const [i, name] of names.entries()) {
        const json = agent.heartbeat({ beat: i + 1, name, host: victim.host })
        expect((await ground.ask('/v1/heartbeat', { json })).status).toBe(200)
        expect(await listed()).toMatchObject({ name: agent.name, host: agent.host })
      }
      const told = await ground.events(`event.action: agent-rename and audit.entity.id: ${agent.id}`)
      expect(told).toHaveLength(names.length)
      // A name that nobody has is its own affair.
      const renamed = agent.heartbeat({ beat: 9, name: `${agent.name}-renamed` })
      await ground.ask('/v1/heartbeat', { json: renamed })
      expect(await listed()).toMatchObject({ name: `${agent.name}-renamed` })
    },
  },
  {
    name: 'a token for some hosts is used on another',
    async run(ground) {
      const { json } = await ground.ask('/v1/agents/tokens', { json: { hosts: ['db-*.example'], uses: 2 } })
      const token = String(json.token)
      const wrong = await new TestAgent({ name: 'w', host: 'web-9.example' }).enroll(ground.url, token)
      expect([wrong.status, wrong.json.detail]).toEqual([401, expect.stringContaining('is for db-*.example')])
      const right = await TestAgent.enrolled(ground.url, token, { name: 'db-9', host: 'db-9.example' })
      const events = ['db-9.example', 'DB-8.example'].map((name) => right.event({ host: { name } }))
      expect((await right.send(ground.url, right.seal(events))).json).toMatchObject({ stored: 2 })
    },
  },
]
