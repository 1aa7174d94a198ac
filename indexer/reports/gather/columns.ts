import type { ExportAsked } from '../../../schema/api/index.ts'
import { FILE_FIELDS } from '../../columns.ts'
import { fullName, namedField } from '../../query/index.ts'
import { Refusal } from '../../refusal.ts'
import type { RowColumn } from '../document.ts'
import { type FilledColumn, PRESETS } from './presets.ts'
import { cellOf, rowColumn } from './sections.ts'

/** The columns of a report's rows: the last is always the id of the event. */
export function columnsOf(fields: readonly string[]): RowColumn[] {
  const names = fields.map((field) => {
    const named = namedField(field)
    if (named === undefined)
      throw new Refusal(
        'WB-REQUEST-INVALID',
        `columns: there is no field ${field}; docs/fields.md lists them.`,
      )
    return fullName(named)
  })
  return [...names.filter((name) => name !== 'event.id'), 'event.id'].map(rowColumn)
}

/** The columns of an export that are asked for, or the usual ones, and what each of them has for an event. */
export function exportColumns({ columns, preset }: ExportAsked, zone: string): readonly FilledColumn[] {
  if (preset === undefined)
    return columnsOf(columns ?? FILE_FIELDS).map((column) => ({ ...column, of: cellOf(column) }))
  if (columns !== undefined)
    throw new Refusal('WB-REQUEST-INVALID', 'columns: give either `columns` or `preset`.')
  return PRESETS[preset](zone)
}
