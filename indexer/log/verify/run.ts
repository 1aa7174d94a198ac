import type {
  EventPlace,
  EvidenceReport,
  Finding,
  Reservation,
  WaybillPlace,
} from '../../../schema/api/index.ts'
import { leafHash } from '../../../schema/index.ts'
import type { AbsentLine, Consignment, KeptLine, Proof } from '../../store/port.ts'
import { Chains } from './chains.ts'
import {
  comparedWith,
  type Examined,
  type ExaminedManifest,
  examine,
  examineProof,
  type Keys,
} from './examine.ts'
import { Expiries, type Expiry, type Explanation, explanationIn } from './expiries.ts'
import { Findings } from './findings.ts'
import type { LogCheck } from './log-check.ts'
import { LostPartitions } from './lost-partitions.ts'
import { eventName, idIn, keyOf, waybillName } from './names.ts'
import type { Counted, EvidenceSource } from './source.ts'

/** Lines of a waybill that were never stored: duplicates and dead letters. */
interface Unstored {
  readonly at: WaybillPlace
  readonly dead: number
  /** Sealed leaf hashes, by position, of those that are not accounted for yet. */
  readonly leaves: Map<number, Buffer | null>
}

/** A waybill with findings about its lines. */
interface Doubtful {
  readonly lines: readonly KeptLine[]
  readonly root: string
  readonly findings: readonly Finding[]
}

/** A waybill with lines that are missing. */
interface Open extends Omit<Doubtful, 'findings'> {
  readonly at: WaybillPlace
  readonly open: readonly AbsentLine[]
  readonly received: number
}

/** Waybills that are kept for a comparison: each has up to some MB of lines. */
const MOST_DOUBTFUL = 100
/** Duplicates whose first event is looked for. */
const MOST_CLAIMS = 200_000
/** Missing and inserted lines that are kept to be recognised as one that was moved. */
const MOST_ADRIFT = 10_000

/** What a copy of the lines tells exactly. */
const SUSPECTED: ReadonlySet<Finding['kind']> = new Set([
  'event-changed',
  'events-swapped',
  'event-moved',
  'event-inserted',
  'root-differs',
])

interface RunParts {
  readonly source: EvidenceSource
  readonly keys: Keys
  readonly logs: readonly LogCheck[]
  /** What the trail explains, as far as it is to be proved. */
  readonly explanations: readonly Explanation[]
  readonly counted: Counted | null
  readonly hasCopy: boolean
}

/** What is known in the course of a verification. It grows with what is odd, not with what is stored. */
export class Run {
  readonly findings = new Findings()
  readonly chains = new Chains()
  readonly reservations: Reservation[] = []
  waybills = 0
  events = 0
  readonly #parts: RunParts
  readonly #expiries: Expiries
  readonly #lost: LostPartitions
  /** Explanations that were proved, by what they say. */
  readonly #proved = new Set<string>()
  readonly #discarded = new Set<string>()
  readonly #unstored = new Map<string, Unstored>()
  /** Lines apart from their waybills, by waybill, until these come. */
  readonly #early = new Map<string, Consignment[]>()
  readonly #unknownKeys = new Map<string, { readonly at: WaybillPlace; waybills: number }>()
  /** Waybills whose findings another copy may name better. */
  readonly #doubtful = new Map<string, Doubtful>()
  /** Events that the indexer counted as duplicates, by leaf hash, until their first copy is found. */
  readonly #claims = new Map<string, EventPlace[]>()
  /** Sealed lines that are missing, by leaf hash: a line that was moved is missing in one place and inserted in another. */
  readonly #missing = new Map<string, EventPlace>()
  readonly #inserted: {
    readonly leaf: string
    readonly finding: Finding & { readonly kind: 'event-inserted' }
  }[] = []
  /** Lines that are missing, and that nothing has explained yet. */
  readonly #open: Open[] = []
  #provedWaybills = 0
  #duplicates = 0
  #letters = 0

  constructor(parts: RunParts) {
    this.#parts = parts
    this.#lost = new LostPartitions(parts.counted?.partitions ?? [])
    this.#expiries = new Expiries(
      parts.explanations.flatMap((one): Expiry[] => (one.kind === 'expiry' ? [one.expiry] : [])),
    )
  }

  /** All that a later process needs to go on. */
  get saved() {
    return {
      findings: this.findings.saved,
      chains: this.chains.saved,
      expiries: this.#expiries.saved,
      lost: this.#lost.saved,
      proved: this.#proved,
      discarded: this.#discarded,
      unstored: this.#unstored,
      early: this.#early,
      unknownKeys: this.#unknownKeys,
      doubtful: this.#doubtful,
      claims: this.#claims,
      missing: this.#missing,
      inserted: this.#inserted,
      open: this.#open,
      counts: {
        waybills: this.waybills,
        events: this.events,
        proved: this.#provedWaybills,
        duplicates: this.#duplicates,
        letters: this.#letters,
      },
    }
  }

  restore(saved: Run['saved']): void {
    const entered = <Key, Value>(into: Map<Key, Value>, from: ReadonlyMap<Key, Value>): void => {
      for (const [key, value] of from) into.set(key, value)
    }
    this.findings.restore(saved.findings)
    this.chains.restore(saved.chains)
    this.#expiries.restore(saved.expiries)
    this.#lost.restore(saved.lost)
    for (const one of saved.proved) this.#proved.add(one)
    for (const one of saved.discarded) this.#discarded.add(one)
    entered(this.#unstored, saved.unstored)
    entered(this.#early, saved.early)
    entered(this.#unknownKeys, saved.unknownKeys)
    entered(this.#doubtful, saved.doubtful)
    entered(this.#claims, saved.claims)
    entered(this.#missing, saved.missing)
    this.#inserted.push(...saved.inserted)
    this.#open.push(...saved.open)
    this.waybills = saved.counts.waybills
    this.events = saved.counts.events
    this.#provedWaybills = saved.counts.proved
    this.#duplicates = saved.counts.duplicates
    this.#letters = saved.counts.letters
  }

  get #holdsAll(): boolean {
    return this.#parts.source.holds === 'all'
  }

  unreadable(at: WaybillPlace, where: string): void {
    this.findings.add({
      kind: 'events-unreadable',
      weight: 'wrong',
      at,
      where,
      sentence: `Events of ${waybillName(at)} can't be read: ${where} is damaged. Restore it from a backup.`,
    })
  }

  /** Returns what its lines prove; null for lines apart from their waybill. */
  async enter(one: Proof | Consignment): Promise<Examined | null> {
    const { keys } = this.#parts
    if ('waybill' in one && one.waybill === null) {
      this.events += one.lines.length
      this.#apart(one)
      return null
    }
    const examined = 'waybill' in one ? examine(one, keys) : examineProof(one, keys)
    await this.#enter(examined, 'waybill' in one ? one.lines : [])
    return examined
  }

  /** Enters a waybill that was examined. `lines` are needed only if something is wrong with them. */
  async #enter(examined: Examined, lines: readonly KeptLine[]): Promise<void> {
    const { at, manifest, told, findings, isProved, signature } = examined
    this.waybills++
    this.events += examined.lines
    if (isProved) this.#provedWaybills++
    if (manifest === null) {
      this.findings.add(...findings)
      return
    }
    for (const log of this.#parts.logs) await log.enter(at, manifest)
    if (findings.length > 0) this.#doubt(at, { lines, root: manifest.root, findings })
    for (const one of examined.inserted)
      if (this.#inserted.length < MOST_ADRIFT) this.#inserted.push(one)
      else this.findings.add(one.finding)
    if (signature === 'unknown') this.#noteKey(at, manifest.key)
    this.findings.add(...this.chains.enter(at, manifest, examined.received))
    for (const line of examined.trail) this.#explain(line)
    const key = keyOf(at)
    const never = this.#judgeAbsent(examined, lines, manifest)
    if (told.duplicate + told.dead > 0) {
      const leaves = new Map(never.map(({ position, leaf }) => [position, leaf]))
      if (told.dead > 0) this.#unstored.set(key, { at, dead: told.dead, leaves })
      else this.#claim(at, leaves)
      this.#duplicates += told.duplicate
    }
    const early = this.#early.get(key)
    if (early === undefined) return
    this.#early.delete(key)
    for (const one of early) this.#apart(one)
  }

  #explain(line: Buffer): void {
    const explanation = explanationIn(line)
    if (explanation === null) return
    this.#proved.add(JSON.stringify(explanation))
    if (explanation.kind === 'discarded') this.#discarded.add(explanation.event)
    else this.#expiries.add(explanation.expiry)
  }

  #doubt(at: WaybillPlace, doubt: Doubtful): void {
    const key = keyOf(at)
    const known = this.#doubtful.get(key)
    if (known !== undefined)
      this.#doubtful.set(key, { ...known, findings: [...known.findings, ...doubt.findings] })
    else if (this.#parts.hasCopy && this.#doubtful.size < MOST_DOUBTFUL) this.#doubtful.set(key, doubt)
    else this.findings.add(...doubt.findings)
  }

  #noteKey(at: WaybillPlace, key: string): void {
    const known = this.#unknownKeys.get(`${at.agent}/${key}`)
    if (known === undefined) this.#unknownKeys.set(`${at.agent}/${key}`, { at, waybills: 1 })
    else known.waybills++
  }

  #claim(at: WaybillPlace, leaves: ReadonlyMap<number, Buffer | null>): void {
    for (const [position, leaf] of leaves) {
      if (leaf === null || this.#claims.size >= MOST_CLAIMS) continue
      const hash = leaf.toString('hex')
      const place: EventPlace = { ...at, position, event: null }
      const known = this.#claims.get(hash)
      if (known === undefined) this.#claims.set(hash, [place])
      else known.push(place)
    }
  }

  /** Judges the sealed lines that are not here. Returns those that were never stored. */
  #judgeAbsent(
    { at, told, absent, hasFates, received }: Examined,
    lines: readonly KeptLine[],
    { events, root }: ExaminedManifest,
  ): readonly AbsentLine[] {
    if (!this.#holdsAll) return []
    const unstored = told.duplicate + told.dead
    if (told.stored + unstored !== events)
      this.#counts(at, `Its agent was told of ${told.stored + unstored} events, and it has ${events}`, {
        what: 'events',
        told: told.stored + unstored,
        found: events,
      })
    const differ = (found: number): void =>
      this.#counts(
        at,
        `Its agent was told of ${unstored} duplicates and dead letters, and there are ${found}`,
        {
          what: 'duplicates and dead letters',
          told: unstored,
          found,
        },
      )
    if (hasFates) {
      const never = absent.filter(({ fate }) => fate === null)
      if (never.length !== unstored) differ(never.length)
      const open = absent.filter(
        (one) =>
          one.fate !== null && !this.#lost.explains(one, received) && !this.#expiries.explains(one, received),
      )
      // A partition that expires now is recorded in a waybill that comes later.
      if (open.length > 0) this.#open.push({ at, open, received, lines, root })
      return never
    }
    const surplus = absent.length - unstored
    if (surplus < 0) differ(absent.length)
    if (surplus <= 0) return absent
    let gone = surplus
    for (let left = surplus; left > 0; left--) if (this.#expiries.explains(absent[0]!, received)) gone--
    if (gone === absent.length) this.#removed(at, absent, lines, root)
    else if (gone > 0) {
      const positions = absent.slice(0, 20).map(({ position }) => position)
      const sentence = `${gone} of its events were removed, and no expiry explains that; they are among the positions ${positions.join(', ')}`
      this.#counts(at, sentence, { what: 'events', told: told.stored, found: told.stored - gone })
    }
    return []
  }

  #counts(at: WaybillPlace, why: string, counts: { what: string; told: number; found: number }): void {
    const sentence = `What is told of ${waybillName(at)} does not fit. ${why}.`
    this.findings.add({ kind: 'counts-differ', weight: 'wrong', at, ...counts, sentence })
  }

  #removed(at: WaybillPlace, removed: readonly AbsentLine[], lines: readonly KeptLine[], root: string): void {
    const findings = removed.map(({ position, leaf, fate }): Finding => {
      const place: EventPlace = { ...at, position, event: null }
      if (leaf !== null && this.#missing.size < MOST_ADRIFT) this.#missing.set(leaf.toString('hex'), place)
      const category = typeof fate === 'string' ? ` of category ${fate}` : ''
      const sentence = `${eventName(place)}${category} was removed: it was stored, it is not there, and no expiry explains that.`
      return { kind: 'event-removed', weight: 'wrong', at: place, sentence }
    })
    if (findings.length > 0) this.#doubt(at, { lines, root, findings })
  }

  /** Lines apart from their waybill: dead letters that were stored at last, or of a batch that was interrupted. */
  #apart(consignment: Consignment): void {
    const key = keyOf(consignment)
    const unstored = this.#unstored.get(key)
    if (unstored === undefined && !this.chains.has(consignment)) {
      const early = this.#early.get(key)
      if (early === undefined) this.#early.set(key, [consignment])
      else early.push(consignment)
      return
    }
    const { agent, incarnation, sequence } = consignment
    for (const { position, line } of consignment.lines) {
      const at: EventPlace = { agent, incarnation, sequence, position, event: idIn(line) }
      const expected = unstored?.leaves.get(position)
      if (expected?.equals(leafHash(line)) === true) {
        unstored?.leaves.delete(position)
        this.#letters++
      } else if (expected === undefined || expected === null) {
        const sentence = `${eventName(at)} was inserted: its waybill has its line already, or never had it.`
        const finding = { kind: 'event-inserted', weight: 'wrong', at, sentence } as const
        this.#inserted.push({ leaf: leafHash(line).toString('hex'), finding })
      } else {
        const sentence = `${eventName(at)} was changed: it does not have its sealed hash any more.`
        this.findings.add({ kind: 'event-changed', weight: 'wrong', at, fields: null, sentence })
      }
    }
  }

  /** Judges the lines that are missing, when all that may explain it was read. */
  judgeMissing(): void {
    for (const { at, open, received, lines, root } of this.#open.splice(0))
      this.#removed(
        at,
        open.filter((one) => !this.#expiries.explains(one, received)),
        lines,
        root,
      )
  }

  /** Names what is wrong with waybills in doubt, by another copy of them. */
  compare(copies: readonly Consignment[]): void {
    for (const copy of copies) {
      const key = keyOf(copy)
      const doubt = this.#doubtful.get(key)
      if (doubt === undefined || copy.waybill === null) continue
      const compared = comparedWith(copy, doubt)
      if (compared === null) continue
      this.#doubtful.delete(key)
      const others = doubt.findings.filter(({ kind }) => !SUSPECTED.has(kind))
      this.findings.add(...others.map((one) => withEvent(one, compared.sealed)), ...compared.findings)
    }
  }

  /** What can be said of lines when all of them were read. */
  endLines({ isPart = false }: { readonly isPart?: boolean } = {}): void {
    for (const { findings } of this.#doubtful.values()) this.findings.add(...findings)
    this.#doubtful.clear()
    for (const { leaf, finding } of this.#inserted) {
      const from = this.#missing.get(leaf)
      if (from === undefined) this.findings.add(finding)
      else {
        const sentence = `${eventName(finding.at)} was moved there from position ${from.position} of ${waybillName(from)}.`
        this.findings.add({ kind: 'event-moved', weight: 'wrong', at: finding.at, from, sentence })
      }
    }
    for (const [, early] of this.#early)
      for (const { agent, incarnation, sequence, lines } of early) {
        const at = { agent, incarnation, sequence }
        this.findings.add({
          kind: 'waybill-unknown',
          weight: 'unproved',
          at,
          where: this.#parts.source.place,
          sentence: `${lines.length} events lie under ${waybillName(at)}, which is not there. An indexer may have been stopped while it stored the waybill: its agent sends it again. Otherwise it was removed.`,
        })
      }
    for (const [id, { at, waybills }] of this.#unknownKeys) {
      const key = id.slice(id.indexOf('/') + 1)
      this.findings.add({
        kind: 'key-unknown',
        weight: 'unproved',
        at,
        key,
        sentence: `No trusted key ${key} of agent ${at.agent} is known: the signatures of ${waybills} waybills can't be verified, the first of them that of ${waybillName(at)}. Add the key to the policy if you trust it.`,
      })
    }
    if (!this.#holdsAll || isPart) return
    for (const explanation of this.#parts.explanations) {
      if (explanation.kind !== 'expiry' || this.#proved.has(JSON.stringify(explanation))) continue
      const { partition, events } = explanation.expiry
      this.findings.add({
        kind: 'expiry-differs',
        weight: 'wrong',
        partition,
        told: events,
        found: 0,
        sentence: `The record of the expiry of partition ${partition} is not proved: its own waybill was changed, or its key is not trusted.`,
      })
    }
    this.findings.add(...this.#expiries.end(), ...this.#lost.end())
  }

  async endLetters(): Promise<void> {
    const { deadLetters } = this.#parts.source
    if (deadLetters === null) return
    let there = 0
    for (let after: string | undefined; ; ) {
      const page = await deadLetters.list({ limit: 1000, ...(after !== undefined && { after }) })
      for (const { agent, incarnation, sequence, position, eventId, line, whole } of page.letters) {
        const at: EventPlace = { agent, incarnation, sequence, position, event: eventId }
        const leaves = this.#unstored.get(keyOf(at))?.leaves
        const leaf = leaves?.get(position)
        const hash = whole === undefined ? leafHash(line).toString('hex') : whole.leaf
        if (leaf !== undefined && (leaf === null || leaf.toString('hex') === hash)) {
          leaves?.delete(position)
          there++
          continue
        }
        const why =
          leaf === undefined ? 'its waybill has no dead letter there' : 'it does not have its sealed hash'
        const sentence = `A dead letter is not the sealed one: ${why}. ${eventName(at)}.`
        this.findings.add({ kind: 'dead-letter-wrong', weight: 'wrong', at, sentence })
      }
      if (page.next === null) break
      after = page.next
    }
    let told = 0
    for (const { dead } of this.#unstored.values()) told += dead
    const known = there + this.#letters + this.#discarded.size
    if (told > known)
      this.findings.add({
        kind: 'counts-differ',
        weight: 'wrong',
        at: null,
        what: 'dead letters',
        told,
        found: known,
        sentence: `${told} events became dead letters. ${there} are there, ${this.#letters} were stored at last, ${this.#discarded.size} were discarded with a record, and ${told - known} were removed.`,
      })
    // Of a waybill with dead letters, those that were discarded can't be told from duplicates.
    for (const { at, dead, leaves } of this.#unstored.values())
      if (leaves.size > dead) this.#claim(at, leaves)
    this.#letters += there
  }

  get hasClaims(): boolean {
    return this.#claims.size > 0
  }

  /** An event is really a duplicate if another waybill has the same line. */
  trace(consignments: readonly Consignment[]): void {
    if (this.#claims.size === 0) return
    for (const { lines, waybill } of consignments) {
      for (const { line } of lines) this.#claims.delete(leafHash(line).toString('hex'))
      if (waybill === null) continue
      // The line has expired; a duplicate does not trace itself.
      for (const [position, leaf] of waybill.leaves)
        if (waybill.fates !== null && waybill.fates[position] !== null)
          this.#claims.delete(leaf.toString('hex'))
    }
  }

  endClaims(): void {
    for (const places of this.#claims.values())
      for (const at of places)
        this.findings.add({
          kind: 'duplicate-untraced',
          weight: 'unproved',
          at,
          sentence: `${eventName(at)} is told to be a duplicate, and no other event has its hash. If its source is read in several forms, such as CSV and JSON, that is usual; otherwise it was removed.`,
        })
    if (this.#duplicates > MOST_CLAIMS)
      this.reservations.push({
        what: 'duplicates',
        sentence: `Only ${MOST_CLAIMS} of ${this.#duplicates} duplicates were compared with the events that they repeat.`,
      })
  }

  report(): Omit<
    EvidenceReport,
    'version' | 'place' | 'from' | 'to' | 'logged' | 'anchored' | 'reservations'
  > {
    const { listed, more, worst } = this.findings.end()
    return {
      verdict: worst === 'wrong' ? 'findings' : worst === 'unproved' ? 'unverified' : 'sound',
      waybills: this.waybills,
      events: this.events,
      proved: this.#provedWaybills,
      chains: this.chains.count,
      expired: this.#expiries.explained,
      duplicates: this.#duplicates,
      deadLetters: this.#letters,
      findings: listed,
      more,
    }
  }
}

/** Names a removed event by the line of a copy. */
function withEvent(finding: Finding, sealed: ReadonlyMap<number, Buffer>): Finding {
  if (finding.kind !== 'event-removed') return finding
  const line = sealed.get(finding.at.position)
  const event = line === undefined ? null : idIn(line)
  if (event === null) return finding
  const at = { ...finding.at, event }
  return { ...finding, at, sentence: finding.sentence.replace(eventName(finding.at), eventName(at)) }
}
