import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { openDatabase, segmentFile } from '../disk/index.ts'
import { FileSink, MemorySink, mergeSegments, type Segment, type Sink } from '../index/index.ts'
import { newShared, PartitionView } from '../read/index.ts'
import type { Merged, MergeOrder, MergerCalls } from './calls.ts'
import { serve } from './channel.ts'

/** The thread that merges segments. It only reads partitions; what it made is put in place by the thread that writes. */
const port = parentPort
if (port === null) throw new Error('the merger runs as a thread of the store')
const { path } = workerData as { path: string }
const folder = join(path, 'partitions')

/** The same facets come again in each merge. */
const shared = newShared(8)

/** Smaller segments are kept in their partition's database. */
const SMALL_DOCS = 20_000

function merge(order: MergeOrder): Merged {
  const database = openDatabase(join(folder, `${order.partition}.db`), { cache: 1024, readOnly: true })
  const view = new PartitionView(order.partition, folder, database, shared)
  const segments: Segment[] = []
  try {
    for (const id of order.segments) segments.push(view.segment(id))
    const idOf = (chunk: number, line: number): string => view.chunk(chunk).id(line)
    const docs = segments.reduce((sum, segment) => sum + segment.docs, 0)
    if (docs <= SMALL_DOCS) {
      const sink = new MemorySink()
      return made(mergeSegments(segments, sink, idOf), sink, new Uint8Array(sink.view()))
    }
    const file = join(folder, segmentFile(order.partition, order.id))
    const sink = new FileSink(`${file}.new`)
    try {
      const footer = mergeSegments(segments, sink, idOf)
      sink.finish()
      renameSync(`${file}.new`, file)
      syncFolder()
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

/** A file's name is on the disk only when its folder is. */
function syncFolder(): void {
  const open = openSync(folder, 'r')
  fsyncSync(open)
  closeSync(open)
}

const made = (
  { docs, least, greatest }: { docs: number; least: number; greatest: number },
  sink: Sink,
  content: Uint8Array | null,
): Merged => ({ docs, least, greatest, bytes: sink.length, content })

serve<MergerCalls>(port, {
  merge,
  close: () => {
    // The answer to this goes out first.
    setImmediate(() => port.close())
    return null
  },
})
