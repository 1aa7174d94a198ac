import * as z from 'zod'
import { savedSearchShape } from '../../../schema/api/index.ts'
import { Refusal } from '../../refusal.ts'
import type { Asker } from '../access.ts'
import { json, type Route, route } from '../route.ts'
import type { Service } from '../service.ts'

const params = z.object({ name: z.string().min(1).max(80) })

/** Searches that somebody keeps for themselves. */
export function savedSearchRoutes({ accounts, trail }: Service): Route[] {
  const { savedSearches } = accounts

  const record = (asker: Asker, action: string, message: string, name: string): Promise<void> =>
    trail.record({
      action,
      category: 'security',
      message,
      outcome: 'success',
      by: asker,
      entity: { type: 'saved-search', id: `${asker.name}/${name}`, name },
    })

  return [
    route({
      method: 'GET',
      path: '/v1/saved-searches',
      needs: 'search',
      about: 'The searches that one saved, by name.',
      answers: { 200: json('The searches.', z.object({ searches: z.array(savedSearchShape) })) },
      serve: async ({ asker }) => ({ searches: [...savedSearches.of(ownerOf(asker))] }),
    }),
    route({
      method: 'PUT',
      path: '/v1/saved-searches/:name',
      needs: 'search',
      about: 'Saves a search, in place of one of this name.',
      params,
      body: z.strictObject({
        search: z
          .string()
          .max(8192)
          .regex(
            /^(?:\?[^#]*)?$/,
            'expected what stands behind /events in the address, from its question mark',
          )
          .describe('What stands behind /events in the console’s address: ?q=...&range=...'),
      }),
      answers: { 200: json('As it is kept.', savedSearchShape) },
      async serve({ params: { name }, body: { search }, asker }) {
        await record(asker, 'search-save', `The search "${name}" was saved.`, name)
        return savedSearches.save(ownerOf(asker), { name, search })
      },
    }),
    route({
      method: 'DELETE',
      path: '/v1/saved-searches/:name',
      needs: 'search',
      about: 'Forgets a saved search.',
      params,
      answers: { 204: { about: 'Forgotten.', content: {} } },
      async serve({ params: { name }, asker, reply }) {
        const owner = ownerOf(asker)
        if (!savedSearches.of(owner).some((one) => one.name === name))
          throw new Refusal(404, 'not-found', `You saved no search "${name}".`)
        await record(asker, 'search-forget', `The saved search "${name}" was forgotten.`, name)
        await savedSearches.forget(owner, name)
        return reply.code(204).send()
      },
    }),
  ]
}

/** A user by what nobody else will ever have, so that a later user of the same name begins with none; others by their name. */
const ownerOf = ({ user, name }: Asker): string => (user === null ? `not-a-user ${name}` : user.id)
