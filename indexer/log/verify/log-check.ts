import type { Finding, WaybillPlace } from '../../../schema/api/index.ts'
import { leafHash, merkleRoot, nodeHash } from '../../../schema/index.ts'
import {
  type Checkpoint,
  followKeys,
  LogDamagedError,
  LogReader,
  NoteError,
  openNote,
  readCheckpoint,
  readStatement,
  splitNote,
} from '../index.ts'
import type { ExaminedManifest } from './examine.ts'
import { keyOf, timeName, waybillName, waybillsName } from './names.ts'
import type { Policy, TrustedCheckpoint } from './policy.ts'
import type { EvidenceLog } from './source.ts'

/** The root over all leaves that were added, at each moment. */
class GrowingTree {
  readonly #perfect: (Buffer | null)[] = []
  size = 0

  add(leaf: Buffer): void {
    let node = leaf
    let level = 0
    for (; this.#perfect[level] != null; level++) {
      node = nodeHash(this.#perfect[level]!, node)
      this.#perfect[level] = null
    }
    this.#perfect[level] = node
    this.size++
  }

  get saved(): { readonly perfect: readonly (Buffer | null)[]; readonly size: number } {
    return { perfect: this.#perfect, size: this.size }
  }

  restore({ perfect, size }: GrowingTree['saved']): void {
    this.#perfect.push(...perfect)
    this.size = size
  }

  root(): Buffer {
    let root: Buffer | null = null
    for (const node of this.#perfect) if (node !== null) root = root === null ? node : nodeHash(node, root)
    return root ?? merkleRoot(Buffer.alloc(0))
  }
}

interface Logged extends WaybillPlace {
  readonly hash: string
  readonly index: number
}

interface Unlogged {
  readonly at: WaybillPlace
  readonly hash: string
  /** How many waybills were listed before it. */
  readonly order: number
}

/**
 * Compares one log with the waybills of a source. Both come in the order in which the waybills were stored, so each is kept only until the
 * other side has come to it.
 */
export class LogCheck {
  readonly #reader: LogReader
  readonly #place: string
  readonly #policy: Policy | null
  readonly #tree = new GrowingTree()
  readonly #findings: Finding[] = []
  readonly #logged = new Map<string, Logged>()
  readonly #unlogged = new Map<string, Unlogged>()
  #head: Checkpoint | null = null
  #entries: AsyncGenerator<Buffer, void, undefined> | null = null
  #trusted: readonly TrustedCheckpoint[] = []
  /** The order of the last waybill that is in the log. */
  #lastLogged = -1
  #order = 0
  #agreed: TrustedCheckpoint | null = null
  #isRewritten = false
  #isBroken = false
  #isBelieved = true
  /** Waybills of the log that have no place in the source, by chain. */
  readonly missing = new Map<string, Set<number>>()

  constructor(log: EvidenceLog, policy: Policy | null) {
    this.#reader = new LogReader(log.read)
    this.#place = log.place
    this.#policy = policy
  }

  /** All that a later process needs to go on. */
  get saved() {
    return {
      tree: this.#tree.saved,
      findings: this.#findings,
      logged: this.#logged,
      unlogged: this.#unlogged,
      lastLogged: this.#lastLogged,
      order: this.#order,
      agreed: this.#agreed,
      isRewritten: this.#isRewritten,
      isBroken: this.#isBroken,
    }
  }

  /** Before `begin`. */
  restore(saved: LogCheck['saved']): void {
    this.#tree.restore(saved.tree)
    // `begin` looks at the checkpoint again.
    this.#findings.push(
      ...saved.findings.filter(({ kind }) => kind !== 'log-missing' && kind !== 'checkpoint-invalid'),
    )
    for (const [hash, one] of saved.logged) this.#logged.set(hash, one)
    for (const [hash, one] of saved.unlogged) this.#unlogged.set(hash, one)
    this.#lastLogged = saved.lastLogged
    this.#order = saved.order
    this.#agreed = saved.agreed
    this.#isRewritten = saved.isRewritten
    this.#isBroken = saved.isBroken
  }

  get findings(): readonly Finding[] {
    return this.#findings
  }

  get logged(): number {
    return this.#tree.size
  }

  /** Statements that a trusted checkpoint covers with which the log agrees. */
  get anchored(): number {
    return this.#agreed?.size ?? 0
  }

  /** Reads the checkpoint. */
  async begin(): Promise<void> {
    const note = await this.#reader.checkpoint()
    if (note === null) return this.#add('log-missing', 'is missing: it has no checkpoint')
    try {
      const head = readCheckpoint(splitNote(note).text)
      this.#head = head
      this.#trusted = (this.#policy?.checkpoints ?? [])
        .filter(({ origin }) => origin === head.origin)
        .sort((a, b) => a.size - b.size)
      await this.#demandSigned(note, head.origin)
      this.#entries = this.#reader.entries(this.#tree.size, Math.max(this.#tree.size, head.size))
      this.#compareTrusted()
    } catch (thrown) {
      if (!(thrown instanceof NoteError)) throw thrown
      this.#isBelieved = false
      this.#findings.push({
        kind: 'checkpoint-invalid',
        weight: 'wrong',
        origin: this.origin,
        sentence: `The checkpoint of ${this.#name} can't be believed: ${thrown.message}.`,
      })
    }
  }

  get isNameless(): boolean {
    return this.#head === null
  }

  get origin(): string {
    return this.#head?.origin ?? this.#place
  }

  get #name(): string {
    return this.#head === null ? `the log in ${this.#place}` : `log ${this.#head.origin}`
  }

  #add(kind: 'log-missing', what: string): void {
    this.#findings.push({
      kind,
      weight: 'wrong',
      origin: this.origin,
      sentence: `${capital(this.#name)} ${what}. Restore it from a backup or an archive.`,
    })
  }

  async #demandSigned(note: string, origin: string): Promise<void> {
    const own = this.#policy?.logs.find((one) => one.origin === origin)
    if (own !== undefined) {
      openNote(note, await followKeys(this.#reader, origin, own.keys))
      return
    }
    if (this.#policy !== null)
      this.#findings.push({
        kind: 'checkpoint-invalid',
        weight: 'unproved',
        origin,
        sentence: `The policy has no key of ${this.#name}: its checkpoint can't be verified.`,
      })
  }

  /** Enters a waybill of the source, and reads about as many statements. */
  async enter(at: WaybillPlace, { hash }: Pick<ExaminedManifest, 'hash'>): Promise<void> {
    const order = this.#order++
    const logged = this.#logged.get(hash)
    if (logged !== undefined) {
      this.#logged.delete(hash)
      this.#lastLogged = order
      if (keyOf(logged) !== keyOf(at)) this.#contradicts(at, logged)
    } else this.#unlogged.set(hash, { at, hash, order })
    await this.#read()
  }

  #contradicts(at: WaybillPlace, logged: Logged): void {
    this.#findings.push({
      kind: 'log-damaged',
      weight: 'wrong',
      origin: this.origin,
      where: `entry ${logged.index}`,
      sentence: `Entry ${logged.index} of ${this.#name} names ${waybillName(at)} otherwise: as ${waybillName(logged)}.`,
    })
  }

  /** Reads one statement more; false at the end. */
  async #read(): Promise<boolean> {
    if (this.#entries === null || this.#isBroken) return false
    try {
      const { value: entry, done } = await this.#entries.next()
      if (done === true || entry === undefined) return false
      const index = this.#tree.size
      this.#tree.add(leafHash(entry))
      this.#compareTrusted()
      const statement = readStatement(entry)
      if (statement === null) this.#damaged(`entry ${index}`, `entry ${index} is no statement of a waybill`)
      else this.#enterStatement({ ...statement, hash: statement.manifest, index })
      return true
    } catch (thrown) {
      if (!(thrown instanceof LogDamagedError)) throw thrown
      this.#isBroken = true
      this.#damaged(thrown.path, thrown.message)
      return false
    }
  }

  #enterStatement(logged: Logged): void {
    const { hash, index } = logged
    const here = this.#unlogged.get(hash)
    if (here !== undefined) {
      this.#unlogged.delete(hash)
      this.#lastLogged = Math.max(this.#lastLogged, here.order)
      if (keyOf(logged) !== keyOf(here.at)) this.#contradicts(here.at, logged)
    } else if (this.#logged.has(hash))
      this.#findings.push({
        kind: 'log-repeats',
        weight: 'wrong',
        origin: this.origin,
        index,
        sentence: `Entry ${index} of ${this.#name} repeats an earlier one.`,
      })
    else this.#logged.set(hash, logged)
  }

  #damaged(where: string, what: string): void {
    this.#findings.push({
      kind: 'log-damaged',
      weight: 'wrong',
      origin: this.origin,
      where,
      sentence: `${capital(this.#name)} is damaged: ${what}. Restore it from a backup or an archive.`,
    })
  }

  /** Compares the tree with the trusted checkpoints of its present size. */
  #compareTrusted(): void {
    for (const trusted of this.#trusted) {
      if (trusted.size !== this.#tree.size || this.#isRewritten) continue
      if (trusted.root.equals(this.#tree.root())) {
        this.#agreed = trusted
        continue
      }
      this.#isRewritten = true
      const after = this.#agreed?.size ?? null
      const since = after === null ? '' : ` after checkpoint ${after}`
      this.#findings.push({
        kind: 'log-rewritten',
        weight: 'wrong',
        origin: this.origin,
        after,
        trusted: trusted.size,
        sentence: `${capital(this.#name)} was rewritten${since}: it has another root than the trusted checkpoint ${trusted.size}${timeOf(trusted)}.`,
      })
    }
  }

  /** What can be said when all waybills were entered. `holdsAll` is false if more waybills may lie elsewhere. */
  async end(holdsAll: boolean): Promise<void> {
    while (await this.#read()) {}
    const head = this.#head
    if (head === null || !this.#isBelieved) return
    if (!this.#isBroken && this.#tree.size === head.size && !head.root.equals(this.#tree.root()))
      this.#damaged('checkpoint', 'its entries do not give the root of its checkpoint')
    const greatest = this.#trusted.at(-1)
    if (greatest !== undefined && greatest.size > head.size)
      this.#findings.push({
        kind: 'log-truncated',
        weight: 'wrong',
        origin: head.origin,
        size: head.size,
        trusted: greatest.size,
        sentence: `${capital(this.#name)} was truncated after checkpoint ${head.size}: the trusted checkpoint${timeOf(greatest)} has ${greatest.size} statements.`,
      })
    this.#endWaybills(holdsAll)
  }

  #endWaybills(holdsAll: boolean): void {
    const byKey = new Map([...this.#unlogged.values()].map((one) => [keyOf(one.at), one]))
    for (const logged of this.#logged.values()) {
      const other = byKey.get(keyOf(logged))
      if (other !== undefined) {
        byKey.delete(keyOf(logged))
        this.#unlogged.delete(other.hash)
        const anchor = this.#trusted.find(({ size }) => size > logged.index) ?? null
        const anchored = this.#isRewritten ? null : (anchor?.at ?? null)
        const since = anchored === null ? 'after it was logged' : `after the anchor of ${timeName(anchored)}`
        this.#findings.push({
          kind: 'waybill-rebuilt',
          weight: 'wrong',
          at: placeOf(logged),
          logged: logged.hash,
          anchored,
          sentence: `${capital(waybillName(logged))} was rebuilt ${since}: entry ${logged.index} of ${this.#name} has another one under its number. If its signature is valid, somebody has the key of its agent.`,
        })
      } else if (holdsAll) {
        const chain = `${logged.agent}/${logged.incarnation}`
        const numbers = this.missing.get(chain) ?? new Set()
        this.missing.set(chain, numbers.add(logged.sequence))
      }
    }
    if (this.#isBroken) return
    for (const run of runsOf([...this.#unlogged.values()])) {
      const [first] = run
      if (first === undefined) continue
      const isTail = run.every(({ order }) => order > this.#lastLogged)
      const to = first.at.sequence + run.length - 1
      const name = waybillsName(first.at, to)
      this.#findings.push({
        kind: 'waybills-unlogged',
        weight: isTail ? 'explained' : 'wrong',
        at: first.at,
        to,
        sentence: isTail
          ? `The ${name} ${run.length === 1 ? 'is' : 'are'} not in ${this.#name} yet: the indexer adds the newest ones when it runs.`
          : `The ${name} ${run.length === 1 ? 'is' : 'are'} not in ${this.#name}, which has later ones: somebody inserted ${run.length === 1 ? 'it' : 'them'}, or took the statement out of the log.`,
      })
    }
  }
}

const placeOf = ({ agent, incarnation, sequence }: WaybillPlace): WaybillPlace => ({
  agent,
  incarnation,
  sequence,
})

const timeOf = ({ at }: TrustedCheckpoint): string => (at === null ? '' : ` of ${timeName(at)}`)

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** Waybills of one chain with consecutive numbers. */
function runsOf(waybills: readonly Unlogged[]): Unlogged[][] {
  const sorted = waybills.toSorted(
    ({ at: a }, { at: b }) =>
      a.agent.localeCompare(b.agent) || a.incarnation.localeCompare(b.incarnation) || a.sequence - b.sequence,
  )
  const runs: Unlogged[][] = []
  for (const one of sorted) {
    const before = runs.at(-1)?.at(-1)?.at
    const isNext =
      before !== undefined &&
      before.agent === one.at.agent &&
      before.incarnation === one.at.incarnation &&
      before.sequence + 1 === one.at.sequence
    if (isNext) runs.at(-1)!.push(one)
    else runs.push([one])
  }
  return runs
}
