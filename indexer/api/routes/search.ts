import * as z from 'zod'
import {
  arrivalsShape,
  countsShape,
  DIMENSIONS,
  eventAnswerShape,
  eventShape,
  pageShape,
} from '../../../schema/api/index.ts'
import { type Events, seenWith } from '../../accounts/index.ts'
import { Refusal } from '../../refusal.ts'
import type { Asker } from '../access.ts'
import { exportOf } from '../readings.ts'
import { json, type Route, route } from '../route.ts'
import type { Service } from '../service.ts'
import { pageIn, sortingOf, sortText } from '../sorting.ts'
import { MOMENT_HEADER, streamEvents, streamMoment } from '../stream.ts'
import { digits, ownText, queryOf, queryText, quoted, spanOf, timeOf, timeText, upTo } from './asked.ts'

const q = queryText
const time = timeText
const after = z.string().min(1).max(4096).optional().describe('`next` of the previous page.')
const MOST = 1000
const restored = z
  .string()
  .max(64)
  .optional()
  .describe('Searches the events of this restore of the archive, in place of those of the store.')
const NDJSON = 'application/x-ndjson'

/** The routes for questions about events. */
export function searchRoutes(service: Service): Route[] {
  const { clock, eventsFor, readings, restores } = service

  /** The events of the store, or of a restore. Somebody who sees only some events sees the same of a restore. */
  async function eventsOf(
    asker: Asker,
    id: string | undefined,
  ): Promise<{ events: Events; mark: { id: string; until: number } | null }> {
    if (id === undefined) return { events: eventsFor(asker), mark: null }
    if (restores === null) throw new Refusal('WB-NOT-FOUND', `There is no restore ${id}.`)
    const { until } = await restores.get(id)
    return { events: seenWith(asker.visibility, await restores.store(id)), mark: { id, until } }
  }

  return [
    route({
      method: 'GET',
      path: '/v1/search',
      needs: 'search',
      about:
        `Finds events. With \`Accept: ${NDJSON}\` it streams them, one a line, up to \`limit\` or to the last; ` +
        `otherwise it answers with a page of at most ${MOST} (100 by default).`,
      query: z.strictObject({
        q,
        from: time,
        to: time,
        sort: sortText,
        limit: digits.refine((n) => n >= 1, 'expected at least 1').optional(),
        after,
        own: ownText,
        restored,
      }),
      answers: {
        200: { about: 'Events.', content: { 'application/json': pageShape, [NDJSON]: eventShape } },
      },
      async serve({ query: asked, request, reply, asker }) {
        const now = clock()
        const search = {
          query: queryOf(asked.q, now, asker, asked.own),
          ...spanOf(asked, now),
        }
        const sorting = sortingOf(asked.sort)
        const source = await eventsOf(asker, asked.restored)
        const events = source.events
        const { q: text, from, to, sort } = asked
        const said = {
          query: text,
          from,
          to,
          sort,
          own: asked.own ? 'true' : '',
          ...(asked.restored !== undefined && { restored: asked.restored }),
        }
        if (accepts(request.headers.accept, NDJSON)) {
          const many = asked.limit === undefined || asked.limit > MOST
          if (many && !asker.permissions.has('export')) {
            throw new Refusal(
              'WB-FORBIDDEN',
              `More than ${MOST} events at once are an export, which needs the permission export; give a limit of at most ${MOST}.`,
            )
          }
          const reading = exportOf(said)
          if (many) readings.note(asker, reading.begun)
          else
            readings.note(asker, { action: 'search', did: `searched for ${quoted(asked.q)}`, payload: said })
          const form = { limit: asked.limit, after: asked.after, stop: service.stopping }
          const pageOf = (
            at: Pick<Events, 'search' | 'aggregate'>,
            page: { limit: number; after?: string },
          ) => pageIn(sorting, at, { ...search, ...page })
          if (!many) return reply.type(NDJSON).send(streamEvents((page) => pageOf(events, page), form))
          const { stream, header } = await streamMoment(events, pageOf, {
            ...form,
            log: service.log,
            now,
            ended: (count, isWhole) => readings.note(asker, reading.ended(count, isWhole)),
          })
          return reply.type(NDJSON).header(MOMENT_HEADER, header).send(stream)
        }
        if (asked.limit !== undefined && asked.limit > MOST) {
          throw new Refusal(
            'WB-REQUEST-INVALID',
            `limit: a page has at most ${MOST} events; continue with after, or stream with Accept: ${NDJSON}.`,
          )
        }
        const reading = { action: 'search', did: `searched for ${quoted(asked.q)}`, payload: said } as const
        if (asked.after === undefined) readings.note(asker, reading)
        else readings.goesOn(asker, reading)
        const page = await pageIn(sorting, events, {
          ...search,
          limit: asked.limit ?? 100,
          ...(asked.after === undefined ? {} : { after: asked.after }),
        })
        return source.mark === null ? page : { ...page, restored: source.mark }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/arrivals',
      needs: 'search',
      about:
        'Events in the order in which they were stored, for following. Without `after` the answer gives the present end.',
      query: z.strictObject({ q, after, limit: upTo(MOST).default(100), own: ownText }),
      answers: { 200: json('The new events, oldest first.', arrivalsShape) },
      async serve({ query: asked, asker }) {
        const query = queryOf(asked.q, clock(), asker, asked.own)
        const events = eventsFor(asker)
        const reading = {
          action: 'follow',
          did: `follows ${quoted(asked.q)}`,
          payload: { query: asked.q, own: asked.own ? 'true' : '' },
        } as const
        if (asked.after === undefined) {
          readings.note(asker, reading)
          return { events: [], next: await events.arrivalsEnd() }
        }
        readings.goesOn(asker, reading)
        const page = await events.arrivals({ query, after: asked.after, limit: asked.limit })
        return { events: page.events, next: page.next ?? asked.after }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/events/:id',
      needs: 'search',
      about: 'One event as stored, with the values that are derived when it is read.',
      params: z.object({ id: z.string().max(256) }),
      query: z.strictObject({ restored }),
      answers: { 200: json('The event.', eventAnswerShape) },
      async serve({ params: { id }, query: asked, asker }) {
        const event = await (await eventsOf(asker, asked.restored)).events.get(id)
        if (event === null) throw new Refusal('WB-EVENT-UNKNOWN', `There is no event ${id}.`)
        readings.note(asker, {
          action: 'view',
          did: `read the event ${id}`,
          entity: { type: 'event', id },
        })
        return { event, derived: await service.derivedFor(asker, event) }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/events/:id/export',
      needs: 'export',
      about: 'One event as a file.',
      params: z.object({ id: z.string().max(256) }),
      answers: { 200: { about: 'The event.', content: { 'application/json': eventShape } } },
      async serve({ params: { id }, asker, reply }) {
        const event = await eventsFor(asker).get(id)
        if (event === null) throw new Refusal('WB-EVENT-UNKNOWN', `There is no event ${id}.`)
        readings.note(asker, {
          action: 'export',
          did: `exported the event ${id}`,
          entity: { type: 'event', id },
          payload: { format: 'json' },
          count: 1,
        })
        return reply
          .type('application/json; charset=utf-8')
          .header('content-disposition', `attachment; filename="event-${id.replaceAll(/[^\w-]/g, '_')}.json"`)
          .send(`${JSON.stringify(event, null, 2)}\n`)
      },
    }),
    route({
      method: 'GET',
      path: '/v1/counts',
      needs: 'search',
      about:
        'Hourly counts by one dimension. The hours are those of the events; without `from` it is the last 24 hours.',
      query: z.strictObject({ by: z.enum(DIMENSIONS), from: time, to: time }),
      answers: { 200: json('Counts.', countsShape) },
      async serve({ query: asked, asker }) {
        const now = clock()
        const to = timeOf('to', asked.to, now) ?? now
        const from = timeOf('from', asked.from, now) ?? to - 24 * 3_600_000
        readings.goesOn(asker, {
          action: 'count',
          did: `counted all events of each hour by ${asked.by}`,
          payload: { by: asked.by, from: asked.from, to: asked.to },
        })
        return { counts: await eventsFor(asker).counts({ by: asked.by, from, to }) }
      },
    }),
  ]
}

/** Whether a media type is asked for by name. */
const accepts = (header: string | undefined, type: string): boolean =>
  (header ?? '').split(',').some((one) => one.split(';')[0]?.trim().toLowerCase() === type)
