import { join } from 'node:path'
import type { Log, State } from '../state/index.ts'
import { syncFolder } from '../state/index.ts'
import type { Batch } from './batch.ts'
import { CHAIN, type ChainRecord, chainOf, citationOf, isSettled, newChain, withNumber } from './chain.ts'
import { isRetried, type QuarantineRecord, quarantineKey } from './quarantine.ts'
import { fileOf, isThere, namesIn, readFolder, removeFile, type Spool } from './spool.ts'

/** The combined content of the folders and the state when an agent starts. */
export interface TakenUp {
  readonly chain: ChainRecord
  /** The batches to be sent, oldest first. */
  readonly batches: readonly Batch[]
}

/**
 * Reconciles folders and state after any kind of stop. The state is authoritative for settled batches; a batch with a complete file that
 * is not settled is sent.
 */
export async function takeUp(
  state: State,
  spool: Spool,
  log: Log,
  newIncarnation: () => string,
): Promise<TakenUp> {
  let chain = await chosenChain(state, spool, log, newIncarnation)
  await spool.makeFolders(chain.incarnation)
  await removeOtherFolders(chain, spool, log)
  await finishQuarantine(state, spool, chain, log)

  const folder = spool.folder(chain.incarnation)
  const batches: Batch[] = []
  let damaged = false
  for (const found of await readFolder(folder)) {
    switch (found.kind) {
      case 'draft':
        log.info(
          { file: found.file },
          'a batch in the spool is incomplete; it was never sent, and its records are read again',
        )
        await removeFile(join(folder, found.file))
        break
      case 'damaged':
        damaged = true
        log.error(
          { batch: found.name, bytes: found.bytes, place: await putAside(spool, folder, found.file) },
          `a batch in the spool is damaged (${found.reason}); its file is set aside, and its records are read again from their sources`,
        )
        break
      case 'batch':
        if (isDone(state, chain, found.batch)) await spool.remove(folder, found.batch)
        else batches.push(found.batch)
    }
  }
  // By name, retried batches of an older incarnation would be among the others; the first sealed goes first.
  batches.sort((a, b) => Number(b.again) - Number(a.again) || a.sequence - b.sequence)
  chain = await withoutHoles(state, chain, batches, damaged, log)
  return { chain, batches }
}

/** Whether the state has the outcome of a batch. Its file may still exist: it is removed once the state is on the disk. */
export function isDone(state: State, chain: ChainRecord, batch: Batch): boolean {
  if (batch.again) return !isRetried(state.get<QuarantineRecord>(quarantineKey(batch.name)))
  return batch.incarnation === chain.incarnation && isSettled(chain, batch.sequence)
}

/** Returns the chain in the state; a new one in a new folder; or that of the spool, if the state is older than a fork. */
async function chosenChain(
  state: State,
  spool: Spool,
  log: Log,
  newIncarnation: () => string,
): Promise<ChainRecord> {
  const known = chainOf(state)
  const folders = (await namesIn(spool.root)).filter((name) => /^[0-9a-f]{32}$/.test(name))
  if (known !== undefined && folders.includes(known.incarnation)) return known
  if (known !== undefined && (await isThere(`${spool.folder(known.incarnation)}.staging`))) return known
  // The state has neither begun nor left these: the state is older than the spool.
  const strangers: { incarnation: string; batches: Batch[] }[] = []
  for (const incarnation of folders) {
    if (incarnation === known?.follows) continue
    const batches = (await readFolder(spool.folder(incarnation))).flatMap((found) =>
      found.kind === 'batch' && found.batch.incarnation === incarnation && !found.batch.again
        ? [found.batch]
        : [],
    )
    if (batches.length > 0) strangers.push({ incarnation, batches })
  }
  const newest = strangers.sort((a, b) => b.batches.at(-1)!.created - a.batches.at(-1)!.created)[0]
  if (newest === undefined) {
    if (known !== undefined) return known
    const chain = newChain(newIncarnation(), null, null)
    await state.write([{ key: CHAIN, value: chain }])
    return chain
  }
  log.error(
    { incarnation: newest.incarnation, batches: newest.batches.length },
    'the state is older than the spool; the chain of waybills continues after the spool',
  )
  const cites = known === undefined ? null : citationOf(known)
  const chain = newChain(newest.incarnation, cites, known?.incarnation ?? null)
  await state.write([{ key: CHAIN, value: chain }])
  return chain
}

/** Finishes or undoes an interrupted fork: the write of the state decided which. */
async function removeOtherFolders(chain: ChainRecord, spool: Spool, log: Log): Promise<void> {
  const own = spool.folder(chain.incarnation)
  if (await isThere(`${own}.staging`)) {
    // The new folder may have been created, empty, in the meantime: the staged one replaces it.
    await spool.removeFolder(own)
    await spool.move(`${own}.staging`, own)
    await syncFolder(spool.root)
  }
  for (const name of await namesIn(spool.root)) {
    if (name === chain.incarnation) continue
    const folder = join(spool.root, name)
    if (name.endsWith('.staging') || name.endsWith('.done') || name === chain.follows) {
      await spool.removeFolder(folder)
    } else {
      await keepStrangers(spool, folder, log)
    }
  }
}

/** Keeps batches that the state does not know: the operator decides about them. */
async function keepStrangers(spool: Spool, folder: string, log: Log): Promise<void> {
  for (const found of await readFolder(folder)) {
    if (found.kind !== 'batch') continue
    await spool.move(join(folder, found.file), spool.quarantineFile(found.batch.name))
    log.error(
      { batch: found.batch.name },
      'a batch of a chain that the state does not know was in the spool; it is in quarantine now: retry or discard it',
    )
  }
  await syncFolder(spool.quarantine)
  await spool.removeFolder(folder)
}

/** Moves a file that is no longer a batch to a place where people can inspect it. */
export async function putAside(spool: Spool, folder: string, file: string): Promise<string> {
  const place = join(spool.quarantine, `${file}.damaged`)
  await spool.move(join(folder, file), place)
  await syncFolder(spool.quarantine)
  return place
}

/** Completes moves that the state has decided. */
export async function finishQuarantine(
  state: State,
  spool: Spool,
  chain: ChainRecord,
  log: Log,
): Promise<void> {
  const folder = spool.folder(chain.incarnation)
  for (const [key, record] of [...state.entries<QuarantineRecord>(quarantineKey(''))]) {
    const name = key.slice(quarantineKey('').length)
    const held = spool.quarantineFile(name)
    switch (record.state) {
      case 'held':
        for (const again of [false, true]) await spool.move(join(folder, fileOf({ name, again })), held)
        break
      case 'retry':
        await spool.move(held, join(folder, fileOf({ name, again: true })))
        await removeFile(spool.reasonFile(name))
        break
      case 'discard':
        log.info({ batch: name }, 'a batch that was discarded is removed from quarantine')
        await removeFile(held)
        await removeFile(spool.reasonFile(name))
        await state.write([{ key, value: undefined }])
    }
  }
  await syncFolder(folder)
  await syncFolder(spool.quarantine)
}

/**
 * Numbers below the last batch that are neither settled nor in the spool were settled after the state was written: the state comes from a
 * backup, or lost its last writes. They must not count as pending, or be used again.
 */
async function withoutHoles(
  state: State,
  chain: ChainRecord,
  batches: readonly Batch[],
  damaged: boolean,
  log: Log,
): Promise<ChainRecord> {
  const own = batches.filter((batch) => batch.incarnation === chain.incarnation && !batch.again)
  const last = own.at(-1)
  if (last === undefined) return chain
  const spooled = new Set(own.map((batch) => batch.sequence))
  const missing: number[] = []
  for (let sequence = 1; sequence < last.sequence; sequence++) {
    if (spooled.has(sequence)) continue
    const run = chain.settled.find(([from, to]) => from <= sequence && sequence <= to)
    if (run === undefined) missing.push(sequence)
    else sequence = run[1]
  }
  if (missing.length === 0) return chain
  if (!damaged) {
    log.error(
      { from: missing[0], to: missing.at(-1), missing: missing.length },
      'the state is older than the spool: it does not know that earlier batches were settled',
    )
  }
  let settled = chain.settled
  for (const sequence of missing) settled = withNumber(settled, sequence)
  const mended = { ...chain, settled }
  await state.write([{ key: CHAIN, value: mended }])
  return mended
}
