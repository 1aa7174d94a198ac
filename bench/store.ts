import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Enricher, type EnrichPlan } from '../indexer/enrich/index.ts'
import { BERLIN, mmdbOf } from '../indexer/enrich/testing/mmdb.ts'
import { parseQuery, type Query } from '../indexer/query/index.ts'
import {
  openElasticsearchStore,
  openEmbeddedStore,
  type Store,
  type StoreBatch,
} from '../indexer/store/index.ts'
import { type Category, declaredEventId, mintedEventId, mintedIdPrefix } from '../schema/index.ts'
import { startEngine } from '../test/engines/elasticsearch.ts'
import { batchOf, RECORD, SOURCE } from './batches.ts'
import { PlainBulk } from './plain-bulk.ts'
import { engineCpuSeconds } from './processes.ts'

/**
 * Measures how fast a store takes batches and answers searches: the embedded one, or that in Elasticsearch.
 *
 *   node bench/store.ts [events] [--ids minted|declared] [--enrich off|usual|all] [--dir folder] [--elasticsearch]
 *
 * `--enrich usual` enriches as an indexer with default settings does, with events that need no additions; `all` has a client and a public
 * address in each event, and a file of places.
 *
 * With `--elasticsearch` the same events are also written as a plain bulk of ECS documents (`plain-bulk.ts`), by turns, so that the
 * processor times of both show the price of exactly-once.
 *
 * Prints events/s, CPU seconds per million events (the store's; making the batches is not counted), bytes per event, peak RSS, and the
 * median and 95th percentile of usual queries.
 */

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    ids: { type: 'string', default: 'minted' },
    enrich: { type: 'string', default: 'off' },
    dir: { type: 'string' },
    elasticsearch: { type: 'boolean', default: false },
    seed: { type: 'string', default: '7' },
  },
})
const total = Number(positionals[0] ?? (values.elasticsearch ? 200_000 : 300_000))
const BATCH = 2400
const IN_FLIGHT = 6
/** By turns: a server becomes faster and slower within minutes. */
const ROUNDS = 4

let state = Number(values.seed)
function random(): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
  return state / 4_294_967_296
}
const below = (n: number): number => Math.floor(random() * n)
const pick = <Item>(list: readonly Item[]): Item => list[below(list.length)]!

const NAMES = ['jane', 'john', 'amir', 'lucy', 'wei', 'olga']
const FAMILIES = ['smith', 'doe', 'miller', 'zhang', 'novak']
const USERS = Array.from({ length: 2000 }, (_, i) => ({
  id: `u-${1000 + i}`,
  name: `${NAMES[i % 6]}.${FAMILIES[i % 5]}${i}`,
}))
const DEEDS: readonly (readonly [action: string, category: Category])[] = [
  ['record.update', 'change'],
  ['record.create', 'change'],
  ['record.delete', 'change'],
  ['user.login', 'security'],
  ['user.logout', 'security'],
  ['export.run', 'activity'],
  ['permission.change', 'security'],
  ['comment.add', 'activity'],
  ['job.run', 'system'],
]
const everything = values.enrich === 'all'
const ADDRESSES = Array.from({ length: 20_000 }, (_, i) => `81.${i % 200}.${(i * 7) % 256}.${(i * 13) % 256}`)
const CLIENTS = Array.from(
  { length: 60 },
  (_, i) =>
    `Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${70 + i}.0.0.0 Safari/537.36`,
)
const COMPONENTS = ['scheduler', 'mailer', 'importer', 'backup', 'sync', 'billing']
const ENTITIES = ['customer', 'invoice', 'order', 'project', 'time_entry', 'task']
const CHANGED = ['credit_limit', 'payment_terms', 'status', 'owner', 'amount', 'due_date']
const PREFIX = mintedIdPrefix(SOURCE, 0)
const START = Date.UTC(2026, 9, 1)

/** A line as the agent ships it, of about 1.5 KB with `event.original`. */
function line(i: number): string {
  const user = pick(USERS)
  const [action, category] = pick(DEEDS)
  const type = pick(ENTITIES)
  const id = `CUST-${below(1_000_000)}`
  const field = pick(CHANGED)
  const ip = everything ? pick(ADDRESSES) : `10.${below(256)}.${below(256)}.${below(256)}`
  const old = String(below(20_000))
  const next = String(below(20_000))
  const session = `sess_${below(1e9).toString(36)}`
  const time = new Date(START + i * 87).toISOString()
  const message = `${user.name} did ${action} on ${type} ${id}`
  const outcome = random() < 0.02 ? 'failure' : 'success'
  const payload = {
    build: `2026.11.${i % 7}`,
    customer_tier: pick(['gold', 'silver', 'bronze']),
    region: 'eu-west-1',
    request_id: below(1e12).toString(16),
  }
  const original = JSON.stringify({
    time,
    user: user.name,
    user_id: user.id,
    action,
    ip,
    type,
    id,
    session,
    outcome,
    field,
    old,
    next,
    message,
    ...payload,
  })
  const offset = i * RECORD
  const eventId =
    values.ids === 'declared' ? declaredEventId('bench', 'crm', [String(i)]) : mintedEventId(PREFIX, offset)
  // The members are in canonical order already.
  return JSON.stringify({
    '@timestamp': time,
    agent: { id: 'agent-bench', name: 'web-1', version: '0.1.0' },
    audit: {
      category,
      change: { after: [`${field}=${next}`], before: [`${field}=${old}`], fields: [field] },
      changes: [{ field, new: next, old }],
      component: category === 'system' ? pick(COMPONENTS) : undefined,
      entity: { id, type },
      payload,
      record_count: action === 'export.run' ? below(5000) : undefined,
      session: { id: session },
    },
    event: {
      action,
      duration: below(900) * 1e6,
      id: eventId,
      kind: 'event',
      module: 'generic-json',
      original,
      outcome,
      sequence: offset,
    },
    host: { name: 'web-1' },
    log: { file: { path: '/var/log/app/audit.jsonl' }, offset },
    message,
    source: { ip },
    user: { id: user.id, name: user.name },
    user_agent: everything ? { original: pick(CLIENTS) } : undefined,
  })
}

function planOf(): EnrichPlan | null {
  if (values.enrich === 'off') return null
  const networks = Array.from({ length: 200 }, (_, i) => [
    `81.${i}.0.0/16`,
    { ...BERLIN, city: { names: { en: `City ${i}` } } },
  ])
  const file = mmdbOf(Object.fromEntries(networks))
  const bytes = new SharedArrayBuffer(file.length)
  file.copy(Buffer.from(bytes))
  return { places: everything ? { bytes, version: 1 } : null, userAgent: true, related: true }
}
const plan = planOf()
const enricher = new Enricher()
let enriching = 0

/** Enriches lines, as the thread that checks waybills does in the indexer. */
function additionsTo(lines: Buffer): Pick<StoreBatch, 'additions'> {
  if (plan === null) return {}
  const before = process.threadCpuUsage()
  const { additions } = enricher.enrich(lines, plan)
  const used = process.threadCpuUsage(before)
  enriching += used.user + used.system
  return additions === null ? {} : { additions }
}

function nextBatch(sequence: number, from: number, count: number): StoreBatch {
  const parts: string[] = []
  for (let i = 0; i < count; i++) parts.push(line(from + i))
  const batch = batchOf(parts, { sequence, first: from, ingested: START + from * 87 })
  return { ...batch, ...additionsTo(batch.lines) }
}

/** Seconds that something took in all rounds: on the clock, and of processor time. */
class Spent {
  readonly #engine: BenchEngine | null
  #seconds = 0
  #cpu = 0
  #began: number | null = null
  #cpuBegan = process.cpuUsage()
  server = 0

  constructor(engine: BenchEngine | null) {
    this.#engine = engine
  }

  /** Also while it runs. */
  get seconds(): number {
    return this.#seconds + (this.#began === null ? 0 : (performance.now() - this.#began) / 1000)
  }

  /** Of this process, also while it runs. */
  get cpu(): number {
    if (this.#began === null) return this.#cpu
    const { user, system } = process.cpuUsage(this.#cpuBegan)
    return this.#cpu + (user + system) / 1e6
  }

  async during(work: () => Promise<unknown>): Promise<void> {
    const server = (await this.#engine?.cpuSeconds()) ?? 0
    this.#cpuBegan = process.cpuUsage()
    this.#began = performance.now()
    await work()
    const [seconds, cpu] = [this.seconds, this.cpu]
    this.#began = null
    this.#seconds = seconds
    this.#cpu = cpu
    this.server += ((await this.#engine?.cpuSeconds()) ?? 0) - server
  }
}

const dir = values.dir ?? (await mkdtemp(join(tmpdir(), 'waybill-bench-store-')))
const engine = values.elasticsearch ? await openEngine() : null
const store =
  engine?.store ??
  (await openEmbeddedStore({ path: dir, isTimed: true, log: (sentence) => console.error(sentence) }))
let peak = 0
const watch = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss())
}, 50)

const usual = (text: string): Query => parseQuery(text, { now: START })
const QUERIES: readonly (readonly [name: string, query: () => Query])[] = [
  ['word', () => usual(pick(['customer', 'login', 'silver', 'miller']))],
  ['phrase', () => usual('"did export run on invoice"')],
  ['user + action', () => usual(`user.name: "${pick(USERS).name}" and event.action: record.update`)],
  ['address block', () => usual(`source.ip: 10.${below(256)}.0.0/16`)],
  ['range', () => usual(`audit.record_count > ${4000 + below(900)}`)],
  ['rare term', () => usual(`audit.entity.id: CUST-${below(1_000_000)}`)],
  ['not', () => usual(`not event.outcome: success and not user.name: "${pick(USERS).name}"`)],
  ['wildcard', () => usual(`user.name: ${pick(NAMES)}* and event.action: permission*`)],
  ...(everything ? [['place', () => usual(`source.geo.city_name: "City ${below(200)}"`)] as const] : []),
  ['nothing', () => usual(`user.name: "${pick(USERS).name}" and source.ip: 192.168.1.1`)],
]

async function ask(query: Query): Promise<{ ms: number; events: number }> {
  const start = performance.now()
  let events = 0
  let after: string | undefined
  do {
    const page = await store.search({
      query,
      order: 'newest',
      limit: 50 - events,
      ...(after === undefined ? {} : { after }),
    })
    events += page.events.length
    after = page.next ?? undefined
  } while (after !== undefined && events < 50)
  return { ms: performance.now() - start, events }
}

try {
  const own = process.threadCpuUsage()
  let made: Buffer[] = []
  let makingCpu = 0
  let making = 0
  let next = 0
  let sequence = 0
  let done = 0
  let shown = 0
  const inStore = new Spent(engine)
  const inPlain = new Spent(engine)
  /** The embedded store works in threads of its own, and this one makes batches; the other store works in this one. */
  const spentSoFar = (): number => {
    const mine = process.threadCpuUsage(own)
    return inStore.cpu - (engine === null ? mine.user + mine.system : makingCpu) / 1e6
  }
  const sender = async (until: number): Promise<void> => {
    while (next < until) {
      const from = next
      const count = Math.min(BATCH, until - from)
      next += count
      const began = performance.now()
      const before = process.threadCpuUsage()
      const batch = nextBatch(++sequence, from, count)
      const used = process.threadCpuUsage(before)
      making += performance.now() - began
      makingCpu += used.user + used.system
      if (engine !== null) made.push(batch.lines)
      const outcome = await store.write(batch)
      if (outcome.kind !== 'stored' || outcome.result.stored !== count)
        throw new Error(JSON.stringify(outcome))
      done += count
      if (done - shown >= 1_000_000) {
        shown = done
        console.log(
          `  ${done} events after ${inStore.seconds.toFixed(1)} s, ${spentSoFar().toFixed(1)} CPU s in the store`,
        )
      }
    }
  }
  const atOnce = (work: () => Promise<void>): Promise<unknown> =>
    Promise.all(Array.from({ length: IN_FLIGHT }, work))
  const rounds = engine === null ? 1 : ROUNDS
  for (let round = 1; round <= rounds; round++) {
    await inStore.during(async () => {
      await atOnce(() => sender(Math.ceil((total * round) / rounds)))
      await engine?.refresh()
    })
    if (engine === null) break
    const batches = made
    made = []
    await inPlain.during(async () => {
      await atOnce(async () => {
        for (let lines = batches.pop(); lines !== undefined; lines = batches.pop())
          await engine.plain.write(lines)
      })
      await engine.refresh()
    })
  }
  const { seconds } = inStore
  const spent = spentSoFar()
  const status = await store.status()
  let bytes = status.bytes
  if (engine === null) {
    bytes = 0
    for (const file of await readdir(dir, { recursive: true })) bytes += (await stat(join(dir, file))).size
  }
  console.log(
    `${total} events: ${Math.round(total / seconds)} events/s, ${((spent * 1e6) / total).toFixed(1)} CPU s per million in the store ` +
      `(${(making / 1000).toFixed(1)} of ${seconds.toFixed(1)} s went into making them), ${Math.round(bytes / total)} bytes/event, peak RSS ${Math.round(peak / 1e6)} MB, ${status.partitions.length} partitions`,
  )
  if (engine !== null) {
    const perMillion = (cpuSeconds: number): string => ((cpuSeconds * 1e6) / total).toFixed(0)
    const percent = (of: number, whole: number): string => `${((of / whole) * 100).toFixed(0)} %`
    const { server } = inStore
    const { server: plain, cpu: sender, seconds: plainSeconds } = inPlain
    console.log(
      `  Elasticsearch took ${perMillion(server)} CPU s per million, the indexer's store ${percent(spent, server)} of that: ${percent(spent, spent + server)} and ${percent(server, spent + server)} of both together`,
    )
    console.log(
      `  the same as a plain bulk of ECS documents: ${Math.round(total / plainSeconds)} events/s, ${perMillion(sender)} CPU s per million for the sender and ${perMillion(plain)} for Elasticsearch, ${Math.round((await engine.plain.bytes()) / total)} bytes/event; exactly-once costs Elasticsearch ${(server / plain).toFixed(2)} times as much`,
    )
  }
  if (plan !== null)
    console.log(`  enriching took ${(enriching / total).toFixed(2)} µs of CPU an event, in another thread`)
  for (const [name, query] of QUERIES) {
    const times: number[] = []
    let found = 0
    for (let i = 0; i < 21; i++) {
      const { ms, events } = await ask(query())
      times.push(ms)
      found += events
    }
    times.sort((a, b) => a - b)
    console.log(
      `  ${name.padEnd(14)} median ${times[10]!.toFixed(1).padStart(7)} ms, 95 % ${times[19]!.toFixed(1).padStart(7)} ms, ${(found / 21).toFixed(0)} events`,
    )
  }
} finally {
  clearInterval(watch)
  await (engine === null ? store.close() : engine.end())
  if (values.dir === undefined) await rm(dir, { recursive: true, force: true })
}

/** A store in a real Elasticsearch: the one that WAYBILL_TEST_ES names, a container, or the server from Maven Central. */
interface BenchEngine {
  readonly store: Store
  readonly plain: PlainBulk
  refresh(): Promise<void>
  /** CPU seconds of the server so far. */
  cpuSeconds(): Promise<number>
  end(): Promise<void>
}

async function openEngine(): Promise<BenchEngine> {
  const engine = await startEngine()
  const { url, username, password } = engine.address
  const namespace = `bench${randomBytes(4).toString('hex')}`
  const store = await openElasticsearchStore({ nodes: [url], username, password, namespace, isTimed: true })
  const plain = await PlainBulk.open(engine.address, namespace)
  return {
    store,
    plain,
    refresh: () => plain.refresh(`waybill-*-${namespace}*`),
    cpuSeconds: () => engineCpuSeconds(engine.address),
    async end() {
      await store.close()
      await plain.close()
      await engine.stop()
    },
  }
}
