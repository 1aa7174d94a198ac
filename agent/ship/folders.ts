import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf, LIMITS, OperatorError } from '../../schema/index.ts'
import { decodeWaybill, type Manifest } from '../../schema/wire/index.ts'
import { type Log, lockFolder, openState } from '../state/index.ts'
import { type Batch, recordsOf } from './batch.ts'
import { clockOf } from './clock.ts'
import { unpacked } from './fault.ts'
import { decide, type QuarantineReason, quarantineReasonShape } from './quarantine.ts'
import { SettlementLog } from './settlement-log.ts'
import { isThere, namesIn, readFolder, Spool } from './spool.ts'
import { takeUp } from './takeup.ts'
import type { QuarantineAction, QuarantineDecision } from './types.ts'

/** The properties of a batch that commands show, read from the folders, even if an agent runs on them. */
export interface BatchListing {
  readonly batch: string
  readonly sequence: number
  readonly created: number
  readonly events: number
  readonly records: number
  readonly bytes: number
  readonly sources: readonly { readonly path: string; readonly from: number; readonly to: number }[]
  /** The reason why it is in quarantine, if it is known. */
  readonly reason: QuarantineReason | null
  /** The damage of its file; null if it is whole. */
  readonly damage: string | null
}

export async function listSpool(dir: string): Promise<BatchListing[]> {
  const spool = new Spool(dir)
  const listings: BatchListing[] = []
  for (const folder of await namesIn(spool.root)) {
    if (!/^[0-9a-f]{32}$/.test(folder)) continue
    for (const found of await readFolder(join(spool.root, folder))) {
      if (found.kind === 'batch') listings.push(listingOf(found.batch, null))
      else if (found.kind === 'damaged') listings.push(damagedListing(found))
    }
  }
  return listings
}

export async function listQuarantine(dir: string): Promise<BatchListing[]> {
  const spool = new Spool(dir)
  const listings: BatchListing[] = []
  for (const found of await readFolder(spool.quarantine)) {
    if (found.kind === 'batch')
      listings.push(listingOf(found.batch, await reasonFor(spool, found.batch.name)))
    else if (found.kind === 'damaged') listings.push(damagedListing(found))
  }
  return listings
}

export interface ShownBatch {
  readonly place: 'spool' | 'quarantine'
  readonly listing: BatchListing
  readonly manifest: Manifest
  /** Its sealed events, each as a JSON text. */
  readonly lines: readonly string[]
}

/** Returns one batch with its events, from the spool or from quarantine. */
export async function showBatch(dir: string, name: string): Promise<ShownBatch> {
  const spool = new Spool(dir)
  const places = [{ place: 'quarantine' as const, file: spool.quarantineFile(name) }]
  const candidates: { place: 'spool' | 'quarantine'; file: string }[] = [...places]
  for (const folder of await namesIn(spool.root)) {
    for (const end of ['.waybill', '.again.waybill']) {
      candidates.push({ place: 'spool', file: join(spool.root, folder, `${name}${end}`) })
    }
  }
  if (!/^[0-9a-f]{32}-\d+$/.test(name)) candidates.length = 0
  for (const { place, file } of candidates) {
    let bytes: Buffer
    try {
      bytes = await readFile(file)
    } catch (problem) {
      if (codeOf(problem) === 'ENOENT') continue
      throw problem
    }
    const { manifest, payload } = decodeWaybill(bytes)
    const text = unpacked(manifest, payload, LIMITS.batchBytes).toString('utf8')
    return {
      place,
      listing: listingFrom(
        manifest,
        name,
        bytes.length,
        place === 'quarantine' ? await reasonFor(spool, name) : null,
      ),
      manifest,
      lines: text.split('\n').filter((line) => line !== ''),
    }
  }
  throw new OperatorError('WB-BATCH-UNKNOWN', `There is no batch ${name}; \`list\` names all batches.`)
}

/**
 * Carries out a decision about a batch in quarantine if no agent runs on the folder. A running agent has to do this itself, since the
 * state belongs to it alone.
 */
export async function decideOffline(
  dir: string,
  name: string,
  action: QuarantineAction,
  { log, clock = Date.now }: { log: Log; clock?: () => number },
): Promise<QuarantineDecision> {
  if (!(await isThere(join(dir, 'state'))))
    throw new OperatorError('WB-DATA-UNUSABLE', `${dir} is not the data folder of an agent.`)
  const lock = await lockFolder(dir)
  try {
    const state = await openState(join(dir, 'state'), { log })
    const settlements = new SettlementLog(state, { clock: clockOf(clock), log, retry: 1000 })
    try {
      const spool = new Spool(dir)
      await takeUp(state, spool, log, () => randomBytes(16).toString('hex'))
      const batch = await decide({ state, settlements, spool, log, clock }, name, action)
      return { batch: name, action, events: batch.events }
    } finally {
      await settlements.close()
      await state.close()
    }
  } finally {
    await lock.release()
  }
}

function listingOf(batch: Batch, reason: QuarantineReason | null): BatchListing {
  return {
    batch: batch.name,
    sequence: batch.sequence,
    created: batch.created,
    events: batch.events,
    records: recordsOf(batch),
    bytes: batch.bytes,
    sources: batch.slices.map(({ path, from, to }) => ({ path, from, to })),
    reason,
    damage: null,
  }
}

function listingFrom(
  manifest: Manifest,
  batch: string,
  bytes: number,
  reason: QuarantineReason | null,
): BatchListing {
  return {
    batch,
    sequence: manifest.sequence,
    created: manifest.created,
    events: manifest.events,
    records: manifest.sources.reduce((sum, slice) => sum + slice.read, 0),
    bytes,
    sources: manifest.sources.map(({ path, from, to }) => ({ path, from, to })),
    reason,
    damage: null,
  }
}

function damagedListing(found: {
  name: string
  sequence: number
  bytes: number
  reason: string
}): BatchListing {
  return {
    batch: found.name,
    sequence: found.sequence,
    created: 0,
    events: 0,
    records: 0,
    bytes: found.bytes,
    sources: [],
    reason: null,
    damage: found.reason,
  }
}

async function reasonFor(spool: Spool, name: string): Promise<QuarantineReason | null> {
  try {
    return quarantineReasonShape.parse(JSON.parse(await readFile(spool.reasonFile(name), 'utf8')))
  } catch {
    // The reason is only for people: if it is missing or damaged, the batch is still valid.
    return null
  }
}
