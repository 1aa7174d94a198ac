import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import * as z from 'zod'
import {
  eventProofShape,
  type LogStatusShape,
  logCheckpointShape,
  logStatusShape,
  logTileShape,
} from '../../../schema/api/index.ts'
import { CHECKPOINT, readTilePath, rotationPath } from '../../log/index.ts'
import { Refusal } from '../../refusal.ts'
import { eventProof } from '../event-proof.ts'
import { json, type Route, route } from '../route.ts'
import type { Service } from '../service.ts'
import { digits } from './asked.ts'

const TEXT = 'text/plain; charset=utf-8'
const BYTES = 'application/octet-stream'
/** A file that never changes. */
const LASTING = 'private, max-age=31536000, immutable'
const compressed = promisify(gzip)

/**
 * The transparency log in the public layout, and its state. Its entries name agents and say how much each has sent: by default only those
 * may read them who may see the state of the indexer as a whole.
 */
export function logRoutes(service: Service): Route[] {
  const { transparencyLog, anchors, witness, isLogPublic, store, readings } = service
  const { reader } = transparencyLog
  const access = isLogPublic
    ? ({ needs: 'anybody' } as const)
    : ({ needs: 'status', shows: 'totals' } as const)
  const state = async (): Promise<LogStatusShape> => ({
    head: transparencyLog.status().head,
    problem: transparencyLog.status().problem,
    anchors: anchors.status(),
    witness: witness === null ? null : { keys: await witness.verifierKeys() },
  })
  const unknown = (path: string) => new Refusal('WB-LOG-FILE-UNKNOWN', `The transparency log has no ${path}.`)
  return [
    route({
      method: 'GET',
      path: '/log/checkpoint',
      ...access,
      about: 'The newest checkpoint of the transparency log, signed.',
      answers: { 200: { about: 'The checkpoint.', content: { 'text/plain': logCheckpointShape } } },
      async serve({ reply }) {
        const checkpoint = await reader.checkpoint()
        if (checkpoint === null) throw unknown(CHECKPOINT)
        return reply.type(TEXT).header('cache-control', 'no-cache').send(checkpoint)
      },
    }),
    route({
      method: 'GET',
      path: '/log/tile/*',
      ...access,
      about:
        'A tile or a bundle of entries of the transparency log: `LEVEL/N`, `entries/N`, or with `.p/WIDTH` a partial one.',
      params: z.object({ '*': z.string().max(200) }),
      answers: { 200: { about: 'The file. It never changes.', content: { [BYTES]: logTileShape } } },
      async serve({ params, request, reply }) {
        const path = `tile/${params['*']}`
        const bytes = readTilePath(path) === null ? null : await reader.file(path)
        if (bytes === null) throw unknown(path)
        reply.type(BYTES).header('cache-control', LASTING).header('vary', 'accept-encoding')
        const isShort =
          /\bgzip\b/.test(request.headers['accept-encoding'] ?? '') && path.startsWith('tile/entries/')
        return isShort
          ? reply.header('content-encoding', 'gzip').send(await compressed(bytes))
          : reply.send(bytes)
      },
    }),
    route({
      method: 'GET',
      path: '/log/keys/:number',
      ...access,
      about: 'The note in which the old key of the transparency log signs its new one, from 1.',
      params: z.object({ number: z.string().regex(/^[1-9]\d{0,4}$/) }),
      answers: { 200: { about: 'The note.', content: { 'text/plain': logCheckpointShape } } },
      async serve({ params, reply }) {
        const path = rotationPath(Number(params.number))
        const note = await reader.file(path)
        if (note === null) throw unknown(path)
        return reply.type(TEXT).header('cache-control', LASTING).send(note.toString('utf8'))
      },
    }),
    route({
      method: 'GET',
      path: '/v1/events/:id/proof',
      needs: 'search',
      about:
        'All that proves an event, for one who has the keys of the agent and of the transparency log, and nothing else. It has the event as it was sealed, so nobody gets it who sees masked fields.',
      params: z.object({ id: z.string().max(256) }),
      answers: { 200: json('The proof.', eventProofShape) },
      async serve({ params: { id }, asker }) {
        if (!asker.visibility.mask.isEmpty)
          throw new Refusal(
            'WB-FORBIDDEN',
            'A proof has the whole event, and some fields are masked for you; ask someone who sees all of them.',
          )
        const unknown = new Refusal('WB-EVENT-UNKNOWN', `There is no event ${id}.`)
        if ((await service.eventsFor(asker).get(id)) === null) throw unknown
        const sealed = await store.consignments.ofEvent(id)
        if (sealed === null) throw unknown
        readings.note(asker, {
          action: 'export',
          did: `took the proof of the event ${id}`,
          entity: { type: 'event', id },
          payload: { format: 'proof' },
          count: 1,
        })
        return eventProof(sealed, id, service)
      },
    }),
    route({
      method: 'GET',
      path: '/v1/log/proof',
      needs: 'status',
      shows: 'totals',
      about:
        'The proof that a waybill is in the transparency log, as a C2SP tlog-proof; its extra data is the entry.',
      query: z.strictObject({
        agent: z.string().max(64),
        incarnation: z.string().regex(/^[0-9a-f]{32}$/, 'expected 32 hex digits'),
        sequence: digits,
      }),
      answers: { 200: { about: 'The proof.', content: { 'text/plain': logCheckpointShape } } },
      async serve({ query: waybill, reply }) {
        const proof = await transparencyLog.proof(waybill, { withEntry: true })
        if (proof === null)
          throw new Refusal(
            'WB-PROOF-LATER',
            `Waybill ${waybill.sequence} of ${waybill.agent}, incarnation ${waybill.incarnation}, is not in the transparency log.`,
            { retryAfter: 2 },
          )
        return reply.type(TEXT).send(proof)
      },
    }),
    route({
      method: 'GET',
      path: '/v1/log',
      needs: 'status',
      shows: 'totals',
      about: 'The state of the transparency log, and the keys that sign it.',
      answers: { 200: json('The state.', logStatusShape) },
      serve: state,
    }),
    route({
      method: 'POST',
      path: '/v1/log/rotate',
      needs: 'settings',
      about:
        'Makes a new key for the transparency log. The old key signs it, and signs checkpoints beside it for a while.',
      answers: { 200: json('The state.', logStatusShape) },
      async serve({ asker }) {
        await transparencyLog.rotate(asker)
        return state()
      },
    }),
  ]
}
