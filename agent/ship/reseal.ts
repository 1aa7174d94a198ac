import type { KeyObject } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { leavesOf, merkleRoot } from '../../schema/index.ts'
import { decodeWaybill, type Manifest, manifestSchema, sealManifest } from '../../schema/wire/index.ts'
import { type Log, type State, syncFolder } from '../state/index.ts'
import { type Batch, batchName } from './batch.ts'
import { CHAIN, type ChainRecord, newChain } from './chain.ts'
import { isRetried, type QuarantineRecord, quarantineKey } from './quarantine.ts'
import type { SettlementLog } from './settlement-log.ts'
import type { Spool } from './spool.ts'
import { finishQuarantine } from './takeup.ts'

export interface Resealing {
  readonly state: State
  readonly settlements: SettlementLog
  readonly spool: Spool
  readonly log: Log
  readonly clock: () => number
  readonly agent: string
  readonly keyId: string
  readonly key: KeyObject
  /** Called with batches out of quarantine under their new names, before the settlements contain these. */
  readonly renaming: (batches: readonly Batch[]) => void
}

/**
 * Seals everything in the spool again, as a chain of another incarnation: the payloads stay unchanged, only their waybills change. If the
 * agent was enrolled again, its events get its new id, since no indexer accepts those of another agent. The new files are made in a
 * separate folder, and one write of the state decides: before it the old chain counts, after it the new one. `takeUp` then adapts the
 * folders, here as well as after a kill.
 */
export async function reseal(
  parts: Resealing,
  from: ChainRecord,
  batches: readonly Batch[],
  incarnation: string,
  cites: ChainRecord['cites'],
): Promise<void> {
  const { state, settlements, spool, log } = parts
  const old = spool.folder(from.incarnation)
  // A batch that the settlements record as quarantined must not disappear with the old folder.
  await finishQuarantine(state, spool, from, log)
  const staging = `${spool.folder(incarnation)}.staging`
  await spool.removeFolder(staging)
  await mkdir(staging, { recursive: true, mode: 0o700 })

  const made: Batch[] = []
  try {
    for (const batch of batches) {
      made.push(await sealAnew(parts, old, staging, batch, incarnation, cites, made.at(-1)))
    }
    await syncFolder(staging)
    await syncFolder(spool.root)
  } catch (problem) {
    // On a full disk the copies take room that the batches themselves may need.
    await spool.removeFolder(staging)
    throw problem
  }

  parts.renaming(made.filter(({ again }) => again))
  const chain = newChain(incarnation, cites, from.incarnation)
  await settlements.enter((draft) => {
    draft.set(CHAIN, chain)
    batches.forEach((batch, at) => {
      const record = draft.get<QuarantineRecord>(quarantineKey(batch.name))
      if (!batch.again || !isRetried(record)) return
      draft.set(quarantineKey(batch.name), undefined)
      draft.set(quarantineKey(made[at]!.name), record)
    })
  })
}

async function sealAnew(
  parts: Resealing,
  old: string,
  staging: string,
  batch: Batch,
  incarnation: string,
  cites: ChainRecord['cites'],
  before: Batch | undefined,
): Promise<Batch> {
  const sealed = decodeWaybill(await parts.spool.read(old, batch))
  const { manifest, payload } =
    sealed.manifest.agent === parts.agent ? sealed : inNameOf(parts.agent, sealed.manifest, sealed.payload)
  const sequence = (before?.sequence ?? 0) + 1
  const next = manifestSchema.parse({
    ...manifest,
    agent: parts.agent,
    key: parts.keyId,
    incarnation,
    sequence,
    previous: before?.hash ?? null,
    cites: sequence === 1 ? cites : null,
    created: parts.clock(),
  })
  const { head, hash, frameOf } = sealManifest(next, parts.key)
  const name = batchName(incarnation, sequence)
  const frame = frameOf(payload)
  const bytes = head.length + frame.length + payload.length
  const made = { ...batch, name, incarnation, sequence, hash, bytes }
  await parts.spool.draft(staging, made, [head, frame, payload])
  await parts.spool.publish(staging, made)
  return made
}

/** A batch whose events name this agent in place of the manifest's agent. */
function inNameOf(
  agent: string,
  manifest: Manifest,
  payload: Buffer,
): { manifest: Manifest; payload: Buffer } {
  if (payload.length === 0) return { manifest, payload }
  const isZstd = manifest.encoding === 'zstd'
  const lines = (isZstd ? zstdDecompressSync(payload) : gunzipSync(payload)).toString('utf8').split('\n')
  // Members are sorted: the first occurrence of this text in a line is its own `agent` object.
  const renamed = lines.map((line) =>
    line.replace(`"agent":{"id":"${manifest.agent}"`, () => `"agent":{"id":"${agent}"`),
  )
  const bytes = Buffer.from(`\0${renamed.join('\n')}`)
  const { leaves } = leavesOf(bytes, 1, bytes.length)
  const root = merkleRoot(leaves).toString('hex')
  const content = bytes.subarray(1)
  return {
    manifest: manifestSchema.parse({ ...manifest, bytes: content.length, root }),
    payload: isZstd ? zstdCompressSync(content) : gzipSync(content),
  }
}
