import { parse } from 'yaml'
import type { QueryRowsShape } from '../../schema/api/index.ts'
import { memberOf } from '../../schema/index.ts'
import { parseQuery, printQuery, type Query } from '../query/index.ts'

type Rows = NonNullable<QueryRowsShape>
type Row = Rows['rows'][number]

const MOST_ROWS = 50

/** The rows for the query in the text of a rule, also where the rest of the text has mistakes. */
export function queryRowsIn(text: string): Rows | null {
  try {
    const query: unknown = memberOf(parse(text, { logLevel: 'silent' }), 'query')
    return typeof query === 'string' ? queryRows(parseQuery(query, { now: 0 })) : null
  } catch {
    // The check names the mistake.
    return null
  }
}

/** A query as the rows of a form, all or any of which must hold; null if it has a structure that rows can't show. */
function queryRows(query: Query): Rows | null {
  const join = query.kind === 'or' ? 'or' : 'and'
  const parts = query.kind === 'and' || query.kind === 'or' ? query.of : query.kind === 'all' ? [] : [query]
  const rows = parts.flatMap((part) => rowOf(part) ?? [])
  return rows.length === parts.length && rows.length <= MOST_ROWS ? { join, rows } : null
}

function rowOf(query: Query): Row | null {
  switch (query.kind) {
    case 'equals':
      return { field: query.field, operator: 'is', value: query.value }
    case 'exists':
      return { field: query.field, operator: 'exists', value: '' }
    case 'cidr':
      return { field: query.field, operator: 'is', value: printQuery(query).slice(`${query.field}: `.length) }
    case 'wildcard':
      return shapeRow(query)
    case 'range':
      return rangeRow(query)
    case 'not': {
      const { of } = query
      if (of.kind === 'equals') return { field: of.field, operator: 'is-not', value: of.value }
      return of.kind === 'exists' ? { field: of.field, operator: 'missing', value: '' } : null
    }
    default:
      return null
  }
}

function shapeRow({ field, parts }: Extract<Query, { kind: 'wildcard' }>): Row | null {
  const [first = '', middle = '', last] = parts
  if (parts.length === 3 && first === '' && last === '') return { field, operator: 'contains', value: middle }
  if (parts.length === 2 && middle === '') return { field, operator: 'begins', value: first }
  return null
}

function rangeRow(query: Extract<Query, { kind: 'range' }>): Row | null {
  const bounds = (['gt', 'gte', 'lt', 'lte'] as const).flatMap((operator) => {
    const bound = query[operator]
    return bound === undefined ? [] : [{ field: query.field, operator, value: String(bound) }]
  })
  return bounds.length === 1 ? (bounds[0] ?? null) : null
}
