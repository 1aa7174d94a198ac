import * as z from 'zod'
import { newSearchShape, savedSearchesShape, savedSearchShape } from '../../../schema/api/index.ts'
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
      about: 'Your saved searches, by name.',
      answers: { 200: json('The searches.', savedSearchesShape) },
      serve: async ({ asker }) => ({ searches: [...savedSearches.of(ownerOf(asker))] }),
    }),
    route({
      method: 'PUT',
      path: '/v1/saved-searches/:name',
      needs: 'search',
      about: 'Saves a search, and replaces one of this name.',
      params,
      body: newSearchShape,
      answers: { 200: json('The saved search.', savedSearchShape) },
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
          throw new Refusal('WB-NOT-FOUND', `You have no saved search "${name}".`)
        await record(asker, 'search-forget', `The saved search "${name}" was deleted.`, name)
        await savedSearches.forget(owner, name)
        return reply.code(204).send()
      },
    }),
  ]
}

/**
 * Returns the owner's key: a user's id is never used again, so a later user of the same name begins with no searches; other clients have
 * their name.
 */
const ownerOf = ({ user, name }: Asker): string => (user === null ? `not-a-user ${name}` : user.id)
