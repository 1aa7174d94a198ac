import type { FastifyReply, FastifyRequest } from 'fastify'
import * as z from 'zod'
import type { Permission } from '../../schema/api/index.ts'
import { Refusal } from '../refusal.ts'
import type { Asker } from './access.ts'

/**
 * Required access: none, a signature of an agent (also of a new one without a certificate), any credentials, a session, or this
 * permission. The halves are also open to sessions that still require a code or a new password.
 */
export type Needed =
  | 'anybody'
  | 'agent'
  | 'new-agent'
  | 'known'
  | 'half-known'
  | 'session'
  | 'half-session'
  | Permission

/** One possible answer; what is no success is always a problem and isn't listed. */
export interface RouteAnswer {
  readonly about: string
  /** Schemas by media type; none for an answer without content. */
  readonly content: Readonly<Record<string, z.ZodType>>
}

/** The one definition of a route: it checks requests, and the OpenAPI document is made from it. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** The path, with `:name` for its parameters. */
  readonly path: string
  readonly needs: Needed
  /**
   * The part of all events that the route shows, and that clients with limits must not see: `records` shows stored records unchanged, which
   * is refused to clients that see only some events or masked fields; `totals` counts all events, which is refused to clients that see only
   * some events.
   */
  readonly shows: 'records' | 'totals' | null
  readonly about: string
  readonly params: z.ZodObject
  readonly query: z.ZodObject
  /** JSON by a schema, or bytes that the route reads itself. */
  readonly body: { readonly json: z.ZodType } | { readonly bytes: string } | null
  /** The largest JSON body, in bytes; by default it is small. */
  readonly largestBody: number | undefined
  readonly answers: Readonly<Record<number, RouteAnswer>>
  /** Checks the request, and returns the value for the body (undefined if it replied itself). */
  readonly serve: (request: FastifyRequest, reply: FastifyReply, asker: Asker) => Promise<unknown>
}

interface Asked<Params, Query, Body> {
  readonly params: Params
  readonly query: Query
  readonly body: Body
  readonly asker: Asker
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

const NOTHING = z.strictObject({})

export function route<
  Params extends z.ZodObject = typeof NOTHING,
  Query extends z.ZodObject = typeof NOTHING,
  Body extends z.ZodType = z.ZodUndefined,
>(definition: {
  method: Route['method']
  path: string
  needs: Needed
  shows?: 'records' | 'totals'
  about: string
  params?: Params
  query?: Query
  body?: Body
  bytes?: string
  largestBody?: number
  answers: Route['answers']
  serve(asked: Asked<z.output<Params>, z.output<Query>, z.output<Body>>): Promise<unknown>
}): Route {
  const { method, path, needs, about, params, query, body, bytes, answers } = definition
  return {
    method,
    path,
    needs,
    shows: definition.shows ?? null,
    about,
    params: params ?? NOTHING,
    query: query ?? NOTHING,
    body: body !== undefined ? { json: body } : bytes !== undefined ? { bytes } : null,
    largestBody: definition.largestBody,
    answers,
    serve: (request, reply, asker) =>
      definition.serve({
        params: checked<Params>(params ?? NOTHING, request.params, 'The path'),
        query: checked<Query>(query ?? NOTHING, request.query, 'The query string'),
        body: checked<Body>(
          body ?? z.undefined(),
          body === undefined ? undefined : (request.body ?? {}),
          'The body',
        ),
        asker,
        request,
        reply,
      }),
  }
}

function checked<Schema extends z.ZodType>(
  schema: z.ZodType,
  value: unknown,
  where: string,
): z.output<Schema> {
  const result = schema.safeParse(value)
  if (!result.success) throw new Refusal('WB-REQUEST-INVALID', `${where}: ${sentenceOf(result.error)}.`)
  return result.data as z.output<Schema>
}

/** The first thing that is wrong, with its place. */
function sentenceOf(error: z.ZodError): string {
  const issue = error.issues[0]
  if (issue === undefined) return 'not valid'
  const place = issue.path.join('.')
  return place === '' ? issue.message : `${place}: ${issue.message}`
}

export const json = (about: string, schema: z.ZodType): RouteAnswer => ({
  about,
  content: { 'application/json': schema },
})
