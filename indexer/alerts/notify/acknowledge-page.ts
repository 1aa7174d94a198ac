import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { clean } from './content.ts'
import { html } from './mail.ts'
import type { Notifier } from './notifier.ts'

const STYLE = `
:root { color-scheme: light dark }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; background: #f2f4f6; color: #1c242c }
main { max-width: 34rem; margin: 10vh auto; padding: 2rem; background: #fff; border-radius: 8px; box-shadow: 0 1px 3px #0003 }
h1 { margin: 0 0 1rem; font-size: 1.25rem; line-height: 1.3; overflow-wrap: anywhere }
button { font: inherit; font-weight: 600; padding: .6rem 1.4rem; border: 0; border-radius: 6px; background: #1f5fae; color: #fff; cursor: pointer }
button:focus-visible { outline: 3px solid #7db1ee; outline-offset: 2px }
@media (prefers-color-scheme: dark) { body { background: #14181d; color: #e8ecf0 } main { background: #1e242b } }
`
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64')
/** The page has no script, and sends its form only to itself. */
const POLICY = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`

/**
 * The page behind the link of a mail. Programs that check mails open every link, so opening it changes nothing: a person confirms on the
 * page. The signature of the address is the permission; there is no cookie that another site could misuse.
 */
export function serveAcknowledge(app: FastifyInstance, notifier: Notifier): void {
  void app.register(async (pages) => {
    // The form of the page: its fields are not read.
    pages.addContentTypeParser('application/x-www-form-urlencoded', (_request, payload, done) => {
      payload.resume()
      done(null)
    })
    pages.get<Asked>('/acknowledge', (request, reply) => answer(request, reply, false))
    pages.post<Asked>('/acknowledge', { bodyLimit: 1024 }, (request, reply) => answer(request, reply, true))
  })

  async function answer(request: FastifyRequest<Asked>, reply: FastifyReply, confirmed: boolean) {
    const found = await notifier.acknowledgement(request.query.token ?? '')
    if (found === null)
      return page(
        reply,
        404,
        'This link is not valid',
        'Perhaps it was cut. Open the incident in the console instead.',
      )
    if (found === 'expired')
      return page(
        reply,
        410,
        'This link has expired',
        'Links work for a day. Open the incident in the console instead.',
      )
    const { incidentNow: incident, to } = found
    if (incident === null)
      return page(reply, 404, 'This incident does not exist any more', 'There is nothing to do.')
    const summary = clean(incident.summary)
    if (incident.state === 'resolved') return page(reply, 200, summary, 'This incident is resolved already.')
    if (incident.state === 'acknowledged')
      return page(reply, 200, summary, 'This incident is acknowledged. Nobody is called any more.')
    if (!confirmed)
      return page(
        reply,
        200,
        summary,
        `Acknowledge this incident as ${to}? The others then see that you take care of it, and nobody else is called.`,
        true,
      )
    await notifier.acknowledge(found, request.ip)
    return page(reply, 200, summary, 'You have acknowledged this incident.')
  }
}

interface Asked {
  Querystring: { token?: string }
}

function page(reply: FastifyReply, status: number, title: string, text: string, asks = false): FastifyReply {
  const form = asks ? '<form method="post"><button type="submit">Acknowledge</button></form>' : ''
  return reply
    .code(status)
    .header('content-security-policy', POLICY)
    .header('x-robots-tag', 'noindex')
    .type('text/html; charset=utf-8')
    .send(
      `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Waybill</title><style>${STYLE}</style></head><body><main><h1>${html(title)}</h1><p>${html(text)}</p>${form}</main></body></html>`,
    )
}
