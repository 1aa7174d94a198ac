import { OperatorError } from '../../schema/index.ts'
import type { State } from '../state/index.ts'

/** A place in the chain of waybills. */
export interface Link {
  readonly sequence: number
  readonly hash: string
}

/** The content of the state's key `chain`. The end of the chain is this or the last batch in the spool, whichever is later. */
export interface ChainRecord {
  readonly version: 1
  readonly incarnation: string
  /** The citation in the first waybill of this incarnation. */
  readonly cites: {
    readonly incarnation: string
    readonly sequence: number
    readonly hash: string | null
  } | null
  /** The incarnation whose batches this one took over; its folder is no longer needed. */
  readonly follows: string | null
  /** The last settled waybill: acknowledged, or in quarantine. */
  readonly head: Link | null
  /** The last acknowledged waybill. */
  readonly acknowledged: Link | null
  /** The time of the last acknowledgement, in ms since 1970. */
  readonly acknowledgedAt: number | null
  /** The numbers of all settled waybills as ranges: they are settled in the order of the answers. */
  readonly settled: readonly (readonly [from: number, to: number])[]
}

export const CHAIN = 'chain'

export function chainOf(state: Pick<State, 'get'>): ChainRecord | undefined {
  const chain = state.get<Omit<ChainRecord, 'version'> & { readonly version: number }>(CHAIN)
  if (chain === undefined) return undefined
  if (chain.version !== 1) {
    throw new OperatorError(
      'WB-DATA-NEWER',
      `The agent's state was written by a newer waybill-agent (chain version ${chain.version}): run that version or a later one.`,
    )
  }
  return { ...chain, version: 1 }
}

export function newChain(
  incarnation: string,
  cites: ChainRecord['cites'],
  follows: string | null,
): ChainRecord {
  return {
    version: 1,
    incarnation,
    cites,
    follows,
    head: null,
    acknowledged: null,
    acknowledgedAt: null,
    settled: [],
  }
}

export function latest(a: Link | null, b: Link): Link {
  return a !== null && a.sequence >= b.sequence ? a : { sequence: b.sequence, hash: b.hash }
}

/** The chain with this waybill settled: acknowledged at that time, or not at all. */
export function withSettled(chain: ChainRecord, link: Link, acknowledgedAt: number | null): ChainRecord {
  return {
    ...chain,
    head: latest(chain.head, link),
    acknowledged: acknowledgedAt === null ? chain.acknowledged : latest(chain.acknowledged, link),
    acknowledgedAt: acknowledgedAt ?? chain.acknowledgedAt,
    settled: withNumber(chain.settled, link.sequence),
  }
}

type Runs = readonly (readonly [number, number])[]

export const isSettled = (chain: ChainRecord, sequence: number): boolean =>
  chain.settled.some(([from, to]) => from <= sequence && sequence <= to)

/** Adds a number to ranges, which are ascending and disjoint. */
export function withNumber(runs: Runs, number: number): Runs {
  const before: (readonly [number, number])[] = []
  const after: (readonly [number, number])[] = []
  let from = number
  let to = number
  for (const run of runs) {
    if (run[1] < number - 1) before.push(run)
    else if (run[0] > number + 1) after.push(run)
    else {
      from = Math.min(from, run[0])
      to = Math.max(to, run[1])
    }
  }
  return [...before, [from, to], ...after]
}

/** The citation of the previous incarnation in a new one. */
export function citationOf(chain: ChainRecord): NonNullable<ChainRecord['cites']> {
  const { incarnation, acknowledged } = chain
  return { incarnation, sequence: acknowledged?.sequence ?? 0, hash: acknowledged?.hash ?? null }
}
