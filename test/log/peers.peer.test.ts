import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestAgent, TestIndexer } from '../../indexer/ingest/testing.ts'
import { openLogProof, openNote, readVerifierKey } from '../../indexer/log/index.ts'
import { plainLog } from '../../indexer/log/testing/plain-reader.ts'
import type { LogStatusShape } from '../../schema/api/index.ts'
import { freePort, until } from '../system/system.ts'
import { agentOfKeys, hasAgentOfKeys, peer, run, whyNoPeers } from './peers.ts'

const WHY_NOT = whyNoPeers()
if (WHY_NOT !== null) console.warn(`${WHY_NOT}.`)

const ORIGIN = 'audit.example/waybill'
const folder = mkdtempSync(join(tmpdir(), 'waybill-peers-'))
const children: ChildProcess[] = []
let indexer: TestIndexer
let agent: TestAgent

const statusOf = async (): Promise<LogStatusShape> =>
  (await indexer.ask('/v1/log')).json as unknown as LogStatusShape
const send = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) {
    const { status, text } = await agent.send(indexer.url, agent.seal([agent.event()]))
    if (status !== 200) throw new Error(text)
  }
}
const logged = (size: number) =>
  until(`${size} entries`, async () => {
    const { head } = await statusOf()
    return head !== null && head.size >= size && head
  })

beforeAll(async () => {
  if (WHY_NOT !== null) return
  indexer = await TestIndexer.start({ 'transparency-log': { origin: ORIGIN, every: '100ms', public: true } })
  agent = await TestAgent.enrolled(indexer.url)
})
afterAll(async () => {
  for (const child of children) child.kill()
  if (WHY_NOT === null) await indexer.end()
  rmSync(folder, { recursive: true, force: true })
})

/** What Tessera's fsck says of the log over HTTP. */
async function fsck(time?: number): Promise<{ code: number | null; text: string }> {
  const head = (await statusOf()).head!
  const key = join(folder, 'log.vkey')
  writeFileSync(key, head.keys[0]!.key)
  return run(peer('fsck'), ['-ui=false', '-storage_url', `${indexer.url}/log/`, '-public_key', key], time)
}

describe.skipIf(WHY_NOT !== null)('the log, checked by programs of others', () => {
  it("Tessera's fsck accepts it over HTTP, at sizes within and at the border of a tile and with a second key", async () => {
    for (const size of [3, 256, 700]) {
      await send(size - ((await statusOf()).head?.size ?? 0))
      const head = await logged(size)
      const { code, text } = await fsck()
      expect(text).toContain(`Successfully fsck'd log with size ${head.size}`)
      expect(text).toContain(head.root)
      expect(code).toBe(0)
    }
    await indexer.ask('/v1/log/rotate', { json: {} })
    expect((await fsck()).code).toBe(0)
  })

  it('fsck refuses it when one entry is another: so its acceptance means something', async () => {
    const log = join(indexer.folder, 'store', 'log')
    const { size } = plainLog(log)
    const file = join(log, 'tile', 'entries', '001')
    const bytes = readFileSync(file)
    const changed = Buffer.from(bytes)
    changed[100]! ^= 1
    writeFileSync(file, changed)
    try {
      expect(size).toBeGreaterThan(512)
      // It finds the fault, and does not end by itself.
      const { code, text } = await fsck(10_000)
      expect(code).not.toBe(0)
      expect(text).not.toContain('Successfully')
    } finally {
      writeFileSync(file, bytes)
    }
    expect((await fsck()).code).toBe(0)
  })

  it.skipIf(!hasAgentOfKeys())(
    "torchwood's litewitness cosigns it again and again, and a proof has its signature",
    async () => {
      const { socket, fingerprint, child } = await agentOfKeys(folder)
      children.push(child)
      const url = `http://127.0.0.1:${await freePort()}`
      const file = join(folder, 'witness.db')
      const begin = async (): Promise<string> => {
        const witness = spawn(
          peer('litewitness'),
          [
            '-db',
            file,
            '-name',
            'witness.example/lite',
            '-key',
            fingerprint,
            '-ssh-agent',
            socket,
            '-listen',
            url.slice('http://'.length),
          ],
          { stdio: ['ignore', 'pipe', 'pipe'] },
        )
        children.push(witness)
        let text = ''
        witness.stderr.setEncoding('utf8').on('data', (part: string) => {
          text += part
        })
        return until('the key of the witness', () => /vkey=(\S+)/.exec(text)?.[1])
      }
      const key = await begin()
      // Its own tool for this (witnessctl) needs a module that is not to be had everywhere: it writes these two rows.
      const database = new DatabaseSync(file)
      database.prepare('INSERT INTO log (origin, tree_size, tree_hash) VALUES (?, 0, ?)').run(ORIGIN, EMPTY)
      for (const { key: own } of (await statusOf()).head!.keys.slice(0, 1))
        database.prepare('INSERT INTO key (origin, key) VALUES (?, ?)').run(ORIGIN, own)
      database.close()
      await indexer.stop()
      await indexer.run({
        'transparency-log': {
          origin: ORIGIN,
          every: '100ms',
          public: true,
          anchors: { every: '200ms', witnesses: [{ url, keys: [key] }] },
        },
      })
      const anchored = (size: number) =>
        until(`${size} entries at the witness`, async () => {
          const [anchor] = (await statusOf()).anchors
          if (anchor?.problem != null) throw new Error(anchor.problem)
          return (anchor?.size ?? 0) >= size
        })
      await anchored(1)
      for (const more of [1, 300]) {
        const before = (await statusOf()).head?.size ?? 0
        await send(more)
        await logged(before + more)
        await anchored(before + more)
      }
      const event = agent.event()
      await agent.send(indexer.url, agent.seal([event]))
      const { id } = event.event as { id: string }
      // The indexer's own events are in the log, too: its size does not tell whether this one is.
      const proof = await until('a proof with the signature of the witness', async () => {
        const { status, json } = await indexer.ask(`/v1/events/${id}/proof`)
        const { log } = json as { log?: string }
        return status === 200 && log?.includes('— witness.example/lite ') ? { log } : null
      })
      const keys = [readVerifierKey(key)]
      const note = proof.log.slice(proof.log.indexOf(`\n\n`) + 2)
      expect(openNote(note, keys).signatures[0]!.time).toBeGreaterThan(Date.now() / 1000 - 600)
      expect(() => openLogProof(proof.log, Buffer.from('another entry'), keys)).toThrow('is not at')
    },
  )
})

/** The root of a log without entries. */
const EMPTY = '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='
