import { evidenceStatusShape, policyShape } from '../../../schema/api/index.ts'
import { json, type Route, route } from '../route.ts'
import type { Service } from '../service.ts'

/** What others need to verify the evidence without this indexer. */
export function evidenceRoutes({ agents, transparencyLog, evidenceWatch }: Service): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/evidence',
      needs: 'status',
      shows: 'totals',
      about:
        'The state of the background verification: until when everything was verified, and what it found.',
      answers: { 200: json('The state.', evidenceStatusShape) },
      serve: async () => evidenceWatch.status(),
    }),
    route({
      method: 'GET',
      path: '/v1/evidence/policy',
      needs: 'status',
      shows: 'totals',
      about:
        'The keys of the agents and of the transparency log, and its newest checkpoint: what `waybill verify policy` writes into a file.',
      answers: { 200: json('The policy.', policyShape) },
      async serve() {
        const { head } = transparencyLog.status()
        const checkpoint = transparencyLog.checkpoint
        return {
          agents: agents.all().map(({ id, keys }) => ({ id, keys: keys.map(({ pem }) => pem) })),
          logs: head === null ? [] : [{ origin: head.origin, keys: head.keys.map(({ key }) => key) }],
          checkpoints: checkpoint === null ? [] : [checkpoint],
        }
      },
    }),
  ]
}
