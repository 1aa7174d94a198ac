/** Exponential backoff with full jitter: agents that lost the same indexer don't come back all at once. */
export interface Backoff {
  readonly base: number
  readonly cap: number
}

/** How long to wait after so many failures in a row (at least one). */
export function jittered({ base, cap }: Backoff, failures: number, random: () => number): number {
  return Math.floor(random() * Math.min(cap, base * 2 ** Math.min(failures - 1, 30)))
}

/** More than this is no request to wait but a mistake, of a proxy most likely. */
const LONGEST_WAIT = 3_600_000

/** `Retry-After` as milliseconds from now: seconds or a date (RFC 9110, section 10.2.3). */
export function retryAfter(header: string | undefined, now: number): number | null {
  if (header === undefined) return null
  const text = header.trim()
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 0), LONGEST_WAIT)
}
