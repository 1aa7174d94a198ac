import { join } from 'node:path'
import { logged, OperatorError, reasonOf } from '../../schema/index.ts'
import { type Act, inTurn } from '../ingest/index.ts'
import { Refusal } from '../refusal.ts'
import type { VerifierKey } from './note.ts'
import { type LogHead, type LogParts, OwnLog } from './own-log.ts'
import type { WaybillKey } from './places.ts'
import { LogDamagedError, LogReader, logFolder } from './reader.ts'
import { readStatement } from './statement.ts'

/** The manifest hash that a log has of a waybill; null if it has none, undefined if the log does not go on at present. */
export async function loggedAs(
  log: Pick<RunningLog, 'status' | 'place'>,
  waybill: WaybillKey,
): Promise<string | null | undefined> {
  const { head, problem } = log.status()
  if (head === null || problem !== null) return undefined
  const place = await log.place(waybill)
  return place === null ? null : (readStatement(place.entry)?.manifest ?? null)
}

/** A failed round is tried again after this time, at most. */
const LONGEST_PAUSE = 60_000

export interface LogStatus {
  /** Null until the log could be opened. */
  readonly head: LogHead | null
  /** Why the log does not go on, in a sentence; null if it does. */
  readonly problem: string | null
}

/**
 * The transparency log of a running indexer. Nothing waits for it: if it can't go on, such as with a full disk or without its key, it says
 * so, and tries again.
 */
export class RunningLog {
  readonly #parts: LogParts
  readonly #turn = inTurn()
  /** The log in the public layout. */
  readonly reader: LogReader
  #log: OwnLog | null = null
  /** After an error the log is opened again. */
  #isStale = false
  #problem: string | null = null
  /** A checkpoint that witnesses cosigned, for proofs; null if there is none. */
  witnessed: string | null = null
  #timer: NodeJS.Timeout | null = null
  #closed = false

  constructor(parts: LogParts) {
    this.#parts = parts
    this.reader = new LogReader(logFolder(join(parts.folder, 'log')))
  }

  status(): LogStatus {
    return { head: this.#log?.head() ?? null, problem: this.#problem }
  }

  /** The newest checkpoint; null until the log could be opened. */
  get checkpoint(): string | null {
    return this.#log?.checkpoint ?? null
  }

  /** The keys that sign checkpoints now. */
  get keys(): readonly VerifierKey[] {
    return this.#log?.keys ?? []
  }

  /** Appends from now on what is stored. */
  start(): void {
    const again = (pause: number): void => {
      if (this.#closed) return
      this.#timer = setTimeout(async () => {
        await this.round()
        const { every } = this.#parts.settings
        again(this.#problem === null ? every : Math.min(Math.max(every, 2 * pause), LONGEST_PAUSE))
      }, pause)
      this.#timer.unref()
    }
    again(0)
  }

  /** Appends all that is stored, as far as that is possible now. */
  async round(): Promise<void> {
    const { log } = this.#parts
    try {
      while (!this.#closed && (await this.#inTurn((own) => own.append()))) {}
      if (this.#problem !== null) log.info('The transparency log goes on.')
      this.#problem = null
    } catch (error) {
      const sentence = `The transparency log waits: ${reasonOf(error)}`
      if (sentence !== this.#problem) log.error(logged(error), sentence)
      this.#problem = sentence
    }
  }

  async #inTurn<Result>(work: (own: OwnLog) => Promise<Result>): Promise<Result> {
    return this.#turn(async () => {
      if (this.#log === null || this.#isStale) this.#log = await OwnLog.open(this.#parts)
      this.#isStale = true
      const result = await work(this.#log)
      this.#isStale = false
      return result
    })
  }

  /** The place of a waybill in the log, and its entry; null if it is not there yet. */
  place(waybill: WaybillKey): Promise<{ readonly index: number; readonly entry: Buffer } | null> {
    return this.#inTurn((own) => own.place(waybill))
  }

  /** The proof of a waybill, as text; null if it is not in the log yet. */
  proof(
    waybill: WaybillKey,
    { withEntry = false }: { readonly withEntry?: boolean } = {},
  ): Promise<string | null> {
    return this.#inTurn((own) => own.proof(waybill, { withEntry, witnessed: this.witnessed })).catch(
      (thrown: unknown) => {
        if (!(thrown instanceof OperatorError || thrown instanceof LogDamagedError)) throw thrown
        throw new Refusal(
          'WB-PROOF-LATER',
          `The transparency log waits, so it proves nothing: ${thrown.message}`,
          {
            cause: thrown,
          },
        )
      },
    )
  }

  /** Signs a text that is no checkpoint, such as the proof of a report. */
  async signNote(text: string): Promise<string> {
    try {
      return await this.#inTurn((own) => own.signNote(text))
    } catch (thrown) {
      if (!(thrown instanceof OperatorError || thrown instanceof LogDamagedError)) throw thrown
      throw new OperatorError(
        'WB-LOG-KEY',
        `The transparency log waits, so nothing can be signed: ${thrown.message}`,
        { cause: thrown },
      )
    }
  }

  /** Makes a new key, which the present one signs. */
  rotate(by: Act['by']): Promise<void> {
    return this.#inTurn((own) => own.rotate(by))
  }

  async close(): Promise<void> {
    this.#closed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    await this.#turn(async () => {})
  }
}
