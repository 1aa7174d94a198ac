import * as z from 'zod'
import { columnOf, csvHead, csvLine, FILE_FIELDS } from '../../columns.ts'
import { exportOf } from '../readings.ts'
import { type Route, route } from '../route.ts'
import type { Service } from '../service.ts'
import { pageIn, sortingOf, sortText } from '../sorting.ts'
import { MOMENT_HEADER, streamMoment } from '../stream.ts'
import { fieldNameOf, ownText, queryOf, queryText, spanOf, timeText } from './asked.ts'

const MOST_COLUMNS = 100

/** The routes that export all events of a query as a file. */
export function exportRoutes({ clock, eventsFor, readings, stopping, log }: Service): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/export',
      needs: 'export',
      about:
        'Everything that a query finds, streamed as a file: NDJSON has whole events, CSV the columns named, with formulas as plain text. ' +
        'It has the events of the moment when it began, if the store can keep such a moment: the header `waybill-moment` gives it, or the reason.',
      query: z.strictObject({
        q: queryText,
        from: timeText,
        to: timeText,
        sort: sortText,
        own: ownText,
        format: z.enum(['csv', 'ndjson']),
        columns: z
          .string()
          .max(8192)
          .default(FILE_FIELDS.join(','))
          .transform((text) => text.split(',').filter((name) => name !== ''))
          .pipe(z.array(z.string()).min(1).max(MOST_COLUMNS))
          .describe('For CSV: fields by their full or short names, separated by commas.'),
      }),
      answers: {
        200: { about: 'The file.', content: { 'text/csv': z.string(), 'application/x-ndjson': z.string() } },
      },
      async serve({ query: asked, reply, asker }) {
        const now = clock()
        const { q, format } = asked
        const columns = asked.columns.map((name) => columnOf(fieldNameOf(name)))
        const sorting = sortingOf(asked.sort)
        const request = { query: queryOf(q, now, asker, asked.own), ...spanOf(asked, now) }
        const events = eventsFor(asker)
        const reading = exportOf({
          ...{ query: q, from: asked.from, to: asked.to, sort: asked.sort, format },
          ...(format === 'csv' && { columns: columns.map(({ field }) => field).join(',') }),
          own: asked.own ? 'true' : '',
        })
        readings.note(asker, reading.begun)
        const name = `waybill-events-${new Date(now).toISOString().slice(0, 19).replaceAll(':', '')}.${format}`
        const { stream, header } = await streamMoment(
          events,
          (at, page) => pageIn(sorting, at, { ...request, ...page }),
          {
            stop: stopping,
            log,
            now,
            ended: (count, isWhole) => readings.note(asker, reading.ended(count, isWhole)),
            ...(format === 'csv' && {
              head: csvHead(columns),
              line: (event) => csvLine(event, columns),
            }),
          },
        )
        return reply
          .type(format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson')
          .header('content-disposition', `attachment; filename="${name}"`)
          .header(MOMENT_HEADER, header)
          .send(stream)
      },
    }),
  ]
}
