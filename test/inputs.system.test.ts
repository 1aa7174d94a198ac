import { createHmac } from 'node:crypto'
import { createServer } from 'node:http'
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

it('killed again and again while it fetches, the agent stores every entry of an audit log once', {
  timeout: 180_000,
}, async () => {
  const entries = Array.from({ length: 1500 }, (_, n) => ({
    _document_id: `d${n}`,
    '@timestamp': Date.UTC(2026, 0, 1) + n * 1000,
    action: 'repo.create',
    actor: 'jane',
  }))
  // GitHub's API: entries from a time on, oldest first, with a link to the next page.
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', `http://127.0.0.1:${port}`)
    const since = Date.parse((url.searchParams.get('phrase') ?? '').slice('created:>='.length))
    const found = entries.filter((entry) => entry['@timestamp'] >= since)
    const from = Number(url.searchParams.get('after') ?? 0)
    url.searchParams.set('after', String(from + 50))
    const link = from + 50 < found.length ? { link: `<${url.href}>; rel="next"` } : {}
    setTimeout(() => response.writeHead(200, link).end(JSON.stringify(found.slice(from, from + 50))), 15)
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  try {
    system.writeAgentConfig(
      `  - fetch: { from: github, name: github, url: "http://127.0.0.1:${port}", owner: orgs/acme, token: t, every: 1s, since: "2026-01-01T00:00:00Z" }`,
    )
    let agent = system.startAgent()
    const fetched = async (): Promise<number> =>
      ((await system.events('event.module: github')) as Received[]).length
    for (let round = 0; round < 5; round++) {
      const before = await fetched()
      await until('it goes on', async () => (await fetched()) > before || before === entries.length)
      await kill(agent, 'SIGKILL')
      agent = system.startAgent()
    }
    await until('all are stored', async () => (await fetched()) >= entries.length)
    const { total } = await acknowledged()
    const ids = (await system.events('event.module: github')).map(({ event }) => event.id)
    expect(ids.length).toBe(entries.length)
    expect(new Set(ids).size).toBe(entries.length)
    expect(total).toMatchObject({ stored: entries.length, dead: 0 })
    expect(total.read).toBe(total.stored + total.duplicate)
  } finally {
    server.closeAllConnections()
    server.close()
  }
})

it('a webhook that is delivered twice is stored once, and one with a wrong signature never', async () => {
  system.writeAgentConfig(
    `  - webhook: { listen: "127.0.0.1:${port}", hooks: { /github: { from: github, secret: the-secret } } }`,
  )
  system.startAgent()
  await listening()
  const body = '{"action":"created","repository":{"full_name":"acme/shop"},"sender":{"login":"jane"}}'
  const deliver = (secret: string): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}/github`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-github-event': 'repository',
        'x-github-delivery': '72d3162e-cc78-11e3-81ab-4c9367dc0958',
        'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
      },
      body,
    })
  expect((await deliver('another')).status).toBe(401)
  expect((await deliver('the-secret')).status).toBe(200)
  expect((await deliver('the-secret')).status).toBe(200)
  const { total } = await acknowledged()
  expect(total).toMatchObject({ read: 2, stored: 1, duplicate: 1 })
  const [event] = await system.events('event.module: github')
  expect(event).toMatchObject({
    event: { code: 'github.repository.created', action: 'repository.created' },
    user: { name: 'jane' },
    audit: { channel: 'webhook', seal: { received: true }, entity: { name: 'acme/shop' } },
  })
  expect(system.output('agent')).not.toContain('the-secret')
})
