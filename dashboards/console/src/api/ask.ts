import { type Operations, ROUTES } from './client.ts'
import { answered, onItsWay, whenBack } from './reach.ts'

export type Name = keyof Operations
export type Answer<Of extends Name> = Operations[Of]['answer']

/** The required parts of a question; a part without members may be left out. */
type Part<Key extends string, Type> = [Type] extends [undefined]
  ? { readonly [K in Key]?: undefined }
  : Record<never, never> extends Type
    ? { readonly [K in Key]?: Type }
    : { readonly [K in Key]: Type }
export type Question<Of extends Name> = Part<'params', Operations[Of]['params']> &
  Part<'query', Operations[Of]['query']> &
  Part<'body', Operations[Of]['body']> & { readonly ifMatch?: string }

/** The indexer refused a question. The sentence is for people. */
export class Problem extends Error {
  readonly status: number
  readonly code: string
  /** The position of the mistake in a query, from 1. */
  readonly column: number | null

  constructor(status: number, code: string, sentence: string, column: number | null) {
    super(sentence)
    this.status = status
    this.code = code
    this.column = column
  }
}

/** The session's part of each question. */
interface Credentials {
  csrf: string | null
  /** Called when a session has ended in the meantime; resolves when somebody has signed in again. Null before the first sign-in. */
  expired: (() => Promise<void>) | null
}
export const credentials: Credentials = { csrf: null, expired: null }

/** The address of a question; screens ask by name. */
export function addressOf<Of extends Name>(name: Of, asked: Question<Of>): string {
  const { params, query }: { params?: object | undefined; query?: object | undefined } = asked
  const given = new Map<string, unknown>(Object.entries(params ?? {}))
  const path = ROUTES[name].path.replace(/\{(\w+)\}/g, (_, key: string) => {
    const value = given.get(key)
    if (value === undefined) throw new Error(`${name} was asked without ${key}`)
    return encodeURIComponent(String(value))
  })
  const search = new URLSearchParams()
  for (const [key, value] of Object.entries(query ?? {}))
    if (value !== undefined && value !== '') search.set(key, String(value))
  const text = search.toString()
  return text === '' ? path : `${path}?${text}`
}

export async function ask<Of extends Name>(
  name: Of,
  asked: Question<Of>,
  signal?: AbortSignal,
): Promise<Answer<Of>> {
  const first = await reached(name, asked, signal)
  const { expired } = credentials
  const isExpired = first instanceof Problem && first.status === 401 && !SIGNING_IN.has(name)
  // If the session has ended, somebody signs in first: the screen stays as it is, and the question is asked again for them.
  if (isExpired && expired !== null) await expired()
  const answer = isExpired && expired !== null ? await reached(name, asked, signal) : first
  if (answer instanceof Problem) throw answer
  return answer.body as Answer<Of>
}

/** Steps of a sign-in, and the sign-out: if refused, they must be repeated, and no other sign-in helps. */
const SIGNING_IN: ReadonlySet<Name> = new Set([
  'postSession',
  'postSessionSecondFactor',
  'postSessionPassword',
  'postSessionSignOut',
])

/** The answer to a question. */
interface Answered {
  readonly body: unknown
}

/** Questions that are sent with a body. */
const CHANGE_NOTHING: ReadonlySet<Name> = new Set([
  'postAggregate',
  'postRulesCheck',
  'postRulesBacktest',
  'postRulesExplain',
  'postReportsPreview',
])

/** Questions that the page asks by itself, also while nobody looks: they don't keep the session awake. */
const UNATTENDED: ReadonlySet<Name> = new Set([
  'getAlertsUnseen',
  'getJobs',
  'getJobsId',
  'getReportSchedules',
])

/** A question that changes nothing waits for an indexer that is away. A change is never made later, when nobody expects it. */
async function reached<Of extends Name>(
  name: Of,
  asked: Question<Of>,
  signal: AbortSignal | undefined,
): Promise<Answered | Problem> {
  const waits = ROUTES[name].method === 'GET' || CHANGE_NOTHING.has(name)
  for (;;) {
    const answer = await onItsWay((away) => once(name, asked, signal, away))
    if (!(answer instanceof Problem && AWAY.has(answer.status))) {
      answered()
      return answer
    }
    const back = whenBack(answer.message)
    if (!waits) {
      void back.then(answered)
      return answer
    }
    await back
    signal?.throwIfAborted()
  }
}

/** The statuses of an indexer that is away: no answer, or a refusal by the indexer or by a proxy before it. */
const AWAY: ReadonlySet<number> = new Set([0, 502, 503, 504])

async function once<Of extends Name>(
  name: Of,
  asked: Question<Of>,
  signal: AbortSignal | undefined,
  away: AbortSignal,
): Promise<Answered | Problem> {
  const { method } = ROUTES[name]
  const { body, ifMatch }: { body?: unknown; ifMatch?: string } = asked
  const headers: Record<string, string> = { accept: 'application/json', 'x-waybill-visit': currentVisit() }
  if (body !== undefined) headers['content-type'] = 'application/json'
  if (UNATTENDED.has(name)) headers['x-waybill-unattended'] = 'yes'
  if (method !== 'GET' && credentials.csrf !== null) headers['x-waybill-csrf'] = credentials.csrf
  if (ifMatch !== undefined) headers['if-match'] = `"${ifMatch}"`
  try {
    const response = await fetch(addressOf(name, asked), {
      method,
      headers,
      credentials: 'same-origin',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: signal === undefined ? away : AbortSignal.any([signal, away]),
    })
    if (!response.ok) return await problemOf(response)
    if (response.status === 204) return { body: undefined }
    const isJson = (response.headers.get('content-type') ?? '').includes('json')
    return { body: isJson ? await response.json() : await response.text() }
  } catch (error) {
    if (signal?.aborted === true) throw error
    return new Problem(0, 'unreachable', 'The indexer does not answer.', null)
  }
}

async function problemOf(response: Response): Promise<Problem> {
  const fallback = `The indexer answered ${response.status}.`
  try {
    const { code, detail, column, error } = await response.json()
    const sentence = String(detail ?? fallback)
    return new Problem(
      response.status,
      String(code ?? 'unknown'),
      // People search for the code: docs/errors.md has each.
      typeof error === 'string' ? `${sentence} (${error})` : sentence,
      typeof column === 'number' ? column : null,
    )
  } catch {
    // Something in between answered, which doesn't know our protocol.
    return new Problem(response.status, 'unknown', fallback, null)
  }
}

let path: string | null = null
let visit = ''

/**
 * The current view of a screen: the screen's name, and an identifier of this view. The screen's questions carry it, so that the audit trail
 * has one event for one view.
 */
function currentVisit(): string {
  const now = window.location.pathname
  if (now !== path) {
    path = now
    visit = `${screenOf(now)}.${Math.random().toString(36).slice(2, 12) || '0'}`
  }
  return visit
}

export function screenOf(address: string): string {
  const [first = '', second = ''] = address.split('/').filter((part) => part !== '')
  const names = first === 'settings' ? [first, second] : [first || 'overview']
  return (
    names
      .filter((name) => /^[a-z-]+$/.test(name))
      .join('-')
      .slice(0, 40) || 'other'
  )
}
