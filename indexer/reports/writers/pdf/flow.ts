import type { Section } from '../../document.ts'
import { type Drawing, drawChart, LABEL_SIZE, type Letters, type Shape } from '../chart.ts'
import type { Clock } from '../clock.ts'
import { isFigure, shownCell, shownNumber } from '../shown.ts'
import type { Colour, Page } from './page.ts'
import { ACCENT, BOLD, INK, MARGIN, MONO, MUTED, type Pages, RULE, SANS, TINT } from './pages.ts'
import type { Element, Kind } from './structure.ts'
import { PdfTable, SMALL_TABLE } from './table.ts'
import type { Line, Style } from './typesetter.ts'

const HEADINGS = {
  H1: { style: { ...BOLD, size: 25 }, leading: 30, before: 0, after: 8 },
  H2: { style: { ...BOLD, size: 15 }, leading: 20, before: 20, after: 8 },
  H3: { style: { ...BOLD, size: 10.5 }, leading: 14, before: 11, after: 3 },
} as const satisfies Partial<Record<Kind, object>>

const BODY: Style = { ...SANS, size: 9.5 }
const BODY_LEADING = 14
const CODE: Style = { ...MONO, size: 8 }
const CODE_LEADING = 11.5
const CODE_PAD = 7
/** Half of a page may be left empty so that something stays in one piece, but not more. */
const MOST_KEPT = 300
const LABEL: Style = { ...SANS, size: LABEL_SIZE }
const TONES: Readonly<Record<Extract<Shape, { kind: 'area' }>['tone'], Colour>> = {
  bar: ACCENT,
  rest: '0.69 0.73 0.77',
  grid: RULE,
  axis: MUTED,
}

/** A heading, which stays with at least `keep` points of what follows it. A part of the first page is of the second level, and looks smaller. */
export function heading(
  pages: Pages,
  parent: Element,
  kind: keyof typeof HEADINGS,
  text: string,
  { keep = 60, looks = kind }: { keep?: number; looks?: keyof typeof HEADINGS } = {},
): void {
  const { style, leading, before, after } = HEADINGS[looks]
  const lines = pages.type.lines(text, style, pages.width, 6)
  const atTop = pages.y <= MARGIN.top
  const above = atTop ? 0 : before
  if (!pages.need(above + lines.length * leading + after + keep)) pages.y += above
  if (kind !== 'H1') pages.bookmark(text, looks === 'H2' ? 1 : 2)
  const element = pages.structure.begin(kind, parent)
  marked(pages, element, () => drawLines(pages, lines, MARGIN.side, style.size, leading, INK))
  pages.structure.end(element)
  pages.y += after
}

export function paragraph(
  pages: Pages,
  parent: Element,
  text: string,
  { style = BODY, leading = BODY_LEADING, colour = INK, after = 6 } = {},
): void {
  const element = pages.structure.begin('P', parent)
  for (const line of pages.type.lines(text, style, pages.width)) {
    pages.need(leading)
    marked(pages, element, () => drawLines(pages, [line], MARGIN.side, style.size, leading, colour))
  }
  pages.structure.end(element)
  pages.y += after
}

/** Names at the left, and texts beside them. */
export function facts(
  pages: Pages,
  parent: Element,
  list: readonly { readonly name: string; readonly text: string }[],
): void {
  const indent = 108
  const name: Style = { ...SANS, size: 8.5 }
  const leading = 12.5
  for (const fact of list) {
    const names = pages.type.lines(fact.name, name, indent - 12)
    const texts = pages.type.lines(fact.text, { ...SANS, size: 9 }, pages.width - indent)
    const element = pages.structure.begin('P', parent)
    for (let row = 0; row < Math.max(names.length, texts.length); row++) {
      pages.need(leading)
      const { page, y } = pages
      page.begin('P', pages.structure.mark(element, page))
      if (names[row] !== undefined) page.text(names[row]!, MARGIN.side, y + 10, 8.5, MUTED)
      if (texts[row] !== undefined) page.text(texts[row]!, MARGIN.side + indent, y + 10, 9, INK)
      page.end()
      pages.y += leading
    }
    pages.structure.end(element)
    pages.y += 2.5
  }
}

/** Text of machines under its title, in a tinted box. A short one stays in one piece; a long one goes on over pages. */
export function code(pages: Pages, parent: Element, title: string, text: string): void {
  const lines = pages.type.lines(text.trimEnd(), CODE, pages.width - 2 * CODE_PAD - 4)
  const whole = lines.length * CODE_LEADING + 2 * CODE_PAD
  heading(pages, parent, 'H2', title, { keep: whole <= MOST_KEPT ? whole : 80, looks: 'H3' })
  const element = pages.structure.begin('Code', parent)
  for (let first = 0; first < lines.length; ) {
    pages.need(2 * CODE_PAD + CODE_LEADING)
    const room = Math.floor((pages.bottom - pages.y - 2 * CODE_PAD) / CODE_LEADING)
    const part = lines.slice(first, first + room)
    const height = part.length * CODE_LEADING + 2 * CODE_PAD
    decoration(pages, (page) => page.rectangle(MARGIN.side, pages.y, pages.width, height, TINT))
    pages.y += CODE_PAD
    marked(pages, element, () =>
      drawLines(pages, part, MARGIN.side + CODE_PAD + 2, CODE.size, CODE_LEADING, INK),
    )
    pages.y += CODE_PAD
    first += part.length
    if (first < lines.length) pages.next()
  }
  pages.structure.end(element)
  pages.y += 8
}

/** A title, a note, a chart and a table. */
export function section(
  pages: Pages,
  parent: Element,
  { title, note, chart, table }: Section,
  clock: Clock,
  kind: 'H2' | 'H3',
): void {
  const part = pages.structure.begin('Sect', parent)
  // A title stays with its note and its chart, or with its note and the first rows.
  const below = chart === null ? (table === null ? 20 : 90) : 140
  heading(pages, part, kind, title, { keep: below + (note === '' ? 0 : 24), looks: 'H3' })
  if (note !== '') paragraph(pages, part, note, { style: { ...SANS, size: 9 }, leading: 13, colour: MUTED })
  if (chart !== null) figure(pages, part, drawChart(chart, pages.width, lettersOf(pages), clock))
  if (table !== null) {
    const columns = table.columns.map(({ title: name, kind }) => ({
      title: name,
      right: isFigure(kind),
      mono: kind === 'id',
      firm: kind !== 'text',
    }))
    const rows = table.rows.map((cells) =>
      cells.map((cell, i) => shownCell(cell, table.columns[i]!.kind, clock)),
    )
    if (rows.length === 0) small(pages, part, 'There is nothing to show.')
    else {
      const drawn = new PdfTable(pages, part, columns, rows.slice(0, 500), SMALL_TABLE, { wide: true })
      for (const row of rows) drawn.row(row)
      drawn.end()
    }
    if (table.more > 0) small(pages, part, `${shownNumber(table.more)} further rows are not shown.`)
  }
  pages.structure.end(part)
  pages.y += 4
}

export const small = (pages: Pages, parent: Element, text: string): void => {
  pages.y += 4
  paragraph(pages, parent, text, { style: { ...SANS, size: 8.5 }, leading: 12, colour: MUTED, after: 2 })
}

function figure(pages: Pages, parent: Element, { shapes, height, alt }: Drawing): void {
  pages.y += 4
  pages.need(height)
  const { page, y } = pages
  const element = pages.structure.begin('Figure', parent, { alt, box: boxOf(page, y, pages.width, height) })
  page.begin('Figure', pages.structure.mark(element, page))
  for (const shape of shapes) drawShape(pages, shape, MARGIN.side, y)
  page.end()
  pages.structure.end(element)
  pages.y += height + 10
}

/** The corners of a figure, as its attributes have them. */
export function boxOf({ size }: Page, top: number, width: number, height: number): readonly number[] {
  return [MARGIN.side, size.height - top - height, MARGIN.side + width, size.height - top]
}

function drawShape({ page, type }: Pages, shape: Shape, left: number, top: number): void {
  if (shape.kind === 'area') {
    page.rectangle(left + shape.x, top + shape.y, shape.width, shape.height, TONES[shape.tone])
    return
  }
  const line = type.line(shape.text, LABEL)
  const back = shape.anchor === 'end' ? line.width : shape.anchor === 'middle' ? line.width / 2 : 0
  page.text(line, left + shape.x - back, top + shape.y, LABEL.size, shape.tone === 'value' ? INK : MUTED)
}

const lettersOf = ({ type }: Pages): Letters => ({
  width: (text) => type.width(text, LABEL),
  // The mark of a shortened text is added by the lines themselves, so the text comes back as a whole if it fits.
  fit: (text, width) => {
    if (type.width(text, LABEL) <= width) return text
    let end = Math.min(text.length, 200)
    while (end > 1 && type.width(`${text.slice(0, end)}\u2026`, LABEL) > width) end--
    return `${text.slice(0, end).toWellFormed()}\u2026`
  },
})

export function marked(pages: Pages, element: Element, draw: () => void): void {
  const { page } = pages
  page.begin(element.kind, pages.structure.mark(element, page))
  draw()
  page.end()
}

export function decoration({ page }: Pages, draw: (page: Page) => void): void {
  page.artifact()
  draw(page)
  page.end()
}

export function drawLines(
  pages: Pages,
  lines: readonly Line[],
  x: number,
  size: number,
  leading: number,
  colour: Colour,
): void {
  for (const line of lines) {
    pages.page.text(line, x, pages.y + (leading + size * 0.72) / 2, size, colour)
    pages.y += leading
  }
}
