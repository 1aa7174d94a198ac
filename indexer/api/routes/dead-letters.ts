import * as z from 'zod'
import { deadLettersShape, replayShape, wholeDeadLetterShape } from '../../../schema/api/index.ts'
import { Refusal } from '../../refusal.ts'
import type { DeadLetter } from '../../store/port.ts'
import { json, type Route, route } from '../route.ts'
import type { Service } from '../service.ts'

/** Events that could not be stored: to look at, to try again, to throw away. */
export function deadLetterRoutes(service: Service): Route[] {
  const { store, trail, enrichment, readings } = service
  const params = z.object({ id: z.string().max(256) })
  const missing = (id: string) => new Refusal('WB-NOT-FOUND', `There is no dead letter ${id}.`)

  return [
    route({
      method: 'GET',
      path: '/v1/dead-letters',
      needs: 'status',
      shows: 'records',
      about: 'Dead letters, newest first.',
      query: z.strictObject({
        limit: z
          .string()
          .regex(/^\d{1,4}$/, 'expected a whole number')
          .transform(Number)
          .refine((n) => n >= 1 && n <= 1000, 'expected 1 to 1000')
          .default(100),
        after: z.string().min(1).max(4096).optional(),
      }),
      answers: { 200: json('Dead letters, without their lines in full.', deadLettersShape) },
      async serve({ query: { limit, after }, asker }) {
        readings.goesOn(asker, { action: 'dead-letter-view', did: 'looked at the dead letters' })
        const { letters, next, total } = await store.deadLetters.list({
          limit,
          ...(after === undefined ? {} : { after }),
        })
        return { letters: letters.map((letter) => shapeOf(letter, LISTED_BYTES)), next, total }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/dead-letters/:id',
      needs: 'status',
      shows: 'records',
      about: 'One dead letter, with the shipped line byte for byte.',
      params,
      answers: { 200: json('The dead letter.', wholeDeadLetterShape) },
      async serve({ params: { id }, asker }) {
        const letter = await store.deadLetters.get(id)
        if (letter === null) throw missing(id)
        readings.note(asker, {
          action: 'dead-letter-view',
          did: `read the dead letter ${id}`,
          entity: { type: 'dead-letter', id, name: letter.eventId },
        })
        return { ...shapeOf(letter), raw: letter.line.toString('base64') }
      },
    }),
    route({
      method: 'POST',
      path: '/v1/dead-letters/:id/replay',
      needs: 'dead-letters',
      shows: 'records',
      about: 'Tries to store the event again. On success the letter is removed.',
      params,
      answers: { 200: json('Whether it is stored now, or why not.', replayShape) },
      async serve({ params: { id }, asker }) {
        const letter = await store.deadLetters.get(id)
        if (letter === null) throw missing(id)
        const act = {
          action: 'dead-letter-replay',
          category: 'system',
          by: asker,
          entity: { type: 'dead-letter', id, name: letter.eventId },
        } as const
        await trail.record({
          ...act,
          message: `Dead letter ${id} (${letter.kind}: ${letter.reason}) will be stored again.`,
          outcome: 'unknown',
        })
        const author = service.authorOf(letter.agent)
        if (author === null)
          throw new Refusal(
            'WB-SENDER-UNKNOWN',
            `Agent ${letter.agent}, which sent it, is not enrolled here.`,
          )
        const result = await store.deadLetters.replay(id, enrichment.additionsOf(letter.line), author)
        if (result === null) throw missing(id)
        await trail.record(
          result.stored
            ? { ...act, message: `Dead letter ${id} was stored.`, outcome: 'success' }
            : {
                ...act,
                message: `Dead letter ${id} could not be stored.`,
                outcome: 'failure',
                reason: result.reason,
              },
        )
        return result
      },
    }),
    route({
      method: 'DELETE',
      path: '/v1/dead-letters/:id',
      needs: 'dead-letters',
      shows: 'records',
      about: 'Discards a dead letter, with an event in the audit trail.',
      params,
      answers: { 204: { about: 'It is gone.', content: {} } },
      async serve({ params: { id }, asker, reply }) {
        const letter = await store.deadLetters.get(id)
        if (letter === null) throw missing(id)
        await trail.record({
          action: 'dead-letter-discard',
          category: 'system',
          message: `Dead letter ${id} (${letter.kind}: ${letter.reason}) was discarded.`,
          outcome: 'success',
          by: asker,
          entity: { type: 'dead-letter', id, name: letter.eventId },
        })
        if (!(await store.deadLetters.discard(id))) throw missing(id)
        return reply.code(204).send()
      },
    }),
  ]
}

/** The length to which a list shows a line: a thousand lines may have a MiB each. */
const LISTED_BYTES = 4096

function shapeOf(letter: DeadLetter, most = Number.POSITIVE_INFINITY) {
  const { line, ...rest } = letter
  const shown = line.length <= most ? line : line.subarray(0, most)
  return { ...rest, line: shown.toString('utf8'), bytes: letter.whole?.bytes ?? line.length }
}
