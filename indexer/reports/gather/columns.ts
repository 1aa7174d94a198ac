import type { ExportAsked } from '../../../schema/api/index.ts'
import { fullName, namedField } from '../../query/index.ts'
import { Refusal } from '../../refusal.ts'
import type { RowColumn } from '../document.ts'
import { rowColumn } from './sections.ts'

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

/** The columns of an export, if some are asked for; null for the usual ones. */
export const exportColumns = ({ columns }: ExportAsked): RowColumn[] | null =>
  columns === undefined ? null : columnsOf(columns)
