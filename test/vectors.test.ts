import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { TestAgent, TestIndexer } from '../indexer/ingest/testing.ts'
import {
  followKeys,
  LogReader,
  logFolder,
  openLogProof,
  openNote,
  readCheckpoint,
  readStatement,
  readVerifierKey,
  statementOf,
} from '../indexer/log/index.ts'
import { plainLog } from '../indexer/log/testing/plain-reader.ts'
import type { EventProofShape, LogStatusShape } from '../schema/api/index.ts'
import { sha256 } from '../schema/index.ts'
import type { Manifest } from '../schema/wire/index.ts'
import { until } from './system/system.ts'

/** The published vectors: what `docs/formats.md` describes, for readers of others. WAYBILL_VECTORS=1 makes them anew. */
const FOLDER = join(import.meta.dirname, '../docs/vectors')
const file = (name: string): string => join(FOLDER, name)
const text = (name: string): string => readFileSync(file(name), 'utf8')

async function make(): Promise<void> {
  const settings = { 'transparency-log': { origin: 'vectors.example/waybill', every: '100ms' } }
  const indexer = await TestIndexer.start(settings)
  try {
    const agent = await TestAgent.enrolled(indexer.url)
    const send = (events: readonly object[]) => agent.send(indexer.url, agent.seal(events))
    for (let i = 0; i < 258; i++) await send([agent.event({ message: `sign-in ${i}` })])
    const events = agent.events(5)
    await send(events)
    const { id } = events[3]!.event as { id: string }
    const proofOf = () => indexer.ask(`/v1/events/${id}/proof`)
    await until('the proof', async () => (await proofOf()).status === 200)
    const { head } = (await indexer.ask('/v1/log')).json as unknown as LogStatusShape
    await indexer.ask('/v1/log/rotate', { json: {} })
    writeFileSync(file('log.vkey'), `${head!.keys[0]!.key}\n`)
    writeFileSync(file('log-ml-dsa-44.vkey'), `${head!.keys[1]!.key}\n`)
    writeFileSync(file('agent.pem'), agent.publicPem)
    writeFileSync(file('event.proof.json'), `${JSON.stringify((await proofOf()).json, null, 2)}\n`)
    const query = `agent=${agent.id}&incarnation=${agent.incarnation}&sequence=7`
    writeFileSync(file('waybill.tlog-proof'), (await indexer.ask(`/v1/log/proof?${query}`)).text)
    await indexer.stop()
    rmSync(file('log'), { recursive: true, force: true })
    cpSync(join(indexer.folder, 'store', 'log'), file('log'), { recursive: true })
  } finally {
    await indexer.end()
  }
}
if (process.env.WAYBILL_VECTORS === '1') await make()

describe('the published vectors', () => {
  const keys = () => ['log.vkey', 'log-ml-dsa-44.vkey'].map((name) => readVerifierKey(text(name).trim()))

  it('are a log whose files follow from its entries, with its key changed once', async () => {
    const { size, entries } = plainLog(file('log'))
    expect(size).toBeGreaterThan(256)
    expect(entries.filter((entry) => readStatement(Buffer.from(entry)) === null)).toEqual([])
    const reader = new LogReader(logFolder(file('log')))
    const checkpoint = (await reader.checkpoint())!
    expect(openNote(checkpoint, keys()).signatures.length).toBe(2)
    const all = await followKeys(reader, 'vectors.example/waybill', keys())
    expect(openNote(checkpoint, all).signatures.length).toBe(4)
    expect((await reader.root(size)).toString('base64')).toBe(
      readCheckpoint(openNote(checkpoint, all).text).root.toString('base64'),
    )
  })

  it('have a proof of an event, which Python verifies, and one of a waybill', () => {
    const proof = JSON.parse(text('event.proof.json')) as EventProofShape
    const { agent, incarnation, key, sequence } = JSON.parse(proof.manifest) as Manifest
    const entry = statementOf({
      agent,
      incarnation,
      key,
      sequence,
      manifest: sha256(Buffer.from(proof.manifest)),
    })
    expect(openLogProof(proof.log, entry, keys()).signatures.length).toBe(2)
    const [, extra = ''] = text('waybill.tlog-proof').split('\n')
    const statement = Buffer.from(extra.replace('extra ', ''), 'base64')
    openLogProof(text('waybill.tlog-proof'), statement, keys())
    expect(readStatement(statement)).toMatchObject({ agent, sequence: 7 })
    if (spawnSync('python3', ['--version']).status !== 0)
      return console.warn('python3 is not installed: the script that verifies a proof is not tried.')
    const { status, stdout, stderr } = spawnSync(
      'python3',
      [
        file('verify_proof.py'),
        file('event.proof.json'),
        '--log-key',
        text('log.vkey'),
        '--agent-key',
        file('agent.pem'),
      ],
      { encoding: 'utf8' },
    )
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toContain('Proved: agent ')
  })
})
