import { createHash } from 'node:crypto'
import type { ControlLine, ReportDocument, ReportRow, RowColumn } from '../../document.ts'
import { Clock } from '../clock.ts'
import { csvLines, csvTitles } from '../csv.ts'
import type { WriteRequest, WrittenFile } from '../index.ts'
import type { Output } from '../output.ts'
import { eachPage } from '../rows.ts'
import { byFramework, isFigure, rowsNote, shownCell, shownNumber } from '../shown.ts'
import { embedProofRoom, PROOF_NAME, ROWS_NAME, SpooledRows } from './attachments.ts'
import { PdfFile } from './file.ts'
import { heading, paragraph, section, small } from './flow.ts'
import { Fonts } from './fonts.ts'
import { frontPage } from './front.ts'
import { placedLogo } from './logo.ts'
import { metadata, outputIntent } from './metadata.ts'
import { Pages } from './pages.ts'
import { type Element, Structure } from './structure.ts'
import { type PdfColumn, PdfTable, ROW_TABLE, SMALL_TABLE } from './table.ts'
import { Typesetter } from './typesetter.ts'

/** About 500 pages. */
const PDF_ROWS = 20_000
/** More columns than these have room on landscape pages only. */
const PORTRAIT_COLUMNS = 5
/** More have no room on a page: the others are only in the embedded rows. */
const MOST_COLUMNS = 14

/** Writes a PDF/A-3a that is PDF/UA-1 too, with the rows as an embedded file and room for the proof. */
export async function writePdf(
  output: Output,
  request: WriteRequest,
  mostRows = PDF_ROWS,
): Promise<{ rows: number; proof: WrittenFile['proof'] }> {
  const { document } = request
  const clock = new Clock(document.zone)
  const file = new PdfFile(output)
  const structure = new Structure(file)
  const pages = new Pages(file, structure, new Typesetter(await Fonts.open()), document)
  const { document: root } = structure
  const at = document.requested.at
  file.piece('the first page')
  const logo = placedLogo(file, document.organisation?.logo ?? null)
  frontPage(pages, root, document, clock, logo)
  if (document.findings.length > 0) {
    pages.next('portrait')
    file.piece('the findings')
    const part = structure.begin('Sect', root)
    heading(pages, part, 'H2', 'Findings')
    for (const finding of document.findings) section(pages, part, finding, clock, 'H3')
    structure.end(part)
  }
  const spool = document.rows === null ? null : new SpooledRows(request.path)
  try {
    const count = spool === null ? 0 : await rowPages(pages, root, request, clock, spool, mostRows)
    if (document.controls.length > 0) controlPages(pages, root, document)
    const { tree, outline } = pages.finish()
    const tags = structure.finish()
    file.piece('the foot of each page, the fonts and the outline')
    pages.embedResources(logo === null ? '' : `/Logo ${logo.image} 0 R`)
    const attached: [string, number][] = []
    if (spool !== null) {
      file.piece(`the rows in ${ROWS_NAME}`)
      attached.push([ROWS_NAME, await spool.embed(file, at)])
    }
    file.piece('the metadata and the table of all objects')
    const { spec, room } = embedProofRoom(file, at)
    attached.push([PROOF_NAME, spec])
    const files = attached.map(([, ref]) => `${ref} 0 R`).join(' ')
    const names = attached.map(([name, ref]) => `(${name}) ${ref} 0 R`).join('')
    const outlines = outline === null ? '' : `/Outlines ${outline} 0 R/PageMode/UseOutlines`
    const catalogue = file.add(
      `<</Type/Catalog/Version/1.7/Pages ${tree} 0 R/Lang(en)/MarkInfo<</Marked true>>/StructTreeRoot ${tags} 0 R/Metadata ${metadata(file, document)} 0 R/OutputIntents${outputIntent(file)}/ViewerPreferences<</DisplayDocTitle true>>/AF[${files}]/Names<</EmbeddedFiles<</Names[${names}]>>>>${outlines}>>`,
    )
    file.finish(catalogue, fileId(document))
    return { rows: count, proof: room }
  } finally {
    await spool?.remove()
  }
}

async function rowPages(
  pages: Pages,
  root: Element,
  request: WriteRequest,
  clock: Clock,
  spool: SpooledRows,
  mostRows: number,
): Promise<number> {
  const { document } = request
  const { columns } = document.rows!
  // The last one is the id of the event.
  const places = [...columns.keys()].filter((at) => at < MOST_COLUMNS - 1 || at === columns.length - 1)
  const line = csvLines(columns, document.zone)
  const { structure } = pages
  spool.add(`\ufeff${csvTitles(columns)}`)
  pages.next(columns.length > PORTRAIT_COLUMNS ? 'landscape' : 'portrait')
  pages.file.piece('the pages of the events')
  const part = structure.begin('Sect', root)
  heading(pages, part, 'H2', 'Events')
  paragraph(pages, part, noteOf(document, mostRows))
  const texts = ({ cells }: ReportRow): string[] =>
    places.map((place) => shownCell(cells[place] ?? null, columns[place]!.kind, clock))
  let table: PdfTable | null = null
  let shown = 0
  const written = await eachPage(request, async (rows) => {
    if (rows.length === 0) return
    if (shown < mostRows) {
      const room = rows.slice(0, mostRows - shown).map(texts)
      table ??= new PdfTable(
        pages,
        part,
        places.map((place) => pdfColumn(columns[place]!)),
        room.slice(0, 500),
        ROW_TABLE,
        { wide: true },
      )
      for (const row of room) table.row(row)
      shown += room.length
    }
    let lines = ''
    for (const { cells } of rows) lines += line(cells)
    spool.add(lines)
    await spool.drain()
  })
  // Assigned within a function: the compiler takes it for null here.
  const drawn = table as PdfTable | null
  drawn?.end()
  if (written === 0) paragraph(pages, part, 'There are no events.')
  else if (written > shown)
    small(pages, part, `${shownNumber(written - shown)} further events are only in ${ROWS_NAME}.`)
  structure.end(part)
  return written
}

const pdfColumn = ({ title, kind }: RowColumn): PdfColumn => ({
  title,
  right: isFigure(kind),
  mono: kind === 'id',
  firm: kind !== 'text',
})

function noteOf(document: ReportDocument, mostRows: number): string {
  const { count, columns } = document.rows!
  const left = columns.length - MOST_COLUMNS
  const file = `the embedded file ${ROWS_NAME}`
  const missing = [
    ...(count > mostRows ? [`all but the first ${shownNumber(mostRows)} events`] : []),
    ...(left > 0 ? [`${left} further columns`] : []),
  ]
  const [first = ''] = missing
  const where =
    first === ''
      ? `The texts in full are in ${file}.`
      : `${first.charAt(0).toUpperCase()}${missing.join(' and ').slice(1)} are only in ${file}.`
  return `${rowsNote(document)} ${where}`
}

function controlPages(pages: Pages, root: Element, document: ReportDocument): void {
  pages.next('portrait')
  pages.file.piece('the requirements')
  const part = pages.structure.begin('Sect', root)
  heading(pages, part, 'H2', 'Requirements that this report supports')
  const columns = ['Requirement', 'What it demands', 'How this report supports it'].map((title, index) => ({
    title,
    right: false,
    mono: false,
    firm: index === 0,
  }))
  const rowOf = ({ control, demands, support }: ControlLine): string[] => [control, demands, support]
  // The tables of all frameworks have the same columns.
  const all = document.controls.map(rowOf)
  for (const [framework, controls] of byFramework(document)) {
    const below = pages.structure.begin('Sect', part)
    heading(pages, below, 'H3', framework)
    const table = new PdfTable(pages, below, columns, all, SMALL_TABLE, { wide: true })
    for (const row of controls.map(rowOf)) table.row(row)
    table.end()
    pages.structure.end(below)
  }
  pages.structure.end(part)
}

const fileId = ({ id, requested }: ReportDocument): string =>
  createHash('sha256').update(`${id} ${requested.at}`).digest('hex').slice(0, 32).toUpperCase()
