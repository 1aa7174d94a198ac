import { parsedJson } from '../../schema/index.ts'
import {
  type Acknowledgement,
  acknowledgementSchema,
  type Problem,
  problemSchema,
} from '../../schema/wire/index.ts'
import type { Batch } from './batch.ts'

/** The meaning of an answer to a waybill. All but the first four are tried again: no answer makes the agent drop a batch. */
export type Verdict =
  | { readonly kind: 'acknowledged'; readonly answer: Acknowledgement }
  /** Another waybill has this number: this data folder has a copy in use, or is an older one. */
  | { readonly kind: 'fork'; readonly sentence: string }
  /** Rejected permanently: another attempt would be rejected, too. */
  | { readonly kind: 'refused'; readonly status: number; readonly code: string; readonly sentence: string }
  | { readonly kind: 'unauthorised'; readonly sentence: string }
  | { readonly kind: 'busy'; readonly wait: number | null; readonly sentence: string }
  | { readonly kind: 'full'; readonly wait: number | null; readonly sentence: string }
  | { readonly kind: 'unexpected'; readonly wait: number | null; readonly sentence: string }

export interface Answer {
  readonly status: number
  readonly retryAfter: string | undefined
  readonly body: Buffer
}

export function judge(answer: Answer, batch: Pick<Batch, 'hash' | 'slices'>, now: number): Verdict {
  const { status } = answer
  const value = parsedJson(answer.body.toString('utf8'))
  const wait = retryAfter(answer.retryAfter, now)
  if (status === 200) return judgeSuccess(value, batch)

  const read = problemSchema.safeParse(value)
  const problem: Problem | null = read.success ? read.data : null
  const sentence = `answers ${status}${problem === null ? '' : `: ${problem.detail || problem.title}${coded(problem)}`}`
  switch (status) {
    case 409:
      return problem?.code === 'fork' ? { kind: 'fork', sentence } : { kind: 'unexpected', wait, sentence }
    case 400:
    case 422:
      // A balancer or a wrong port answers 400, too: only an indexer's own answer sends a batch to quarantine.
      if (problem === null) {
        const whose = `${sentence} in a form that no indexer uses; is there something else at this address?`
        return { kind: 'unexpected', wait, sentence: whose }
      }
      return { kind: 'refused', status, code: problem.code, sentence }
    case 413: {
      const whose =
        problem === null ? `${sentence}, not from an indexer: a proxy between must let 72 MiB pass` : sentence
      return { kind: 'refused', status, code: problem?.code ?? 'too-large', sentence: whose }
    }
    case 401:
    case 403:
      return { kind: 'unauthorised', sentence }
    case 429:
    case 503:
      return { kind: 'busy', wait, sentence }
    case 507:
      return { kind: 'full', wait, sentence: `${sentence} (its store is full)` }
    default:
      return { kind: 'unexpected', wait, sentence }
  }
}

/** Only an answer that accounts for every event of exactly this waybill settles it. */
function judgeSuccess(value: unknown, batch: Pick<Batch, 'hash' | 'slices'>): Verdict {
  const unexpected = (what: string): Verdict => {
    return { kind: 'unexpected', wait: null, sentence: `answers 200, but ${what}; that acknowledges nothing` }
  }
  const read = acknowledgementSchema.safeParse(value)
  if (!read.success) return unexpected('in a form that no indexer uses')
  const answer = read.data
  if (answer.hash !== batch.hash) return unexpected('for another waybill')
  if (answer.sources.length !== batch.slices.length) return unexpected('for another number of sources')
  const short = batch.slices.some((slice, i) => {
    const became = answer.sources[i]
    return became === undefined || became.stored + became.duplicate + became.dead !== slice.events
  })
  return short ? unexpected('its counts do not add up') : { kind: 'acknowledged', answer }
}

const coded = ({ error }: Problem): string => (error === undefined ? '' : ` (${error})`)

/** Exponential backoff with full jitter: agents that lost the same indexer don't return all at once. */
export interface Backoff {
  readonly base: number
  readonly cap: number
}

/** The wait after this number of failures in a row (at least one). */
export function jittered({ base, cap }: Backoff, failures: number, random: () => number): number {
  return Math.floor(random() * Math.min(cap, base * 2 ** Math.min(failures - 1, 30)))
}

/** A longer wait is a mistake, most likely of a proxy. */
const LONGEST_WAIT = 3_600_000

/** `Retry-After` as milliseconds from now: seconds or a date (RFC 9110, section 10.2.3). */
export function retryAfter(header: string | undefined, now: number): number | null {
  if (header === undefined) return null
  const text = header.trim()
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 0), LONGEST_WAIT)
}
