import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { leafHash, merkleRoot } from '../../../schema/index.ts'
import { LogAppender } from '../append.ts'
import { checkpointText, readCheckpoint } from '../checkpoint.ts'
import { type KeySet, keyFolder, LOG_KEYS } from '../keys.ts'
import { noteOf, openNote, readVerifierKey, signatureLine, verifierKeyText } from '../note.ts'
import { LogReader, logFolder } from '../reader.ts'
import { requestText } from './request.ts'
import { Witness } from './witness.ts'

const ORIGIN = 'logs.example/a'
const folders: string[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})
const temporary = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'waybill-witness-'))
  folders.push(folder)
  return folder
}

/** A log that signs any checkpoint. */
class AnyLog {
  readonly keys: KeySet
  readonly #appender: LogAppender
  readonly reader: LogReader

  private constructor(keys: KeySet, appender: LogAppender, folder: string) {
    this.keys = keys
    this.#appender = appender
    this.reader = new LogReader(logFolder(folder))
  }

  static async make(keysFrom?: AnyLog): Promise<AnyLog> {
    const folder = await temporary()
    const source = keyFolder(join(folder, 'keys'))
    await source.make()
    const [keys] = await source.list(ORIGIN, LOG_KEYS)
    const appender = await LogAppender.open(folder, { size: 0, root: merkleRoot(Buffer.alloc(0)) })
    return new AnyLog(keysFrom?.keys ?? keys!, appender, folder)
  }

  /** Adds entries, and returns the signed checkpoint. */
  async grow(...entries: string[]): Promise<string> {
    const head = await this.#appender.append(entries.map((entry) => Buffer.from(entry)))
    return this.sign(checkpointText({ origin: ORIGIN, ...head }))
  }

  async sign(text: string): Promise<string> {
    return noteOf(text, [await signatureLine(text, this.keys.keys[0]!, 0)])
  }

  async request(old: number, checkpoint: string): Promise<string> {
    const { size } = readCheckpoint(checkpoint.slice(0, checkpoint.lastIndexOf('\n\n') + 1))
    return requestText({ old, proof: await this.reader.consistency(old, size), checkpoint })
  }
}

class Ground {
  readonly folder: string
  readonly log: AnyLog
  witness: Witness

  private constructor(folder: string, log: AnyLog) {
    this.folder = folder
    this.log = log
    this.witness = this.open()
  }

  static async make(): Promise<Ground> {
    return new Ground(await temporary(), await AnyLog.make())
  }

  /** As after a restart. */
  open(): Witness {
    return new Witness({
      settings: { name: 'witness.example/w1', logs: [verifierKeyText(this.log.keys.keys[0]!.verifier)] },
      source: keyFolder(join(this.folder, 'keys')),
      folder: join(this.folder, 'witness'),
      clock: () => 1_700_000_000_000,
    })
  }
}

const entries = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => `entry ${from + i}`)

describe('a witness', () => {
  it('cosigns a checkpoint and what continues it, with both of its keys, and knows the last one after a restart', async () => {
    const ground = await Ground.make()
    const { log, witness } = ground
    const first = await log.grow(...entries(0, 5))
    const answer = await witness.cosign(await log.request(0, first))
    expect(answer.status).toBe(200)
    const keys = (await witness.verifierKeys()).map(readVerifierKey)
    const { signatures } = openNote(first + answer.text, keys)
    expect(signatures.map(({ key, time }) => [key.name, key.type, time])).toEqual([
      ['witness.example/w1', 'ed25519-cosignature', 1_700_000_000],
      ['witness.example/w1', 'ml-dsa-44-cosignature', 1_700_000_000],
    ])
    const second = await log.grow(...entries(5, 300))
    expect((await witness.cosign(await log.request(5, second))).status).toBe(200)
    const restarted = ground.open()
    expect(await restarted.cosign(await log.request(5, second))).toEqual({
      status: 409,
      type: 'text/x.tlog.size',
      text: '300\n',
    })
    // The same size again is fine, and needs no proof.
    expect((await restarted.cosign(await log.request(300, second))).status).toBe(200)
  })

  it('never signs a second history: neither another root of the same size, nor a larger or a smaller log without the old one', async () => {
    const { log, witness } = await Ground.make()
    expect((await witness.cosign(await log.request(0, await log.grow(...entries(0, 10))))).status).toBe(200)
    // Somebody has stolen the key.
    const other = await AnyLog.make(log)
    const same = await other.grow(...entries(100, 110))
    expect((await witness.cosign(await other.request(10, same))).status).toBe(422)
    const larger = await other.grow(...entries(110, 120))
    expect((await witness.cosign(await other.request(10, larger))).status).toBe(422)
    expect((await witness.cosign(requestText({ old: 10, proof: [], checkpoint: larger }))).status).toBe(422)
    // To begin from nothing, or from a size below, is an answer with the size.
    expect((await witness.cosign(await other.request(0, larger))).status).toBe(409)
    const smaller = await log.sign(
      checkpointText({
        origin: ORIGIN,
        size: 5,
        root: merkleRoot(Buffer.concat(entries(0, 5).map((one) => leafHash(Buffer.from(one))))),
      }),
    )
    expect((await witness.cosign(requestText({ old: 5, proof: [], checkpoint: smaller }))).status).toBe(409)
    expect((await witness.cosign(requestText({ old: 10, proof: [], checkpoint: smaller }))).status).toBe(400)
    // And goes on with the true one.
    expect((await witness.cosign(await log.request(10, await log.grow(...entries(10, 12))))).status).toBe(200)
  })

  it('signs one of two at once, so that none goes back', async () => {
    const { log, witness } = await Ground.make()
    const first = await log.grow(...entries(0, 3))
    const second = await log.grow(...entries(3, 6))
    const answers = await Promise.all([
      witness.cosign(await log.request(0, second)),
      witness.cosign(await log.request(0, first)),
    ])
    expect(answers.map(({ status }) => status)).toEqual([200, 409])
  })

  it('answers as the protocol says to what is wrong with a request', async () => {
    const { log, witness } = await Ground.make()
    const checkpoint = await log.grow(...entries(0, 4))
    const request = await log.request(0, checkpoint)
    const stranger = await AnyLog.make()
    const wrong: [string, number][] = [
      ['', 400],
      ['old 0\n', 400],
      [request.replace('old 0', 'old 00'), 400],
      [request.replace('old 0', 'old 5'), 400],
      [request.replace('old 0\n', `old 0\n${'AAAA\n'}`), 400],
      [request.replace('old 0\n', `old 0\n${`${Buffer.alloc(32).toString('base64')}\n`.repeat(64)}`), 400],
      [request.replaceAll(ORIGIN, 'logs.example/b'), 404],
      [request.replace('\n4\n', '\n5\n'), 403],
      [
        requestText({
          old: 0,
          proof: [],
          checkpoint: await stranger.sign(
            checkpointText({ origin: ORIGIN, size: 0, root: Buffer.alloc(32) }),
          ),
        }),
        403,
      ],
      [
        requestText({
          old: 0,
          proof: [],
          checkpoint: await log.sign(checkpointText({ origin: ORIGIN, size: 0, root: Buffer.alloc(32) })),
        }),
        422,
      ],
      [request.replace('old 0\n', `old 0\n${Buffer.alloc(32).toString('base64')}\n`), 422],
    ]
    for (const [body, status] of wrong)
      expect((await witness.cosign(body)).status, JSON.stringify(body.slice(0, 200))).toBe(status)
    expect((await witness.cosign(request)).status).toBe(200)
  })

  it('does not believe a state that it did not sign', async () => {
    const { log, witness, folder } = await Ground.make()
    await witness.cosign(await log.request(0, await log.grow(...entries(0, 10))))
    const [file] = await readdir(join(folder, 'witness'))
    const other = await AnyLog.make(log)
    await writeFile(join(folder, 'witness', file!), await other.grow(...entries(50, 55)))
    await expect(
      witness.cosign(await other.request(5, await other.grow(...entries(55, 60)))),
    ).rejects.toThrow('no trusted key signed it')
  })
})
