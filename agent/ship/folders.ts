import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf, LIMITS, OperatorError } from '../../schema/index.ts'
import { decodeWaybill, type Manifest } from '../../schema/wire/index.ts'
import { type Log, lockFolder, openState } from '../state/index.ts'
import { type Batch, recordsOf } from './batch.ts'
import { clockOf } from './clock.ts'
import { unpacked } from './fault.ts'
import { decide, type QuarantineReason } from './quarantine.ts'
import { SettlementLog } from './settlement-log.ts'
import { isThere, namesIn, readFolder, Spool } from './spool.ts'
import { takeUp } from './takeup.ts'
import type { QuarantineAction, QuarantineDecision } from './types.ts'

/** What the commands show of a batch; read from the folders, whether an agent runs on them or not. */
export interface BatchListing {
  readonly batch: string
  readonly sequence: number
  readonly created: number
  readonly events: number
  readonly records: number
  readonly bytes: number
  readonly sources: readonly { readonly path: string; readonly from: number; readonly to: number }[]
  /** Why it is in quarantine, where that is known. */
  readonly reason: QuarantineReason | null
  /** What is wrong with its file; null when it is whole. */
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
  /** Its events as they were sealed, a JSON text each. */
  readonly lines: readonly string[]
}

/** One batch with its events; in the spool or in quarantine. */
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
  throw new OperatorError(`There is no batch ${name}; \`list\` names those there are.`)
}

/**
 * Decides about a batch in quarantine where no agent runs on the folder; an agent that runs is asked itself, since the state
 * belongs to it alone.
 */
export async function decideOffline(
  dir: string,
  name: string,
  action: QuarantineAction,
  { log, clock = Date.now }: { log: Log; clock?: () => number },
): Promise<QuarantineDecision> {
  if (!(await isThere(join(dir, 'state')))) throw new OperatorError(`${dir} is no data folder of an agent.`)
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
    const raw: unknown = JSON.parse(await readFile(spool.reasonFile(name), 'utf8'))
    return isReason(raw) ? raw : null
  } catch {
    // The reason is for people; without it, or with a damaged one, the batch is still there.
    return null
  }
}

function isReason(raw: unknown): raw is QuarantineReason {
  return (
    typeof raw === 'object' &&
    raw !== null &&
    'at' in raw &&
    typeof raw.at === 'number' &&
    'status' in raw &&
    typeof raw.status === 'number' &&
    'code' in raw &&
    typeof raw.code === 'string' &&
    'reason' in raw &&
    typeof raw.reason === 'string' &&
    'indexer' in raw &&
    typeof raw.indexer === 'string'
  )
}
