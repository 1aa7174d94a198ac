import { Readable } from 'node:stream'
import type { Events } from '../accounts/index.ts'
import type { Query } from '../query/index.ts'
import type { SearchRequest } from '../store/port.ts'

/** Events of one step: a large event may have a MiB, and a page of them is in memory at once. */
const PAGE = 100
const CHUNK_CHARACTERS = 64 * 1024

/**
 * Events one a line, page by page as the client reads: whatever the answer's length, one page is in memory. When the client goes
 * away the stream is destroyed, and the store is asked no further.
 */
export function streamEvents(
  events: Pick<Events, 'search'>,
  request: Omit<SearchRequest, 'limit'> & { query: Query },
  limit: number | undefined,
  stop: AbortSignal,
): Readable {
  async function* lines(): AsyncGenerator<string> {
    let left = limit ?? Number.POSITIVE_INFINITY
    let after = request.after
    let text = ''
    while (left > 0) {
      stop.throwIfAborted()
      const page = await events.search({
        ...request,
        limit: Math.min(PAGE, left),
        ...(after === undefined ? {} : { after }),
      })
      for (const event of page.events) {
        text += `${JSON.stringify(event)}\n`
        if (text.length < CHUNK_CHARACTERS) continue
        yield text
        text = ''
      }
      left -= page.events.length
      if (page.next === null) break
      after = page.next
      // What was found goes out before the store looks further, which may take long.
      if (text !== '') yield text
      text = ''
    }
    if (text !== '') yield text
  }
  return Readable.from(lines(), { objectMode: true, highWaterMark: 1 })
}
