import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Bundle, BundleFile } from './bundle.ts'

const INDEX = '/index.html'
/** The paths for programs; a wrong path there is answered in JSON. */
const FOR_PROGRAMS = /^\/(?:v1|healthz|readyz|metrics)(?:\/|$)/
/** Ids of alerts, incidents and rules have dots. */
const SCREEN = /^\/(?:[\w/-]*|(?:alerts|incidents|rules)\/[\w.%-]+)$/
const A_YEAR = 365 * 86_400

/**
 * Serves the console: its files by their exact names, and its one page for every path outside the API, since the page itself knows its
 * screens.
 */
export function serveConsole(app: FastifyInstance, bundle: Bundle): void {
  const index = bundle.get(INDEX)
  app.get('/*', (request, reply) => {
    const path = request.url.split('?')[0] ?? '/'
    const file = bundle.get(path)
    if (file !== undefined) return answer(request, reply, file)
    // A missing file must not become a page: the browser would take it for a script.
    const isScreen = !FOR_PROGRAMS.test(path) && SCREEN.test(path) && !path.startsWith('/assets/')
    if (!isScreen) return reply.callNotFound()
    if (index === undefined) return reply.code(404).type('text/plain; charset=utf-8').send(NOT_BUILT)
    return answer(request, reply, index)
  })
}

const NOT_BUILT =
  'The console has not been built here. Build it with: npm run build:console\nThe API is at /v1/openapi.json.\n'

function answer(request: FastifyRequest, reply: FastifyReply, file: BundleFile): FastifyReply {
  reply
    .header('cache-control', file.forGood ? `public, max-age=${A_YEAR}, immutable` : 'no-cache')
    .header('etag', file.tag)
    .header('vary', 'accept-encoding')
    .type(file.type)
  if (request.headers['if-none-match'] === file.tag) return reply.code(304).send()
  const takesBrotli = /(?:^|,)\s*br\s*(?:;|,|$)/.test(String(request.headers['accept-encoding'] ?? ''))
  if (file.brotli !== null && takesBrotli) return reply.header('content-encoding', 'br').send(file.brotli)
  return reply.send(file.plain)
}
