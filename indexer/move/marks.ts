import * as z from 'zod'
import { OperatorError } from '../../schema/index.ts'
import type { Trail } from '../ingest/index.ts'
import type { Records } from '../store/port.ts'

export const KIND = 'move'
/** In the target: how far the move into it is. */
const HERE = 'here'
/** In the source: the move that took everything away. */
const AWAY = 'away'

const hereSchema = z.object({
  state: z.enum(['copying', 'finished', 'announced']),
  from: z.string(),
  to: z.string(),
  cursor: z.string().nullable(),
  waybills: z.number(),
  events: z.number(),
  at: z.number(),
})
export type Here = z.infer<typeof hereSchema>
const awaySchema = z.object({ to: z.string(), at: z.number() })

export async function readHere(
  records: Pick<Records, 'get'>,
): Promise<{ here: Here; version: number } | null> {
  const record = await records.get(KIND, HERE)
  return record === null ? null : { here: hereSchema.parse(record.value), version: record.version }
}

/** Returns the new version; a move has one process, so a conflict means that there is a second one. */
export async function putHere(records: Records, here: Here, version: number | null): Promise<number> {
  if (await records.put(KIND, HERE, here, version)) return (version ?? 0) + 1
  throw new OperatorError(
    'WB-MOVE-REFUSED',
    `another process moves ${here.from} to the same target: let one of them finish`,
  )
}

export async function markAway(records: Records, to: string, at: number): Promise<void> {
  const before = await records.get(KIND, AWAY)
  await records.put(KIND, AWAY, { to, at }, before?.version ?? null)
}

/** Refuses to serve a store that was moved away, or into which a move is not finished. */
export async function demandAtHome(records: Pick<Records, 'get'>): Promise<void> {
  const away = await records.get(KIND, AWAY)
  if (away !== null) {
    const { to, at } = awaySchema.parse(away.value)
    throw new OperatorError(
      'WB-STORE-MOVED',
      `this store was moved to ${to} at ${new Date(at).toISOString()}: start the indexer with the configuration for that`,
    )
  }
  const found = await readHere(records)
  if (found?.here.state === 'copying')
    throw new OperatorError(
      'WB-MOVE-UNFINISHED',
      `the move of ${found.here.from} into this store is not finished: run \`waybill move --finish\`, and start this indexer then`,
    )
}

/** A move is an event of the trail, which the first indexer on the target writes. */
export async function announceMove(records: Records, trail: Trail): Promise<void> {
  const found = await readHere(records)
  if (found?.here.state !== 'finished') return
  const { from, to, waybills, events, at } = found.here
  await trail.record({
    action: 'store-move',
    category: 'system',
    message: `The store was moved from ${from} to ${to} at ${new Date(at).toISOString()}: ${waybills} waybills and ${events} events, verified.`,
    outcome: 'success',
    by: { name: 'operator' },
    count: events,
  })
  await records.put(KIND, HERE, { ...found.here, state: 'announced' }, found.version)
}
