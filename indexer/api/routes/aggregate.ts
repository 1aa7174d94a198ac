import * as z from 'zod'
import { FIELDS, type Field, SHORT_NAMES } from '../../../schema/index.ts'
import { isCountable } from '../../store/index.ts'
import type { Split } from '../../store/port.ts'
import {
  aggregateAsked,
  aggregateShape,
  fieldsShape,
  fieldValuesShape,
  type splitShape,
} from '../aggregate-shapes.ts'
import { json, type Route, route } from '../route.ts'
import type { Service } from '../service.ts'
import { fieldNameOf, queryOf, queryText, quoted, spanOf, timeText, upTo } from './asked.ts'

const HOUR = 3_600_000
/** Who types a query waits for what may come next. */
const COMPLETION_BUDGET = 1000

function splitOf(asked: z.output<typeof splitShape>): Split {
  switch (asked.kind) {
    case 'values': {
      const { kind, field, top, prefix } = asked
      return { kind, field: fieldNameOf(field), top, ...(prefix !== undefined && { prefix }) }
    }
    case 'time':
      return { ...asked, every: asked.every === 'hour' ? HOUR : asked.every }
    default:
      return asked
  }
}

/** The fields, and which short name each has. */
function fieldList(): z.output<typeof fieldsShape>['fields'] {
  const shorts = new Map<string, string>(Object.entries(SHORT_NAMES).map(([short, name]) => [name, short]))
  return Object.entries<Field>(FIELDS).map(([name, field]) => ({
    name,
    short: shorts.get(name) ?? null,
    type: field.type,
    many: field.many === true,
    countable: isCountable(name),
    about: field.about,
  }))
}

/** What is counted of the events. */
export function aggregateRoutes({ clock, eventsFor, readings }: Service): Route[] {
  const fields = fieldList()
  return [
    route({
      method: 'POST',
      path: '/v1/aggregate',
      needs: 'search',
      about:
        'Counts the events that a query finds, split by time and by values of fields. Nothing is changed by it.',
      body: aggregateAsked,
      answers: { 200: json('The counts.', aggregateShape) },
      async serve({ body: asked, asker }) {
        const now = clock()
        const { q, by, sums, distinct, latest, budget } = asked
        const query = queryOf(q, now, asker)
        readings.goesOn(asker, { action: 'count', did: `counted ${quoted(q)}`, payload: { query: q } })
        return eventsFor(asker).aggregate({
          query,
          ...spanOf(asked, now),
          by: by.map(splitOf),
          ...(sums !== undefined && { sums: sums.map(fieldNameOf) }),
          ...(distinct !== undefined && { distinct: distinct.map(fieldNameOf) }),
          ...(latest !== undefined && { latest }),
          budget,
        })
      },
    }),
    route({
      method: 'GET',
      path: '/v1/fields',
      needs: 'search',
      about: 'The fields of the common schema.',
      answers: { 200: json('The fields.', fieldsShape) },
      serve: async () => ({ fields }),
    }),
    route({
      method: 'GET',
      path: '/v1/fields/:name/values',
      needs: 'search',
      about: 'The values of a field, the most frequent first: for completing what a person types.',
      params: z.object({ name: z.string().min(1).max(256) }),
      query: z.strictObject({
        prefix: z.string().max(256).default('').describe('Only values that begin so, A to Z as a to z.'),
        q: queryText,
        from: timeText,
        to: timeText,
        top: upTo(100).default(10),
      }),
      answers: { 200: json('Values and how many events have them.', fieldValuesShape) },
      async serve({ params, query: asked, asker }) {
        const now = clock()
        const field = fieldNameOf(params.name)
        const query = queryOf(asked.q, now, asker)
        readings.goesOn(asker, { action: 'count', did: `looked for values of ${field}`, payload: { field } })
        const { split, partial } = await eventsFor(asker).aggregate({
          query,
          ...spanOf(asked, now),
          by: [{ kind: 'values', field, top: asked.top, prefix: asked.prefix }],
          budget: COMPLETION_BUDGET,
        })
        const buckets = split?.buckets ?? []
        return {
          field,
          values: buckets.map(({ key, count }) => ({ value: key, count })),
          distinct: split?.distinct ?? 0,
          partial,
        }
      },
    }),
  ]
}
