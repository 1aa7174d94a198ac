import { createReadStream } from 'node:fs'
import * as z from 'zod'
import {
  caseChangeSchema,
  caseShape,
  casesShape,
  newCaseSchema,
  newPinsSchema,
} from '../../../schema/api/index.ts'
import { makeBundle } from '../../cases/index.ts'
import { Refusal } from '../../refusal.ts'
import { inTurn } from '../../turn.ts'
import { eventProof } from '../event-proof.ts'
import { json, type Route, route } from '../route.ts'
import type { Service } from '../service.ts'

const id = z.string().regex(/^[0-9a-z]{1,64}$/, 'expected the id of a case')
const byId = z.strictObject({ id })
/** A hundred notes of the greatest length, in UTF-8 and escaped. */
const LARGEST = 4 * 1024 * 1024

/** Cases. A case says only what its reader may see of what is pinned to it. */
export function caseRoutes(service: Service): Route[] {
  const { cases, readings, reportSources, sealedFile, clock, stopping, store } = service
  /** A bundle has a PDF, and the thread that writes one takes memory: they are made one after the other. */
  const turn = inTurn()

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
    route({
      method: 'GET',
      path: '/v1/cases/:id/bundle',
      needs: 'export',
      about:
        'The case as a sealed bundle, a ZIP file: the report as PDF and HTML, the events as NDJSON, the proof of each event, and the notes. It has what you may see. It also needs the permission `respond`.',
      params: byId,
      query: z.strictObject({
        zone: z.string().max(64).optional().describe('The time zone of its times, as IANA names it.'),
      }),
      answers: { 200: { about: 'The ZIP file.', content: { 'application/zip': z.string() } } },
      async serve({ params, query, asker, request, reply }) {
        if (!asker.permissions.has('respond'))
          throw new Refusal('WB-FORBIDDEN', 'Cases need the permission respond.', { by: asker.name })
        // A HEAD would make all of it, and count as an export.
        if (request.method === 'HEAD') return reply.type('application/zip').send()
        const zone = zoneOf(query.zone) ?? reportSources.calendar().zone
        const one = await cases.noteExport(params.id, asker)
        const signal = AbortSignal.any([stopping, ...(asker.gone === undefined ? [] : [asker.gone])])
        const bundle = await turn(() => {
          signal.throwIfAborted()
          return makeBundle({
            one,
            requested: { by: asker.name, at: clock() },
            visibility: asker.visibility,
            organisation: reportSources.organisation(),
            zone,
            checkpoint: reportSources.transparencyLog.checkpoint,
            sealedFile,
            async proofOf(event) {
              const sealed = await store.consignments.ofEvent(event)
              if (sealed === null)
                throw new Refusal('WB-EVENT-UNKNOWN', 'The store does not have this event any more.')
              return eventProof(sealed, event, service)
            },
            signal,
          })
        })
        const file = createReadStream(bundle.path, { signal })
        file.once('close', () => void bundle.discard())
        return reply
          .type('application/zip')
          .header('content-length', bundle.bytes)
          .header('etag', `"${bundle.sha256}"`)
          .header('content-disposition', `attachment; filename="case-${one.id}.zip"`)
          .send(file)
      },
    }),
  ]
}

function zoneOf(zone: string | undefined): string | undefined {
  if (zone === undefined) return undefined
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone
  } catch {
    throw new Refusal('WB-REQUEST-INVALID', `zone: there is no time zone ${zone}.`)
  }
}
