import type { IncomingHttpHeaders } from 'node:http'
import type { Answered, Ask } from './ask.ts'

/** Where a fetcher is in its source: any JSON, which only the source understands. */
export type Cursor = { readonly [name: string]: unknown }

export interface Page {
  readonly records: readonly Buffer[]
  /** The cursor once these records are in the journal. */
  readonly cursor: Cursor
  /** Whether there is more to fetch at once. */
  readonly more: boolean
}

/** An API that is asked for its records, page by page. */
export interface Source {
  /** The server, for people. */
  readonly from: string
  /** The next page after a cursor; null for the first one ever. Throws a `Refusal` if the server does not give it. */
  page(cursor: Cursor | null, ask: Ask, now: number): Promise<Page>
}

/** Why a server gave no page, and when to ask again at the earliest (ms since 1970; null if it did not say). */
export class Refusal extends Error {
  readonly again: number | null

  constructor(sentence: string, again: number | null) {
    super(sentence)
    this.again = again
  }
}

/** When the other side lets us ask again, ms; null if it does not say. Some give a number of seconds, others a time in Unix seconds. */
export function againAt(headers: IncomingHttpHeaders, now: number): number | null {
  const after = numberIn(headers['retry-after'])
  if (after !== null) return now + after * 1000
  const reset = numberIn(headers['x-rate-limit-reset'] ?? headers['x-ratelimit-reset'])
  return reset === null ? null : Math.max(now, reset * 1000)
}

const numberIn = (value: string | string[] | undefined): number | null => {
  const text = Array.isArray(value) ? value[0] : value
  return text !== undefined && /^\d{1,12}$/.test(text.trim()) ? Number(text) : null
}

/** The answer to a request for a page; throws a `Refusal` with the remedy for any other than 200. */
export function expectPage(answer: Answered, what: { from: string; rights: string }, now: number): Answered {
  const { status, headers } = answer
  if (status === 200) return answer
  const { from, rights } = what
  const isLimited = status === 429 || (status === 403 && headers['x-ratelimit-remaining'] === '0')
  if (isLimited || (status === 403 && headers['retry-after'] !== undefined))
    throw new Refusal(`${from} allows no more requests at present (${status}).`, againAt(headers, now))
  if (status === 401 || status === 403 || status === 404)
    throw new Refusal(`${from} answers ${status}: the token is wrong or lacks a right. ${rights}`, null)
  const said = answer.body.toString('utf8', 0, 300).replace(/\s+/g, ' ')
  throw new Refusal(`${from} answers ${status}: ${said}`, againAt(headers, now))
}

/** The address of the next page in a `Link` header; null if there is none, or if it is of another server. */
export function nextLink(headers: IncomingHttpHeaders, base: URL): URL | null {
  const links = [headers.link ?? []].flat().join(', ')
  const found = /<([^>]+)>\s*;[^<]*\brel="?next"?/i.exec(links)?.[1]
  const url = found === undefined ? null : URL.parse(found, base)
  return url !== null && url.origin === base.origin ? url : null
}
