import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import {
  type GoneLeaves,
  goneLeaves,
  openDatabase,
  packPartition,
  partitionFile,
  segmentFile,
  syncFolder,
} from '../disk/index.ts'
import { FileSink, MemorySink, mergeSegments, type Segment, type Sink } from '../index/index.ts'
import { newShared, PartitionView } from '../read/index.ts'
import type { LeaveOrder, Merged, MergeOrder, MergerCalls, RestOrder } from './calls.ts'
import { serve } from './channel.ts'

/**
 * The thread that merges segments, packs partitions at rest, and reads expired partitions a last time. It only reads partitions; the
 * writer's thread puts the results in place.
 */
const port = parentPort
if (port === null) throw new Error('the merger runs as a thread of the store')
const { path } = workerData as { path: string }
const folder = join(path, 'partitions')
let closing = false

/** The same facets come again in each merge. */
const shared = newShared(8)

/** Smaller segments are kept in their partition's database. */
const SMALL_DOCS = 20_000

function merge(order: MergeOrder): Merged {
  const { partition: name, generation } = order
  const from = join(folder, partitionFile(name, generation))
  const database = openDatabase(from, { cache: 1024, readOnly: true })
  const view = new PartitionView({ name, generation }, folder, database, shared)
  const segments: Segment[] = []
  try {
    for (const id of order.segments) segments.push(view.segment(id))
    const idOf = (chunk: number, line: number): string => view.chunk(chunk).id(line)
    const docs = segments.reduce((sum, segment) => sum + segment.docs, 0)
    if (docs <= SMALL_DOCS) {
      const sink = new MemorySink()
      return made(mergeSegments(segments, sink, idOf), sink, new Uint8Array(sink.view()))
    }
    const file = join(folder, segmentFile(name, order.id))
    const sink = new FileSink(`${file}.new`)
    try {
      const footer = mergeSegments(segments, sink, idOf)
      sink.finish()
      renameSync(`${file}.new`, file)
      syncFolder(folder)
      return made(footer, sink, null)
    } catch (thrown) {
      sink.close()
      rmSync(`${file}.new`, { force: true })
      throw thrown
    }
  } finally {
    view.close()
  }
}

const made = (
  { docs, least, greatest }: { docs: number; least: number; greatest: number },
  sink: Sink,
  content: Uint8Array | null,
): Merged => ({ docs, least, greatest, bytes: sink.length, content })

/** Merges that are ordered meanwhile are done in between: so it goes block by block. */
async function rest({ partition, generation }: RestOrder): Promise<boolean> {
  const from = join(folder, partitionFile(partition, generation))
  const to = join(folder, partitionFile(partition, generation + 1))
  try {
    for (const packed of packPartition(from, generation, to)) {
      if (!packed) return false
      await new Promise(setImmediate)
      if (closing) throw new Error('the store is closed')
    }
    const file = openSync(to, 'r')
    fsyncSync(file)
    closeSync(file)
    syncFolder(folder)
    return true
  } catch (thrown) {
    rmSync(to, { force: true })
    throw thrown
  }
}

/** The expired partition that is being read. */
let leaving: { readonly partition: string; readonly portions: Generator<GoneLeaves> } | null = null

function leave({ partition, others }: LeaveOrder): GoneLeaves | 'end' {
  if (leaving?.partition !== partition) leaving = { partition, portions: goneLeaves(path, partition, others) }
  const { portions } = leaving
  try {
    const next = portions.next()
    if (next.done !== true) return next.value
  } catch (thrown) {
    leaving = null
    throw thrown
  }
  leaving = null
  return 'end'
}

serve<MergerCalls>(port, {
  merge,
  rest,
  leave,
  close: () => {
    closing = true
    // The answer to this goes out first.
    setImmediate(() => port.close())
    return null
  },
})
