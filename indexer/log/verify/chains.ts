import type { Finding, WaybillPlace } from '../../../schema/api/index.ts'
import type { ExaminedManifest } from './examine.ts'
import { waybillName, waybillsName } from './names.ts'
import type { Counted } from './source.ts'

interface Run {
  first: number
  last: number
}

/** What is known of one chain. It grows with the waybills that came out of order, not with all. */
interface Chain {
  readonly agent: string
  readonly incarnation: string
  /** Numbers that were seen, in order, without overlaps. */
  readonly runs: Run[]
  /** Hashes of waybills whose successor was not seen yet, by number. */
  readonly hashes: Map<number, string>
  /** What the successor of a waybill that was not seen yet names as its hash, by number. */
  readonly named: Map<number, string | null>
  waybills: number
  greatestHash: string
  /** The receipt of the newest waybill. */
  received: number
}

type Cited = NonNullable<ExaminedManifest['cites']>

/** A gap next to a waybill that was received so shortly before the end may still be filled: agents send several waybills at once. */
const ON_THE_WAY = 10 * 60_000
/** More waybills than an agent sends at once. */
const IN_FLIGHT = 64

export interface SavedChains {
  readonly chains: ReadonlyMap<string, Chain>
  readonly cites: readonly { readonly at: WaybillPlace; readonly cites: Cited }[]
}

/** The chains of all agents: numbers without gaps, each waybill naming the one before it. */
export class Chains {
  readonly #chains = new Map<string, Chain>()
  readonly #cites: { readonly at: WaybillPlace; readonly cites: Cited }[] = []

  get count(): number {
    return this.#chains.size
  }

  /** All that a later process needs to go on. */
  get saved(): SavedChains {
    return { chains: this.#chains, cites: this.#cites }
  }

  restore({ chains, cites }: SavedChains): void {
    for (const [id, chain] of chains) this.#chains.set(id, chain)
    this.#cites.push(...cites)
  }

  /** Whether this waybill was entered. */
  has({ agent, incarnation, sequence }: WaybillPlace): boolean {
    const runs = this.#chains.get(`${agent}/${incarnation}`)?.runs
    return runs?.some(({ first, last }) => first <= sequence && sequence <= last) === true
  }

  #of(agent: string, incarnation: string): Chain {
    const key = `${agent}/${incarnation}`
    let chain = this.#chains.get(key)
    if (chain === undefined) {
      const none = {
        runs: [],
        hashes: new Map(),
        named: new Map(),
        waybills: 0,
        greatestHash: '',
        received: 0,
      }
      chain = { agent, incarnation, ...none }
      this.#chains.set(key, chain)
    }
    return chain
  }

  /** Enters a waybill. Returns what contradicts those that were entered before. */
  enter(at: WaybillPlace, { hash, previous, cites }: ExaminedManifest, received: number): Finding[] {
    const findings: Finding[] = []
    const broken = (place: WaybillPlace, sentence: string): void => {
      findings.push({ kind: 'chain-broken', weight: 'wrong', at: place, sentence })
    }
    const { sequence } = at
    const chain = this.#of(at.agent, at.incarnation)
    if (!addTo(chain.runs, sequence)) {
      broken(at, `${waybillName(at)} is there twice.`)
      return findings
    }
    chain.waybills++
    chain.received = Math.max(chain.received, received)
    if (chain.runs.at(-1)!.last === sequence) chain.greatestHash = hash
    if (sequence === 1) {
      if (previous !== null)
        broken(at, `${waybillName(at)} is the first of its chain and names one before it.`)
    } else if (previous === null) broken(at, `${waybillName(at)} names no waybill before it.`)
    else {
      const before = chain.hashes.get(sequence - 1)
      if (before === undefined) chain.named.set(sequence - 1, previous)
      else {
        chain.hashes.delete(sequence - 1)
        if (before !== previous) broken({ ...at, sequence: sequence - 1 }, replaced(at, sequence - 1))
      }
    }
    const named = chain.named.get(sequence)
    if (named === undefined) chain.hashes.set(sequence, hash)
    else {
      chain.named.delete(sequence)
      if (named !== hash) broken(at, replaced(at, sequence))
    }
    if (cites !== null && (cites.sequence > 0 || cites.hash !== null)) this.#cites.push({ at, cites })
    return findings
  }

  /** What is missing at the end. `counted` is what the source says; `holdsAll` is false if more may lie elsewhere. */
  *end({
    counted,
    logged,
    now,
  }: {
    readonly counted: Counted['chains']
    /** Waybills that a log has and the source does not, by chain. */
    readonly logged: ReadonlyMap<string, ReadonlySet<number>>
    readonly now: number
  }): Generator<Finding> {
    const told = new Map(counted.map((one) => [`${one.agent}/${one.incarnation}`, one]))
    for (const id of new Set([...this.#chains.keys(), ...told.keys(), ...logged.keys()])) {
      const its = logged.get(id) ?? new Set<number>()
      const [agent = '', incarnation = ''] = id.split('/')
      const chain = this.#chains.get(id)
      if (chain !== undefined) yield* gapsOf(chain, its, now)
      const greatest = chain?.runs.at(-1)?.last ?? 0
      const count = told.get(id)
      const listed = count?.last ?? 0
      const inLog = Math.max(0, ...its)
      if (Math.max(listed, inLog) > greatest) {
        const at = { agent, incarnation, sequence: greatest + 1 }
        const to = Math.max(listed, inLog)
        yield missing(
          at,
          to,
          inLog > greatest ? 'log' : 'chain',
          inLog > greatest
            ? 'the log shows that they were stored'
            : `the source lists the chain up to number ${listed}`,
        )
      } else if (count !== undefined && chain !== undefined) yield* against(chain, count, greatest)
    }
    for (const { at, cites } of this.#cites) yield* this.#citedBy(at, cites)
  }

  /** What is missing between waybills that were entered, of which others come before and after. */
  *between(now: number): Generator<Finding> {
    for (const chain of this.#chains.values()) yield* gapsOf(chain, new Set(), now, chain.runs[0]?.first ?? 1)
  }

  *#citedBy(at: WaybillPlace, { incarnation, sequence, hash }: Cited): Generator<Finding> {
    const cited = { agent: at.agent, incarnation, sequence }
    const chain = this.#chains.get(`${at.agent}/${incarnation}`)
    const isThere = chain?.runs.some(({ first, last }) => first <= sequence && sequence <= last) === true
    if (!isThere && sequence > 0)
      yield {
        kind: 'waybills-missing',
        weight: 'wrong',
        at: cited,
        to: sequence,
        namedBy: 'cites',
        sentence: `The ${waybillName(cited)} is missing: ${waybillName(at)} cites it.`,
      }
    const known = chain?.hashes.get(sequence)
    if (known !== undefined && known !== hash) {
      const sentence = `${waybillName(cited)} was replaced: ${waybillName(at)} cites another one.`
      yield { kind: 'chain-broken', weight: 'wrong', at: cited, sentence }
    }
  }
}

const be = (first: number, last: number): string => (first === last ? 'is' : 'are')

const replaced = (at: WaybillPlace, sequence: number): string =>
  `${waybillName({ ...at, sequence })} was replaced: the next waybill of the chain names another one before it.`

function missing(
  at: WaybillPlace,
  to: number,
  namedBy: 'chain' | 'log',
  why: string,
  weight: 'wrong' | 'unproved' = 'wrong',
): Finding {
  const sentence = `The ${waybillsName(at, to)} ${be(at.sequence, to)} missing: ${why}.`
  return { kind: 'waybills-missing', weight, at, to, namedBy, sentence }
}

function* against(
  { runs, waybills, greatestHash }: Chain,
  told: Counted['chains'][number],
  greatest: number,
): Generator<Finding> {
  const { agent, incarnation, last } = told
  if (greatest === last && greatestHash !== told.lastHash) {
    const at = { agent, incarnation, sequence: last }
    const sentence = `${waybillName(at)} is not the one that the source lists as the last of its chain.`
    yield { kind: 'chain-broken', weight: 'wrong', at, sentence }
  }
  if (waybills >= told.waybills) return
  const holes = runs.reduce((sum, run, i) => sum + run.first - (runs[i - 1]?.last ?? 0) - 1, 0)
  yield {
    kind: 'counts-differ',
    weight: 'wrong',
    at: null,
    what: 'waybills',
    told: told.waybills,
    found: waybills,
    sentence: `The source counts ${told.waybills} stored waybills of ${agent} (incarnation ${incarnation.slice(0, 8)}), and ${waybills} are there: ${told.waybills - waybills} of the ${holes} missing ones were stored and removed.`,
  }
}

function* gapsOf(
  { agent, incarnation, runs, received }: Chain,
  logged: ReadonlySet<number>,
  now: number,
  begin = 1,
): Generator<Finding> {
  let expected = begin
  for (const { first, last } of runs) {
    const from = expected
    expected = last + 1
    if (first <= from) continue
    const at = { agent, incarnation, sequence: from }
    const isOne = from === first - 1
    const isLogged = logged.values().some((number) => number >= from && number < first)
    const isRecent = now - received < ON_THE_WAY && runs.at(-1)!.last - first < IN_FLIGHT
    if (isLogged)
      yield missing(at, first - 1, 'log', `the log shows that ${isOne ? 'it was' : 'they were'} stored`)
    else if (isRecent) yield missing(at, first - 1, 'chain', 'the agent may still be sending', 'unproved')
    else
      yield missing(
        at,
        first - 1,
        'chain',
        `those after ${isOne ? 'it' : 'them'} are there. If the agent never got an acknowledgement, its spool or quarantine still has ${isOne ? 'it' : 'them'}; otherwise ${isOne ? 'it was' : 'they were'} removed`,
      )
  }
}

/** Adds a number to runs; returns false if it is there. */
function addTo(runs: Run[], number: number): boolean {
  const last = runs.at(-1)
  if (last === undefined || number > last.last + 1) {
    runs.push({ first: number, last: number })
    return true
  }
  if (number === last.last + 1) {
    last.last = number
    return true
  }
  let low = 0
  let high = runs.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (runs[middle]!.first <= number) low = middle + 1
    else high = middle
  }
  const before = runs[low - 1]
  const after = runs[low]
  if (before !== undefined && number <= before.last) return false
  if (before?.last === number - 1) {
    before.last = number
    if (after?.first === number + 1) {
      before.last = after.last
      runs.splice(low, 1)
    }
  } else if (after?.first === number + 1) after.first = number
  else runs.splice(low, 0, { first: number, last: number })
  return true
}
