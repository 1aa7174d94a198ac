import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from 'pino'
import * as z from 'zod'
import type { ConfigSources } from '../../config/index.ts'
import type { RuleShape } from '../../schema/api/index.ts'
import { OperatorError, reasonOf } from '../../schema/index.ts'
import type { Act, Trail } from '../ingest/index.ts'
import { Refusal } from '../refusal.ts'
import type { SharedRecords } from '../store/index.ts'
import { inTurn } from '../turn.ts'
import { listFilesIn, NO_LISTS, readLists, type ValueLists } from './lists.ts'
import { rewritten, switched } from './rule-acts.ts'
import {
  type ParsedRule,
  problemIn,
  type RuleFile,
  type RuleText,
  readRuleFiles,
  ruleFilesIn,
  ruleIn,
} from './rules.ts'

/** A rule as it is now. Where the store and the folder both have it, the store's text counts. */
export interface BookRule {
  readonly id: string
  /** Null if its text is wrong; `problem` then says what is. */
  readonly rule: ParsedRule | null
  readonly text: string
  readonly enabled: boolean
  readonly origin: 'file' | 'console'
  /** The mistakes in its text, each with file and line; null if there are none. */
  readonly problem: string | null
  /** The version of what the store has of it; 0 if it is a file alone. */
  readonly version: number
  /** The last change in the store; null for a file alone. */
  readonly changed: { readonly at: number; readonly by: string } | null
}

/** How the rule of an id fares where it runs; also if it runs nowhere, or is unknown there. */
export type Fares = (
  id: string,
) => Pick<RuleShape, 'runBy' | 'problem' | 'lastFired' | 'fired' | 'judged' | 'matched' | 'micros'>

/** A text that a rule had before. */
export type EarlierText = z.infer<typeof earlierSchema>

const earlierSchema = z.object({ at: z.number(), by: z.string(), text: z.string() })

const storedSchema = z.object({
  /** Null: the file's text counts, and only the switch is kept here. */
  text: z.string().nullable(),
  enabled: z.boolean(),
  at: z.number(),
  by: z.string(),
})
type Stored = z.infer<typeof storedSchema>

const historySchema = z.object({ texts: z.array(earlierSchema) })

const KIND = 'rule'
/** Apart from the rules: these are read whenever any record changes, and earlier texts would make that slow. */
const HISTORY = 'rule-history'
const MOST_EARLIER = 50
/** In all earlier texts of one rule together. */
const MOST_CHARACTERS = 512 * 1024
/** Rules in the store; a folder may have any number. */
const MOST_STORED = 5_000
const LOOK_AT_FILES_EVERY = 30_000

/** Who changes a rule. */
type By = Act['by']

/** A text that came over the network must not make the indexer read its own files and variables. */
const WITHOUT_REFERENCES: ConfigSources = {
  env: {},
  readSecretFile: () => {
    throw new Error('only rules in files may refer to other files')
  },
}

interface BookParts {
  readonly records: Pick<SharedRecords, 'get' | 'put' | 'list' | 'remove' | 'follow'>
  readonly trail: Pick<Trail, 'record'>
  readonly folder: string
  readonly log: Pick<Logger, 'warn'>
  readonly clock: () => number
}

/**
 * All alert rules: those of the folder, and those that people wrote in the console or by the API, which are in the store. A rule with a
 * mistake stays in the book with its problem, and the others go on.
 */
export class RuleBook {
  readonly #parts: BookParts
  readonly #turn = inTurn()
  readonly #listeners = new Set<() => void>()
  #folder: string
  #folderProblem: string | null = null
  #files: readonly RuleFile[] = []
  #stamp = ''
  #lists: ValueLists = NO_LISTS
  /** The lists with which the rules were read. */
  #combined: ValueLists = NO_LISTS
  #stored: ReadonlyMap<string, { readonly value: Stored; readonly version: number }> = new Map()
  #rules: ReadonlyMap<string, BookRule> = new Map()
  readonly #said = new Set<string>()
  readonly #timer: ReturnType<typeof setInterval>

  private constructor(parts: BookParts) {
    this.#parts = parts
    this.#folder = parts.folder
    this.#timer = setInterval(() => this.lookAtFiles(), LOOK_AT_FILES_EVERY)
    this.#timer.unref()
  }

  static async open(parts: BookParts): Promise<RuleBook> {
    const book = new RuleBook(parts)
    book.#readFiles()
    await book.#readStored()
    book.#combine()
    parts.records.follow(() => book.#turn(() => book.#readAgain()))
    return book
  }

  /** All rules, by their ids: also those that are switched off or wrong. */
  all(): BookRule[] {
    return [...this.#rules.values()]
  }

  get(id: string): BookRule | undefined {
    return this.#rules.get(id)
  }

  /** Parses a text from outside, as if it were the file of this rule. */
  read(id: string, text: string): RuleText {
    return ruleIn(text, `${id}.yml`, { from: WITHOUT_REFERENCES, lists: this.#lists })
  }

  /** Why the folder of the rules can't be read, in a sentence; the rules that were read before stay. */
  get folderProblem(): string | null {
    return this.#folderProblem
  }

  /** Calls `listener` after every change of any rule, wherever it was made. Returns what ends that. */
  follow(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Reads the folder again, or another one. */
  reload(folder: string): void {
    this.#folder = folder
    this.#readFiles()
    this.#combine()
  }

  /** Reads the folder again if a file in it has changed. */
  lookAtFiles(): void {
    if (this.#stampOf() !== this.#stamp) this.reload(this.#folder)
  }

  /** Earlier texts of a rule, the newest first. */
  async earlier(id: string): Promise<EarlierText[]> {
    return (await this.#history(id)).texts
  }

  /**
   * Saves the text of a rule. `version` is the one that it changes; without it, the rule must be new. A text with mistakes is refused.
   */
  put(
    id: string,
    given: {
      readonly text: string
      readonly version: number | undefined
      readonly enabled?: boolean | undefined
    },
    by: By,
  ): Promise<BookRule> {
    return this.#turn(async () => {
      const { text, version } = given
      const before = this.#rules.get(id)
      if (version === undefined && before !== undefined)
        throw new Refusal(
          'WB-EXISTS',
          `There is a rule ${id} already: choose another name, or change that one.`,
        )
      if (version !== undefined && version !== (before?.version ?? 0)) throw changed(id)
      const { rule, problem } = this.#outside(id, text)
      if (rule === null) throw new Refusal('WB-RULE-INVALID', problem ?? '')
      const enabled = given.enabled ?? before?.enabled ?? true
      if (before?.text === text && before.enabled === enabled) return before
      if (!this.#stored.has(id) && this.#stored.size >= MOST_STORED)
        throw new Refusal('WB-LIMIT-REACHED', `The store has ${MOST_STORED} rules already: remove some.`)
      const acts = [
        ...(before?.text === text
          ? []
          : [rewritten({ id, name: rule.name }, before?.text ?? null, text, by)]),
        ...(before === undefined || before.enabled === enabled ? [] : [switched(id, rule.name, enabled, by)]),
      ]
      const value: Stored = { text, enabled, at: this.#parts.clock(), by: by.name }
      return this.#change(id, acts, async (known) => {
        if (before !== undefined && before.text !== text) await this.#keepEarlier(id, before)
        return this.#parts.records.put(KIND, id, value, known)
      })
    })
  }

  /** Switches a rule on or off, also one of a file. */
  switch(id: string, enabled: boolean, by: By): Promise<BookRule> {
    return this.#turn(async () => {
      const before = this.#demand(id)
      if (before.enabled === enabled) return before
      const text = before.origin === 'console' ? before.text : null
      const value: Stored = { text, enabled, at: this.#parts.clock(), by: by.name }
      const act = switched(id, before.rule?.name ?? id, enabled, by)
      return this.#change(id, [act], (known) => this.#parts.records.put(KIND, id, value, known))
    })
  }

  /** Removes what the store has of a rule; if a file has it too, that text counts again. */
  remove(id: string, version: number | undefined, by: By): Promise<void> {
    return this.#turn(async () => {
      const before = this.#demand(id)
      if (before.origin === 'file')
        throw new Refusal(
          'WB-RULE-FILE',
          `The rule ${id} is the file ${join(this.#folder, `${id}.yml`)}: remove the file, or switch the rule off.`,
        )
      if (version !== undefined && version !== before.version) throw changed(id)
      const { records, trail } = this.#parts
      await trail.record(rewritten({ id, name: before.rule?.name ?? id }, before.text, null, by))
      await this.#keepEarlier(id, before)
      await records.remove(KIND, id)
      await this.#readAgain()
    })
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #outside(id: string, text: string): Pick<BookRule, 'rule' | 'problem'> {
    const read = this.read(id, text)
    return { rule: read.rule, problem: problemIn(`${id}.yml`, read) }
  }

  #demand(id: string): BookRule {
    const rule = this.#rules.get(id)
    if (rule === undefined) throw new Refusal('WB-NOT-FOUND', `There is no rule ${id}.`)
    return rule
  }

  /** Records the acts, and then makes the change, unless another indexer was faster. */
  async #change(
    id: string,
    acts: readonly Act[],
    make: (version: number | null) => Promise<boolean>,
  ): Promise<BookRule> {
    const { trail } = this.#parts
    await trail.record(...acts)
    const done = await make(this.#stored.get(id)?.version ?? null)
    await this.#readAgain()
    if (done) return this.#demand(id)
    const reason = 'another indexer of this store changed the rule at the same time'
    await trail.record(...acts.map((act): Act => ({ ...act, outcome: 'failure', reason })))
    throw changed(id)
  }

  async #history(id: string): Promise<{ texts: EarlierText[]; version: number | null }> {
    const found = await this.#parts.records.get(HISTORY, id)
    if (found === null) return { texts: [], version: null }
    return { ...historySchema.parse(found.value), version: found.version }
  }

  async #keepEarlier(id: string, { text, changed }: BookRule): Promise<void> {
    const file = this.#files.find((one) => one.id === id)
    const { at, by } = changed ?? { at: file?.changed ?? 0, by: 'file' }
    for (;;) {
      const { texts, version } = await this.#history(id)
      // A change that a crash interrupted has left its text here.
      if (texts[0]?.text === text) return
      const kept = withinLimits([{ at, by, text }, ...texts])
      if (await this.#parts.records.put(HISTORY, id, { texts: kept }, version)) return
    }
  }

  async #readAgain(): Promise<void> {
    await this.#readStored()
    this.#combine()
  }

  async #readStored(): Promise<void> {
    const stored = new Map<string, { value: Stored; version: number }>()
    for (const { key, value, version } of await this.#parts.records.list(KIND)) {
      const parsed = storedSchema.safeParse(value)
      if (parsed.success) stored.set(key, { value: parsed.data, version })
      else this.#say(`The record of the rule ${key} is not understood; a newer version may have written it.`)
    }
    this.#stored = stored
  }

  #readFiles(): void {
    try {
      this.#stamp = this.#stampOf()
      const lists = readLists(this.#folder)
      this.#files = readRuleFiles(this.#folder, lists)
      this.#lists = lists
      this.#folderProblem = null
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error
      // The rules that were read before stay: a folder that is being replaced must not switch all rules off.
      this.#folderProblem = error.message
      this.#say(error.message)
    }
  }

  /** A text that changes with the files of the folder. */
  #stampOf(): string {
    try {
      return [...ruleFilesIn(this.#folder), ...listFilesIn(this.#folder)]
        .map((name) => {
          const { mtimeMs, size } = statSync(join(this.#folder, name), { throwIfNoEntry: false }) ?? {}
          return `${name} ${mtimeMs} ${size}`
        })
        .join('\n')
    } catch (error) {
      return reasonOf(error)
    }
  }

  #combine(): void {
    const rules = new Map<string, BookRule>()
    for (const file of this.#files) {
      const kept = this.#stored.get(file.id)
      if (kept === undefined || kept.value.text === null)
        rules.set(file.id, this.#asBefore(ofFile(file, kept)))
    }
    for (const [id, { value, version }] of this.#stored) {
      const { text, enabled, at, by } = value
      if (text === null) continue
      const before = this.#rules.get(id)
      const isSame = before?.origin === 'console' && before.text === text && this.#lists === this.#combined
      const { rule, problem } = isSame ? before : this.#outside(id, text)
      const changed = { at, by }
      rules.set(id, this.#asBefore({ id, rule, problem, text, enabled, origin: 'console', version, changed }))
    }
    this.#combined = this.#lists
    const before = this.#rules
    this.#rules = new Map([...rules].sort(([a], [b]) => (a < b ? -1 : 1)))
    for (const { problem } of this.#rules.values()) if (problem !== null) this.#say(problem)
    const isSame =
      before.size === rules.size && [...rules.values()].every((rule) => before.get(rule.id) === rule)
    if (!isSame) for (const listener of this.#listeners) listener()
  }

  /** The object from before if nothing has changed, so that followers can compare rules by identity. */
  #asBefore(now: BookRule): BookRule {
    const before = this.#rules.get(now.id)
    const isSame =
      before !== undefined &&
      before.text === now.text &&
      before.enabled === now.enabled &&
      before.origin === now.origin &&
      before.problem === now.problem &&
      before.rule?.version === now.rule?.version &&
      before.version === now.version
    return isSame ? before : now
  }

  /** Logs a sentence once. */
  #say(sentence: string): void {
    if (this.#said.has(sentence)) return
    this.#said.add(sentence)
    this.#parts.log.warn(sentence)
  }
}

function ofFile(
  read: RuleFile,
  kept: { readonly value: Stored; readonly version: number } | undefined,
): BookRule {
  const changed = kept === undefined ? null : { at: kept.value.at, by: kept.value.by }
  const { id, file, text, rule } = read
  const problem = problemIn(file, read)
  const enabled = kept?.value.enabled ?? true
  return { id, rule, problem, text, enabled, origin: 'file', version: kept?.version ?? 0, changed }
}

function withinLimits(texts: readonly EarlierText[]): EarlierText[] {
  let characters = 0
  return texts.slice(0, MOST_EARLIER).filter(({ text }, index) => {
    characters += text.length
    return index === 0 || characters <= MOST_CHARACTERS
  })
}

const changed = (id: string): Refusal =>
  new Refusal('WB-CHANGED', `Somebody changed the rule ${id} in the meantime: read it again.`)
