import { csvCell, csvQuoted } from '../../columns.ts'
import type { Cell, ColumnKind, ReportDocument, TableColumn } from '../document.ts'
import { Clock } from './clock.ts'
import type { WriteRequest } from './index.ts'
import type { Output } from './output.ts'
import { cutAfter, cutRest, eachRow } from './rows.ts'

/** Spreadsheets recognise UTF-8 by it. */
const MARK = '\ufeff'

/** Writes rows as RFC 4180 has them, and what a spreadsheet would run as text. */
export async function writeCsv(output: Output, request: WriteRequest): Promise<number> {
  const { document } = request
  if (document.rows === null) return tables(output, document)
  const line = csvLines(document.rows.columns, document.zone)
  output.text(`${MARK}${csvTitles(document.rows.columns)}`)
  output.cut('the titles')
  const count = await eachRow(request, ({ cells }, index) => {
    output.text(line(cells))
    cutAfter(output, index + 1)
  })
  cutRest(output, count)
  return count
}

/** A report without rows: its tables one after the other, each below its title. */
function tables(output: Output, { findings, zone }: ReportDocument): number {
  const lines = findings.flatMap(({ title, table }) =>
    table === null
      ? []
      : [
          `${csvQuoted(title)}\r\n`,
          csvTitles(table.columns),
          ...table.rows.map(csvLines(table.columns, zone)),
          '\r\n',
        ],
  )
  const [first = '\r\n', ...rest] = lines
  output.text(MARK + first)
  output.cut('the titles')
  for (const [index, line] of rest.entries()) {
    output.text(line)
    cutAfter(output, index + 1)
  }
  cutRest(output, rest.length)
  return 0
}

export const csvTitles = (columns: readonly TableColumn[]): string =>
  `${columns.map(({ title, kind }) => csvQuoted(kind === 'duration' ? `${title} (s)` : title)).join(',')}\r\n`

/** One line of cells, on the clock of a zone. */
export function csvLines(columns: readonly TableColumn[], zone: string): (cells: readonly Cell[]) => string {
  const clock = new Clock(zone)
  const kinds = columns.map(({ kind }) => kind)
  return (cells) => {
    let line = ''
    for (let i = 0; i < kinds.length; i++) {
      if (i > 0) line += ','
      line += cellText(cells[i] ?? null, kinds[i]!, clock)
    }
    return `${line}\r\n`
  }
}

function cellText(cell: Cell, kind: ColumnKind, clock: Clock): string {
  if (cell === null) return ''
  if (typeof cell === 'string') return csvCell(cell)
  if (kind === 'time') return clock.iso(cell)
  return String(kind === 'duration' ? cell / 1000 : cell)
}
