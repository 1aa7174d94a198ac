import * as z from 'zod'
import { alertDeliverySchema } from '../../alerts/index.ts'
import { json, type Route, route } from '../route.ts'
import type { Service } from '../service.ts'

/** The largest delivery there can be, in bytes as JSON. */
const LARGEST = 1024 * 1024

/** Alerts of the rules that run elsewhere: in Elasticsearch's Watcher. */
export function alertRoutes({ alertDesk, log }: Service): Route[] {
  return [
    route({
      method: 'POST',
      path: '/v1/alerts',
      needs: 'alerts',
      about:
        'Takes the alerts of one run of a watch into the audit trail. An alert that is told again is known by its id, and counts once.',
      body: alertDeliverySchema,
      largestBody: LARGEST,
      answers: {
        200: json(
          'What became of them.',
          z.object({
            taken: z.int().describe('Alerts that are in the trail now'),
            known: z.int().describe('Alerts that were there before'),
          }),
        ),
      },
      async serve({ body, asker }) {
        const outcome = await alertDesk.take(body, asker)
        log.debug(`Rule ${body.rule}: ${outcome.taken} alerts taken, ${outcome.known} known before.`)
        return outcome
      },
    }),
  ]
}
