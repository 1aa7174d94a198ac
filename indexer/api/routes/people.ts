import * as z from 'zod'
import {
  onePersonShape,
  peopleActAsked,
  peopleActShape,
  peopleActsShape,
  peopleShape,
} from '../../../schema/api/index.ts'
import { isFull } from '../../accounts/index.ts'
import { briefly, shownPerson } from '../../people/index.ts'
import { Refusal } from '../../refusal.ts'
import type { Asker } from '../access.ts'
import { json, type Route, route } from '../route.ts'
import type { Service } from '../service.ts'
import { ownText, queryOf, queryText, quoted, spanOf, timeText, upTo } from './asked.ts'

const LONGEST = 10_000

/** People, with their accounts in all systems, and what was decided about them. */
export function peopleRoutes({ people, eventsFor, readings, clock }: Service): Route[] {
  const limits =
    'Clients who see only some events, or masked fields, are refused: people are worked out of all events.'
  return [
    route({
      method: 'GET',
      path: '/v1/people',
      needs: 'search',
      about: `The people whose events a query finds, the most active first. ${limits}`,
      query: z.strictObject({
        q: queryText,
        from: timeText,
        to: timeText,
        own: ownText,
        prefix: z.string().max(256).default('').describe('Only people whose name or id begins with this.'),
        top: upTo(1000).default(100),
      }),
      answers: { 200: json('The people.', peopleShape) },
      async serve({ query: asked, asker }) {
        demandAll(asker)
        await people.look()
        const now = clock()
        const { q, from, to, own, prefix, top } = asked
        const query = queryOf(q, now, asker, own)
        readings.goesOn(asker, {
          action: 'count',
          did: `counted ${quoted(q)} by person`,
          payload: { query: q, from, to, prefix, own: own ? 'true' : '' },
        })
        const { split, partial } = await eventsFor(asker).aggregate({
          query,
          ...spanOf(asked, now),
          by: [{ kind: 'values', field: 'person', top, ...(prefix !== '' && { prefix }) }],
          budget: LONGEST,
        })
        return {
          people: (split?.buckets ?? []).flatMap(({ key, count }) => {
            const person = people.get(String(key))
            return person === null ? [] : [{ ...briefly(people, person), count }]
          }),
          distinct: split?.distinct ?? 0,
          none: split?.none ?? 0,
          partial: partial?.sentence ?? people.partial,
        }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/people/one',
      needs: 'search',
      about: `One person by the id, the name, an e-mail address or \`system/account\`: the accounts, and why they are one person's. ${limits}`,
      query: z.strictObject({ person: z.string().min(1).max(1024) }),
      answers: { 200: json('The person.', onePersonShape) },
      async serve({ query: { person: text }, asker }) {
        demandAll(asker)
        await people.look()
        const found = people.named(text)
        const [person, ...others] = found
        if (person === undefined)
          throw new Refusal(
            'WB-NOT-FOUND',
            `No stored event and no list names a person ${JSON.stringify(text)}.`,
          )
        if (others.length > 0)
          throw new Refusal(
            'WB-REQUEST-INVALID',
            `${found.length} people are called ${JSON.stringify(text)}: ask for one of ${found
              .slice(0, 10)
              .map(({ id }) => id)
              .join(', ')}.`,
          )
        return shownPerson(people, person)
      },
    }),
    route({
      method: 'GET',
      path: '/v1/people/acts',
      needs: 'search',
      about: `What was decided about people in the console or by the API, the newest first. ${limits}`,
      answers: { 200: json('The decisions.', peopleActsShape) },
      async serve({ asker }) {
        demandAll(asker)
        return { acts: people.acts() }
      },
    }),
    route({
      method: 'POST',
      path: '/v1/people/acts',
      needs: 'settings',
      about:
        'Decides that two accounts are one person, or that an account is a person of its own. It changes no event, and can be undone.',
      body: peopleActAsked,
      answers: { 200: json('The decision.', peopleActShape) },
      serve: ({ body, asker }) => people.decide(body, asker),
    }),
    route({
      method: 'DELETE',
      path: '/v1/people/acts/:id',
      needs: 'settings',
      about: 'Undoes a decision about people.',
      params: z.object({ id: z.string().min(1).max(64) }),
      answers: { 204: { about: 'Undone.', content: {} } },
      async serve({ params: { id }, asker, reply }) {
        await people.undo(id, asker)
        return reply.code(204).send()
      },
    }),
  ]
}

function demandAll({ visibility }: Asker): void {
  if (!isFull(visibility))
    throw new Refusal(
      'WB-LIMITED-VIEW',
      'Your access is limited to some events or fields, and people are worked out of all of them: count by user.name.',
    )
}
