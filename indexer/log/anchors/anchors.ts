import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { Logger } from 'pino'
import * as z from 'zod'
import { codeOf, reasonOf } from '../../../schema/index.ts'
import { inTurn, type Trail, writeDurably } from '../../ingest/index.ts'
import type { Destination } from '../../lifecycle/archive/index.ts'
import type { LockedBucketConfig } from '../../lifecycle/archive/settings.ts'
import { readCheckpoint } from '../checkpoint.ts'
import { NoteError, noteOf, openNote, readVerifierKey, splitNote } from '../note.ts'
import type { RunningLog } from '../running-log.ts'
import type { AnchorSettings } from '../settings.ts'
import { askWitness } from '../witness/ask.ts'
import {
  type Anchor,
  bucketAnchor,
  folderAnchor,
  mailAnchor,
  type SendCheckpoint,
  timestampAnchor,
} from './anchor.ts'

/** What became of an anchor last. Times in ms. */
export interface AnchorStatus {
  readonly name: string
  /** The size of the newest checkpoint there; null if there is none. */
  readonly size: number | null
  readonly at: number | null
  /** Why it failed since then, in a sentence. */
  readonly problem: string | null
}

/** After this time an anchor counts as failed. */
const PATIENCE = 20_000
/** How long a stopping indexer waits for what was begun. */
const LAST_PATIENCE = 3000

const stateSchema = z.record(z.string(), z.object({ size: z.number(), at: z.number() }))

export interface AnchorParts {
  readonly log: RunningLog
  /** The indexer's own folder. */
  readonly folder: string
  readonly settings: AnchorSettings
  readonly trail: Trail
  readonly say: Logger
  readonly clock: () => number
  readonly send: SendCheckpoint
  /** Opens a bucket of the settings. */
  readonly bucketOf: (settings: LockedBucketConfig) => Destination
}

/**
 * Takes the checkpoints of a log to all places of the settings, on a schedule. The places do not wait for each other, and nothing waits for
 * them: a failure is in the log, in the status and in the metrics.
 */
export class Anchors {
  readonly #parts: AnchorParts
  readonly #anchors: readonly Anchor[]
  readonly #turn = inTurn()
  readonly #stateFile: string
  readonly #witnessedFile: string
  #state: z.infer<typeof stateSchema> = {}
  readonly #problems = new Map<string, string>()
  readonly #cosignatures = new Map<string, { readonly text: string; readonly lines: readonly string[] }>()
  /** Since when there is something that should be anchored, ms. */
  readonly #since: number
  /** Those that have not ended since they were given up: a folder of a network that hangs. */
  readonly #hanging = new Set<string>()
  readonly #stop = new AbortController()
  #isLate = false
  #timer: NodeJS.Timeout | null = null
  #closed = false

  private constructor(parts: AnchorParts) {
    const { settings, folder, send, bucketOf, clock } = parts
    this.#parts = parts
    this.#since = clock()
    this.#stateFile = join(folder, 'log-anchors.json')
    this.#witnessedFile = join(folder, 'log', 'anchors', 'witnessed')
    this.#anchors = [
      ...settings.witnesses.map((witness) => this.#witness(witness)),
      ...settings.folders.map(folderAnchor),
      ...settings.s3.map((one) => bucketAnchor(bucketOf(one), one.retain, clock)),
      ...settings.timestamps.map((one) => timestampAnchor(one, join(folder, 'log', 'anchors', 'timestamps'))),
      ...settings.mail.to.map((to) => mailAnchor(to, settings.mail.every, send)),
    ]
  }

  static async open(parts: AnchorParts): Promise<Anchors> {
    const anchors = new Anchors(parts)
    const state = await textOf(anchors.#stateFile)
    // A damaged state costs nothing but the knowledge of the last times.
    if (state !== null) anchors.#state = stateSchema.catch({}).parse(parsed(state))
    await anchors.#readWitnessed()
    return anchors
  }

  /** The cosigned checkpoint of the last run, for proofs. */
  async #readWitnessed(): Promise<void> {
    const { settings, log, say } = this.#parts
    const note = await textOf(this.#witnessedFile)
    const keys = settings.witnesses.flatMap((witness) => witness.keys.map(readVerifierKey))
    if (note === null || keys.length === 0) return
    try {
      openNote(note, keys)
      log.witnessed = note
    } catch (error) {
      if (!(error instanceof NoteError)) throw error
      say.warn(`${this.#witnessedFile} is not signed by the witnesses of the settings: ${error.message}`)
    }
  }

  #witness({ url, keys }: AnchorSettings['witnesses'][number]): Anchor {
    const name = `witness ${url}`
    const witness = { url, keys: keys.map(readVerifierKey) }
    return {
      name,
      every: 0,
      put: async (checkpoint, gone) => {
        const { reader } = this.#parts.log
        const lines = await askWitness(witness, {
          checkpoint,
          reader,
          old: this.#state[name]?.size ?? 0,
          gone,
        })
        this.#cosignatures.set(name, { text: splitNote(checkpoint).text, lines })
      },
    }
  }

  get count(): number {
    return this.#anchors.length
  }

  status(): AnchorStatus[] {
    return this.#anchors.map(({ name }) => ({
      name,
      size: this.#state[name]?.size ?? null,
      at: this.#state[name]?.at ?? null,
      problem: this.#problems.get(name) ?? null,
    }))
  }

  /** The time since the newest anchor, or since the start if there is none, ms; null without anchors. */
  get age(): number | null {
    if (this.#anchors.length === 0) return null
    const times = this.#anchors.flatMap(({ name }) => this.#state[name]?.at ?? [])
    return this.#parts.clock() - Math.max(...(times.length === 0 ? [this.#since] : times))
  }

  start(): void {
    if (this.#anchors.length === 0) return
    const again = (pause: number): void => {
      if (this.#closed) return
      this.#timer = globalThis.setTimeout(async () => {
        await this.run()
        again(this.#parts.settings.every)
      }, pause)
      this.#timer.unref()
    }
    again(Math.min(this.#parts.settings.every, 5000))
  }

  /** Takes the newest checkpoint to all places. */
  run(): Promise<void> {
    return this.#turn(async () => {
      const own = this.#parts.log.checkpoint
      if (own !== null) {
        const isWitness = ({ name }: Anchor): boolean => name.startsWith('witness ')
        await this.#putAll(this.#anchors.filter(isWitness), own)
        // The other places get the cosignatures, too.
        const cosigned = await this.#cosigned(own)
        await this.#putAll(
          this.#anchors.filter((anchor) => !isWitness(anchor)),
          cosigned,
        )
      }
      await this.#tellAge()
    })
  }

  async #putAll(anchors: readonly Anchor[], checkpoint: string): Promise<void> {
    const { clock, say } = this.#parts
    const { size } = readCheckpoint(splitNote(checkpoint).text)
    await Promise.all(
      anchors
        .filter((anchor) => this.#isDue(anchor))
        .map(async (anchor) => {
          const { name } = anchor
          try {
            await this.#put(anchor, checkpoint)
            this.#state = { ...this.#state, [name]: { size, at: clock() } }
            if (this.#problems.delete(name)) say.info(`The anchor ${name} works again.`)
          } catch (error) {
            const problem = reasonOf(error)
            if (this.#problems.get(name) !== problem) say.error(`The anchor ${name} failed: ${problem}`)
            this.#problems.set(name, problem)
          }
        }),
    )
    try {
      if (anchors.length > 0)
        await writeDurably(this.#parts.folder, this.#stateFile, JSON.stringify(this.#state))
    } catch (error) {
      say.error(`${this.#stateFile} can't be written: ${reasonOf(error)}`)
    }
  }

  #isDue({ name, every }: Anchor): boolean {
    const last = this.#state[name]?.at
    return last === undefined || this.#problems.has(name) || this.#parts.clock() - last >= every
  }

  async #put({ name, put }: Anchor, checkpoint: string): Promise<void> {
    if (this.#hanging.has(name)) throw new Error('the attempt before has not ended yet')
    const gone = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(PATIENCE)])
    const given = Promise.withResolvers<never>()
    gone.addEventListener(
      'abort',
      () => given.reject(new Error(`no answer within ${PATIENCE / 1000} seconds`)),
      { once: true },
    )
    this.#hanging.add(name)
    const putting = put(checkpoint, gone).finally(() => this.#hanging.delete(name))
    // What comes after it was given up is of no use.
    putting.catch(() => {})
    await Promise.race([putting, given.promise])
  }

  /** The checkpoint with the signatures that witnesses gave for it in this run. */
  async #cosigned(own: string): Promise<string> {
    const { text, lines } = splitNote(own)
    const more = [...this.#cosignatures.values()].flatMap((one) => (one.text === text ? one.lines : []))
    this.#cosignatures.clear()
    if (more.length === 0) return own
    const note = noteOf(text, [...lines.map(({ line }) => line), ...more])
    this.#parts.log.witnessed = note
    try {
      await writeDurably(join(this.#parts.folder, 'log', 'anchors'), this.#witnessedFile, note)
    } catch (error) {
      this.#parts.say.error(`${this.#witnessedFile} can't be written: ${reasonOf(error)}`)
    }
    return note
  }

  /** An act of the trail, for which there is a rule. */
  async #tellAge(): Promise<void> {
    const { age } = this
    const { settings, trail, log } = this.#parts
    if (age === null) return
    const isLate = age > settings['late-after']
    if (isLate && !this.#isLate) {
      const origin = log.status().head?.origin ?? 'of this indexer'
      const reasons = [...new Set(this.#problems.values())]
      await trail.record({
        action: 'log-anchor-late',
        category: 'security',
        message: `No checkpoint of the transparency log ${origin} has reached an anchor for ${Math.round(age / 60_000)} minutes.`,
        outcome: 'failure',
        ...(reasons.length > 0 && { reason: reasons.join('; ') }),
        by: { name: 'indexer' },
        entity: { type: 'log', id: origin },
      })
    }
    this.#isLate = isLate
  }

  async close(): Promise<void> {
    this.#closed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#stop.abort()
    await Promise.race([this.#turn(async () => {}), setTimeout(LAST_PATIENCE, undefined, { ref: false })])
  }
}

async function textOf(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
