import { Readable } from 'node:stream'
import type { Logger } from 'pino'
import { type AuditEvent, reasonOf } from '../../schema/index.ts'
import type { Events } from '../accounts/index.ts'
import type { Moment, Page } from '../store/port.ts'

/** Events of one step: a large event may have a MiB, and a page of them is in memory at once. */
const PAGE = 100
const CHUNK_CHARACTERS = 64 * 1024

const asJson = (event: AuditEvent): string => `${JSON.stringify(event)}\n`

interface Form {
  readonly head?: string
  /** Formats an event with its line end; the default is JSON. */
  readonly line?: (event: AuditEvent) => string
  readonly limit?: number | undefined
  /** `next` of an earlier page. */
  readonly after?: string | undefined
  readonly stop: AbortSignal
  /** Told once at the end: how many events went out, and whether these are all. */
  readonly ended?: (count: number, isWhole: boolean) => void
}

/**
 * Events one a line, page by page as the client reads: whatever the answer's length, one page is in memory. When the client goes
 * away the stream is destroyed, and the store is asked no further.
 */
export function streamEvents(
  pageOf: (page: { limit: number; after?: string }) => Promise<Page>,
  { head = '', line = asJson, limit, after: first, stop, ended }: Form,
): Readable {
  let count = 0
  let isWhole = false
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
      count += page.events.length
      if (page.next === null) break
      after = page.next
      // Send what was found before the store searches further, which may take long.
      if (text !== '') yield text
      text = ''
    }
    if (text !== '') yield text
    isWhole = true
  }
  const stream = Readable.from(lines(), { objectMode: true, highWaterMark: 1 })
  if (ended !== undefined) stream.once('close', () => ended(count, isWhole))
  return stream
}

/** The header that reports whether the whole answer shows the events as they were at one moment. */
export const MOMENT_HEADER = 'waybill-moment'

/** The same for what may take long: as the events were when it began, however long the client takes to read it. */
export async function streamMoment(
  events: Pick<Events, 'moment'>,
  pageOf: (at: Moment, page: { limit: number; after?: string }) => Promise<Page>,
  { log, now, ...form }: Form & { readonly log: Logger; readonly now: number },
): Promise<{ stream: Readable; header: string }> {
  const moment = await events.moment()
  const atStart = moment.loose
  const stream = streamEvents((page) => pageOf(moment, page), form)
  stream.once('close', () => {
    if (atStart === null && moment.loose !== null)
      log.warn(`An export does not show one moment: ${moment.loose}.`)
    moment.close().catch((thrown: unknown) => log.warn(`After an export: ${reasonOf(thrown)}`))
  })
  const header = atStart === null ? new Date(now).toISOString() : `none; ${inAscii(atStart)}`
  return { stream, header }
}

/** Replaces the characters that a header can't hold. */
const inAscii = (sentence: string): string => sentence.replaceAll(/[^ -~]+/g, ' ')
