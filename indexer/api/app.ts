import type { SecureContextOptions } from 'node:tls'
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import * as z from 'zod'
import { WAYBILL_TYPE } from '../../schema/wire/index.ts'
import { Refusal } from '../refusal.ts'
import { type Asker, addressOf } from './access.ts'
import { openApiOf } from './openapi.ts'
import { refusalOf, sendProblem } from './problem.ts'
import type { Refused } from './refusals.ts'
import { json, type Route, route } from './route.ts'
import { agentManagementRoutes, agentRoutes } from './routes/agents.ts'
import { aggregateRoutes } from './routes/aggregate.ts'
import { alertRoutes } from './routes/alerts.ts'
import { archiveRoutes } from './routes/archive.ts'
import { caseRoutes } from './routes/cases.ts'
import { deadLetterRoutes } from './routes/dead-letters.ts'
import { evidenceRoutes } from './routes/evidence.ts'
import { exportRoutes } from './routes/export.ts'
import { healthRoutes, storageRoutes } from './routes/health.ts'
import { jobRoutes } from './routes/jobs.ts'
import { logRoutes } from './routes/log.ts'
import { notificationRoutes } from './routes/notifications.ts'
import { peopleRoutes } from './routes/people.ts'
import { scheduleRoutes } from './routes/report-schedules.ts'
import { reportRoutes } from './routes/reports.ts'
import { retentionRoutes } from './routes/retention.ts'
import { ruleRoutes } from './routes/rules.ts'
import { savedSearchRoutes } from './routes/saved-searches.ts'
import { searchRoutes } from './routes/search.ts'
import { sessionRoutes } from './routes/session.ts'
import { settingsRoutes } from './routes/settings.ts'
import { signInRoutes } from './routes/sign-in.ts'
import { tokenRoutes } from './routes/tokens.ts'
import { userRoutes } from './routes/users.ts'
import { securityHeaders } from './security-headers.ts'
import type { Service } from './service.ts'

/** A request of JSON is small: an enrolment, a heartbeat. */
const JSON_BYTES = 64 * 1024
/** A query of 10,000 characters has this room in a URL, even where each is escaped several times over. */
const HEADER_BYTES = 128 * 1024
/** A whole request, also a large waybill over a slow line. */
const REQUEST_TIMEOUT = 120_000

export interface TlsFiles extends SecureContextOptions {
  /** Ask clients for a certificate; the route decides whether it requires one. */
  readonly requestCert: boolean
}

/** The HTTP side of the indexer, not yet listening. */
export function createApp(
  service: Service,
  tls: TlsFiles | null,
  proxies: readonly string[] = [],
): FastifyInstance {
  const http = { maxHeaderSize: HEADER_BYTES, requestTimeout: REQUEST_TIMEOUT }
  const options = {
    // The log has our own sentences; Fastify would log each request.
    logger: false,
    bodyLimit: JSON_BYTES,
    requestTimeout: REQUEST_TIMEOUT,
    // X-Forwarded-For of other clients is ignored.
    trustProxy: proxies.length === 0 ? false : [...proxies],
    routerOptions: { maxParamLength: 256 },
    forceCloseConnections: 'idle',
    return503OnClosing: true,
  } as const
  const app: FastifyInstance =
    tls === null
      ? Fastify({ ...options, http })
      : Fastify({ ...options, https: { ...http, ...tls, rejectUnauthorized: false } })

  // The waybill's route reads its body itself, piece by piece.
  app.addContentTypeParser(WAYBILL_TYPE, (_request, _payload, done) => done(null))
  // Only JSON and waybills: a form of a foreign page is neither.
  app.removeContentTypeParser('text/plain')

  const headers = securityHeaders(tls !== null)
  app.addHook('onRequest', async (_request, reply) => void reply.headers(headers))

  const routes = routesOf(service)
  for (const one of routes) addRoute(app, one, service)

  app.setNotFoundHandler((request, reply) =>
    sendProblem(
      reply,
      new Refusal('WB-ROUTE-UNKNOWN', `There is no ${request.method} ${pathOf(request)} here.`),
    ),
  )
  app.setErrorHandler((thrown, request, reply) => {
    const refusal = refusalOf(thrown)
    if (refusal.status === 500) {
      service.log.error(
        { err: refusal.cause },
        `${request.method} ${pathOf(request)} failed because of a defect of the indexer.`,
      )
    } else {
      service.log.debug(`${request.method} ${pathOf(request)}: ${refusal.status}, ${refusal.message}`)
    }
    const kind = kindOfRefusal(request, refusal, routes)
    if (kind !== null) {
      const asker = askers.get(request)
      service.refusals.note({
        kind,
        address: addressOf(request),
        route: `${request.method} ${request.routeOptions.url ?? pathOf(request)}`,
        reason: refusal.message,
        by: refusal.by ?? (asker === undefined || asker.permissions.size === 0 ? null : asker.name),
      })
    }
    return sendProblem(reply, refusal)
  })
  app.addHook('onResponse', async (request, reply) => {
    const pattern = request.routeOptions.url ?? 'none'
    service.metrics.answered(pattern, request.method, reply.statusCode, reply.elapsedTime / 1000)
  })
  return app
}

/** Returns all routes. */
export function routesOf(service: Service): Route[] {
  const routes: Route[] = [
    ...agentRoutes(service),
    ...searchRoutes(service),
    ...exportRoutes(service),
    ...jobRoutes(service),
    ...scheduleRoutes(service),
    ...aggregateRoutes(service),
    ...savedSearchRoutes(service),
    ...agentManagementRoutes(service),
    ...settingsRoutes(service),
    ...deadLetterRoutes(service),
    ...alertRoutes(service),
    ...caseRoutes(service),
    ...peopleRoutes(service),
    ...ruleRoutes(service),
    ...notificationRoutes(service),
    ...archiveRoutes(service),
    ...reportRoutes(service),
    ...storageRoutes(service),
    ...retentionRoutes(service),
    ...logRoutes(service),
    ...evidenceRoutes(service),
    ...healthRoutes(service),
    ...sessionRoutes(service),
    ...signInRoutes(service),
    ...userRoutes(service),
    ...tokenRoutes(service),
    route({
      method: 'GET',
      path: '/v1/openapi.json',
      needs: 'anybody',
      about: 'This document.',
      answers: { 200: json('OpenAPI 3.1.', z.record(z.string(), z.unknown())) },
      serve: async () => document,
    }),
  ]
  const document = openApiOf(routes)
  return routes
}

/** The client, determined once per request. */
const askers = new WeakMap<FastifyRequest, Asker>()

/** Admits a request; an unknown client is looked up again, since it may have signed in at another indexer of this store a moment ago. */
async function admitted(
  request: FastifyRequest,
  one: Pick<Route, 'needs' | 'shows'>,
  { access, records }: Service,
): Promise<Asker> {
  try {
    return access.admit(request, one)
  } catch (error) {
    // The token of a client whose address has to wait is not known, either.
    const isUnknown = error instanceof Refusal && (error.status === 401 || error.status === 429)
    if (!isUnknown || !(await records.look())) throw error
    return access.admit(request, one)
  }
}

function addRoute(app: FastifyInstance, one: Route, service: Service): void {
  const takesBytes = one.body !== null && 'bytes' in one.body
  app.route({
    method: one.method,
    url: one.path,
    ...(one.largestBody === undefined ? {} : { bodyLimit: one.largestBody }),
    // Reject unauthorised requests before reading the body.
    onRequest: async (request, reply) => {
      const gone = new AbortController()
      reply.raw.once('close', () => {
        if (!reply.raw.writableFinished) gone.abort()
      })
      askers.set(request, { ...(await admitted(request, one, service)), gone: gone.signal })
      const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase()
      if (takesBytes && type !== WAYBILL_TYPE) {
        throw new Refusal('WB-MEDIA-TYPE', `Expected Content-Type: ${WAYBILL_TYPE}.`)
      }
      if (one.body !== null && !takesBytes && type !== undefined && type !== 'application/json') {
        throw new Refusal('WB-MEDIA-TYPE', 'Expected Content-Type: application/json.')
      }
    },
    handler: (request, reply) => {
      const asker = askers.get(request)
      if (asker === undefined) throw new Error('a request came to its route without being let in')
      return one.serve(request, reply, asker)
    },
  })
}

/**
 * The kind of a refusal for the audit trail, or null. Refusals that pass by themselves are not recorded: an agent that is to come again
 * later, a session that ended.
 */
function kindOfRefusal(
  request: FastifyRequest,
  { status }: Refusal,
  routes: readonly Route[],
): Refused['kind'] | null {
  const path = request.routeOptions.url ?? ''
  if (path === '/v1/waybills') return status >= 400 && status < 500 && !LATER.has(status) ? 'waybill' : null
  if (status === 403) return 'forbidden'
  if (status !== 401) return null
  if (routes.some((route) => route.path === path && route.needs === 'agent')) return 'agent'
  return request.headers.authorization === undefined ? null : 'token'
}
const LATER: ReadonlySet<number> = new Set([408, 429])

/** The path without the query string: the log must not show what people look for. */
const pathOf = (request: FastifyRequest): string => request.url.split('?')[0] ?? ''
