import { type Operations, ROUTES } from './client.ts'
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
  const response = await send(name, asked, signal)
  if (response.status === 204) return undefined as Answer<Of>
  const type = response.headers.get('content-type') ?? ''
  return (type.includes('json') ? await response.json() : await response.text()) as Answer<Of>
}

/** Steps of a sign-in: refused, they are to be done again, not asked for by another sign-in. */
const SIGNING_IN: ReadonlySet<Name> = new Set([
  'postSession',
  'postSessionSecondFactor',
  'postSessionPassword',
])

/** Where the session has ended meanwhile, somebody signs in first. */
async function send<Of extends Name>(name: Of, asked: Question<Of>, signal?: AbortSignal): Promise<Response> {
  const response = await once(name, asked, signal)
  if (response.ok) return response
  const problem = await problemOf(response)
  const { expired } = credentials
  if (problem.status !== 401 || expired === null || SIGNING_IN.has(name)) throw problem
  // What is on the screen stays there meanwhile; the question is asked again for whoever signs in.
  await expired()
  const again = await once(name, asked, signal)
  if (!again.ok) throw await problemOf(again)
  return again
}

async function once<Of extends Name>(
  name: Of,
  asked: Question<Of>,
  signal: AbortSignal | undefined,
): Promise<Response> {
  const { method } = ROUTES[name]
  const { body, ifMatch }: { body?: unknown; ifMatch?: string } = asked
  const headers: Record<string, string> = { accept: 'application/json', 'x-waybill-visit': currentVisit() }
  if (body !== undefined) headers['content-type'] = 'application/json'
  if (method !== 'GET' && credentials.csrf !== null) headers['x-waybill-csrf'] = credentials.csrf
  if (ifMatch !== undefined) headers['if-match'] = `"${ifMatch}"`
  try {
    return await fetch(addressOf(name, asked), {
      method,
      headers,
      credentials: 'same-origin',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new Problem(0, 'unreachable', 'The indexer can not be reached. Is it running?', null)
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
