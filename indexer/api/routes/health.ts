import * as z from 'zod'
import { aliveShape, attentionShape, readyShape, storageShape } from '../../../schema/api/index.ts'
import { Refusal } from '../../refusal.ts'
import { attentionFor } from '../attention.ts'
import { json, type Route, route } from '../route.ts'
import type { Service } from '../service.ts'

/** The routes for monitoring. */
export function healthRoutes(service: Service): Route[] {
  const { lifecycle, metrics, store } = service
  return [
    route({
      method: 'GET',
      path: '/healthz',
      needs: 'anybody',
      about: 'The process lives.',
      answers: { 200: json('It does.', aliveShape) },
      serve: async () => ({ alive: true }),
    }),
    route({
      method: 'GET',
      path: '/readyz',
      needs: 'anybody',
      about:
        'The store accepts events; otherwise 503 with a sentence that names the problem. `warnings` list problems that an operator should correct soon.',
      answers: {
        200: json('It does.', readyShape),
      },
      async serve() {
        const { ready, problem } = await store.status()
        if (!ready)
          throw new Refusal('WB-STORE-UNAVAILABLE', problem ?? 'The store is not ready.', { retryAfter: 5 })
        const { warnings } = lifecycle
        return { ready: true, ...(warnings.length > 0 && { warnings }) }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/attention',
      needs: 'search',
      about:
        'What needs somebody now, the most serious first: open incidents, silent agents, gaps, findings of the verification, full disks. It has what the asker may see.',
      answers: { 200: json('Nothing, or each in a sentence.', attentionShape) },
      serve: ({ asker }) => attentionFor(asker, service),
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

const detailText = z
  .enum(['true', 'false'])
  .optional()
  .describe('Whether to give the sizes of the parts. That reads every page of the store.')

/** The routes about storage and retention. */
export function storageRoutes({ lifecycle, store }: Service): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/storage',
      needs: 'status',
      shows: 'totals',
      about: 'Storage by category and tier, growth, free space, and overdue partitions.',
      query: z.strictObject({ detail: detailText }),
      answers: { 200: json('The present state.', storageShape) },
      serve: async ({ query: asked }) => ({
        ...(await lifecycle.report()),
        ...(asked.detail === 'true' && { parts: await store.parts() }),
      }),
    }),
  ]
}
