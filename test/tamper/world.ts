import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { askAt, TestAgent, TestIndexer, until } from '../../indexer/ingest/testing.ts'
import { policyText } from '../../indexer/log/verify/index.ts'
import { policyShape } from '../../schema/api/index.ts'
import { canonical } from '../../schema/index.ts'
import { inControl } from './files.ts'

const DAY = 86_400_000
const START = Date.UTC(2026, 0, 1, 12)

/** What the attacks are made on: a folder of an indexer that was stopped, and the agents that shipped to it. */
export interface World {
  /** The indexer's folder, with `control.db` and `partitions/`. */
  readonly store: string
  readonly web: TestAgent
  readonly db: TestAgent
  /** The bodies that the agent of the web server shipped, by number of the waybill, as its spool had them. */
  readonly shipped: ReadonlyMap<number, Buffer>
  /** Checkpoints that an anchor outside of the store keeps: of the time before the last waybills, and of the end. */
  readonly anchored: { readonly early: string; readonly late: string }
  /** A policy with the keys of the agents and of the log, and these checkpoints. */
  readonly policy: string
}

export const EVENTS = 6
/** A waybill of the web server in the middle of its chain, of which all events are of category activity. */
export const MIDDLE = 4

/** Categories of the events of the first waybill: those of category view expire. */
const MIXED = ['activity', 'view', 'security', 'view', 'activity', 'view']

/**
 * Lets a real indexer store waybills of two agents: with several categories, a duplicate, two dead letters of which one is discarded, and
events that expire. One of these is of the trail: somebody looked at the dead letters.
 */
export async function makeWorld(): Promise<{ world: World; end(): Promise<void> }> {
  let now = START
  const settings = { 'transparency-log': { every: '100ms' } }
  const indexer = await TestIndexer.start(settings, { clock: () => now })
  const { url } = indexer
  const web = await TestAgent.enrolled(url, undefined, { name: 'web-1', host: 'web-1.example' })
  const token = String((await indexer.ask('/v1/agents/tokens', { json: {} })).json.token)
  const db = await TestAgent.enrolled(url, token, { name: 'db-1', host: 'db-1.example' })
  const shipped = new Map<number, Buffer>()
  const ship = async (agent: TestAgent, events: readonly object[], to = url): Promise<void> => {
    const sealed = agent.seal(events, { manifest: { created: now } })
    const answer = await agent.send(to, sealed)
    if (answer.status !== 200) throw new Error(`shipping: ${answer.status} ${answer.text}`)
    if (agent === web) shipped.set(agent.sequence, sealed.body)
  }
  const first = MIXED.map((category, i) =>
    web.event({ audit: { category }, message: `Record ${i} of the first waybill` }),
  )
  await ship(web, first)
  for (let i = 0; i < 3; i++) await ship(web, web.events(EVENTS))
  for (let i = 0; i < 3; i++) await ship(db, db.events(EVENTS))
  // The same event again; and two that can't be stored.
  await ship(web, [first[0]!, ...web.events(2)])
  const broken = (): Record<string, unknown> => ({ ...web.event(), audit: { category: 'nonsense' } })
  await ship(web, [web.event(), broken(), broken()])
  const { letters } = (await askAt(url, '/v1/dead-letters')).json as { letters: { id: string }[] }
  const discarded = await askAt(url, `/v1/dead-letters/${letters[0]!.id}`, { method: 'DELETE' })
  if (discarded.status !== 204) throw new Error(`discarding: ${discarded.text}`)
  const early = await anchoredBy(indexer)
  await indexer.stop()
  now = START + 40 * DAY
  await indexer.run(settings, { clock: () => now })
  await ship(web, web.events(EVENTS), indexer.url)
  await until(
    () => JSON.stringify(indexer.log),
    (log) => log.includes('Partition view-2026-01-01 expired'),
  )
  const { json } = await indexer.ask('/v1/evidence/policy')
  const late = await anchoredBy(indexer)
  await indexer.stop()
  const policy = join(indexer.folder, 'policy.yml')
  await writeFile(policy, policyText(policyShape.parse({ ...json, checkpoints: [early, late] })))
  const world = { store: join(indexer.folder, 'store'), web, db, shipped, anchored: { early, late }, policy }
  return { world, end: () => indexer.end() }
}

/** Waits until the log has all that is stored. */
async function anchoredBy(indexer: TestIndexer): Promise<string> {
  const stored = (): number =>
    inControl(join(indexer.folder, 'store'), (control) =>
      Number(control.prepare('SELECT count(*) AS n FROM waybills').get()?.n),
    )
  const sizeOf = (text: string): number => Number(text.split('\n')[1])
  return until(
    async () => (await indexer.ask('/log/checkpoint')).text,
    (text) => sizeOf(text) === stored(),
  )
}

/** A copy of the world's files, to be attacked. */
export async function copyOf(world: World): Promise<World & { remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'waybill-tamper-'))
  await cp(world.store, join(folder, 'store'), { recursive: true })
  await cp(world.policy, join(folder, 'policy.yml'))
  return {
    ...world,
    store: join(folder, 'store'),
    policy: join(folder, 'policy.yml'),
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}

/** A line with another value, in canonical form: a careful attacker would keep to it. */
export const edited = (line: Buffer, change: (event: Record<string, unknown>) => void): Buffer => {
  const event = JSON.parse(line.toString('utf8')) as Record<string, unknown>
  change(event)
  return Buffer.from(canonical(event))
}
