import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { DerivedShape } from '../../../schema/api/index.ts'
import type { AuditEvent } from '../../../schema/index.ts'
import { fullName, matches, namedField, parseQuery, QueryError } from '../../query/index.ts'
import type { Split } from '../../store/port.ts'
import { plainAggregate } from '../../store/testing/plain-aggregate.ts'

interface Counted {
  readonly q?: string
  readonly from?: string
  readonly to?: string
  readonly by?: readonly Split[]
}

/** As the API takes it: short names, and the hour by name. */
function splitOf(split: Split): Split {
  if (split.kind === 'values') return { ...split, field: fullName(namedField(split.field)!) }
  return split.kind === 'time' && String(split.every) === 'hour' ? { ...split, every: 3_600_000 } : split
}

/** An indexer's HTTP interface over events in memory, on a real socket: what the command's tests talk to. */
export interface TestIndexer {
  readonly url: string
  readonly events: AuditEvent[]
  /** What is answered beside an event. */
  derived: DerivedShape | null
  readonly letters: Map<string, { reason: string; replays: boolean; line: string }>
  readonly agents: unknown[]
  readonly seen: { method: string; url: string; authorization: string | undefined; body: unknown }[]
  /** Answers each request that it wants to; the others go the usual way. */
  intercept: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined
  /** Stops listening and cuts all connections; what is stored stays. */
  stop(): Promise<void>
  start(): Promise<void>
}

export async function testIndexer(): Promise<TestIndexer> {
  let server: Server | undefined
  let port = 0
  const indexer: TestIndexer = {
    get url() {
      return `http://127.0.0.1:${port}`
    },
    events: [],
    derived: null,
    letters: new Map(),
    agents: [],
    seen: [],
    intercept: undefined,
    async stop() {
      const stopped = Promise.withResolvers<void>()
      if (server === undefined) return
      server.close(() => stopped.resolve())
      server.closeAllConnections()
      server = undefined
      await stopped.promise
    },
    async start() {
      const listening = Promise.withResolvers<void>()
      server = createServer((request, response) => {
        answer(indexer, request, response).catch((error: unknown) => response.destroy(error as Error))
      })
      server.once('error', listening.reject)
      server.listen(port, '127.0.0.1', listening.resolve)
      await listening.promise
      port = (server.address() as AddressInfo).port
    },
  }
  await indexer.start()
  return indexer
}

export function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  type = 'application/json',
): void {
  response.writeHead(status, { 'content-type': type }).end(JSON.stringify(body))
}

export function problem(
  response: ServerResponse,
  status: number,
  code: string,
  detail: string,
  more = {},
): void {
  json(response, status, { title: 'No', status, detail, code, ...more }, 'application/problem+json')
}

async function answer(
  indexer: TestIndexer,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString()
  const { method = '', url: target = '' } = request
  indexer.seen.push({
    method,
    url: target,
    authorization: request.headers.authorization,
    body: text === '' ? undefined : JSON.parse(text),
  })
  if (indexer.intercept?.(request, response)) return
  const url = new URL(target, indexer.url)
  const parts = url.pathname.split('/').slice(2).map(decodeURIComponent)
  const [what, id, action] = parts
  const asked = (name: string): string | null => url.searchParams.get(name)
  if (what === 'search' || what === 'arrivals') {
    let found: AuditEvent[]
    try {
      const query = parseQuery(asked('q') ?? '', { now: Date.now() })
      found = indexer.events.filter((event) => matches(query, event))
    } catch (error) {
      if (!(error instanceof QueryError)) throw error
      return problem(response, 400, 'bad-query', error.message, { column: error.column })
    }
    const limit = asked('limit')
    if (what === 'search') {
      if (asked('sort') !== 'oldest') found = found.toReversed()
      response.writeHead(200, { 'content-type': 'application/x-ndjson' })
      const most = limit === null ? undefined : Number(limit)
      for (const event of found.slice(0, most)) {
        if (response.destroyed) return
        if (!response.write(`${JSON.stringify(event)}\n`)) await drained(response)
      }
      response.end()
      return
    }
    const after = asked('after')
    const end = indexer.events.length
    if (after === null) return json(response, 200, { events: [], next: String(end) })
    const events = indexer.events.slice(Number(after), end).filter((event) => found.includes(event))
    return json(response, 200, { events, next: String(end) })
  }
  if (what === 'aggregate') {
    const { q = '', from, to, by = [] } = JSON.parse(text) as Counted
    try {
      const answer = plainAggregate(indexer.events, {
        query: parseQuery(q, { now: Date.now() }),
        ...(from !== undefined && { from: Date.parse(from) }),
        ...(to !== undefined && { to: Date.parse(to) }),
        by: by.map(splitOf),
      })
      return json(response, 200, { ...answer, partial: null })
    } catch (error) {
      if (!(error instanceof QueryError)) throw error
      return problem(response, 400, 'bad-query', error.message, { column: error.column })
    }
  }
  if (what === 'events') {
    const event = indexer.events.find((one) => idOf(one) === id)
    return event === undefined
      ? problem(response, 404, 'not-found', 'no such event')
      : json(response, 200, { event, derived: indexer.derived })
  }
  if (what === 'agents') {
    if (method === 'GET') return json(response, 200, { agents: indexer.agents })
    if (id === 'tokens')
      return json(response, 200, { token: 'tok-1', expires: Date.UTC(2026, 0, 22), uses: 1 })
    if (id !== 'a1') return problem(response, 404, 'not-found', 'no such agent')
    return json(response, 200, { id, revoked: true })
  }
  if (what === 'dead-letters') {
    if (id === undefined) {
      const limit = Number(asked('limit') ?? 100)
      const start = Number(asked('after') ?? 0)
      const all = [...indexer.letters.keys()]
      const letters = all.slice(start, start + limit).map((one) => letterOf(indexer, one))
      const next = start + limit < all.length ? String(start + limit) : null
      return json(response, 200, { letters, next, total: all.length })
    }
    const letter = indexer.letters.get(id)
    if (letter === undefined) return problem(response, 404, 'not-found', 'no such letter')
    if (action === 'replay')
      return json(response, 200, letter.replays ? { stored: true } : { stored: false, reason: letter.reason })
    if (method === 'DELETE') {
      indexer.letters.delete(id)
      response.writeHead(204).end()
      return
    }
    return json(response, 200, letterOf(indexer, id))
  }
  return problem(response, 404, 'not-found', 'no such route')
}

function letterOf(indexer: TestIndexer, id: string): object {
  const letter = indexer.letters.get(id)
  return {
    id,
    at: Date.UTC(2026, 0, 22, 10),
    kind: 'invalid',
    reason: letter?.reason,
    eventId: 'e1',
    agent: 'a1',
    incarnation: 'f'.repeat(32),
    sequence: 7,
    position: 3,
    source: '0'.repeat(32),
    line: letter?.line,
    bytes: letter?.line.length,
    raw: Buffer.from(letter?.line ?? '').toString('base64'),
  }
}

function idOf(event: AuditEvent): unknown {
  const { event: about } = event
  return typeof about === 'object' && about !== null && 'id' in about ? about.id : undefined
}

function drained(response: ServerResponse): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const done = (): void => {
    response.off('drain', done).off('close', done)
    resolve()
  }
  response.on('drain', done).on('close', done)
  return response.destroyed ? Promise.resolve() : promise
}
