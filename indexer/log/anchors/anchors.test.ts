import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import Fastify from 'fastify'
import { describe, expect, it } from 'vitest'
import { sendMail } from '../../alerts/notify/index.ts'
import { partOf, smtpServer } from '../../alerts/notify/testing/smtp.ts'
import { AGENT, INCARNATION } from '../../store/testing/batches.ts'
import {
  keyFolder,
  openLogProof,
  openNote,
  type RunningLog,
  readVerifierKey,
  serveWitness,
  Witness,
} from '../index.ts'
import { anchorsOf, closing, Ground, keysOf, ORIGIN, range, temporaryFolder } from '../testing/ground.ts'
import { folderAnchor } from './anchor.ts'

const NEVER = new AbortController().signal

/** The address of a server for one test. */
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Another indexer that is a witness of this log, at its address. */
async function witnessOf(log: RunningLog, folder: string): Promise<{ url: string; keys: string[] }> {
  const witness = new Witness({
    settings: { name: 'witness.example/w1', logs: log.status().head!.keys.map(({ key }) => key) },
    source: keyFolder(join(folder, 'keys')),
    folder: join(folder, 'witness'),
    clock: Date.now,
  })
  const app = Fastify()
  serveWitness(app, witness, () => {})
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  closing.push(() => app.close())
  return { url: `${url}/witness`, keys: await witness.verifierKeys() }
}

describe('a folder', () => {
  it('has a file for each checkpoint, and none is ever written again', async () => {
    const ground = await Ground.make()
    const worm = join(ground.folder, 'worm')
    const log = await ground.round()
    const anchors = await anchorsOf(ground, log, { folders: [worm] })
    const seen: string[] = []
    for (const n of [1, 2, 3]) {
      await ground.write(n)
      await log.round()
      await anchors.run()
      await anchors.run()
      seen.push(log.checkpoint!)
    }
    expect(anchors.status()).toEqual([{ name: `folder ${worm}`, size: 3, at: ground.now, problem: null }])
    const [its] = await readdir(worm)
    const names = (await readdir(join(worm, its!))).toSorted()
    expect(names).toEqual([1, 2, 3].map((n) => `00000000000000${n}.checkpoint`))
    expect(await Promise.all(names.map((name) => readFile(join(worm, its!, name), 'utf8')))).toEqual(seen)
    // A log that was rewritten finds its earlier self.
    const other = await Ground.make()
    await other.write(7)
    const rewritten = await other.round()
    await expect(folderAnchor(worm).put(rewritten.checkpoint!, NEVER)).rejects.toThrow(
      'has another content than the checkpoint of 1 entries',
    )
  })
})

describe('a witness', () => {
  it('cosigns over HTTP; proofs then have its signature, also after a restart', async () => {
    const ground = await Ground.make()
    await ground.write(...range(1, 300))
    const log = await ground.round()
    const witness = await witnessOf(log, await temporaryFolder())
    const anchors = await anchorsOf(ground, log, { witnesses: [witness] })
    await anchors.run()
    expect(anchors.status()).toMatchObject([{ size: 300, problem: null }])
    await ground.write(301)
    await log.round()
    const keys = [...keysOf(log), ...witness.keys.map(readVerifierKey)]
    const proofOf = async (one: RunningLog, sequence: number) => {
      const waybill = { agent: AGENT, incarnation: INCARNATION, sequence }
      return openLogProof((await one.proof(waybill))!, (await one.place(waybill))!.entry, keys)
    }
    const covered = await proofOf(log, 7)
    expect(covered.checkpoint.size).toBe(300)
    expect(covered.signatures.map(({ key }) => key.name)).toEqual([
      ORIGIN,
      ORIGIN,
      'witness.example/w1',
      'witness.example/w1',
    ])
    // The newest is not cosigned yet.
    expect((await proofOf(log, 301)).signatures.length).toBe(2)
    await anchors.run()
    expect((await proofOf(log, 301)).signatures.length).toBe(4)
    const again = await ground.round()
    const restarted = await anchorsOf(ground, again, { witnesses: [witness] })
    expect((await proofOf(again, 301)).signatures.length).toBe(4)
    // It goes on where it was, without the size that it keeps.
    await rm(join(ground.folder, 'log-anchors.json'))
    const fresh = await anchorsOf(ground, again, { witnesses: [witness] })
    await fresh.run()
    expect(fresh.status()).toMatchObject([{ size: 301, problem: null }])
    await restarted.run()
    expect(restarted.status()).toMatchObject([{ problem: null }])
  })

  it('notices a log that was restored to an earlier state, and one that was rewritten with its own key', async () => {
    const ground = await Ground.make()
    await ground.write(...range(1, 20))
    const log = await ground.round()
    const witness = await witnessOf(log, await temporaryFolder())
    await (await anchorsOf(ground, log, { witnesses: [witness] })).run()
    for (const [waybills, sentence] of [
      [range(21, 30), 'has cosigned 20 entries of this log, which has 10'],
      [range(41, 70), 'contradicts what it cosigned before'],
    ] as const) {
      const forged = await Ground.make()
      await forged.round()
      await rm(join(forged.folder, 'log-state.json'))
      await rm(forged.public, { recursive: true })
      await writeFile(
        join(forged.folder, 'log-keys', '001.pem'),
        await readFile(join(ground.folder, 'log-keys', '001.pem')),
      )
      await forged.write(...waybills)
      const rewritten = await forged.round()
      const anchors = await anchorsOf(forged, rewritten, { witnesses: [witness] })
      await anchors.run()
      expect(anchors.status()[0]?.problem).toContain(sentence)
    }
  })

  it('that signs with other keys than the settings name counts as failed', async () => {
    const ground = await Ground.make()
    const log = await ground.round()
    const witness = await witnessOf(log, await temporaryFolder())
    const other = await witnessOf(log, await temporaryFolder())
    const anchors = await anchorsOf(ground, log, { witnesses: [{ ...witness, keys: other.keys }] })
    await anchors.run()
    expect(anchors.status()[0]?.problem).toContain('signs with other keys than the settings name')
  })
})

describe('an anchor that fails', () => {
  it('is said once, in the status and in the log, and holds up no other', async () => {
    const ground = await Ground.make()
    await ground.write(1)
    const log = await ground.round()
    let isDown = true
    const url = await serve((_request, response) => response.writeHead(isDown ? 500 : 404).end('down\n'))
    const worm = join(ground.folder, 'worm')
    const noFolder = join(ground.folder, 'log-state.json', 'below')
    const key = log.status().head!.keys[0]!.key
    const anchors = await anchorsOf(ground, log, {
      folders: [worm, noFolder],
      witnesses: [{ url, keys: [key] }],
    })
    await anchors.run()
    await anchors.run()
    const problems = anchors.status().map(({ problem }) => problem)
    expect(problems).toEqual([
      expect.stringContaining('answers 500: down'),
      null,
      expect.stringContaining('ENOTDIR'),
    ])
    expect(ground.said.filter((line) => line.includes('failed')).length).toBe(2)
    isDown = false
    await anchors.run()
    expect(ground.said.filter((line) => line.includes('answers 404')).length).toBe(1)
  })

  it('is given up when the indexer stops, though it never answers', async () => {
    const ground = await Ground.make()
    const log = await ground.round()
    const asked = Promise.withResolvers<void>()
    const url = await serve(() => asked.resolve())
    const key = log.status().head!.keys[0]!.key
    const anchors = await anchorsOf(ground, log, { witnesses: [{ url, keys: [key] }] })
    const running = anchors.run()
    await asked.promise
    await anchors.close()
    await running
    expect(anchors.status()[0]?.problem).not.toBeNull()
  })
})

describe('the age of the newest anchor', () => {
  it('is an act of the audit trail when it is too great, once, and again after the next time', async () => {
    const ground = await Ground.make()
    await ground.write(1)
    const log = await ground.round()
    const worm = join(ground.folder, 'worm')
    await writeFile(worm, 'in the way')
    const anchors = await anchorsOf(ground, log, { folders: [worm], 'late-after': '1h' })
    await anchors.run()
    expect(ground.acts).toEqual([])
    for (let i = 0; i < 3; i++) {
      ground.now += 3_600_001
      await anchors.run()
    }
    expect(anchors.age).toBe(3 * 3_600_001)
    expect(ground.acts).toMatchObject([{ action: 'log-anchor-late', outcome: 'failure' }])
    expect(ground.acts[0]?.reason).toContain('worm')
    await rm(worm)
    await anchors.run()
    expect([anchors.age, ground.acts.length]).toEqual([0, 1])
    await rm(worm, { recursive: true })
    await writeFile(worm, 'in the way again')
    ground.now += 3_600_001
    await anchors.run()
    expect(ground.acts.length).toBe(2)
  })

  it('is nothing without anchors', async () => {
    const ground = await Ground.make()
    const anchors = await anchorsOf(ground, await ground.round(), {})
    ground.now += 10 * 86_400_000
    await anchors.run()
    expect([anchors.age, ground.acts]).toEqual([null, []])
  })
})

it('a mailbox gets the checkpoint once a day, by the mail server of the settings', async () => {
  const server = await smtpServer()
  const ground = await Ground.make()
  const log = await ground.round()
  const mail = { host: '127.0.0.1', port: server.port, tls: 'none' as const, from: 'waybill@acme.example' }
  const anchors = await anchorsOf(
    ground,
    log,
    { mail: { to: ['audit@acme.example'] } },
    { send: (one, gone) => sendMail(mail, { ...one, at: ground.now }, gone) },
  )
  await anchors.run()
  await ground.write(1)
  await log.round()
  ground.now += 3_600_000
  await anchors.run()
  expect(server.mails.length).toBe(1)
  ground.now += 86_400_000
  await anchors.run()
  expect(server.mails.length).toBe(2)
  const text = partOf(server.mails[1]!.raw, 'text/plain').replaceAll('\r\n', '\n')
  const note = text.slice(text.indexOf(`${ORIGIN}\n1\n`)).trimEnd()
  expect(openNote(`${note}\n`, keysOf(log)).signatures.length).toBe(2)
})
