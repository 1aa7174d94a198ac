import { createPublicKey, type KeyObject, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parseArgs, promisify } from 'node:util'
import { gunzip, zstdDecompress } from 'node:zlib'
import { LIMITS, leavesOf, merkleRoot } from '../../schema/index.ts'
import {
  type Acknowledgement,
  AGENT_SETTINGS_PATH,
  decodeWaybill,
  enrollRequestSchema,
  type Heartbeat,
  type Manifest,
  type Problem,
  type SealedWaybill,
  type SliceAnswer,
  signedHeartbeatSchema,
  verifyHeartbeat,
  verifyWaybill,
  WaybillFormatError,
} from '../../schema/wire/index.ts'

/**
 * A sink for waybills: it enrolls every agent, checks waybills, acknowledges them and forgets them. For trials of delivery it fails in any
 * requested way, and remembers what arrived; for measurements it does as little as an honest indexer may.
 */
export interface SinkOptions {
  readonly port?: number
  /** `signature` checks the seal of each manifest; `full` also decompresses, counts and builds the tree. */
  readonly verify?: 'signature' | 'full'
  /** Whether it remembers event ids (which needs `full`), reports duplicates, and keeps the waybills. */
  readonly remember?: boolean
  readonly clock?: () => number
}

export interface Arrival {
  readonly manifest: Manifest
  readonly hash: string
}

/** A fault of one request for a waybill. */
export type Fault =
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly code?: Problem['code']
      readonly retryAfter?: string
      readonly text?: string
    }
  /** Stored, and the connection cut before the answer. */
  | { readonly kind: 'lose-answer' }
  /** The connection cut before anything is stored. */
  | { readonly kind: 'cut' }
  /** Takes the request and never answers. */
  | { readonly kind: 'hang' }
  /** Stored; the answer comes in small pieces over this many milliseconds. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** Stored; the answer comes when the promise is fulfilled. */
  | { readonly kind: 'held'; readonly until: Promise<void> }
  /** Stores the waybill, and changes the answer in transit. */
  | { readonly kind: 'garble'; readonly change: (answer: Acknowledgement) => unknown }

export interface Sink {
  readonly url: string
  /** Every waybill that was stored, in the order of arrival, if they are remembered. */
  readonly arrivals: readonly Arrival[]
  /** Ids of stored events, each once, if they are remembered. */
  readonly ids: ReadonlySet<string>
  readonly heartbeats: readonly Heartbeat[]
  readonly stored: { waybills: number; events: number; duplicates: number }
  /** Asked for each waybill; null lets it pass. Another call takes the place of this one. */
  fault(choose: ((arrival: { manifest: Manifest; request: number }) => Fault | null) | null): void
  /** This many of the next requests go wrong like this. */
  failNext(times: number, fault: Fault): void
  /** This many of the next requests are not even read: the other end of a connection that is only half there. */
  ignoreNext(times: number): void
  requests(): number
  /** Has these central settings from now on: heartbeats name the version, and anybody who asks is answered like this. */
  offer(version: string, answer: { status: number; text: string }): void
  /** Says from now on that heartbeats may have notices; an indexer of an earlier version doesn't. */
  takeNotices(): void
  /** The requests of agents for settings. */
  readonly questions: readonly { authorization: string | undefined; known: string | undefined }[]
  /** Another sink, which knows what this one knew at that time (ms since 1970), if it remembers. */
  twin(at: number): Promise<Sink>
  /** Requests that were refused since another waybill has their number. */
  forks(): number
  /** Forgets all agents. */
  revoke(): void
  close(): Promise<void>
}

export async function startSink(options: SinkOptions = {}): Promise<Sink> {
  const sink = new BulkOfNothing(options)
  await sink.listen(options.port ?? 0)
  return sink
}

const inflate = { zstd: promisify(zstdDecompress), gzip: promisify(gunzip) }

class BulkOfNothing implements Sink {
  readonly arrivals: Arrival[] = []
  readonly ids = new Set<string>()
  readonly heartbeats: Heartbeat[] = []
  readonly questions: { authorization: string | undefined; known: string | undefined }[] = []
  #offered: { version: string; answer: { status: number; text: string } } | null = null
  readonly stored = { waybills: 0, events: 0, duplicates: 0 }
  readonly #verify: 'signature' | 'full'
  readonly #remember: boolean
  readonly #clock: () => number
  readonly #agents = new Map<string, { key: string; publicKey: KeyObject }>()
  /** Hash and answer by agent, incarnation and sequence. */
  readonly #known = new Map<string, { hash: string; answer: Acknowledgement }>()
  readonly #server = createServer((request, response) => {
    this.#serve(request, response).catch((problem: unknown) => {
      if (!response.headersSent) refuse(response, 500, 'internal', String(problem))
      else response.destroy()
    })
  })
  #choose: ((arrival: { manifest: Manifest; request: number }) => Fault | null) | null = null
  /** The history of stored waybills, if it is remembered. */
  readonly #history: {
    at: number
    place: string
    hash: string
    answer: Acknowledgement
    ids: readonly string[]
  }[] = []
  #forks = 0
  #requests = 0
  #deaf = 0
  #takesNotices = false

  constructor(options: SinkOptions) {
    this.#remember = options.remember ?? false
    this.#verify = this.#remember ? 'full' : (options.verify ?? 'signature')
    this.#clock = options.clock ?? Date.now
  }

  get url(): string {
    const address = this.#server.address() as AddressInfo
    return `http://127.0.0.1:${address.port}`
  }

  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, '127.0.0.1', resolve)
    })
  }

  fault(choose: ((arrival: { manifest: Manifest; request: number }) => Fault | null) | null): void {
    this.#choose = choose
  }

  failNext(times: number, fault: Fault): void {
    let left = times
    this.#choose = () => (left-- > 0 ? fault : null)
  }

  ignoreNext(times: number): void {
    this.#deaf = times
  }

  requests(): number {
    return this.#requests
  }

  offer(version: string, answer: { status: number; text: string }): void {
    this.#offered = { version, answer }
  }

  takeNotices(): void {
    this.#takesNotices = true
  }

  revoke(): void {
    this.#agents.clear()
  }

  forks(): number {
    return this.#forks
  }

  async twin(at: number): Promise<Sink> {
    const twin = new BulkOfNothing({ remember: true, clock: this.#clock })
    for (const [agent, known] of this.#agents) twin.#agents.set(agent, known)
    for (const one of this.#history) {
      if (one.at > at) continue
      twin.#known.set(one.place, { hash: one.hash, answer: one.answer })
      for (const id of one.ids) twin.ids.add(id)
    }
    await twin.listen(0)
    return twin
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#server.closeAllConnections()
    await closed
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    switch (`${request.method} ${request.url}`) {
      case 'POST /v1/waybills':
        return await this.#takeWaybill(request, response)
      case 'POST /v1/enroll':
        return await this.#enroll(await bodyOf(request), response)
      case 'POST /v1/heartbeat':
        return await this.#takeHeartbeat(await bodyOf(request), response)
      case `GET ${AGENT_SETTINGS_PATH}`:
        return this.#giveSettings(request, response)
      case 'GET /healthz':
        return send(response, 200, { ok: true })
      default:
        return refuse(
          response,
          404,
          'not-found',
          `${request.method} ${request.url} is nothing that a sink knows`,
        )
    }
  }

  async #enroll(body: Buffer, response: ServerResponse): Promise<void> {
    const read = enrollRequestSchema.safeParse(JSON.parse(body.toString('utf8')))
    if (!read.success) return refuse(response, 400, 'bad-request', read.error.message)
    const publicKey = createPublicKey(read.data.publicKey)
    const text = publicKey.export({ type: 'spki', format: 'der' }).toString('hex')
    // The same key is the same agent: its first answer may have been lost.
    for (const [agent, known] of this.#agents) {
      if (known.publicKey.export({ type: 'spki', format: 'der' }).toString('hex') === text) {
        return send(response, 200, { agent, key: known.key, namespace: 'default' })
      }
    }
    const agent = `agent-${randomBytes(6).toString('hex')}`
    this.#agents.set(agent, { key: 'k1', publicKey })
    send(response, 200, { agent, key: 'k1', namespace: 'default' })
  }

  async #takeHeartbeat(body: Buffer, response: ServerResponse): Promise<void> {
    const read = signedHeartbeatSchema.safeParse(JSON.parse(body.toString('utf8')))
    if (!read.success) return refuse(response, 400, 'bad-request', read.error.message)
    const agent = this.#agents.get(read.data.heartbeat.agent)
    if (agent === undefined || !verifyHeartbeat(read.data, agent.publicKey)) {
      return refuse(
        response,
        401,
        'unauthorised',
        'The signature is not that of an agent that is known here.',
      )
    }
    this.heartbeats.push(read.data.heartbeat)
    if (!this.#remember) this.heartbeats.splice(0, this.heartbeats.length - 1)
    const settings = this.#offered === null ? {} : { settings: this.#offered.version }
    const notices = this.#takesNotices ? { takesNotices: true } : {}
    send(response, 200, { now: this.#clock(), ...settings, ...notices })
  }

  #giveSettings(request: IncomingMessage, response: ServerResponse): void {
    const { authorization, 'if-none-match': known } = request.headers
    this.questions.push({ authorization, known })
    const offered = this.#offered
    if (offered === null) refuse(response, 404, 'not-found', 'this sink has no settings')
    else if (known === `"${offered.version}"`) {
      response.writeHead(304).end()
    } else {
      const { status, text } = offered.answer
      response.writeHead(status, { 'content-type': 'application/json' }).end(text)
    }
  }

  async #takeWaybill(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#requests++
    if (this.#deaf > 0) {
      this.#deaf--
      return
    }
    const body = await bodyOf(request)
    let waybill: SealedWaybill
    try {
      waybill = decodeWaybill(body)
    } catch (problem) {
      if (!(problem instanceof WaybillFormatError)) throw problem
      return refuse(response, 400, 'bad-request', problem.message)
    }
    const { manifest } = waybill
    const fault = this.#choose?.({ manifest, request: this.#requests }) ?? null
    switch (fault?.kind) {
      case 'answer':
        return answerWith(response, fault)
      case 'cut':
        request.socket.destroy()
        return
      case 'hang':
        return
    }
    const agent = this.#agents.get(manifest.agent)
    if (agent === undefined || agent.key !== manifest.key || !verifyWaybill(waybill, agent.publicKey)) {
      return refuse(
        response,
        401,
        'unauthorised',
        'The signature is not that of an agent that is known here.',
      )
    }
    const place = `${manifest.agent}/${manifest.incarnation}/${manifest.sequence}`
    const known = this.#known.get(place)
    if (known !== undefined && known.hash !== waybill.hash) {
      this.#forks++
      return refuse(
        response,
        409,
        'fork',
        `Number ${manifest.sequence} of this incarnation is another waybill.`,
      )
    }
    const ids: string[] = []
    const answer = known === undefined ? await this.#store(waybill, ids) : { ...known.answer, again: true }
    if (typeof answer === 'string') return refuse(response, 422, 'refused', answer)
    if (known === undefined && this.#remember) {
      this.#known.set(place, { hash: waybill.hash, answer })
      this.#history.push({ at: Date.now(), place, hash: waybill.hash, answer, ids })
    }
    switch (fault?.kind) {
      case 'lose-answer':
        request.socket.destroy()
        return
      case 'slow':
        return trickle(response, JSON.stringify(answer), fault.ms)
      case 'held':
        await fault.until
        return send(response, 200, answer)
      case 'garble':
        return send(response, 200, fault.change(answer))
      default:
        send(response, 200, answer)
    }
  }

  /** Returns a sentence if the content does not match the manifest. */
  async #store({ manifest, hash, payload }: SealedWaybill, ids: string[]): Promise<Acknowledgement | string> {
    let sources: SliceAnswer[] = manifest.sources.map(({ events }) => ({
      stored: events,
      duplicate: 0,
      dead: 0,
    }))
    if (this.#verify === 'full') {
      const lines = await linesOf(manifest, payload).catch(() => null)
      if (lines === null) return `The payload is no ${manifest.encoding}.`
      const { leaves, count } = leavesOf(lines, 1, lines.length)
      if (count !== manifest.events)
        return `The manifest speaks of ${manifest.events} events, and there are ${count}.`
      if (lines.length - 1 !== manifest.bytes)
        return `The manifest speaks of ${manifest.bytes} bytes, and there are ${lines.length - 1}.`
      if (merkleRoot(leaves).toString('hex') !== manifest.root)
        return 'The Merkle root is not that of the events.'
      const named = namedIn(lines, manifest.agent)
      if (named !== null) return `An event is of agent ${named}, and agent ${manifest.agent} sent it.`
      if (this.#remember) sources = this.#rememberEvents(manifest, lines, ids)
    }
    const sum = (part: 'stored' | 'duplicate'): number => sources.reduce((all, one) => all + one[part], 0)
    const stored = sum('stored')
    const duplicate = sum('duplicate')
    this.stored.waybills++
    this.stored.events += stored
    this.stored.duplicates += duplicate
    if (this.#remember) this.arrivals.push({ manifest, hash })
    return { acknowledged: true, hash, again: false, stored, duplicate, dead: 0, sources, reasons: [] }
  }

  #rememberEvents(manifest: Manifest, lines: Buffer, ids: string[]): SliceAnswer[] {
    const texts = lines.toString('utf8', 1).split('\n')
    let at = 0
    return manifest.sources.map(({ events }) => {
      const answer = { stored: 0, duplicate: 0, dead: 0 }
      for (let i = 0; i < events; i++) {
        const id = idOf(texts[at++] ?? '')
        if (this.ids.has(id)) answer.duplicate++
        else answer.stored++
        this.ids.add(id)
        ids.push(id)
      }
      return answer
    })
  }
}

/** Returns another agent that any of these events names, or null. */
function namedIn(lines: Buffer, agent: string): string | null {
  for (const [, named] of lines.toString('utf8', 1).matchAll(/"agent":\{"id":"([^"]*)"/g))
    if (named !== undefined && named !== agent) return named
  return null
}

function idOf(line: string): string {
  const event: unknown = JSON.parse(line)
  if (typeof event === 'object' && event !== null && 'event' in event) {
    const inner = event.event
    if (typeof inner === 'object' && inner !== null && 'id' in inner) return String(inner.id)
  }
  throw new Error('an event has no id')
}

/** The NDJSON with a byte before it, as `leavesOf` wants it. */
async function linesOf(manifest: Manifest, payload: Buffer): Promise<Buffer> {
  if (payload.length === 0) return Buffer.alloc(1)
  const lines = await inflate[manifest.encoding](payload, { maxOutputLength: LIMITS.batchBytes })
  return Buffer.concat([Buffer.alloc(1), lines])
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part)
  return Buffer.concat(parts)
}

function send(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}

function refuse(response: ServerResponse, status: number, code: Problem['code'], detail: string): void {
  send(response, status, { title: code, status, detail, code } satisfies Problem)
}

function answerWith(response: ServerResponse, fault: Extract<Fault, { kind: 'answer' }>): void {
  const headers = fault.retryAfter === undefined ? {} : { 'retry-after': fault.retryAfter }
  if (fault.text !== undefined) {
    response.writeHead(fault.status, { 'content-type': 'text/html', ...headers }).end(fault.text)
    return
  }
  const code = fault.code ?? codeFor(fault.status)
  send(
    response,
    fault.status,
    { title: code, status: fault.status, detail: 'as the trial asked for', code },
    headers,
  )
}

function codeFor(status: number): Problem['code'] {
  switch (status) {
    case 400:
      return 'bad-request'
    case 401:
      return 'unauthorised'
    case 403:
      return 'forbidden'
    case 409:
      return 'fork'
    case 413:
      return 'too-large'
    case 422:
      return 'refused'
    case 429:
    case 503:
      return 'busy'
    case 507:
      return 'full'
    default:
      return 'internal'
  }
}

/** An answer that comes byte by byte, so to speak. */
function trickle(response: ServerResponse, text: string, ms: number): void {
  response.writeHead(200, { 'content-type': 'application/json' })
  const pieces = 8
  let at = 0
  const next = (): void => {
    const size = Math.ceil(text.length / pieces)
    response.write(text.slice(at, at + size))
    at += size
    if (at < text.length) setTimeout(next, ms / pieces)
    else response.end()
  }
  next()
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { port: { type: 'string', default: '0' }, full: { type: 'boolean', default: false } },
  })
  const sink = await startSink({ port: Number(values.port), verify: values.full ? 'full' : 'signature' })
  process.stdout.write(`${sink.url}\n`)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void sink.close())
}
