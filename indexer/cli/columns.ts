import type { AuditEvent } from '../../schema/index.ts'
import { columnOf } from '../columns.ts'
import { fullName, namedField, nearestName } from '../query/index.ts'
import { UsageError } from './exit.ts'
import { isEstimated } from './marks.ts'

/** A column of the results: what stands over it, and what of an event stands in it. */
export interface Column {
  readonly title: string
  readonly of: (event: AuditEvent) => string
  /** Said beside each value in a table, and once over the column in a file for programs. */
  readonly estimated?: true
}

const SHOWN = ['@timestamp', 'user.name', 'event.action', 'audit.entity.name', 'event.outcome', 'message']

/** What a person wants to see first; `narrow` leaves off the id, which 40 digits long would leave no room. */
export function usualColumns(room: number | undefined): Column[] {
  const fields = room === undefined || room >= 150 ? [...SHOWN, 'event.id'] : SHOWN
  return tableColumns(fields)
}

/** A time without the zone, which the title names, and in a line the title in capitals. */
function tableColumns(fields: readonly string[]): Column[] {
  return fields.map((field) => {
    const { title, of } = columnOf(field)
    return {
      title: title.toUpperCase(),
      of:
        field === '@timestamp'
          ? (event) =>
              of(event)
                .replace('T', ' ')
                .replace(/(?:\.\d+)?Z$/, '')
          : of,
    }
  })
}

/** One column for each field, by its full or its short name. */
export function fieldColumns(names: readonly string[]): Column[] {
  return names.map((name) => {
    const field = namedField(name)
    if (field === undefined) {
      const near = nearestName(name)
      throw new UsageError(
        `There is no field ${name} for a column${near === undefined ? '' : `; did you mean ${near}?`}`,
      )
    }
    const path = fullName(field)
    return { ...columnOf(path), ...(isEstimated(path) && { estimated: true }) }
  })
}
