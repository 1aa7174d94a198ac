import { Readable } from 'node:stream'
import type { AuditEvent } from '../../schema/index.ts'
import type { Page } from '../store/port.ts'

/** Events of one step: a large event may have a MiB, and a page of them is in memory at once. */
const PAGE = 100
const CHUNK_CHARACTERS = 64 * 1024

const asJson = (event: AuditEvent): string => `${JSON.stringify(event)}\n`

interface Form {
  readonly head?: string
  /** With its end; JSON unless told. */
  readonly line?: (event: AuditEvent) => string
  readonly limit?: number | undefined
  /** `next` of an earlier page. */
  readonly after?: string | undefined
  readonly stop: AbortSignal
}

/**
 * Events one a line, page by page as the client reads: whatever the answer's length, one page is in memory. When the client goes
 * away the stream is destroyed, and the store is asked no further.
 */
export function streamEvents(
  pageOf: (page: { limit: number; after?: string }) => Promise<Page>,
  { head = '', line = asJson, limit, after: first, stop }: Form,
): Readable {
  async function* lines(): AsyncGenerator<string> {
    let left = limit ?? Number.POSITIVE_INFINITY
    let after = first
    let text = head
    while (left > 0) {
      stop.throwIfAborted()
      const page = await pageOf({ limit: Math.min(PAGE, left), ...(after === undefined ? {} : { after }) })
      for (const event of page.events) {
        text += line(event)
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
