import { execFileSync, spawnSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { EventProofShape, LogStatusShape } from '../../schema/api/index.ts'
import { sha256, valueAt } from '../../schema/index.ts'
import { waybill } from '../cli/testing/command.ts'
import { TestAgent, TestIndexer } from '../ingest/testing.ts'
import { openLogProof, openNote, readLogProof, readStatement, readVerifierKey } from '../log/index.ts'
import { plainLog } from '../log/testing/plain-reader.ts'
import { operatorAt, type Person, StrictIndexer } from './testing/people.ts'

let strict: StrictIndexer
let agent: TestAgent
let operator: Record<string, string>
let viewer: Person
let masked: Person
let clerk: Person
const ids: string[] = []

const ask = (path: string, more: object = {}) => strict.indexer.ask(path, { headers: operator, ...more })
const statusOf = async (): Promise<NonNullable<LogStatusShape['head']>> => {
  const { head } = (await ask('/v1/log')).json as unknown as LogStatusShape
  return head!
}
const keys = async () => (await statusOf()).keys.map(({ key }) => readVerifierKey(key))

beforeAll(async () => {
  strict = await StrictIndexer.start({
    masked: { auditor: ['source.ip'] },
    'transparency-log': { origin: 'audit.example/waybill', every: '100ms' },
  })
  operator = await operatorAt(strict.indexer)
  agent = await TestAgent.enrolled(strict.indexer.url)
  for (let i = 0; i < 3; i++) {
    const events = agent.events(5).map((event, n) => ({
      ...event,
      audit: {
        category: n % 2 === 0 ? 'activity' : 'change',
        entity: { type: n === 0 ? 'Invoice' : 'Salary', id: `${i}-${n}` },
      },
      message: `größer ✓ ${i} ${n}`,
    }))
    for (const event of events) ids.push(String(valueAt(event, 'event.id')))
    await agent.send(strict.indexer.url, agent.seal(events))
  }
  viewer = await strict.person('viewer', 'viewer')
  masked = await strict.person('masked', 'auditor')
  clerk = await strict.person('clerk', 'viewer', { entities: ['Invoice'], namespaces: null })
  const head = async () => ((await ask('/v1/log')).json as unknown as LogStatusShape).head
  await until(async () => ((await head())?.size ?? 0) > 3 && (await proofOf(ids.at(-1)!)).status === 200)
})
afterAll(() => strict.end())

/** Waits for a condition of the indexer. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 60_000
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('waited in vain for the log')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

const proofOf = (id: string) => ask(`/v1/events/${id}/proof`)

describe('the log over HTTP', () => {
  it('is that of the folder, with the types and the caching of tlog-tiles', async () => {
    const checkpoint = await ask('/log/checkpoint')
    expect(checkpoint.headers).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-cache',
    })
    expect(openNote(checkpoint.text, await keys()).signatures.length).toBe(2)
    const { size } = plainLog(join(strict.indexer.folder, 'store', 'log'), checkpoint.text)
    expect(size).toBeGreaterThan(3)
    const tile = await ask(`/log/tile/0/000.p/${size}`)
    expect([tile.status, tile.headers['content-type']]).toEqual([200, 'application/octet-stream'])
    expect(tile.headers['cache-control']).toContain('immutable')
    const response = await fetch(`${strict.indexer.url}/log/tile/entries/000.p/${size}`, {
      headers: { ...operator, 'accept-encoding': 'gzip' },
    })
    expect(response.headers.get('content-encoding')).toBe('gzip')
    const bundle = await fetch(`${strict.indexer.url}/log/tile/entries/000.p/${size}`, {
      headers: { ...operator, 'accept-encoding': 'identity' },
    })
    expect(bundle.headers.get('content-encoding')).toBeNull()
    const file = join(strict.indexer.folder, 'store', 'log', 'tile', 'entries', '000.p', String(size))
    expect(Buffer.from(await bundle.arrayBuffer())).toEqual(await readFile(file))
    expect(gunzipSync(await await rawly(`/log/tile/entries/000.p/${size}`))).toEqual(await readFile(file))
  })

  it('has no other file of the folder, whatever the path', async () => {
    for (const path of [
      'tile/0/001',
      'tile/0/000.p/255',
      'tile/entries/../../../indexer-key.pem',
      'tile/%2e%2e/%2e%2e/indexer-key.pem',
      'tile/0/000.p/1.tmp',
      'keys/1',
      'log-state.json',
    ])
      expect([400, 404], path).toContain((await ask(`/log/${path}`)).status)
  })

  it('needs the right to see the state of the whole, unless the settings open it', async () => {
    for (const path of ['/log/checkpoint', '/log/tile/0/000.p/1', '/v1/log']) {
      expect((await strict.indexer.ask(path)).status, path).toBe(401)
      expect(await clerk.status(path), path).toBe(403)
    }
    expect(await viewer.status('/log/checkpoint')).toBe(200)
    const open = await StrictIndexer.start({ 'transparency-log': { public: true } })
    try {
      await expect.poll(async () => (await open.indexer.ask('/log/checkpoint')).status).toBe(200)
      expect((await open.indexer.ask('/v1/log')).status).toBe(401)
    } finally {
      await open.end()
    }
  })
})

/** The bytes of an answer as they came. */
async function rawly(path: string): Promise<Buffer> {
  const { request } = await import('undici')
  const { body } = await request(strict.indexer.url + path, {
    headers: { ...operator, 'accept-encoding': 'gzip' },
  })
  return Buffer.from(await body.arrayBuffer())
}

describe('the proof of an event', () => {
  it('leads from its line to a checkpoint of the log, for each event of each waybill', async () => {
    for (const id of ids) {
      const proof = (await proofOf(id)).json as unknown as EventProofShape
      const manifest = JSON.parse(proof.manifest) as { sequence: number }
      const entry = { agent: agent.id, sequence: manifest.sequence }
      expect(JSON.parse(proof.line)).toMatchObject({ event: { id } })
      const { checkpoint } = openLogProof(proof.log, statementIn(proof), await keys())
      expect(checkpoint.origin).toBe('audit.example/waybill')
      expect(readStatement(statementIn(proof))).toMatchObject(entry)
    }
  })

  it('is given to nobody who may not see the event, or not all of it', async () => {
    // The first event of each waybill is an invoice.
    expect(await clerk.status(`/v1/events/${ids[0]}/proof`)).toBe(200)
    const hidden = await clerk.ask(`/v1/events/${ids[1]}/proof`)
    const none = await clerk.ask(`/v1/events/${'0'.repeat(40)}/proof`)
    const plain = (text: string) => text.replace(/[0-9a-f]{40}/, 'ID')
    expect([hidden.status, plain(hidden.text)]).toEqual([404, plain(none.text)])
    const answer = await masked.ask(`/v1/events/${ids[0]}/proof`)
    expect([answer.status, answer.text]).toEqual([
      403,
      expect.stringContaining('some fields are masked for you'),
    ])
    expect((await strict.trail('event.action: export')).length).toBeGreaterThan(0)
  })

  it('is verified by a Python script that knows nothing of Waybill, and not after any change', async () => {
    const python = spawnSync('python3', ['--version'])
    if (python.status !== 0)
      return console.warn('python3 is not installed: the script that verifies a proof is not tried.')
    const folder = strict.indexer.folder
    const file = join(folder, 'event.proof.json')
    const ran = await waybill(['proof', ids[7]!, '--output', file, '--url', strict.indexer.url], {
      WAYBILL_TOKEN: operator.authorization!.slice('Bearer '.length),
    })
    expect(ran).toMatchObject({ code: 0, err: '' })
    await writeFile(join(folder, 'agent.pem'), agent.publicPem)
    const key = (await statusOf()).keys[0]!.key
    const script = join(import.meta.dirname, '../../docs/vectors/verify_proof.py')
    const run = (path: string, logKey = key) =>
      spawnSync('python3', [script, path, '--log-key', logKey, '--agent-key', join(folder, 'agent.pem')], {
        encoding: 'utf8',
      })
    expect(run(file)).toMatchObject({
      status: 0,
      stdout: expect.stringContaining(`sealed event ${ids[7]} in waybill 2`),
    })
    const proof = JSON.parse(await readFile(file, 'utf8')) as EventProofShape
    const changes: Record<string, (proof: EventProofShape) => EventProofShape> = {
      'was changed, or moved': (one) => ({ ...one, line: one.line.replace('größer', 'kleiner') }),
      'moved within it': (one) => ({ ...one, position: one.position + 1 }),
      "agent's signature": (one) => ({
        ...one,
        manifest: one.manifest.replace('"skipped":0', '"skipped":1'),
      }),
      'signature of the checkpoint': (one) => ({
        ...one,
        log: one.log.replace(/(waybill\n)(\d+)/, '$199$2'),
      }),
      'not in the log at this place': (one) => ({ ...one, log: one.log.replace('index ', 'index 1') }),
      'is damaged': (one) => ({ ...one, log: one.log.slice(0, 40) }),
    }
    for (const [sentence, change] of Object.entries(changes)) {
      const changed = join(folder, 'changed.json')
      await writeFile(changed, JSON.stringify(change(proof)))
      const { status, stderr } = run(changed)
      expect([status, stderr], sentence).toEqual([1, expect.stringContaining(sentence)])
    }
    const other = execFileSync('openssl', ['genpkey', '-algorithm', 'ed25519'], { encoding: 'utf8' })
    expect(other).toContain('PRIVATE')
    expect(run(file, key.replace('audit', 'audi')).stderr).toContain('part of it was changed')
  })
})

/** The statement that follows from the manifest of a proof. */
function statementIn(proof: EventProofShape): Buffer {
  const {
    agent: id,
    incarnation,
    key,
    sequence,
  } = JSON.parse(proof.manifest) as Record<string, string | number>
  const manifest = sha256(proof.manifest)
  return Buffer.from(
    `{"agent":"${id}","incarnation":"${incarnation}","key":"${key}","manifest":"${manifest}","sequence":${sequence},"version":1}`,
  )
}

describe('waybill log', () => {
  const run = (...args: string[]) =>
    waybill(['log', ...args, '--url', strict.indexer.url], {
      WAYBILL_TOKEN: operator.authorization!.slice('Bearer '.length),
    })

  it('shows the state, the checkpoint, and the proof of a waybill with its entry', async () => {
    expect((await run()).out).toMatch(/^The transparency log audit\.example\/waybill has \d+ entries\.\n/)
    expect((await run('checkpoint')).out).toBe((await ask('/log/checkpoint')).text)
    const { out, code } = await run('proof', agent.id, agent.incarnation, '2')
    expect(code).toBe(0)
    const { entry } = readLogProof(out)
    expect(readStatement(entry!)).toMatchObject({ agent: agent.id, sequence: 2 })
    openLogProof(out, entry!, await keys())
    expect((await run('proof', agent.id, agent.incarnation, '99')).err).toContain(
      'is not in the transparency log',
    )
  })

  it('gives the log a new key, which is an act in the audit trail; others than managers may not', async () => {
    expect(await viewer.status('/v1/log/rotate', { json: {} })).toBe(403)
    const before = await keys()
    const { out } = await run('rotate')
    expect(out).toMatch(/\(ends \d{4}-/)
    expect((await keys()).length).toBe(4)
    expect(openNote((await ask('/log/checkpoint')).text, before).signatures.length).toBe(2)
    expect((await ask('/log/keys/1')).text).toContain('waybill/log-keys/v1')
    const [act] = (await strict.trail('event.action: log-key-rotate')) as { audit: { payload: object } }[]
    expect(act?.audit.payload).toMatchObject({ before: [expect.any(String), expect.any(String)] })
  })
})

describe('two indexers', () => {
  it('are witnesses: the one cosigns the log of the other, whose status, metrics and proofs show it', async () => {
    const log = { origin: 'one.example/waybill', every: '100ms' }
    const one = await TestIndexer.start({ 'transparency-log': log })
    const stateOf = async (indexer: TestIndexer) =>
      (await indexer.ask('/v1/log')).json as unknown as LogStatusShape
    try {
      await until(async () => (await stateOf(one)).head !== null)
      const key = (await stateOf(one)).head!.keys[0]!.key
      const witness = { name: 'two.example/witness', logs: [key] }
      const two = await TestIndexer.start({ 'transparency-log': { witness } })
      try {
        const { keys: its } = (await stateOf(two)).witness!
        expect(its.length).toBe(2)
        const url = `${two.url}/witness`
        await one.stop()
        const worm = join(one.folder, 'worm')
        const anchors = { every: '200ms', witnesses: [{ url, keys: its }], folders: [worm] }
        await one.run({ 'transparency-log': { ...log, anchors } })
        await until(async () => {
          const { head, anchors: all } = await stateOf(one)
          return head !== null && all.every(({ size }) => size !== null && size >= head.size)
        })
        expect((await stateOf(one)).anchors.map(({ problem }) => problem)).toEqual([null, null])
        const { text } = await one.ask('/metrics')
        expect(text).toMatch(/\nwaybill_log_anchor_age_seconds \d/)
        expect(text).toContain('\nwaybill_log_anchors_failing 0')
        const { out } = await waybill(['log', '--url', one.url])
        expect(out).toContain(`Anchor witness ${url} has `)
        // Others see at the witness what it cosigned, and nobody gets a signature without the key of the log.
        const origin = sha256(Buffer.from(log.origin))
        const cosigned = await two.ask(`/witness/${origin}/checkpoint`)
        expect(openNote(cosigned.text, its.map(readVerifierKey)).signatures.length).toBe(2)
        expect((await two.ask(`/witness/${'0'.repeat(64)}/checkpoint`)).status).toBe(404)
        const forged = await two.ask('/witness/add-checkpoint', {
          body: Buffer.from('old 0\n\nforged.example\n1\nAAAA\n\n— x AAAAAAAA\n'),
        })
        expect([forged.status, forged.headers['content-type']]).toEqual([404, 'text/plain; charset=utf-8'])
        expect((await one.ask('/witness/add-checkpoint', { body: Buffer.from('old 0\n') })).status).toBe(404)
      } finally {
        await two.end()
      }
    } finally {
      await one.end()
    }
  })
})
