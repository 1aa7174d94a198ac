import { mkdir, rename, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'
import { merkleRoot, OperatorError } from '../../schema/index.ts'
import { type Act, type Trail, writeDurably } from '../ingest/index.ts'
import type { Store, WaybillHeader } from '../store/port.ts'
import { type Head, LogAppender } from './append.ts'
import { checkpointText, readCheckpoint } from './checkpoint.ts'
import { type KeySet, type KeySource, keyCommand, keyFolder, LOG_KEYS } from './keys.ts'
import {
  NoteError,
  noteOf,
  openNote,
  signatureLine,
  splitNote,
  type VerifierKey,
  verifierKeyText,
} from './note.ts'
import { Places, type WaybillKey } from './places.ts'
import { logProofText } from './proof.ts'
import { LogDamagedError, LogReader, logFolder } from './reader.ts'
import { rotationNote, rotationPath } from './rotation.ts'
import type { LogSettings } from './settings.ts'
import { type LogState, readState, writeState } from './state.ts'
import { statementOf } from './statement.ts'
import { CHECKPOINT } from './tiles.ts'

/** Waybills that get into the log with one checkpoint. While an indexer catches up there are always more. */
const AT_A_TIME = 8192
export interface LogParts {
  readonly store: Pick<Store, 'consignments'>
  readonly trail: Trail
  /** The indexer's own folder: the log is in `log`, its keys in `log-keys`. */
  readonly folder: string
  readonly settings: LogSettings
  readonly log: Logger
  readonly clock: () => number
  readonly random: (bytes: number) => Buffer
}

export interface LogHead {
  readonly origin: string
  readonly size: number
  readonly root: string
  /** When the newest checkpoint was signed, ms. */
  readonly at: number
  /** The keys that sign, as verifier keys; and when each ends, ms. */
  readonly keys: { readonly key: string; readonly until: number | null }[]
}

/**
 * The log itself: it appends a statement for each stored waybill, in the order in which they were stored, and signs the result. After an
 * error it has to be opened again, since memory may be ahead of the disk.
 */
export class OwnLog {
  readonly #parts: LogParts
  readonly #source: KeySource
  readonly #stateFile: string
  /** The folder in the public layout. */
  readonly folder: string
  readonly reader: LogReader
  #state: LogState
  #keys: readonly KeySet[]
  #appender: LogAppender | null = null
  #places: Places | null = null

  private constructor(parts: LogParts, source: KeySource, state: LogState, keys: readonly KeySet[]) {
    this.#parts = parts
    this.#source = source
    this.#state = state
    this.#keys = keys
    this.folder = join(parts.folder, 'log')
    this.#stateFile = join(parts.folder, 'log-state.json')
    this.reader = new LogReader(logFolder(this.folder))
  }

  static async open(parts: LogParts): Promise<OwnLog> {
    const { folder, settings, clock } = parts
    const source = keySourceOf(settings.keys, join(folder, 'log-keys'))
    const stateFile = join(folder, 'log-state.json')
    const reader = new LogReader(logFolder(join(folder, 'log')))
    let state = (await readState(stateFile)) ?? (await recovered(reader, source, parts))
    const origin =
      state?.origin ?? settings.origin ?? `${hostname()}/waybill/${parts.random(4).toString('hex')}`
    if (settings.origin !== undefined && settings.origin !== origin)
      throw new OperatorError(
        'WB-LOG-ORIGIN',
        `transparency-log.origin is ${settings.origin}, but the log in ${join(folder, 'log')} has the origin ${origin}, which can't change: write that, or move the folder and log-state.json away to begin a new log`,
      )
    if (state === null && (await source.list(origin, LOG_KEYS)).length === 0) await source.make()
    const keys = await source.list(origin, LOG_KEYS)
    const [newest] = keys
    if (newest === undefined)
      throw new OperatorError('WB-LOG-KEY', `${source.place} has no key of the log: restore it from a backup`)
    if (state === null) {
      const empty: Head = { size: 0, root: merkleRoot(Buffer.alloc(0)) }
      state = {
        version: 1,
        origin,
        size: 0,
        root: empty.root.toString('hex'),
        checkpoint: await signed(origin, empty, [newest], clock()),
        at: clock(),
        cursor: null,
        last: null,
        again: false,
        keys: [{ keys: textsOf(newest), until: null }],
        rotations: 0,
      }
      await writeState(stateFile, state)
    }
    const log = new OwnLog(parts, source, state, keys)
    await log.#takeUpKeys()
    // Files that are missing are noticed now, not with the next waybill: the checkpoint must not be published over them.
    if (log.size > 0) log.#appender = await log.#openAppender()
    await log.#demandSameStore()
    await log.#publish(log.#state.checkpoint)
    return log
  }

  get origin(): string {
    return this.#state.origin
  }

  get size(): number {
    return this.#state.size
  }

  /** The keys that sign checkpoints now. */
  get keys(): readonly VerifierKey[] {
    return this.#signing().flatMap(({ keys }) => keys.map(({ verifier }) => verifier))
  }

  /** Signs a text that is no checkpoint, with the keys that sign those. */
  async signNote(text: string): Promise<string> {
    const lines: string[] = []
    for (const { forNotes } of this.#signing())
      for (const key of forNotes) lines.push(await signatureLine(text, key, 0))
    return noteOf(text, lines)
  }

  head(): LogHead {
    const { origin, size, root, at, keys } = this.#state
    return {
      origin,
      size,
      root,
      at,
      keys: keys.flatMap((set) => set.keys.map((key) => ({ key, until: set.until }))),
    }
  }

  /** The newest checkpoint. */
  get checkpoint(): string {
    return this.#state.checkpoint
  }

  /** Appends some of what is stored and not in the log yet; returns false if nothing more was stored. */
  async append(): Promise<boolean> {
    await this.#retire()
    const { cursor } = this.#state
    const page = await this.#parts.store.consignments.headers({ after: cursor, limit: AT_A_TIME })
    await this.#append(page.headers, page.next, page.isEnd)
    return !page.isEnd
  }

  async #append(headers: readonly WaybillHeader[], next: string, isEnd: boolean): Promise<void> {
    const { cursor, again } = this.#state
    const statements: Buffer[] = []
    for (const header of headers) {
      const statement = statementOf({ ...header, manifest: header.hash })
      if (!again || !(await this.#has(header, statement))) statements.push(statement)
    }
    if (statements.length === 0 && !(again && isEnd)) {
      this.#state = { ...this.#state, cursor: next }
      return
    }
    this.#appender ??= await this.#openAppender()
    const head = statements.length === 0 ? this.#head() : await this.#appender.append(statements)
    const last = headers.at(-1)
    await this.#sign(head, {
      cursor: next,
      again: again && !isEnd,
      last:
        last === undefined
          ? this.#state.last
          : {
              after: headers.at(-2)?.cursor ?? cursor,
              statement: statementOf({ ...last, manifest: last.hash }).toString('utf8'),
            },
    })
    await this.#appender.tidy()
    if (this.#places !== null) for (const statement of statements) await this.#places.add(statement)
  }

  #head(): Head {
    return { size: this.#state.size, root: Buffer.from(this.#state.root, 'hex') }
  }

  async #openAppender(): Promise<LogAppender> {
    try {
      return await LogAppender.open(this.folder, this.#head())
    } catch (thrown) {
      if (!(thrown instanceof LogDamagedError)) throw thrown
      throw new OperatorError(
        'WB-LOG-DAMAGED',
        `the files in ${this.folder} are not those of the log: ${thrown.message}. Restore the folder from a backup; for a new log, move the folder and log-state.json away, and keep them.`,
        { cause: thrown },
      )
    }
  }

  /** Signs a head, makes it durable, and publishes it. */
  async #sign(head: Head, more: Partial<LogState>): Promise<void> {
    const at = this.#parts.clock()
    const next: LogState = {
      ...this.#state,
      size: head.size,
      root: head.root.toString('hex'),
      checkpoint: await signed(this.#state.origin, head, this.#signing(), at),
      at,
      ...more,
    }
    await writeState(this.#stateFile, next)
    await this.#publish(next.checkpoint)
    // Nobody hears of a head before the published file has it.
    this.#state = next
  }

  async #publish(checkpoint: string): Promise<void> {
    if ((await this.reader.checkpoint()) === checkpoint) return
    // It is not synced: the state has it, and a start publishes it again.
    const file = join(this.folder, CHECKPOINT)
    await mkdir(this.folder, { recursive: true, mode: 0o700 })
    await writeFile(`${file}.tmp`, checkpoint, { mode: 0o600 })
    await rename(`${file}.tmp`, file)
  }

  async #has(header: WaybillKey, statement: Buffer): Promise<boolean> {
    const places = await this.#openPlaces()
    for (const place of await places.find(header))
      if ((await this.reader.entry(place, this.size)).equals(statement)) return true
    return false
  }

  async #openPlaces(): Promise<Places> {
    this.#places ??= await Places.open(join(this.#parts.folder, 'log-index'), this.reader, this.size)
    return this.#places
  }

  /** The place of a waybill in the log, and its entry; null if it is not there yet. */
  async place(waybill: WaybillKey): Promise<{ readonly index: number; readonly entry: Buffer } | null> {
    const [index] = await (await this.#openPlaces()).find(waybill)
    return index === undefined ? null : { index, entry: await this.reader.entry(index, this.size) }
  }

  /** The proof of a waybill, by a checkpoint that witnesses cosigned if that has it, as text; null if it is not in the log yet. */
  async proof(
    waybill: WaybillKey,
    { withEntry, witnessed }: { readonly withEntry: boolean; readonly witnessed: string | null },
  ): Promise<string | null> {
    const place = await this.place(waybill)
    if (place === null) return null
    const { index, entry } = place
    const sizeOf = (note: string): number => readCheckpoint(splitNote(note).text).size
    const checkpoint = witnessed !== null && sizeOf(witnessed) > index ? witnessed : this.checkpoint
    const path = await this.reader.inclusion(index, sizeOf(checkpoint))
    return logProofText({ index, path, checkpoint, ...(withEntry && { entry }) })
  }

  /** A store that was restored, or rebuilt, has another order: then all of it is read again. */
  async #demandSameStore(): Promise<void> {
    const { last, again, origin } = this.#state
    if (last === null || again) return
    const { headers } = await this.#parts.store.consignments.headers({ after: last.after, limit: 1 })
    const [first] = headers
    if (
      first !== undefined &&
      statementOf({ ...first, manifest: first.hash }).toString('utf8') === last.statement
    )
      return
    this.#state = { ...this.#state, cursor: null, last: null, again: true }
    const message = `The store is not as the transparency log ${origin} knows it: it was restored or replaced. The log compares all waybills again.`
    this.#parts.log.warn(message)
    await this.#parts.trail.record({
      action: 'log-compare',
      category: 'security',
      message,
      outcome: 'unknown',
      by: { name: 'indexer' },
      entity: { type: 'log', id: origin },
    })
  }

  /** The key sets that sign now, the newest first. */
  #signing(): KeySet[] {
    const inUse = this.#state.keys.map(({ keys }) => keys)
    return this.#keys.filter((set) => inUse.some((texts) => isDeepStrictEqual(texts, textsOf(set))))
  }

  /** Takes a new key into use if the key source has one, signed by the present one. */
  async #takeUpKeys(): Promise<void> {
    const { keys: inUse, origin, rotations, size } = this.#state
    const [newest] = this.#keys
    const isKnown = (set: KeySet): boolean => inUse.some(({ keys }) => isDeepStrictEqual(keys, textsOf(set)))
    if (newest === undefined || isDeepStrictEqual(inUse[0]?.keys, textsOf(newest))) return
    const old = this.#keys.find(isKnown)
    if (old === undefined || isKnown(newest))
      throw new OperatorError(
        'WB-LOG-KEY',
        `the key of the log ${origin}, ${inUse[0]?.keys[0]}, is not in ${this.#source.place}: restore it from a backup; a log can't get a new key without the old one signing it`,
      )
    const at = this.#parts.clock()
    const next = newest.keys.map(({ verifier }) => verifier)
    const note = await rotationNote(
      { origin, size, at, old: old.keys.map(({ verifier }) => verifier), next },
      [...old.forNotes, ...newest.forNotes],
    )
    const path = join(this.folder, rotationPath(rotations + 1))
    await writeDurably(join(this.folder, 'keys'), path, note)
    const until = at + this.#parts.settings.overlap
    this.#state = {
      ...this.#state,
      keys: [
        { keys: textsOf(newest), until: null },
        ...inUse.map(({ keys, until: before }) => ({ keys, until: before ?? until })),
      ],
      rotations: rotations + 1,
    }
    await this.#sign(this.#head(), {})
  }

  /** Makes a new key: the old one signs it, and signs checkpoints beside it for a while. */
  async rotate(by: Act['by']): Promise<void> {
    const before = this.#state.keys[0]?.keys ?? []
    await this.#source.make()
    this.#keys = await this.#source.list(this.#state.origin, LOG_KEYS)
    const [newest] = this.#keys
    await this.#parts.trail.record({
      action: 'log-key-rotate',
      category: 'security',
      message: `The transparency log ${this.#state.origin} gets a new key.`,
      outcome: 'success',
      by,
      entity: { type: 'log', id: this.#state.origin },
      payload: { before, keys: newest === undefined ? [] : textsOf(newest) },
    })
    await this.#takeUpKeys()
  }

  /** Ends the keys whose time is over. */
  async #retire(): Promise<void> {
    const now = this.#parts.clock()
    for (;;) {
      const oldest = this.#state.keys.at(-1)
      if (oldest === undefined || oldest.until === null || oldest.until > now) return
      this.#state = { ...this.#state, keys: this.#state.keys.slice(0, -1) }
      await this.#sign(this.#head(), {})
      await this.#source.retire()
      this.#parts.log.info(`The key ${oldest.keys[0]} of the transparency log does not sign any more.`)
    }
  }
}

export const keySourceOf = (setting: LogSettings['keys'], folder: string): KeySource =>
  setting === undefined || typeof setting === 'string'
    ? keyFolder(setting ?? folder)
    : keyCommand(setting.command)

const textsOf = ({ keys }: KeySet): string[] => keys.map(({ verifier }) => verifierKeyText(verifier))

async function signed(origin: string, head: Head, sets: readonly KeySet[], at: number): Promise<string> {
  const text = checkpointText({ origin, ...head })
  const lines: string[] = []
  for (const { keys } of sets)
    for (const key of keys) lines.push(await signatureLine(text, key, Math.floor(at / 1000)))
  if (lines.length === 0) throw new Error('there is no key that signs the log')
  return noteOf(text, lines)
}

/** The state of a log whose state file is lost: its last checkpoint says how far it had come. */
async function recovered(
  reader: LogReader,
  source: KeySource,
  { log, clock }: LogParts,
): Promise<LogState | null> {
  const checkpoint = await reader.checkpoint()
  if (checkpoint === null) return null
  const [origin = ''] = checkpoint.split('\n')
  const keys = await source.list(origin, LOG_KEYS)
  try {
    const all = keys.flatMap((set) => set.keys.map(({ verifier }) => verifier))
    const { text } = openNote(checkpoint, all)
    const { size, root } = readCheckpoint(text)
    let rotations = 0
    while ((await reader.file(rotationPath(rotations + 1))) !== null) rotations++
    log.warn(
      `The state of the transparency log ${origin} is lost: it goes on from its checkpoint of ${size} entries.`,
    )
    return {
      version: 1,
      origin,
      size,
      root: root.toString('hex'),
      checkpoint,
      at: clock(),
      cursor: null,
      last: null,
      again: true,
      keys: keys.map((set, i) => ({ keys: textsOf(set), until: i === 0 ? null : clock() })),
      rotations,
    }
  } catch (error) {
    if (!(error instanceof NoteError)) throw error
    throw new OperatorError(
      'WB-LOG-DAMAGED',
      `the checkpoint of the log of ${origin} is not signed by the keys in ${source.place} (${error.message}): restore log-state.json and the keys from a backup, or move the log away to begin a new one`,
      { cause: error },
    )
  }
}
