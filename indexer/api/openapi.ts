import * as z from 'zod'
import { apiProblemSchema } from '../../schema/api/index.ts'
import type { Route } from './route.ts'

type Json = Record<string, unknown>

/** The OpenAPI 3.1 document of these routes. It is made from the shapes that check the requests, so it can't differ from them. */
export function openApiOf(routes: readonly Route[]): Json {
  const paths: Record<string, Json> = {}
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}').replace('*', '{path}')
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Waybill indexer',
      // The API's. Which program this is, with which faults, is not for everybody who can connect.
      version: '1',
      description: 'Receives signed batches of audit events, stores each event once, and answers searches.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths,
    components: {
      schemas: { Problem: schemaOf(apiProblemSchema, 'output') },
      responses: {
        Problem: {
          description:
            'The request failed; `code` is for programs, `detail` for people, and `error` names the entry of docs/errors.md.',
          content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      },
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description:
            'A token of indexer.yml, a token from POST /v1/tokens, or the token that POST /v1/session returns to a program.',
        },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: '__Host-waybill',
          description:
            'The cookie that POST /v1/session sets in a browser (`waybill` over plain HTTP on loopback). A change also needs the header X-Waybill-Csrf.',
        },
      },
    },
  }
}

function operationOf(route: Route): Json {
  const responses: Record<string, Json> = { default: { $ref: '#/components/responses/Problem' } }
  for (const [status, answer] of Object.entries(route.answers)) {
    responses[status] = { description: answer.about }
    const content = Object.entries(answer.content).map(([type, schema]) => [
      type,
      { schema: schemaOf(schema, 'output') },
    ])
    if (content.length > 0) responses[status] = { ...responses[status], content: Object.fromEntries(content) }
  }
  return {
    operationId: operationId(route),
    summary: route.about,
    parameters: [...parametersOf(route.params, 'path'), ...parametersOf(route.query, 'query')],
    ...bodyOf(route),
    responses,
    ...securityOf(route),
  }
}

/** The permission that a route needs, also as an extension for people: OpenAPI has no term for it. */
function securityOf({ needs }: Route): Json {
  if (needs === 'anybody' || needs === 'agent') return { 'x-needs': needs }
  return { security: [{ token: [] }, { session: [] }], 'x-needs': needs }
}

/** `GET /v1/events/:id` is `getEventsId`. */
function operationId({ method, path }: Route): string {
  const words = path.split(/[^A-Za-z0-9]+/).filter((word) => word !== '' && word !== 'v1')
  const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1)
  return method.toLowerCase() + words.map(capital).join('')
}

function parametersOf(schema: z.ZodObject, place: 'path' | 'query'): Json[] {
  return Object.entries<z.ZodType>(schema.shape).map(([name, one]) => {
    const { description, ...rest } = schemaOf(one, 'input')
    return {
      name: name === '*' ? 'path' : name,
      in: place,
      required: place === 'path' || !one.safeParse(undefined).success,
      ...(description === undefined ? {} : { description }),
      schema: rest,
    }
  })
}

function bodyOf(route: Route): Json {
  if (route.body === null) return {}
  const content =
    'json' in route.body
      ? { 'application/json': { schema: schemaOf(route.body.json, 'input') } }
      : { [route.body.bytes]: { schema: {} } }
  return { requestBody: { required: true, content } }
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, target: 'draft-2020-12' })
  return rest
}
