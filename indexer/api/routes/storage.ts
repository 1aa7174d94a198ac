import { json, type Route, route } from '../route.ts'
import type { Service } from '../service.ts'
import { storageShape } from '../shapes.ts'

/** What is stored, and how long it stays. */
export function storageRoutes({ lifecycle }: Service): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/storage',
      needs: 'status',
      shows: 'totals',
      about:
        'Storage used by category and tier, how fast it grows, what is left, and what retention keeps past its time.',
      answers: { 200: json('As it is now.', storageShape) },
      serve: () => lifecycle.report(),
    }),
  ]
}
