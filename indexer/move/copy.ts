import { OperatorError } from '../../schema/index.ts'
import type { DamagedLines, Store, StoreSource } from '../store/port.ts'
import { type Here, putHere, readHere } from './marks.ts'
import { isOfPlace } from './records.ts'

export interface Copied {
  readonly waybills: number
  readonly events: number
  /** Lines that could not be read in this run. */
  readonly damaged: readonly DamagedLines[]
}

/** Waybills of a page: stores also end it at some MiB of lines. */
const PAGE = 256
const MOST_DAMAGED = 1000

/**
 * Copies what the target does not have yet, in the order in which it was stored. The target remembers how far it is, after each page. A page
 * that is put again changes nothing, so this may be killed at any moment and run again. It ends when it has reached the end of the source.
 */
export async function copyAll({
  source,
  target,
  from,
  to,
  now,
  report = () => {},
}: {
  readonly source: StoreSource
  readonly target: Store
  /** The places of both, for people; the target remembers them. */
  readonly from: string
  readonly to: string
  readonly now: () => number
  readonly report?: (copied: Here) => void
}): Promise<Copied> {
  const found = await readHere(target.records)
  if (found === null) await demandEmpty(target, to)
  else demandSameMove(found.here, from, to)
  let here: Here = found?.here ?? {
    state: 'copying',
    from,
    to,
    cursor: null,
    waybills: 0,
    events: 0,
    at: now(),
  }
  let version = found?.version ?? (await putHere(target.records, here, null))
  const damaged: DamagedLines[] = []
  const read = (after: string | null) => source.consignments.list({ after, limit: PAGE })
  let reading = read(here.cursor)
  for (;;) {
    const page = await reading
    // The source is read while the target writes.
    reading = read(page.next)
    reading.catch(() => {})
    damaged.push(...page.damaged.slice(0, MOST_DAMAGED - damaged.length))
    if (page.consignments.length > 0) {
      await target.consignments.put(page.consignments)
      here = {
        ...here,
        cursor: page.next,
        waybills: here.waybills + page.consignments.filter(({ waybill }) => waybill !== null).length,
        events: here.events + page.consignments.reduce((sum, { lines }) => sum + lines.length, 0),
      }
      version = await putHere(target.records, here, version)
      report(here)
    }
    if (page.isEnd) break
  }
  await reading.catch(() => {})
  return { waybills: here.waybills, events: here.events, damaged }
}

export function demandSameMove(here: Here, from: string, to: string): void {
  if (here.state !== 'copying')
    throw new OperatorError(
      'WB-MOVE-REFUSED',
      `${to} already has what was moved there from ${here.from}: start the indexer on it`,
    )
  if (here.from !== from)
    throw new OperatorError(
      'WB-MOVE-REFUSED',
      `${to} is the target of a move from ${here.from}, and this is ${from}: finish that move, or use an empty target`,
    )
}

/** Events of two stores in one could not be told apart again. */
async function demandEmpty(target: Store, to: string): Promise<void> {
  const { consignments } = await target.consignments.list({ after: null, limit: 1 })
  const { events } = await target.status()
  const kinds = (await target.records.kinds()).filter((kind) => !isOfPlace(kind))
  if (consignments.length === 0 && events === 0 && kinds.length === 0) return
  throw new OperatorError(
    'WB-MOVE-REFUSED',
    `${to} is not empty: an indexer has run on it. Name a folder or a namespace that has never been used`,
  )
}
