import { rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { leafHash, OperatorError, reasonOf } from '../../../../schema/index.ts'
import {
  type Author,
  type Consignment,
  type StoreBatch,
  StoreFullError,
  StoreUnavailableError,
  type WriteOutcome,
} from '../../port.ts'
import { categoryOf, type GoneLeaves, inTransaction, letterOf, segmentFile } from '../disk/index.ts'
import {
  type Group,
  lastMerge,
  nextMerge,
  type Partition,
  StoreWriter,
  TOO_MANY_SEGMENTS,
} from '../write/index.ts'
import type {
  LeaveOrder,
  Merged,
  MergeOrder,
  Replay,
  RestOrder,
  SentBatch,
  WriterCalls,
  WriterData,
} from './calls.ts'
import { bufferOf, serve } from './channel.ts'

/**
 * The thread that writes. It stores waiting batches together, with one set of syncs. A group takes many small batches, but only some four
 * of usual size, half of what an agent has under way. While these are acknowledged and the next ones come, it stores the other half. With
 * groups of all batches the thread idled for a tenth of its time.
 */
const GROUP_BYTES = 12 * 1024 * 1024
const GROUP_BATCHES = 16

const port = parentPort
if (port === null) throw new Error('the writer runs as a thread of the store')
const options = workerData as WriterData
let writer: StoreWriter | null = null
let merging: MergeOrder | null = null
let resting: RestOrder | null = null

interface Waiting {
  readonly batch: StoreBatch
  readonly resolve: (outcome: WriteOutcome) => void
  readonly reject: (error: unknown) => void
}
const queue: Waiting[] = []
let pumping = false

function opened(): StoreWriter {
  if (writer === null) throw new StoreUnavailableError('the store is closed')
  return writer
}

async function pump(): Promise<void> {
  if (pumping) return
  pumping = true
  while (queue.length > 0) {
    // Batches that have arrived meanwhile are taken into the group.
    await new Promise(setImmediate)
    if (mergesBehind()) {
      await mergeEnd()
      continue
    }
    gather()
    const group = new WaitingGroup(opened())
    while (queue.length > 0 && group.hasRoom) {
      group.add(queue.shift()!)
      // Batches that arrive while others are taken apart still join them.
      await new Promise(setImmediate)
    }
    group.store()
    orderMerge()
  }
  pumping = false
  awaitIdle()
}

/** Batches on their way into one set of transactions, with the callers that wait for them. */
class WaitingGroup {
  readonly #writer: StoreWriter
  readonly #group: Group
  readonly #members: Waiting[] = []
  #bytes = 0

  constructor(into: StoreWriter) {
    this.#writer = into
    this.#group = into.group()
  }

  get hasRoom(): boolean {
    return this.#members.length < GROUP_BATCHES && this.#bytes < GROUP_BYTES
  }

  add(waiting: Waiting): void {
    try {
      this.#group.add(waiting.batch)
      this.#members.push(waiting)
      this.#bytes += waiting.batch.lines.length
    } catch (thrown) {
      waiting.reject(thrown)
    }
  }

  store(): void {
    const members = this.#members
    try {
      const outcomes = this.#group.store()
      for (const [i, waiting] of members.entries()) {
        // Megabytes that the collector would let gather.
        for (const { buffer } of [waiting.batch.lines, waiting.batch.leaves])
          if (buffer instanceof ArrayBuffer) buffer.transfer(0)
        waiting.resolve(outcomes[i]!)
      }
    } catch (thrown) {
      const hopeless =
        thrown instanceof StoreFullError ||
        thrown instanceof StoreUnavailableError ||
        thrown instanceof OperatorError
      // One batch that can't be stored must not keep its neighbours out.
      if (members.length === 1 || hopeless) for (const waiting of members) waiting.reject(thrown)
      else {
        for (const waiting of members) {
          const alone = new WaitingGroup(this.#writer)
          alone.add(waiting)
          alone.store()
        }
      }
    }
  }
}

const awaitMerge: (() => void)[] = []
const mergeEnd = (): Promise<void> => new Promise((resolve) => awaitMerge.push(resolve))

/** Merging has fallen so far behind that searches would suffer: writing waits for it. */
function mergesBehind(): boolean {
  const behind = merging
  if (behind === null) return false
  const partition = opened().partition(behind.partition)
  return partition.segments.length - behind.segments.length > TOO_MANY_SEGMENTS
}

function orderMerge(): void {
  if (merging !== null || writer === null) return
  const all = [...writer.partitions].filter(({ name }) => name !== resting?.partition)
  for (const [partitions, choose] of [
    [all, nextMerge],
    [quiet(all), lastMerge],
  ] as const)
    for (const partition of partitions) {
      // Segments of another list of fields are written with other numbers.
      const alike = Map.groupBy(partition.segments, ({ fields }) => fields).values()
      const segments = alike.map(choose).find((chosen) => chosen !== null) ?? null
      if (segments === null) continue
      const { name, generation } = partition
      merging = { partition: name, generation, segments, id: partition.nextSegment++ }
      port!.postMessage({ event: { merge: merging } })
      return
    }
  orderRest()
}

/**
 * The longest delay of packing, ms. Packing competes with storing for the processor, so it waits until nothing comes; this limit serves
 * stores with constant arrivals.
 */
const LONGEST_WAIT = 15 * 60_000
let isIdle = true
let lastRest = performance.now()
let idleTimer: NodeJS.Timeout | undefined

/** Runs after each write; it tidies up partitions that have received nothing for a while. */
function awaitIdle(): void {
  isIdle = false
  clearTimeout(idleTimer)
  idleTimer = setTimeout(() => {
    isIdle = true
    packWaybills()
    writer?.emptyLogs()
    orderMerge()
  }, options.idle)
}

/** Packs the waybills of an earlier version or of many chains, until nothing is left to pack or a batch comes. */
function packWaybills(): void {
  if (isIdle && gather(true)) setImmediate(packWaybills)
}

/** Packs waybills. A failure, on a full disk for instance, leaves them as they are, and the store goes on storing batches. */
function gather(all = false): boolean {
  try {
    return opened().gather(all)
  } catch {
    return false
  }
}

function orderRest(): void {
  if (resting !== null || writer === null || failedToRest) return
  if (!isIdle && performance.now() - lastRest < LONGEST_WAIT) return
  lastRest = performance.now()
  const partition = quiet([...writer.partitions]).find(({ isPacked }) => !isPacked)
  if (partition === undefined) return
  resting = { partition: partition.name, generation: partition.generation }
  port!.postMessage({ event: { rest: resting } })
}

/** Set when the disk has no room for it, which would otherwise be tried again and again: the next attempt is after the next start. */
let failedToRest = false

function takeRested(order: RestOrder, made: boolean | null): void {
  resting = null
  failedToRest = made === null
  if (writer !== null && made === true) writer.putAtRest(order.partition, order.generation)
  for (const resume of awaitRest.splice(0)) resume()
  if (made === true) orderMerge()
}

/** How long an expiry waits for readers of a partition's log, and how often it checks, ms. */
const LOG_WAIT = 30_000
const LOG_RETRIED = 20

const awaitRest: (() => void)[] = []
const restEnd = (): Promise<void> => new Promise((resolve) => awaitRest.push(resolve))

let leaving: LeaveOrder | null = null

/** Partitions that have expired go from the disk one after another. */
function orderLeave(): void {
  if (leaving !== null || failedToLeave) return
  leaving = writer?.leaving ?? null
  if (leaving !== null) port!.postMessage({ event: { leave: leaving } })
}

/**
 * Set when the hashes of an expired partition could not be stored. The next hashes would come without the lost ones, so the work starts
 * again after the next start of the store.
 */
let failedToLeave = false
const MOST_LEAVE_FAILURES = 5
let leaveFailures = 0

function takeLeft(order: LeaveOrder, made: GoneLeaves | 'end' | null): void {
  leaving = null
  failedToLeave = true
  if (writer === null) return
  if (made === null) {
    // A listed partition may have expired or been packed meanwhile: the work starts again with those that are there now.
    failedToLeave = ++leaveFailures >= MOST_LEAVE_FAILURES
    orderLeave()
    return
  }
  leaveFailures = 0
  if (made === 'end') writer.clearExpired(order.partition)
  else writer.keepLeaves(made)
  failedToLeave = false
  orderLeave()
}

/** A slow trickle is never idle: its logs are emptied now and then. */
const LOGS_EMPTIED = 5 * 60_000
setInterval(() => writer?.emptyLogs(), LOGS_EMPTIED).unref()

/** Partitions that receive no more events: there is a later one of their category. */
function quiet(partitions: readonly Partition[]): Partition[] {
  const latest = new Map<string, string>()
  for (const { name } of partitions) {
    const category = categoryOf(name)
    if (name > (latest.get(category) ?? '')) latest.set(category, name)
  }
  return partitions.filter(({ name }) => latest.get(categoryOf(name)) !== name)
}

function takeMerged(order: MergeOrder, made: Merged | null): void {
  merging = null
  if (writer !== null && made !== null) putInPlace(writer, order, made)
  for (const resume of awaitMerge.splice(0)) resume()
  if (made !== null) orderMerge()
}

function putInPlace(into: StoreWriter, order: MergeOrder, made: Merged): void {
  const partition = into.partition(order.partition)
  const folder = dirname(into.fileOf(partition.name))
  const fields = partition.segments.find(({ id }) => id === order.segments[0])?.fields ?? 0
  const remove = (id: number): void => rmSync(join(folder, segmentFile(partition.name, id)), { force: true })
  try {
    inTransaction(partition.database, () =>
      partition.replaceSegments(order.segments, { id: order.id, fields, ...made }),
    )
  } catch {
    // The disk is full, or the partition was reopened and gave the number to another segment: the parts stay as they are.
    remove(order.id)
    return
  }
  const gone = partition.segments.filter(({ id }) => order.segments.includes(id))
  partition.segments = partition.segments.filter(({ id }) => !order.segments.includes(id))
  partition.segments.push({ id: order.id, docs: made.docs, inFile: made.content === null, fields })
  for (const { id, inFile } of gone) if (inFile) remove(id)
}

function replay(id: string, now: number, added: string | null, author: Author | null): Replay {
  const { control } = opened()
  const row = control.database.prepare('SELECT * FROM dead_letters WHERE id = ?').get(id)
  if (row === undefined) return null
  const letter = letterOf(row)
  const additions = added === null ? undefined : { positions: Uint32Array.of(0), lines: Buffer.from(added) }
  const leaf = leafHash(letter.line)
  const reason = opened().storeLine({ ...letter, leaf, ingested: now, additions, author })
  if (reason !== null) return { stored: false, reason }
  discard(id)
  return { stored: true }
}

const discard = (id: string): boolean =>
  opened().control.database.prepare('DELETE FROM dead_letters WHERE id = ?').run(id).changes > 0

const withBuffers = ({ waybill, lines, ...rest }: Consignment): Consignment => ({
  ...rest,
  lines: lines.map((line) => ({ ...line, line: bufferOf(line.line) })),
  waybill: waybill && {
    ...waybill,
    manifest: bufferOf(waybill.manifest),
    signature: bufferOf(waybill.signature),
    leaves: new Map([...waybill.leaves].map(([position, leaf]) => [position, bufferOf(leaf)])),
    sealed: new Map([...waybill.sealed].map(([position, leaf]) => [position, bufferOf(leaf)])),
  },
})

serve<WriterCalls>(port, {
  open: () => {
    writer = new StoreWriter(options)
    awaitIdle()
    orderMerge()
    orderLeave()
    return null
  },
  write: (sent: SentBatch) =>
    new Promise((resolve, reject) => {
      const { additions, ...rest } = sent
      const batch: StoreBatch = {
        ...rest,
        manifestBytes: bufferOf(sent.manifestBytes),
        signature: bufferOf(sent.signature),
        lines: bufferOf(sent.lines),
        leaves: bufferOf(sent.leaves),
        ...(additions !== undefined && {
          additions: { positions: additions.positions, lines: bufferOf(additions.lines) },
        }),
      }
      queue.push({ batch, resolve, reject })
      pump().catch((thrown: unknown) => {
        pumping = false
        for (const waiting of queue.splice(0)) waiting.reject(new StoreUnavailableError(reasonOf(thrown)))
      })
    }),
  replay: ({ id, now, additions, author }) => replay(id, now, additions, author),
  discard,
  letters: (letters) => {
    opened().putLetters(letters.map((letter) => ({ ...letter, line: bufferOf(letter.line) })))
    return null
  },
  consignments: async (consignments) => {
    while (mergesBehind()) await mergeEnd()
    // A group of batches that is being gathered uses the same memory.
    while (pumping) await new Promise(setImmediate)
    gather()
    opened().take(consignments.map(withBuffers))
    orderMerge()
    awaitIdle()
    return null
  },
  settle: async () => {
    while (writer !== null && writer.leaving !== null && !failedToLeave) await wait(LOG_RETRIED)
    return null
  },
  putRecord: ({ kind, key, value, version }) => {
    const { database } = opened().control
    if (version === null) {
      return (
        database.prepare('INSERT OR IGNORE INTO records VALUES (?, ?, ?, 1)').run(kind, key, value).changes >
        0
      )
    }
    return (
      database
        .prepare(
          'UPDATE records SET value = ?, version = version + 1 WHERE kind = ? AND key = ? AND version = ?',
        )
        .run(value, kind, key, version).changes > 0
    )
  },
  removeRecord: ({ kind, key }) => {
    opened().control.database.prepare('DELETE FROM records WHERE kind = ? AND key = ?').run(kind, key)
    return null
  },
  keepFor: (searchable) => {
    opened().keepFor(searchable)
    return null
  },
  expire: async ({ name, before, now }) => {
    // The results of a merge or a packing would have no place to go.
    while (merging?.partition === name) await mergeEnd()
    while (resting?.partition === name) await restEnd()
    for (const start = performance.now(); !opened().hasEmptyLog(name); await wait(LOG_RETRIED))
      if (performance.now() - start > LOG_WAIT)
        throw new StoreUnavailableError(`${name} is being read and can't expire now; it is tried again later`)
    const gone = opened().expire(name, before, now)
    orderLeave()
    return gone
  },
  merged: ({ order, made }) => {
    takeMerged(order, made)
    return null
  },
  rested: ({ order, made }) => {
    takeRested(order, made)
    return null
  },
  left: ({ order, made }) => {
    takeLeft(order, made)
    return null
  },
  close: async () => {
    while (pumping) await new Promise(setImmediate)
    clearTimeout(idleTimer)
    writer?.close()
    writer = null
    // The answer to this goes out first.
    setImmediate(() => port.close())
    return null
  },
})
