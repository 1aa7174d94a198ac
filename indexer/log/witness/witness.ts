import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { codeOf, merkleRoot, reasonOf, sha256 } from '../../../schema/index.ts'
import { inTurn, writeDurably } from '../../ingest/index.ts'
import { type Checkpoint, readCheckpoint } from '../checkpoint.ts'
import { type KeySet, type KeySource, WITNESS_KEYS } from '../keys.ts'
import {
  NoteError,
  noteOf,
  openNote,
  readVerifierKey,
  signatureLine,
  type VerifierKey,
  verifierKeyText,
} from '../note.ts'
import { verifyConsistency } from '../tree.ts'
import { readRequest, SIZE_TYPE } from './request.ts'

export interface WitnessSettings {
  readonly name: string
  /** Verifier keys of the logs that it cosigns; the name of a key is the origin of its log. */
  readonly logs: readonly string[]
}

/** The answer to a log, as tlog-witness defines it. */
export interface CosignAnswer {
  readonly status: 200 | 400 | 403 | 404 | 409 | 422
  readonly type: string
  readonly text: string
}

const TEXT = 'text/plain; charset=utf-8'
/** A checkpoint with several post-quantum signatures, and a proof. */
const LARGEST_REQUEST = 256 * 1024

/**
 * A witness of other logs (c2sp.org/tlog-witness): it signs a checkpoint only if it continues the one that it signed before. So nobody can
 * show two histories of one log, not even with the key of the log. The checkpoint is on the disk before its signature goes out.
 */
export class Witness {
  readonly #settings: WitnessSettings
  readonly #source: KeySource
  readonly #folder: string
  readonly #clock: () => number
  readonly #logs: readonly VerifierKey[]
  readonly #turn = inTurn()
  #keys: KeySet | null = null

  constructor(parts: { settings: WitnessSettings; source: KeySource; folder: string; clock: () => number }) {
    this.#settings = parts.settings
    this.#source = parts.source
    this.#folder = parts.folder
    this.#clock = parts.clock
    this.#logs = parts.settings.logs.map(readVerifierKey)
  }

  async #signers(): Promise<KeySet> {
    if (this.#keys !== null) return this.#keys
    const { name } = this.#settings
    if ((await this.#source.list(name, WITNESS_KEYS)).length === 0) await this.#source.make()
    const [newest] = await this.#source.list(name, WITNESS_KEYS)
    if (newest === undefined) throw new Error(`${this.#source.place} has no key of the witness`)
    this.#keys = newest
    return newest
  }

  /** The keys by which others know its cosignatures. */
  async verifierKeys(): Promise<string[]> {
    return this.#turn(async () =>
      (await this.#signers()).keys.map(({ verifier }) => verifierKeyText(verifier)),
    )
  }

  #file(origin: string): string {
    return join(this.#folder, sha256(Buffer.from(origin)))
  }

  /** The checkpoint of a log that it cosigned last, with the cosignatures; null if there is none. */
  async latest(originHash: string): Promise<string | null> {
    try {
      return await readFile(join(this.#folder, originHash), 'utf8')
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null
      throw error
    }
  }

  /** One after the other: the check against the last checkpoint and its replacement are one step. */
  cosign(body: string): Promise<CosignAnswer> {
    return this.#turn(() => this.#cosign(body))
  }

  async #cosign(body: string): Promise<CosignAnswer> {
    const refused = (status: CosignAnswer['status'], sentence: string): CosignAnswer => ({
      status,
      type: TEXT,
      text: `${sentence}\n`,
    })
    let asked: ReturnType<typeof readRequest>
    let next: Checkpoint
    let signed: readonly string[]
    try {
      asked = readRequest(body)
      const [origin] = asked.checkpoint.split('\n')
      const keys = this.#logs.filter(({ name }) => name === origin)
      if (keys.length === 0) return refused(404, 'this witness does not know the log')
      const { text, signatures } = openNote(asked.checkpoint, keys)
      next = readCheckpoint(text)
      signed = [text, ...signatures.map(({ line }) => line)]
    } catch (error) {
      if (!(error instanceof NoteError)) throw error
      return refused(error.reason === 'malformed' ? 400 : 403, error.message)
    }
    const { old, proof } = asked
    if (old > next.size) return refused(400, `the old size ${old} is above the size ${next.size}`)
    const before = await this.#last(next.origin)
    if (old !== before.size) return { status: 409, type: SIZE_TYPE, text: `${before.size}\n` }
    if (next.size === 0 && !next.root.equals(merkleRoot(Buffer.alloc(0))))
      return refused(422, 'the empty log has another root')
    if (!verifyConsistency(old, next.size, proof, before.root, next.root))
      return refused(422, `the checkpoint does not continue the one of ${old} entries`)
    const [text = '', ...lines] = signed
    const cosigned: string[] = []
    for (const key of (await this.#signers()).keys)
      cosigned.push(await signatureLine(text, key, Math.floor(this.#clock() / 1000)))
    await writeDurably(this.#folder, this.#file(next.origin), noteOf(text, [...lines, ...cosigned]))
    return { status: 200, type: TEXT, text: cosigned.join('') }
  }

  async #last(origin: string): Promise<Pick<Checkpoint, 'size' | 'root'>> {
    const note = await this.latest(sha256(Buffer.from(origin)))
    if (note === null) return { size: 0, root: merkleRoot(Buffer.alloc(0)) }
    // Its own signature on it: a file that somebody replaced must not make it sign a second history.
    return readCheckpoint(
      openNote(
        note,
        (await this.#signers()).keys.map(({ verifier }) => verifier),
      ).text,
    )
  }
}

/** The witness over HTTP, as the protocol defines it: any client with a checkpoint that a known log has signed may ask. */
export function serveWitness(app: FastifyInstance, witness: Witness, say: (sentence: string) => void): void {
  void app.register(async (pages) => {
    pages.removeAllContentTypeParsers()
    pages.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
    pages.post('/witness/add-checkpoint', { bodyLimit: LARGEST_REQUEST }, async (request, reply) => {
      const body = typeof request.body === 'string' ? request.body : ''
      try {
        const { status, type, text } = await witness.cosign(body)
        if (status === 422)
          say(`The witness refused a checkpoint that contradicts what it cosigned: ${text.trim()}.`)
        return reply.code(status).type(type).send(text)
      } catch (error) {
        say(`The witness can't cosign: ${reasonOf(error)}`)
        return reply.code(500).type(TEXT).send('the witness can not cosign now\n')
      }
    })
    pages.get<{ Params: { origin: string } }>('/witness/:origin/checkpoint', async (request, reply) => {
      const { origin } = request.params
      const note = /^[0-9a-f]{64}$/.test(origin) ? await witness.latest(origin) : null
      return note === null
        ? reply.code(404).type(TEXT).send('no checkpoint of this log\n')
        : reply.type(TEXT).send(note)
    })
  })
}
