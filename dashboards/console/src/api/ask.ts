import { type Operations, ROUTES } from './client.ts'
import { answered, onItsWay, whenBack } from './reach.ts'
import { currentVisit } from './visit.ts'

export type Name = keyof Operations
export type Answer<Of extends Name> = Operations[Of]['answer']

/** What must be given of a question; a part without members may be left out. */
type Part<Key extends string, Type> = [Type] extends [undefined]
  ? { readonly [K in Key]?: undefined }
  : Record<never, never> extends Type
    ? { readonly [K in Key]?: Type }
    : { readonly [K in Key]: Type }
export type Question<Of extends Name> = Part<'params', Operations[Of]['params']> &
  Part<'query', Operations[Of]['query']> &
  Part<'body', Operations[Of]['body']> & { readonly ifMatch?: string }

/** The indexer did not do what was asked. Its sentence is for people. */
export class Problem extends Error {
  readonly status: number
  readonly code: string
  /** Where in a query the mistake is, from 1. */
  readonly column: number | null

  constructor(status: number, code: string, sentence: string, column: number | null) {
    super(sentence)
    this.status = status
    this.code = code
    this.column = column
  }
}

/** What the session lends to each question. */
interface Credentials {
  csrf: string | null
  /** Called when a session has ended meanwhile; resolves when somebody has signed in again. Null before the first sign-in. */
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
  // Where the session has ended, somebody signs in first: what is on the screen stays, and the question is asked again for them.
  if (isExpired && expired !== null) await expired()
  const answer = isExpired && expired !== null ? await reached(name, asked, signal) : first
  if (answer instanceof Problem) throw answer
  return answer.body as Answer<Of>
}

/** Steps of a sign-in, and the sign-out: refused, they are to be done again, not asked for by another sign-in. */
const SIGNING_IN: ReadonlySet<Name> = new Set([
  'postSession',
  'postSessionSecondFactor',
  'postSessionPassword',
  'postSessionSignOut',
])

/** What came back of a question that was answered. */
interface Answered {
  readonly body: unknown
}

/** A question that changes nothing waits for an indexer that is away. A change is never made later, when nobody expects it. */
async function reached<Of extends Name>(
  name: Of,
  asked: Question<Of>,
  signal: AbortSignal | undefined,
): Promise<Answered | Problem> {
  const waits = ROUTES[name].method === 'GET' || name === 'postAggregate'
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

/** No answer, or one that says that there is none now: of the indexer, or of a proxy before it. */
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
    const { code, detail, column } = await response.json()
    return new Problem(
      response.status,
      String(code ?? 'unknown'),
      String(detail ?? fallback),
      typeof column === 'number' ? column : null,
    )
  } catch {
    // Something in between answered, which doesn't speak our language.
    return new Problem(response.status, 'unknown', fallback, null)
  }
}
