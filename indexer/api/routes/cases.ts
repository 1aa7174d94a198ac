import * as z from 'zod'
import {
  caseChangeSchema,
  caseShape,
  casesShape,
  newCaseSchema,
  newPinsSchema,
} from '../../../schema/api/index.ts'
import { json, type Route, route } from '../route.ts'
import type { Service } from '../service.ts'

const id = z.string().regex(/^[0-9a-z]{1,64}$/, 'expected the id of a case')
const byId = z.strictObject({ id })
/** A hundred notes of the greatest length, in UTF-8 and escaped. */
const LARGEST = 4 * 1024 * 1024

/** Cases. A case says only what its reader may see of what is pinned to it. */
export function caseRoutes({ cases, readings }: Service): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/cases',
      needs: 'respond',
      about: 'Your cases, and those that others share; the last changed first. An administrator sees all.',
      answers: { 200: json('The cases.', casesShape) },
      serve: async ({ asker }) => ({ cases: await cases.list(asker) }),
    }),
    route({
      method: 'POST',
      path: '/v1/cases',
      needs: 'respond',
      about: 'Opens a case. You are its owner.',
      body: newCaseSchema,
      answers: { 201: json('The case.', caseShape) },
      serve: async ({ body, asker, reply }) => reply.code(201).send(await cases.open(body, asker)),
    }),
    route({
      method: 'GET',
      path: '/v1/cases/:id',
      needs: 'respond',
      about:
        'One case with what is pinned to it, and its timeline. Limits and masks hold: of an event that you may not see, you learn only that one is pinned.',
      params: byId,
      answers: { 200: json('The case.', caseShape) },
      async serve({ params, asker }) {
        const found = await cases.get(params.id, asker)
        readings.goesOn(asker, {
          action: 'view',
          did: `read the case ${params.id}`,
          entity: { type: 'case', id: params.id },
        })
        return found
      },
    }),
    route({
      method: 'PUT',
      path: '/v1/cases/:id',
      needs: 'respond',
      about:
        'Renames, describes, closes or reopens a case; its owner also shares it or hands it over. 412 if `version` is not the current one any more.',
      params: byId,
      body: caseChangeSchema,
      answers: { 200: json('The case as it is now.', caseShape) },
      serve: async ({ params, body, asker }) => cases.change(params.id, body, asker),
    }),
    route({
      method: 'DELETE',
      path: '/v1/cases/:id',
      needs: 'respond',
      about: 'Removes a case with its copies. Only its owner and administrators may.',
      params: byId,
      answers: { 204: { about: 'It is removed.', content: {} } },
      async serve({ params, asker, reply }) {
        await cases.remove(params.id, asker)
        return reply.code(204).send()
      },
    }),
    route({
      method: 'POST',
      path: '/v1/cases/:id/pins',
      needs: 'respond',
      about:
        'Pins events, alerts, searches and notes. Events and alerts are copied, so they outlive their time in the store.',
      params: byId,
      body: newPinsSchema,
      largestBody: LARGEST,
      answers: { 200: json('The case as it is now.', caseShape) },
      serve: async ({ params, body, asker }) => cases.pin(params.id, body.pins, asker),
    }),
    route({
      method: 'DELETE',
      path: '/v1/cases/:id/pins/:pin',
      needs: 'respond',
      about: 'Removes a pin. The timeline keeps that it was there.',
      params: z.strictObject({ id, pin: z.string().regex(/^[0-9a-z]{1,64}$/, 'expected the id of a pin') }),
      answers: { 200: json('The case as it is now.', caseShape) },
      serve: async ({ params, asker }) => cases.unpin(params.id, params.pin, asker),
    }),
  ]
}
