import * as z from 'zod'
import { Refusal } from '../../refusal.ts'
import { json, type Route, route } from '../route.ts'
import type { Service } from '../service.ts'

/** What monitoring asks. */
export function healthRoutes(service: Service): Route[] {
  const { metrics, store } = service
  return [
    route({
      method: 'GET',
      path: '/healthz',
      needs: 'anybody',
      about: 'The process lives.',
      answers: { 200: json('It does.', z.object({ alive: z.literal(true) })) },
      serve: async () => ({ alive: true }),
    }),
    route({
      method: 'GET',
      path: '/readyz',
      needs: 'anybody',
      about: 'The store takes events; otherwise 503 with the sentence what is wrong.',
      answers: { 200: json('It does.', z.object({ ready: z.literal(true) })) },
      async serve() {
        const { ready, problem } = await store.status()
        if (!ready) throw new Refusal(503, 'busy', problem ?? 'The store is not ready.', { retryAfter: 5 })
        return { ready: true }
      },
    }),
    route({
      method: 'GET',
      path: '/metrics',
      needs: 'status',
      shows: 'totals',
      about: 'Figures for Prometheus.',
      answers: { 200: { about: 'In the text format of Prometheus.', content: { 'text/plain': z.string() } } },
      async serve({ reply }) {
        const { type, text } = await metrics.render()
        return reply.type(type).send(text)
      },
    }),
  ]
}
