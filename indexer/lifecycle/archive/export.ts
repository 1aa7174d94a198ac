import { leafHash } from '../../../schema/index.ts'
import { matches, type Query } from '../../query/index.ts'
import { renamedId, shownEvent } from '../../store/index.ts'
import type { Consignment, Consignments, StoredPartition } from '../../store/port.ts'
import type { ObjectRecord } from './catalogue.ts'
import { EXTENSION, MOST_EVENTS } from './layout.ts'
import { readBack } from './run.ts'
import { damagedLines, ObjectWriter, type WriterParts } from './write.ts'

const PAGE = 256

/**
 * Writes the events that a query finds as objects under `query/`: the sealed lines that match, with their waybills and the hashes of all
 * other lines, so each is proved like the whole. Without such events there is no object.
 */
export async function exportQuery(
  {
    name,
    text,
    query,
    until,
  }: {
    readonly name: string
    readonly text: string
    readonly query: Query
    readonly until: number | null
  },
  parts: WriterParts & {
    readonly consignments: Pick<Consignments, 'inPartition'>
    readonly partitions: readonly StoredPartition[]
    readonly report: (partitions: number, events: number) => void
  },
): Promise<ObjectRecord[]> {
  const done: ObjectRecord[] = []
  let writer: ObjectWriter | null = null
  let events = 0
  const end = async (): Promise<void> => {
    if (writer === null) return
    const written = await writer.finish()
    writer = null
    done.push(await readBack(written, { ...parts, until }))
  }
  try {
    for (const [n, partition] of parts.partitions.entries()) {
      for (let after: string | null = null; ; ) {
        const page = await parts.consignments.inPartition(partition.name, { after, limit: PAGE })
        const [damaged] = page.damaged
        if (damaged !== undefined) throw damagedLines(partition.name, damaged.where)
        for (const whole of page.consignments) {
          const consignment = matching(whole, query)
          if (consignment === null) continue
          if (writer !== null && (writer as ObjectWriter).events >= MOST_EVENTS) await end()
          const part = done.length + 1
          writer ??= await ObjectWriter.create(
            `query/${name}.${part}${EXTENSION}`,
            { kind: 'query', query: text, part },
            until,
            parts,
          )
          await writer.add(consignment)
          events += consignment.lines.length
        }
        parts.report(n + 1, events)
        if (page.isEnd) break
        after = page.next
      }
    }
    await end()
  } catch (thrown) {
    await (writer as ObjectWriter | null)?.abort()
    throw thrown
  }
  return done
}

/** The lines of a consignment that match, and the hashes of the others; null if none does. */
function matching(consignment: Consignment, query: Query): Consignment | null {
  const { agent, incarnation, sequence, waybill, lines } = consignment
  const leaves = new Map(waybill?.leaves)
  const found = lines.filter(({ position, line, ingested, renamed, additions }) => {
    const event = shownEvent(line, {
      agent,
      incarnation,
      sequence,
      position,
      ingested: new Date(ingested).toISOString(),
      revision: renamed === null ? null : renamedId(line, renamed),
      additions: additions === '' ? null : JSON.parse(additions),
    })
    if (matches(query, event)) return true
    leaves.set(position, leafHash(line))
    return false
  })
  if (found.length === 0) return null
  return { ...consignment, lines: found, waybill: waybill === null ? null : { ...waybill, leaves } }
}
