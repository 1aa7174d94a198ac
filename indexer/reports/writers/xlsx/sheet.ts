import type { Cell, TableColumn } from '../../document.ts'
import type { Clock } from '../clock.ts'
import { isFigure } from '../shown.ts'
import type { Zip } from '../zip.ts'
import { columnName, columnTitle, FORMATS, textCell, typedCell } from './cells.ts'

/** Rows that a sheet can have. */
export const SHEET_ROWS = 1_048_576

/** Heights in points: of a line, of a title, and the most that a row may have. */
const LINE = 15
const TITLE_LINE = 26
const MOST_HEIGHT = 409
const WRAPPED: ReadonlySet<number> = new Set([FORMATS.wrapped, FORMATS.code])
const LARGE: ReadonlySet<number> = new Set([FORMATS.good, FORMATS.bad])

/** A guess: the width of letters depends on the fonts of the program. */
function heightOf(text: string, format: number, width: number): number {
  const [letter, line] = LARGE.has(format) ? [1.25, 18] : [1, LINE]
  if (!LARGE.has(format) && !WRAPPED.has(format)) return LINE
  const lines = text.slice(0, 10_000).split('\n')
  return lines.reduce((sum, { length }) => sum + line * Math.max(1, Math.ceil((length * letter) / width)), 0)
}

/** One sheet, written row by row. */
export class Sheet {
  readonly #zip: Zip
  readonly #names: string[] = []
  readonly #widths: readonly number[]
  /** The last row. */
  rows = 0

  /** Widths are in letters; the first `frozen` rows stay when the others move. */
  constructor(zip: Zip, path: string, widths: readonly number[], frozen: number) {
    this.#zip = zip
    this.#widths = widths
    zip.begin(path)
    const pane =
      frozen === 0
        ? ''
        : `<pane ySplit="${frozen}" topLeftCell="A${frozen + 1}" activePane="bottomLeft" state="frozen"/>`
    const columns = widths.map(
      (width, index) => `<col min="${index + 1}" max="${index + 1}" width="${width}" customWidth="1"/>`,
    )
    zip.text(
      `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetPr><pageSetUpPr fitToPage="1"/></sheetPr><sheetViews><sheetView showGridLines="${frozen === 0 ? 0 : 1}" workbookViewId="0">${pane}</sheetView></sheetViews>${columns.length === 0 ? '' : `<cols>${columns.join('')}</cols>`}<sheetData>`,
    )
  }

  /** Not every program makes a row as high as its text by itself. */
  texts(texts: readonly string[], formats: readonly number[]): void {
    const heights = texts.map((text, index) => heightOf(text, formats[index]!, this.#widths[index] ?? 10))
    const height = formats.includes(FORMATS.title) ? TITLE_LINE : Math.min(MOST_HEIGHT, Math.max(...heights))
    this.#row(
      texts.map((text, index) => (text === '' ? '' : textCell(this.#place(index), text, formats[index]!))),
      height === LINE ? '' : ` ht="${height}" customHeight="1"`,
    )
  }

  titles(columns: readonly TableColumn[], clock: Clock): void {
    this.texts(
      columns.map((column) => columnTitle(column, clock)),
      columns.map(({ kind }) => (isFigure(kind) ? FORMATS.headFigure : FORMATS.head)),
    )
  }

  cells(cells: readonly Cell[], columns: readonly TableColumn[], clock: Clock): void {
    let row = ''
    for (let i = 0; i < columns.length; i++)
      row += typedCell(this.#place(i), cells[i] ?? null, columns[i]!.kind, clock)
    this.#row([row])
  }

  skip(): void {
    this.rows++
  }

  /** Whether its rows can be filtered by column. */
  end(filter: { columns: number } | null): void {
    const area = filter === null ? '' : `<autoFilter ref="A1:${columnName(filter.columns - 1)}${this.rows}"/>`
    this.#zip.text(
      `</sheetData>${area}<pageSetup orientation="landscape" fitToWidth="1" fitToHeight="0"/></worksheet>`,
    )
    this.#zip.end()
  }

  #place(index: number): string {
    this.#names[index] ??= columnName(index)
    return `${this.#names[index]}${this.rows + 1}`
  }

  #row(cells: readonly string[], height = ''): void {
    this.rows++
    this.#zip.text(`<row r="${this.rows}"${height}>${cells.join('')}</row>`)
  }
}
