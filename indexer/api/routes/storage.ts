import * as z from 'zod'
import { storageShape } from '../../../schema/api/index.ts'
import { json, type Route, route } from '../route.ts'
import type { Service } from '../service.ts'

const detailText = z
  .enum(['true', 'false'])
  .optional()
  .describe('Whether to tell where the bytes are. Every page of the store is looked at for that.')

/** What is stored, and how long it stays. */
export function storageRoutes({ lifecycle, store }: Service): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/storage',
      needs: 'status',
      shows: 'totals',
      about:
        'Storage used by category and tier, how fast it grows, what is left, and what retention keeps past its time.',
      query: z.strictObject({ detail: detailText }),
      answers: { 200: json('As it is now.', storageShape) },
      serve: async ({ query: asked }) => ({
        ...(await lifecycle.report()),
        ...(asked.detail === 'true' && { parts: await store.parts() }),
      }),
    }),
  ]
}
