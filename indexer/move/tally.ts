import { hash } from 'node:crypto'
import {
  type Additions,
  addedIn,
  canonical,
  HASH_BYTES,
  leafHash,
  merkleRoot,
  withAdditions,
} from '../../schema/index.ts'
import type { Manifest } from '../../schema/wire/index.ts'
import type { Consignment, DamagedLines, KeptLine, KeptWaybill, StoreSource } from '../store/port.ts'

/** Consecutive waybills of a chain whose content is compared together: where stores differ, these are named. */
const TOGETHER = 64
const PAGE = 256
const WORDS = 4

export interface Chain {
  waybills: number
  /** Lines that are stored. */
  events: number
}

export interface Fault {
  readonly agent: string
  readonly incarnation: string
  readonly sequence: number
  readonly reason: string
}

/** All that a store holds, counted and hashed. Its size grows with the number of waybills, not of events. */
export interface Tally {
  /** By agent and incarnation. */
  readonly chains: Map<string, Chain>
  /** Sums of hashes, by agent, incarnation and run of waybills. The order in which a store lists its content does not matter. */
  readonly sums: Map<string, Uint32Array>
  /** Waybills whose root could not be computed again, or is another. */
  readonly faults: Fault[]
  /** Waybills whose root was computed from the lines of the store, and is the sealed one. */
  proved: number
  /** Waybills that have no line any more: those are duplicates, dead letters, or have expired. */
  withoutLines: number
  readonly damaged: DamagedLines[]
}

/** Reads all of a store, and computes the root of each waybill from its lines. */
export async function tallied(
  store: Pick<StoreSource, 'consignments'>,
  report: (waybills: number) => void = () => {},
): Promise<Tally> {
  const tally: Tally = {
    chains: new Map(),
    sums: new Map(),
    faults: [],
    proved: 0,
    withoutLines: 0,
    damaged: [],
  }
  let after: string | null = null
  let waybills = 0
  for (;;) {
    const page = await store.consignments.list({ after, limit: PAGE })
    const broken = new Set(page.damaged.map(keyOf))
    tally.damaged.push(...page.damaged)
    for (const consignment of page.consignments) {
      enter(tally, consignment, broken.has(keyOf(consignment)))
      if (consignment.waybill !== null) waybills++
    }
    report(waybills)
    if (page.isEnd) return tally
    after = page.next
  }
}

const keyOf = ({ agent, incarnation, sequence }: Fault | DamagedLines | Consignment): string =>
  `${agent}/${incarnation}/${sequence}`

function enter(tally: Tally, consignment: Consignment, isBroken: boolean): void {
  const { agent, incarnation, sequence, waybill, lines } = consignment
  const key = keyOf(consignment)
  const chain = tally.chains.get(`${agent}/${incarnation}`) ?? { waybills: 0, events: 0 }
  tally.chains.set(`${agent}/${incarnation}`, chain)
  const run = `${agent}/${incarnation}/${Math.floor((sequence - 1) / TOGETHER)}`
  const sum = tally.sums.get(run) ?? new Uint32Array(WORDS)
  tally.sums.set(run, sum)
  chain.events += lines.length
  const leaves = new Map<number, Buffer>()
  for (const line of lines) {
    const leaf = leafHash(line.line)
    leaves.set(line.position, leaf)
    add(sum, textOf(key, line, leaf))
  }
  if (waybill === null) return
  chain.waybills++
  const { manifest, signature, at, result } = waybill
  add(sum, [key, manifest.toString('latin1'), signature.toString('hex'), at, canonical(result)].join('\n'))
  if (isBroken) return
  const { events, root } = JSON.parse(manifest.toString('utf8')) as Manifest
  const found = rootOf(waybill, leaves, events)
  if (lines.length === 0 && found === null) tally.withoutLines++
  else if (found === root) tally.proved++
  else
    tally.faults.push({
      agent,
      incarnation,
      sequence,
      reason:
        found === null
          ? 'some of its lines are missing'
          : 'its lines have another root than the one that its agent signed',
    })
}

/** Null if a leaf is missing. */
function rootOf({ leaves }: KeptWaybill, own: ReadonlyMap<number, Buffer>, events: number): string | null {
  const all: Buffer[] = []
  for (let position = 0; position < events; position++) {
    const leaf = own.get(position) ?? leaves.get(position)
    if (leaf === undefined || leaf.length !== HASH_BYTES) return null
    all.push(leaf)
  }
  return merkleRoot(Buffer.concat(all)).toString('hex')
}

function textOf(
  key: string,
  { position, line, ingested, renamed, additions }: KeptLine,
  leaf: Buffer,
): string {
  const added = additions === '' ? '' : normalAdditions(line, additions)
  return [key, position, ingested, renamed ?? '', added, leaf.toString('hex')].join('\n')
}

/** Stores may write the same additions otherwise: what they make of the event counts. */
function normalAdditions(line: Buffer, additions: string): string {
  const sealed = JSON.parse(line.toString('utf8')) as Record<string, unknown>
  const added = addedIn(withAdditions(sealed, JSON.parse(additions) as Additions), sealed)
  return added === null ? '' : canonical(added)
}

function add(sum: Uint32Array, text: string): void {
  const digest = hash('sha256', text, 'buffer')
  for (let i = 0; i < WORDS; i++) sum[i] = sum[i]! + digest.readUInt32BE(4 * i)
}

/** Names the runs of waybills in which two stores differ. */
export function differingRuns(one: Tally, other: Tally): string[] {
  const runs = new Set([...one.sums.keys(), ...other.sums.keys()])
  return [...runs]
    .filter((run) => String(one.sums.get(run)) !== String(other.sums.get(run)))
    .map((run) => {
      const [agent = '', incarnation = '', number = ''] = run.split('/')
      const first = Number(number) * TOGETHER + 1
      return `waybills ${first} to ${first + TOGETHER - 1} of ${agent}, incarnation ${incarnation}`
    })
    .sort()
}
