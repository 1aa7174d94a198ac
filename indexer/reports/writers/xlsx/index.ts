import type { ReportDocument, ReportRow, RowColumn, Section } from '../../document.ts'
import { Clock } from '../clock.ts'
import type { WriteRequest } from '../index.ts'
import type { Output } from '../output.ts'
import { eachPage } from '../rows.ts'
import { firstFacts, rowsNote, shownNumber, verdictText } from '../shown.ts'
import { Zip } from '../zip.ts'
import { columnTitle, columnWidth, FORMATS, STYLES, xmlText } from './cells.ts'
import { SHEET_ROWS, Sheet } from './sheet.ts'

/** The text of a sheet, before compression; the next one begins then, as after its last row. */
const SHEET_BYTES = 2 ** 31
const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006'
const TYPE = 'application/vnd.openxmlformats-officedocument.spreadsheetml'
const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

/** Writes a workbook: what the first page of a report says, its findings, its events with types, and the requirements. */
export async function writeXlsx(
  output: Output,
  request: WriteRequest,
  mostRows = SHEET_ROWS,
): Promise<number> {
  const { document } = request
  const clock = new Clock(document.zone)
  const zip = new Zip(output)
  const book = new Book(zip)
  aboutSheet(book, document, clock)
  if (document.findings.length > 0) findingsSheet(book, document.findings, clock)
  const count =
    document.rows === null ? 0 : await eventSheets(book, request, document.rows.columns, clock, mostRows)
  if (document.controls.length > 0) controlsSheet(book, document)
  book.finish(document)
  zip.finish()
  return count
}

/** The sheets, in their order. */
class Book {
  readonly zip: Zip
  readonly #names: string[] = []

  constructor(zip: Zip) {
    this.zip = zip
  }

  add(name: string, widths: readonly number[], frozen = 0): Sheet {
    this.#names.push(name)
    return new Sheet(this.zip, `xl/${pathOf(name)}`, widths, frozen)
  }

  finish({ title, about, organisation, requested }: ReportDocument): void {
    const { zip } = this
    const sheets = this.#names.map(
      (name, index) => `<sheet name="${name}" sheetId="${index + 1}" r:id="r${index + 1}"/>`,
    )
    const relations = this.#names.map(
      (name, index) =>
        `<Relationship Id="r${index + 1}" Type="${OFFICE}/worksheet" Target="${pathOf(name)}"/>`,
    )
    const parts = this.#names.map(
      (name) => `<Override PartName="/xl/${pathOf(name)}" ContentType="${TYPE}.worksheet+xml"/>`,
    )
    const at = new Date(requested.at).toISOString().replace(/\.\d+Z$/, 'Z')
    const entries: [string, string][] = [
      ['xl/styles.xml', STYLES],
      [
        'xl/workbook.xml',
        `${XML}<workbook xmlns="${MAIN}" xmlns:r="${OFFICE}"><bookViews><workbookView/></bookViews><sheets>${sheets.join('')}</sheets></workbook>`,
      ],
      [
        'xl/_rels/workbook.xml.rels',
        `${XML}<Relationships xmlns="${PACKAGE}/relationships">${relations.join('')}<Relationship Id="styles" Type="${OFFICE}/styles" Target="styles.xml"/></Relationships>`,
      ],
      [
        'docProps/core.xml',
        `${XML}<cp:coreProperties xmlns:cp="${PACKAGE}/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><dc:title>${xmlText(title)}</dc:title><dc:description>${xmlText(about)}</dc:description><dc:creator>${xmlText(organisation?.name ?? 'Waybill')}</dc:creator><dcterms:created xsi:type="dcterms:W3CDTF">${at}</dcterms:created></cp:coreProperties>`,
      ],
      [
        '_rels/.rels',
        `${XML}<Relationships xmlns="${PACKAGE}/relationships"><Relationship Id="book" Type="${OFFICE}/officeDocument" Target="xl/workbook.xml"/><Relationship Id="core" Type="${PACKAGE}/relationships/metadata/core-properties" Target="docProps/core.xml"/></Relationships>`,
      ],
      [
        '[Content_Types].xml',
        `${XML}<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="${TYPE}.sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="${TYPE}.styles+xml"/><Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/>${parts.join('')}</Types>`,
      ],
    ]
    for (const [name, text] of entries) zip.entry(name, text)
  }
}

const pathOf = (sheet: string): string => `worksheets/${sheet.replaceAll(' ', '-')}.xml`

function aboutSheet(book: Book, document: ReportDocument, clock: Clock): void {
  const { title, about, organisation, verdict, query, checkpoint, account } = document
  const sheet = book.add('About', [26, 84, 28, 28, 28, 28])
  const pair = (name: string, text: string, format: number = FORMATS.wrapped): void =>
    sheet.texts([name, text], [FORMATS.muted, format])
  if (organisation !== null) sheet.texts([organisation.name], [FORMATS.muted])
  sheet.texts([title], [FORMATS.title])
  if (about !== '') sheet.texts(['', about], [FORMATS.plain, FORMATS.wrapped])
  sheet.skip()
  pair('Verdict', verdictText(verdict), verdict.complete ? FORMATS.good : FORMATS.bad)
  for (const reason of verdict.reasons) pair('', reason)
  for (const { name, text } of firstFacts(document, clock)) pair(name, text)
  pair('Query', query === '' ? 'None: all events of the scope.' : query, FORMATS.code)
  if (document.rows !== null) pair('Events', rowsNote(document))
  pair('Checkpoint', checkpoint ?? 'There was none yet.', FORMATS.code)
  for (const section of account) sectionRows(sheet, section, clock)
  sheet.end(null)
}

function findingsSheet(book: Book, findings: readonly Section[], clock: Clock): void {
  const columns = Math.max(2, ...findings.map(({ table }) => table?.columns.length ?? 0))
  const sheet = book.add('Findings', [36, ...Array.from({ length: columns - 1 }, () => 22)])
  for (const section of findings) sectionRows(sheet, section, clock)
  sheet.end(null)
}

/** A title, a note, the numbers of a chart, and a table. */
function sectionRows(sheet: Sheet, { title, note, chart, table }: Section, clock: Clock): void {
  if (sheet.rows > 0) sheet.skip()
  sheet.texts([title], [FORMATS.heading])
  if (note !== '') sheet.texts([note], [FORMATS.muted])
  if (chart?.kind === 'time') {
    const columns = [{ title: `Begin of the ${chart.unit}`, kind: 'time' }, COUNT] as const
    sheet.titles(columns, clock)
    for (const { at, count } of chart.points) sheet.cells([at, count], columns, clock)
  }
  if (chart?.kind === 'bars') {
    const columns = [{ title: 'Value', kind: 'text' }, COUNT] as const
    sheet.titles(columns, clock)
    for (const { label, count } of chart.bars)
      sheet.cells([label === '' ? '(none)' : label, count], columns, clock)
    if (chart.others > 0) sheet.cells(['All others', chart.others], columns, clock)
  }
  if (table === null) return
  if (chart !== null) sheet.skip()
  sheet.titles(table.columns, clock)
  for (const cells of table.rows) sheet.cells(cells, table.columns, clock)
  if (table.more > 0) sheet.texts([`${shownNumber(table.more)} further rows are not shown.`], [FORMATS.muted])
}

const COUNT = { title: 'Events', kind: 'number' } as const

async function eventSheets(
  book: Book,
  request: WriteRequest,
  columns: readonly RowColumn[],
  clock: Clock,
  mostRows: number,
): Promise<number> {
  let sheet: Sheet | null = null
  let number = 0
  let widths: readonly number[] | null = null
  const name = (): string => (number === 1 ? 'Events' : `Events ${number}`)
  const next = (): Sheet => {
    sheet?.end({ columns: columns.length })
    number++
    const begun = book.add(name(), widths ?? [], 1)
    begun.titles(columns, clock)
    return begun
  }
  const count = await eachPage(request, (rows) => {
    widths ??= widthsOf(columns, rows, clock)
    for (const { cells } of rows) {
      if (sheet === null || sheet.rows === mostRows || book.zip.size > SHEET_BYTES) sheet = next()
      sheet.cells(cells, columns, clock)
    }
  })
  widths ??= widthsOf(columns, [], clock)
  sheet ??= next()
  sheet.end({ columns: columns.length })
  return count
}

const widthsOf = (
  columns: readonly RowColumn[],
  rows: readonly ReportRow[],
  clock: Clock,
): readonly number[] =>
  columns.map((column, index) =>
    columnWidth(
      columnTitle(column, clock),
      column.kind,
      rows.slice(0, 500).map(({ cells }) => cells[index] ?? null),
    ),
  )

function controlsSheet(book: Book, { controls }: ReportDocument): void {
  const sheet = book.add('Requirements', [26, 18, 70, 70], 1)
  const titles = ['Framework', 'Requirement', 'What it demands', 'How this report supports it']
  sheet.texts(
    titles,
    titles.map(() => FORMATS.head),
  )
  for (const { framework, control, demands, support } of controls)
    sheet.texts(
      [framework, control, demands, support],
      Array.from({ length: 4 }, () => FORMATS.wrapped),
    )
  sheet.end({ columns: 4 })
}
