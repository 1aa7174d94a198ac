import * as z from 'zod'
import {
  newSearchShape,
  savedSearchesShape,
  savedSearchOwner,
  savedSearchShape,
} from '../../../schema/api/index.ts'
import { isFull } from '../../accounts/index.ts'
import { Refusal } from '../../refusal.ts'
import type { Asker } from '../access.ts'
import { json, type Route, route } from '../route.ts'
import type { Service } from '../service.ts'

const params = z.object({ name: z.string().min(1).max(80) })
const query = z.object({ owner: savedSearchOwner })

interface Owner {
  /** A user's id, which is never used again: a later user of the same name begins with no searches. Other clients have their name. */
  readonly key: string
  readonly name: string
}

/** Searches that people keep for themselves, or share. */
export function savedSearchRoutes({ accounts, trail }: Service): Route[] {
  const { savedSearches, users } = accounts

  const record = (asker: Asker, action: string, message: string, owner: Owner, name: string): Promise<void> =>
    trail.record({
      action,
      category: 'security',
      message,
      outcome: 'success',
      by: asker,
      entity: { type: 'saved-search', id: `${owner.name}/${name}`, name },
    })

  /** The owner whose search is meant. Of another owner it must be shared, and the asker a manager. */
  function ownerToChange(asker: Asker, named: string | undefined, name: string): Owner {
    const self = ownerOf(asker)
    if (named === undefined || named === self.name) return self
    const user = seesShared(asker) ? users.find(named) : undefined
    const shared = user && savedSearches.of(user.id).find((one) => one.name === name && one.shared)
    if (user === undefined || shared === undefined)
      throw new Refusal('WB-NOT-FOUND', `${named} shares no saved search "${name}" with you.`)
    if (!mayChangeOthers(asker))
      throw new Refusal(
        'WB-FORBIDDEN',
        `The search "${name}" is ${named}'s: only its owner and managers may change it. Save it under a name of your own.`,
      )
    return { key: user.id, name: user.name }
  }

  return [
    route({
      method: 'GET',
      path: '/v1/saved-searches',
      needs: 'search',
      about:
        'Your saved searches by name, then those that others share. Users who see only some events, or masked fields, see only their own: a search may name what is hidden from them.',
      answers: { 200: json('The searches.', savedSearchesShape) },
      async serve({ asker }) {
        const { key, name: owner } = ownerOf(asker)
        const mine = savedSearches.of(key).map((one) => ({ ...one, owner, mayChange: true }))
        const mayChange = mayChangeOthers(asker)
        const others = seesShared(asker)
          ? savedSearches.sharedBesides(key).map((one) => ({ ...one, mayChange }))
          : []
        return { searches: [...mine, ...others] }
      },
    }),
    route({
      method: 'PUT',
      path: '/v1/saved-searches/:name',
      needs: 'search',
      about:
        'Saves a search, and replaces one of this name. A shared one can also be replaced by managers, who name its owner.',
      params,
      query,
      body: newSearchShape,
      answers: { 200: json('The saved search.', savedSearchShape) },
      async serve({ params: { name }, query: { owner: named }, body: { search, shared }, asker }) {
        const owner = ownerToChange(asker, named, name)
        const how = shared === undefined ? '' : shared ? ', and is shared' : ', and is private'
        await record(asker, 'search-save', `The search "${name}" was saved${how}.`, owner, name)
        const saved = await savedSearches.save(owner, { name, search, shared })
        return { ...saved, owner: owner.name, mayChange: true }
      },
    }),
    route({
      method: 'DELETE',
      path: '/v1/saved-searches/:name',
      needs: 'search',
      about: 'Deletes a saved search. A shared one can also be deleted by managers, who name its owner.',
      params,
      query,
      answers: { 204: { about: 'Forgotten.', content: {} } },
      async serve({ params: { name }, query: { owner: named }, asker, reply }) {
        const owner = ownerToChange(asker, named, name)
        if (!savedSearches.of(owner.key).some((one) => one.name === name))
          throw new Refusal('WB-NOT-FOUND', `You have no saved search "${name}".`)
        await record(asker, 'search-forget', `The saved search "${name}" was deleted.`, owner, name)
        await savedSearches.forget(owner.key, name)
        return reply.code(204).send()
      },
    }),
  ]
}

const ownerOf = ({ user, name }: Asker): Owner =>
  user === null ? { key: `not-a-user ${name}`, name } : { key: user.id, name: user.name }

/** A search of somebody else may name values that are hidden from a user who does not see everything. */
const seesShared = ({ visibility }: Asker): boolean => isFull(visibility)

/** Managers may change the settings that all share, and so these searches. */
const mayChangeOthers = ({ permissions }: Asker): boolean => permissions.has('settings')
