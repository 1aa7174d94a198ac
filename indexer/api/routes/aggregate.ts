import * as z from 'zod'
import {
  aggregateAsked,
  aggregateShape,
  alternativesShape,
  fieldsShape,
  fieldValuesShape,
  type splitShape,
} from '../../../schema/api/index.ts'
import { FIELDS, type Field, SHORT_NAMES } from '../../../schema/index.ts'
import {
  ABOUT_MEANT,
  alternativesTo,
  asksForOwn,
  isMeant,
  MEANT,
  parseQuery,
  printQuery,
  type Query,
} from '../../query/index.ts'
import { isCountable } from '../../store/index.ts'
import type { Split } from '../../store/port.ts'
import { json, type Route, route } from '../route.ts'
import type { Service } from '../service.ts'
import {
  fieldNameOf,
  ownText,
  queryOf,
  queryText,
  quoted,
  spanOf,
  timeText,
  upTo,
  withoutReads,
} from './asked.ts'

const HOUR = 3_600_000
/** A person who types a query waits for completions. */
const COMPLETION_BUDGET = 1000
const MOST_ALTERNATIVES = 8

function splitOf(asked: z.output<typeof splitShape>): Split {
  switch (asked.kind) {
    case 'values': {
      const { kind, field, top, prefix } = asked
      return {
        kind,
        field: isMeant(field) ? field : fieldNameOf(field),
        top,
        ...(prefix !== undefined && { prefix }),
      }
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
  const stored = Object.entries<Field>(FIELDS).map(([name, field]) => ({
    name,
    short: shorts.get(name) ?? null,
    type: field.type,
    many: field.many === true,
    countable: isCountable(name),
    about: field.about,
  }))
  const meant = MEANT.map((name) => ({
    ...{ name, short: null, type: 'keyword', many: false, countable: true },
    about: ABOUT_MEANT[name],
  }))
  return [...stored, ...meant]
}

/** The routes that count events. */
export function aggregateRoutes({ clock, eventsFor, readings }: Service): Route[] {
  const fields = fieldList()
  return [
    route({
      method: 'POST',
      path: '/v1/aggregate',
      needs: 'search',
      about:
        'Counts the events that a query finds, split by time and by values of fields. It changes nothing.',
      body: aggregateAsked,
      answers: { 200: json('The counts.', aggregateShape) },
      async serve({ body: asked, asker }) {
        const now = clock()
        const { q, by, sums, distinct, latest, budget, own } = asked
        const query = queryOf(q, now, asker, own)
        const { from, to } = asked
        const fields = by.map((split) => (split.kind === 'values' ? split.field : split.kind))
        readings.goesOn(asker, {
          action: 'count',
          did: `counted ${quoted(q)}${fields.length === 0 ? '' : ` by ${fields.join(' and ')}`}`,
          payload: {
            ...{ query: q, from, to, sums, distinct },
            by: by.map((split) => JSON.stringify(split)),
            latest: latest === true ? 'true' : '',
            own: own ? 'true' : '',
          },
        })
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
      path: '/v1/alternatives',
      needs: 'search',
      about:
        'For a query that found nothing: similar queries that find events, the most similar first, with the number of events of each.',
      query: z.strictObject({ q: queryText, from: timeText, to: timeText, own: ownText }),
      answers: { 200: json('The alternatives.', alternativesShape) },
      async serve({ query: asked, asker }) {
        const now = clock()
        const { q, from = null, to = null, own } = asked
        const span = spanOf(asked, now)
        queryOf(q, now, asker, own)
        const query = parseQuery(q, { now })
        readings.goesOn(asker, {
          action: 'count',
          did: `asked what is near ${quoted(q)}`,
          payload: { query: q, from: asked.from, to: asked.to, own: own ? 'true' : '' },
        })
        const events = eventsFor(asker)
        // Events may have arrived since the question was asked.
        const near = [
          { query, difference: 'by now, as you asked', group: 'as asked' },
          ...alternativesTo(query, { ...span, now }),
          ...(own || asksForOwn(query)
            ? []
            : [{ query, difference: "with Waybill's own searches and views", own: true, group: 'as asked' }]),
        ].filter((one) => asker.visibility.mask.allows(one.query))
        const counted = await Promise.all(
          near.map(async (one) => {
            const isOwn = own || 'own' in one
            const ask: { query: Query; from?: number; to?: number } = {
              query: isOwn ? one.query : withoutReads(one.query, asker),
              ...('from' in one ? spanOf({ from: one.from ?? undefined }, now) : span),
            }
            const { count } = await events.aggregate({ ...ask, by: [], budget: COMPLETION_BUDGET })
            const time = 'from' in one ? { from: one.from, to: null } : { from, to }
            const { difference, group } = one
            return { group, found: { q: printQuery(one.query), ...time, own: isOwn, difference, count } }
          }),
        )
        return { alternatives: worthSaying(counted) }
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
      about: 'The values of a field, the most frequent first, for completion.',
      params: z.object({ name: z.string().min(1).max(256) }),
      query: z.strictObject({
        prefix: z
          .string()
          .max(256)
          .default('')
          .describe('Only values with this beginning; A to Z equal a to z.'),
        q: queryText,
        from: timeText,
        to: timeText,
        own: ownText,
        top: upTo(100).default(10),
      }),
      answers: { 200: json('Values, with the number of events of each.', fieldValuesShape) },
      async serve({ params, query: asked, asker }) {
        const now = clock()
        const field = isMeant(params.name) ? params.name : fieldNameOf(params.name)
        const { q, prefix, from, to, own } = asked
        const query = queryOf(q, now, asker, own)
        readings.goesOn(asker, {
          action: 'count',
          did: `looked for values of ${field}${prefix === '' ? '' : ` that begin with ${JSON.stringify(prefix)}`}`,
          payload: { field, prefix, query: q, from, to, own: own ? 'true' : '' },
        })
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

/** Drops a wider alternative that finds no more than a nearer one of its group. */
function worthSaying<Found extends { readonly count: number }>(
  counted: readonly { readonly group: string; readonly found: Found }[],
): Found[] {
  const said = new Set<string>()
  return counted
    .filter(({ group, found: { count } }) => {
      const key = `${group}: ${count}`
      if (count === 0 || said.has(key)) return false
      said.add(key)
      return true
    })
    .map(({ found }) => found)
    .slice(0, MOST_ALTERNATIVES)
}
