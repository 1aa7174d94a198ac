import { isDeepStrictEqual } from 'node:util'
import { CATEGORIES, OperatorError } from '../../schema/index.ts'
import type { DamagedLines, Store, StoreSource } from '../store/port.ts'
import { copyAll, demandSameMove } from './copy.ts'
import { type Here, markAway, putHere, readHere } from './marks.ts'
import {
  boxesOf,
  copyEnginePlace,
  copyFiles,
  copyLetters,
  copyRecords,
  differingRecords,
  type IndexerFolder,
} from './records.ts'
import { differingRuns, type Fault, type Tally, tallied } from './tally.ts'

/** One of the two stores of a move. */
export interface Side {
  readonly store: Store
  /** The store's place, for people. */
  readonly place: string
  readonly indexer: IndexerFolder
}

/** What was compared, and found equal. */
export interface Statement {
  readonly waybills: number
  readonly events: number
  readonly chains: number
  /** Numbers that are missing in chains, in both stores alike. */
  readonly gaps: number
  /** Waybills whose root was computed again from the lines of the target. */
  readonly proved: number
  readonly withoutLines: number
  readonly deadLetters: number
  readonly records: number
  /** What is damaged in the source, a sentence each. */
  readonly damage: readonly string[]
}

const NAMED = 20

/**
 * Copies the rest, verifies everything, and closes the source for good. No indexer runs on the source: the caller holds its folder, and a
 * cluster refuses waybills from here on. Where the target is not what it should be, the source serves again as before.
 */
export async function finishMove({
  from,
  to,
  acceptsDamage,
  now,
  say,
  report,
}: {
  readonly from: Side
  readonly to: Side
  /** Whether damaged lines may stay behind. */
  readonly acceptsDamage: boolean
  readonly now: () => number
  readonly say: (sentence: string) => void
  readonly report?: (here: Here) => void
}): Promise<Statement> {
  const [source, target] = [from.store, to.store]
  const begun = await readHere(target.records)
  // A move that is finished must not be undone by what follows if this fails.
  if (begun !== null) demandSameMove(begun.here, from.place, to.place)
  await source.consignments.refuse(true)
  try {
    say('Copying the rest.')
    await copyAll({
      source,
      target,
      from: from.place,
      to: to.place,
      now,
      ...(report !== undefined && { report }),
    })
    await expireAlike(source, target)
    await copyFiles(from.indexer, to.indexer)
    const boxes = await boxesOf(from.indexer, to.indexer)
    const deadLetters = await copyLetters(source, target)
    const records = await copyRecords(source, target, boxes)
    say('Verifying: both stores are read, and each root is computed again.')
    await Promise.all([source.consignments.settle(), target.consignments.settle()])
    const [there, here] = await Promise.all([tallied(source), tallied(target)])
    const damage = damageOf(there)
    if (damage.length > 0 && !acceptsDamage)
      throw new OperatorError(
        'WB-MOVE-DIFFERS',
        [
          `The source is damaged: ${damage.length} of its waybills are not whole. Restore the files from a backup and move again; or add --accept-damage to move what can be read. The target is not served before.`,
          ...named(damage),
        ].join('\n'),
      )
    const differences = [
      ...differingRuns(there, here),
      ...newFaults(there, here).map(textOf),
      ...(await differingChains(source, target, there)),
      ...(await differingRecords(source, target, boxes)).map((record) => `record ${record}`),
    ]
    if (differences.length > 0)
      throw new OperatorError(
        'WB-MOVE-DIFFERS',
        [
          `The target differs from the source in ${differences.length} places. Move again to an empty target, and report this as a defect of waybill:`,
          ...named(differences),
        ].join('\n'),
      )
    await copyEnginePlace(source, target)
    await target.consignments.complete()
    const statement: Statement = {
      ...sumOf(here),
      gaps: await gapsOf(target, here),
      proved: here.proved,
      withoutLines: here.withoutLines,
      deadLetters,
      records,
      damage,
    }
    await markAway(source.records, to.place, now())
    const mark = await readHere(target.records)
    if (mark === null) throw new Error('the target has forgotten its move')
    await putHere(
      target.records,
      {
        ...mark.here,
        state: 'finished',
        waybills: statement.waybills,
        events: statement.events,
        at: now(),
      },
      mark.version,
    )
    return statement
  } catch (thrown) {
    await source.consignments.refuse(false)
    throw thrown
  }
}

/** When this very move was finished, ms: a command that was killed just before its last line is given again. Null if it was not. */
export async function finishedAt(from: Side, to: Side): Promise<number | null> {
  const mark = await readHere(to.store.records)
  return mark === null || mark.here.state === 'copying' || mark.here.from !== from.place ? null : mark.here.at
}

/** What the source's retention removed since it was copied goes from the target, too. */
async function expireAlike(source: Store, target: Store): Promise<void> {
  const kept = (await source.storage()).partitions
  const copied = (await target.storage()).partitions
  for (const category of CATEGORIES) {
    const oldest = Math.min(...kept.filter((one) => one.category === category).map(({ first }) => first))
    for (const one of copied)
      if (one.category === category && !one.open && one.events > 0 && one.last < oldest)
        await target.expire(one.name, Math.min(oldest, one.last + 1))
  }
}

const textOf = ({ agent, incarnation, sequence, reason }: Fault): string =>
  `waybill ${sequence} of ${agent}, incarnation ${incarnation}: ${reason}`

const placeOf = ({ where, ...key }: DamagedLines): string => textOf({ ...key, reason: `${where} is damaged` })

const damageOf = ({ damaged, faults }: Tally): string[] => [...damaged.map(placeOf), ...faults.map(textOf)]

/** A waybill that is not whole in the source is not whole in the target either. */
function newFaults({ damaged, faults }: Tally, here: Tally): Fault[] {
  const keyOf = ({ agent, incarnation, sequence }: Fault | DamagedLines): string =>
    `${agent}/${incarnation}/${sequence}`
  const known = new Set([...damaged, ...faults].map(keyOf))
  const unread = here.damaged.map(({ where, ...key }) => ({ ...key, reason: `${where} is damaged` }))
  return [...here.faults, ...unread].filter((fault) => !known.has(keyOf(fault)))
}

const agentsOf = ({ chains }: Tally): string[] => [
  ...new Set([...chains.keys()].map((key) => key.split('/')[0] ?? '')),
]

/** Chains as both stores tell them: first and last number, last hash, gaps. */
async function differingChains(
  source: Pick<StoreSource, 'chains'>,
  target: Pick<StoreSource, 'chains'>,
  tally: Tally,
): Promise<string[]> {
  const differing: string[] = []
  for (const agent of agentsOf(tally)) {
    const byIncarnation = async (store: Pick<StoreSource, 'chains'>) =>
      new Map((await store.chains(agent)).map((chain) => [chain.incarnation, chain]))
    const [there, here] = [await byIncarnation(source), await byIncarnation(target)]
    for (const incarnation of new Set([...there.keys(), ...here.keys()]))
      if (!isDeepStrictEqual(there.get(incarnation), here.get(incarnation)))
        differing.push(`the chain of ${agent}, incarnation ${incarnation}`)
  }
  return differing
}

async function gapsOf(store: Pick<StoreSource, 'chains'>, tally: Tally): Promise<number> {
  let count = 0
  for (const agent of agentsOf(tally))
    for (const { gaps } of await store.chains(agent)) for (const { from, to } of gaps) count += to - from + 1
  return count
}

function sumOf({ chains }: Tally): Pick<Statement, 'chains' | 'events' | 'waybills'> {
  let [waybills, events] = [0, 0]
  for (const chain of chains.values()) {
    waybills += chain.waybills
    events += chain.events
  }
  return { waybills, events, chains: chains.size }
}

const named = (texts: readonly string[]): string[] => [
  ...texts.slice(0, NAMED).map((text) => `  ${text}`),
  ...(texts.length > NAMED ? [`  and ${texts.length - NAMED} more`] : []),
]
