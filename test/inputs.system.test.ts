import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { freePort, kill, type StoredEvent, System, until } from './system/system.ts'

/** What arrives by HTTP, through the whole system: agent, journal, indexer, store. */
let system: System
let port: number
beforeEach(async () => {
  system = await System.make()
  port = await freePort()
  system.startIndexer()
  await system.ready()
})
afterEach(async () => {
  await system.end()
})

type Received = StoredEvent & {
  readonly audit: { readonly seal: { readonly received?: boolean } }
  readonly log?: { readonly source?: { readonly address?: string } }
}

async function listening(): Promise<void> {
  await until('the agent listens', async () => {
    const status = await system.status().catch(() => null)
    return status?.enrolled && (status.reception?.listeners.length ?? 0) > 0
  })
}

const stored = async (): Promise<Received[]> =>
  (await system.events('event.module: generic-json')) as Received[]

async function acknowledged() {
  return await until('all is acknowledged', async () => {
    const status = await system.status().catch(() => null)
    // A segment of the journal goes when all of it is acknowledged.
    return status?.enrolled && status.reception?.journal.bytes === 0 ? status : null
  })
}

const told = async (args: readonly string[]): Promise<string> =>
  (await system.command(['@bin/waybill-agent.js', ...args, '--config', 'agent.yml'])).stdout

interface Item {
  readonly create: { readonly status: number }
}

/** Sends records by `_bulk` until they are acknowledged, as a shipper does. */
async function ship(
  records: readonly { readonly id: string | null; readonly source: string }[],
): Promise<number> {
  const body = records
    .map(
      ({ id, source }) =>
        `${JSON.stringify({ create: { _index: 'app', ...(id !== null && { _id: id }) } })}\n${source}\n`,
    )
    .join('')
  for (let tries = 1; ; tries++) {
    const answer = await fetch(`http://127.0.0.1:${port}/_bulk`, { method: 'POST', body }).catch(() => null)
    if (answer?.status === 200) {
      const { items } = (await answer.json()) as { items: Item[] }
      expect(items.every(({ create }) => create.status === 201)).toBe(true)
      return tries
    }
    await pause(20)
  }
}

it('killed again and again while shippers send: what was acknowledged is stored, once where it has an id', {
  timeout: 180_000,
}, async () => {
  system.writeAgentConfig(`  - bulk: { listen: "127.0.0.1:${port}" }`)
  let agent = system.startAgent()
  await listening()
  let done = false
  const sent: { id: string | null; source: string }[] = []
  const shipper = async (name: string, hasIds: boolean): Promise<void> => {
    for (let n = 0; !done; n += 10) {
      const records = Array.from({ length: 10 }, (_, i) => ({
        id: hasIds ? `${name}-${n + i}` : null,
        source: `{"@timestamp":"2026-01-02T03:04:05.000Z","action":"order.updated","message":"${name} ${n + i}"}`,
      }))
      await ship(records)
      sent.push(...records)
    }
  }
  const shippers = [shipper('with', true), shipper('without', false), shipper('also-with', true)]
  for (let round = 0; round < 6; round++) {
    await pause(150 + 130 * round)
    await kill(agent, 'SIGKILL')
    agent = system.startAgent()
    await listening()
  }
  done = true
  await Promise.all(shippers)
  const { total } = await acknowledged()
  const events = await stored()
  const count = new Map<string, number>()
  for (const { message = '' } of events) count.set(message, (count.get(message) ?? 0) + 1)
  const messages = sent.map(({ source }) => (JSON.parse(source) as { message: string }).message)
  expect(messages.length).toBeGreaterThan(100)
  expect(messages.filter((message) => !count.has(message))).toEqual([])
  const twice = [...count].filter(([, times]) => times > 1).map(([message]) => message)
  expect(twice.filter((message) => !message.startsWith('without '))).toEqual([])
  expect(total.read).toBe(
    total.stored + total.duplicate + total.filtered + total.dead + total.quarantined + total.discarded,
  )
  expect(total.stored).toBe(events.length)
  expect(events.every(({ audit }) => audit.seal.received === true)).toBe(true)
})

it('a record is read by the integration of its index, has its sender, and is found by its mark', async () => {
  system.writeAgentConfig(
    `  - bulk: { listen: "127.0.0.1:${port}", indices: { "okta-*": okta }, labels: { site: hq } }`,
  )
  system.startAgent()
  await listening()
  const okta = {
    uuid: 'd9b5d9b0-0000-4000-8000-000000000001',
    published: '2026-01-02T03:04:05.000Z',
    eventType: 'user.session.start',
    outcome: { result: 'SUCCESS' },
    actor: { id: '00u1', alternateId: 'jane@example.org' },
  }
  const send = (): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}/_bulk`, {
      method: 'POST',
      body: `{"create":{"_index":"okta-logs"}}\n${JSON.stringify(okta)}\n{"create":{"_index":"app"}}\n{"action":"login","user":"bob"}\n`,
    })
  expect((await send()).status).toBe(200)
  expect((await send()).status).toBe(200)
  const { total } = await acknowledged()
  // The integration of Okta knows its events by their ids; the other record says nothing of the kind.
  expect(total).toMatchObject({ read: 4, stored: 3, duplicate: 1 })
  const [event] = (await system.events('event.module: okta and audit.seal.received: true')) as Received[]
  expect(event).toMatchObject({
    event: { code: 'okta.login', action: 'user.session.start' },
    user: { name: 'jane@example.org' },
    labels: { site: 'hq' },
    log: { source: { address: expect.stringMatching(/^127\.0\.0\.1:\d+$/) } },
  })
  expect(event).not.toHaveProperty('host')
  expect(event).not.toHaveProperty('log.file')
  expect(await told(['status'])).toContain(`bulk 127.0.0.1:${port}`)
})
