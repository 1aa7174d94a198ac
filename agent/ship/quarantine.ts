import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { OperatorError } from '../../schema/index.ts'
import { decodeWaybill } from '../../schema/wire/index.ts'
import { type Log, type State, syncFolder, writeFileDurably } from '../state/index.ts'
import { type Batch, batchOf, parseBatchName } from './batch.ts'
import { CHAIN, chainOf, withSettled } from './chain.ts'
import { discarded, ledgerKey, NOTHING, quarantined, retried, type Settled } from './ledger.ts'
import type { Refusal } from './sender.ts'
import type { Draft, SettlementLog } from './settlement-log.ts'
import { fileOf, removeFile, type Spool } from './spool.ts'
import type { QuarantineAction } from './types.ts'

/** The state's record of a batch in quarantine, under `quarantine/<batch>`; it is authoritative while the folders lag behind. */
export interface QuarantineRecord {
  /** Held; back in the spool until it is acknowledged; or being removed. */
  readonly state: 'held' | 'retry' | 'discard'
  readonly at: number
  readonly reason: QuarantineReason | null
}

/** The file beside a batch in quarantine, for people. */
export const quarantineReasonShape = z.object({
  at: z.number(),
  status: z.number(),
  code: z.string(),
  reason: z.string(),
  indexer: z.string(),
})
export type QuarantineReason = Readonly<z.infer<typeof quarantineReasonShape>>

export const quarantineKey = (name: string): string => `quarantine/${name}`

export const isRetried = (record: QuarantineRecord | undefined): boolean => record?.state === 'retry'

export const heldIn = (state: State): number => {
  let held = 0
  for (const [, record] of state.entries<QuarantineRecord>(quarantineKey('')))
    if (record.state === 'held') held++
  return held
}

export function settleLedgers(
  draft: Draft,
  batch: Batch,
  next: (ledger: Settled, at: number) => Settled,
): void {
  batch.slices.forEach((slice, at) => {
    const key = ledgerKey(slice.source)
    draft.set(key, next(draft.get<Settled>(key) ?? NOTHING, at))
  })
}

/** Records a rejection: its records count as quarantined, and its positions advance. */
export function enterRefusal(
  draft: Draft,
  batch: Batch,
  reason: QuarantineReason,
  settled: (batch: Batch) => void,
): void {
  settleLedgers(draft, batch, (ledger, at) => quarantined(ledger, batch.slices[at]!))
  draft.set(quarantineKey(batch.name), { state: 'held', at: reason.at, reason } satisfies QuarantineRecord)
  if (batch.again) return
  const chain = chainOf(draft)
  if (chain !== undefined) draft.set(CHAIN, withSettled(chain, batch, null))
  settled(batch)
}

export const reasonOfRefusal = (refusal: Refusal, at: number): QuarantineReason => ({
  at,
  status: refusal.status,
  code: refusal.code,
  reason: refusal.sentence,
  indexer: refusal.indexer,
})

/** Moves the file to the place that the settlements record. */
export async function moveToQuarantine(
  spool: Spool,
  folder: string,
  batch: Batch,
  reason: QuarantineReason,
): Promise<void> {
  await spool.move(join(folder, fileOf(batch)), spool.quarantineFile(batch.name))
  await syncFolder(spool.quarantine)
  await writeFileDurably(spool.reasonFile(batch.name), `${JSON.stringify(reason, null, 2)}\n`)
}

/** Carries out an operator's decision about a batch in quarantine, for the running agent, or for a command when no agent runs. */
export async function decide(
  parts: {
    state: State
    settlements: SettlementLog
    spool: Spool
    log: Log
    clock: () => number
    /** Called before the settlements contain the decision: afterwards the batch is pending. */
    retrying?: (batch: Batch) => void
  },
  name: string,
  action: QuarantineAction,
): Promise<Batch> {
  const { state, settlements, spool, log } = parts
  const batch = await heldBatch(spool, name)
  const key = quarantineKey(name)
  let known = false
  await settlements.enter((draft) => {
    const record = draft.get<QuarantineRecord>(key)
    if (record !== undefined && record.state !== 'held') {
      throw new OperatorError(
        'WB-BATCH-UNKNOWN',
        `Batch ${name} is not in quarantine any more: it is being ${doing[record.state]}.`,
      )
    }
    // A batch that came there when the state was lost is in no ledger yet.
    known = record !== undefined
    const next: QuarantineRecord = { state: action, at: parts.clock(), reason: record?.reason ?? null }
    draft.set(key, next)
    if (action === 'retry') parts.retrying?.({ ...batch, again: true })
    if (!known) return
    settleLedgers(draft, batch, (ledger, at) =>
      action === 'retry' ? retried(ledger, batch.slices[at]!) : discarded(ledger, batch.slices[at]!),
    )
  })
  const about = { batch: name, events: batch.events, sources: batch.slices.length, counted: known }
  if (action === 'discard') {
    await removeFile(spool.quarantineFile(name))
    await removeFile(spool.reasonFile(name))
    await syncFolder(spool.quarantine)
    await settlements.enter((draft) => draft.set(key, undefined))
    log.warn(about, `${batch.events} events of batch ${name} were discarded by the operator`)
    return batch
  }
  const chain = chainOf(state)
  if (chain === undefined) throw new Error('a batch is in quarantine, but there is no chain')
  const folder = spool.folder(chain.incarnation)
  await spool.move(spool.quarantineFile(name), join(folder, fileOf({ name, again: true })))
  await removeFile(spool.reasonFile(name))
  await syncFolder(folder)
  log.info(about, `batch ${name} is sent again, as the operator requested`)
  return { ...batch, again: true }
}

const doing = { held: 'held', retry: 'sent again', discard: 'discarded' } as const

async function heldBatch(spool: Spool, name: string): Promise<Batch> {
  const absent = new OperatorError(
    'WB-BATCH-UNKNOWN',
    `There is no batch ${name} in quarantine; \`quarantine list\` names all batches.`,
  )
  if (parseBatchName(name) === null) throw absent
  let bytes: Buffer
  try {
    bytes = await readFile(spool.quarantineFile(name))
  } catch {
    throw absent
  }
  return batchOf(decodeWaybill(bytes), bytes.length, false)
}
