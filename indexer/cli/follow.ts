import { setTimeout as wait } from 'node:timers/promises'
import { type ArrivalsShape, arrivalsShape } from '../../schema/api/index.ts'
import { codedText, textAt } from '../../schema/index.ts'
import { timeText } from '../query/index.ts'
import { AnswerError, type IndexerClient, UnreachableError, understood } from './client.ts'
import { type EventWriter, eventOf } from './formats.ts'
import { write } from './output.ts'

const PAGE = 1000
const DEFAULT_BACKLOG = 10
const POLL_MS = 1000
const LONGEST_WAIT_MS = 15_000
/** Events already shown that the cursor may bring again, at most. */
const REMEMBERED = 10_000

export interface Following {
  readonly client: IndexerClient
  readonly query: string
  readonly from: number | undefined
  readonly limit: number | undefined
  readonly own: boolean
  readonly writer: EventWriter
}

/** The last events, oldest first, then each new one in the order in which it is stored, until Ctrl-C. */
export async function follow(following: Following): Promise<void> {
  const { client, query, writer, from } = following
  const what = { q: query, ...(following.own && { own: 'true' }) }
  const stopping = new AbortController()
  const { signal } = stopping
  const stop = (): void => stopping.abort()
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  try {
    // The cursor comes first: what is stored while the backlog is read comes twice, and is known by its id.
    let { next: cursor } = pageOf(await client.json('/v1/arrivals', { query: what, signal }))
    const shown = await backlog(following, signal)
    let pause = 0
    let failures = 0
    while (!signal.aborted) {
      if (pause > 0) await wait(pause, undefined, { signal })
      const page = await attempt(client, { ...what, after: cursor, limit: PAGE }, signal, failures === 0)
      if (page === undefined) {
        pause = Math.min(LONGEST_WAIT_MS, POLL_MS * 2 ** failures++)
        continue
      }
      if (failures > 0) process.stderr.write('waybill: the indexer answers again\n')
      failures = 0
      const lines: string[] = []
      for (const event of page.events) {
        if (shown.delete(textAt(event, 'event.id') ?? '')) continue
        if (from !== undefined && Date.parse(textAt(event, '@timestamp') ?? '') < from) continue
        lines.push(JSON.stringify(event))
      }
      await write(writer.lines(lines))
      await write(writer.settle())
      // A page without events whose cursor stays is the end of the stored events. A cursor that moves without events means that the search
      // has further to go; it is not asked for in a tight loop either.
      if (page.events.length > 0) pause = 0
      else pause = page.next === cursor ? POLL_MS : Math.min(POLL_MS, pause * 2 || 20)
      cursor = page.next
    }
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    process.off('SIGINT', stop)
    process.off('SIGTERM', stop)
  }
}

/** Prints what is there already; gives the ids of the last of it. */
async function backlog(
  { client, query, from, limit, own, writer }: Following,
  signal: AbortSignal,
): Promise<Set<string>> {
  const shown = new Set<string>()
  await write(writer.begin())
  const most = limit ?? (from === undefined ? DEFAULT_BACKLOG : undefined)
  if (most !== 0) {
    // A bounded backlog is the newest of it, turned round; an open one streams from its start.
    const turned = most !== undefined && most <= PAGE
    const asked = {
      q: query,
      ...(own && { own: 'true' }),
      from: from === undefined ? undefined : timeText(from),
      sort: turned ? 'newest' : 'oldest',
      limit: most,
    }
    const held: string[] = []
    for await (const lines of client.lines('/v1/search', { query: asked, signal })) {
      for (const line of lines) {
        shown.add(textAt(eventOf(line), 'event.id') ?? '')
        if (shown.size > REMEMBERED) for (const oldest of shown.values().take(1)) shown.delete(oldest)
      }
      if (turned) held.push(...lines)
      else await write(writer.lines(lines))
    }
    await write(writer.lines(held.toReversed()))
  }
  await write(writer.settle())
  return shown
}

/** One page; undefined if the indexer is away or busy, which is reported once. */
async function attempt(
  client: IndexerClient,
  query: Readonly<Record<string, string | number>>,
  signal: AbortSignal,
  first: boolean,
): Promise<ArrivalsShape | undefined> {
  try {
    return pageOf(await client.json('/v1/arrivals', { query, signal }))
  } catch (error) {
    const passes =
      error instanceof UnreachableError ||
      (error instanceof AnswerError && (error.status >= 500 || error.status === 429))
    if (!passes) throw error
    if (first) process.stderr.write(`waybill: ${codedText(error)}; trying again\n`)
    return undefined
  }
}

const pageOf = (answer: unknown): ArrivalsShape => understood(arrivalsShape, answer)
