import { shortened } from '../visible.ts'
import { BOLD, INK, MARGIN, MUTED, type Pages, RULE } from './pages.ts'
import type { Element } from './structure.ts'
import type { Line, Style } from './typesetter.ts'

interface TableStyle {
  readonly size: number
  readonly leading: number
  /** Above and below the text of a row. */
  readonly pad: number
  /** Lines of a cell; what is beyond is cut, with a mark. */
  readonly mostLines: number
}

export const SMALL_TABLE: TableStyle = { size: 8.5, leading: 11.5, pad: 3.2, mostLines: 12 }
export const ROW_TABLE: TableStyle = { size: 7, leading: 8.8, pad: 1.8, mostLines: 8 }

export interface PdfColumn {
  readonly title: string
  readonly right: boolean
  readonly mono: boolean
  /** Whether it keeps its natural width as long as there is room. */
  readonly firm: boolean
}

const GAP = 9
const LEAST_WIDTH = 24
const LONG_ID = 100
/** A longer title takes a second line. */
const MOST_TITLE = 80
/** Nobody reads more in a cell; the whole is in the embedded file. */
const MOST_LETTERS = 600

/** A table that is drawn row by row; its titles are repeated on each page. */
export class PdfTable {
  readonly #pages: Pages
  readonly #columns: readonly PdfColumn[]
  readonly #widths: readonly number[]
  readonly #style: TableStyle
  readonly #table: Element
  readonly #body: Element
  readonly #titles: readonly (readonly Line[])[]

  /** The widths follow from the first rows. */
  constructor(
    pages: Pages,
    parent: Element,
    columns: readonly PdfColumn[],
    sample: readonly (readonly string[])[],
    style: TableStyle,
    { wide }: { wide: boolean },
  ) {
    this.#pages = pages
    this.#columns = columns
    this.#style = style
    this.#widths = widthsOf(pages, columns, sample, style, wide)
    this.#titles = columns.map(({ title }, index) =>
      pages.type.lines(title, this.#titleStyle, this.#widths[index]!, 3),
    )
    this.#table = pages.structure.begin('Table', parent)
    const head = pages.structure.begin('THead', this.#table)
    // Titles alone at the foot of a page help nobody.
    pages.need(this.#titleHeight + 3 * (style.leading + 2 * style.pad))
    this.#drawTitles(head)
    pages.structure.end(head)
    this.#body = pages.structure.begin('TBody', this.#table)
  }

  row(texts: readonly string[]): void {
    const { size, leading, pad, mostLines } = this.#style
    const cells = texts.map((text, index) => {
      const { beginning, mark } = shortened(text, MOST_LETTERS)
      return this.#pages.type.lines(beginning, this.#cellStyle(index), this.#widths[index]!, mostLines, mark)
    })
    const lines = cells.reduce((most, { length }) => Math.max(most, length), 1)
    const height = lines * leading + 2 * pad
    if (this.#pages.need(height)) this.#drawTitles(null)
    const { page, structure } = this.#pages
    const row = structure.begin('TR', this.#body)
    const top = this.#pages.y
    let x = MARGIN.side
    for (const [index, cell] of cells.entries()) {
      page.begin('TD', structure.leaf('TD', row, page))
      this.#drawCell(cell, index, x, top + pad, size, INK)
      page.end()
      x += this.#widths[index]! + GAP
    }
    structure.end(row)
    page.artifact()
    page.rectangle(MARGIN.side, top + height - 0.4, this.#whole, 0.4, RULE)
    page.end()
    this.#pages.y = top + height
  }

  end(): void {
    this.#pages.structure.end(this.#body)
    this.#pages.structure.end(this.#table)
  }

  get #titleStyle(): Style {
    return { ...BOLD, size: this.#style.size }
  }

  get #titleHeight(): number {
    const lines = this.#titles.reduce((most, { length }) => Math.max(most, length), 1)
    return lines * this.#style.leading + 2 * this.#style.pad
  }

  get #whole(): number {
    return this.#widths.reduce((sum, width) => sum + width + GAP, -GAP)
  }

  #cellStyle(index: number): Style {
    const { mono } = this.#columns[index]!
    // Letters of the monospaced font are wider.
    return mono
      ? { family: 'mono', weight: 400, size: this.#style.size * 0.9 }
      : { family: 'sans', weight: 400, size: this.#style.size }
  }

  /** As part of the tree the first time; on further pages they only repeat. */
  #drawTitles(head: Element | null): void {
    const { page, structure } = this.#pages
    const { size, pad } = this.#style
    const row = head === null ? null : structure.begin('TR', head)
    const top = this.#pages.y
    let x = MARGIN.side
    if (row === null) page.artifact('Header')
    for (const [index, lines] of this.#titles.entries()) {
      if (row !== null) page.begin('TH', structure.leaf('TH', row, page))
      this.#drawCell(lines, index, x, top + pad, size, MUTED)
      if (row !== null) page.end()
      x += this.#widths[index]! + GAP
    }
    if (row === null) page.end()
    else structure.end(row)
    page.artifact()
    page.rectangle(MARGIN.side, top + this.#titleHeight - 0.8, this.#whole, 0.8, MUTED)
    page.end()
    this.#pages.y = top + this.#titleHeight
  }

  #drawCell(
    lines: readonly Line[],
    index: number,
    x: number,
    y: number,
    size: number,
    colour: typeof INK,
  ): void {
    const { leading } = this.#style
    const drop = (leading + size * 0.72) / 2
    const style = colour === INK ? this.#cellStyle(index).size : size
    for (const [row, line] of lines.entries()) {
      if (line.runs.length === 0) continue
      const at = this.#columns[index]!.right ? x + this.#widths[index]! - line.width : x
      this.#pages.page.text(line, at, y + row * leading + drop, style, colour)
    }
  }
}

/** Columns of their natural width if all have room, otherwise the widest give way first. */
function widthsOf(
  pages: Pages,
  columns: readonly PdfColumn[],
  sample: readonly (readonly string[])[],
  { size }: TableStyle,
  wide: boolean,
): number[] {
  const room = pages.width - GAP * (columns.length - 1)
  const whole = columns.map(({ title, mono, right }, index) => {
    const style: Style = mono
      ? { family: 'mono', weight: 400, size: size * 0.9 }
      : { family: 'sans', weight: 400, size }
    const widths = sample
      .map((row) => pages.type.width((row[index] ?? '').slice(0, 200), style))
      .sort((a, b) => a - b)
    // One long cell in twenty may take a second line.
    // A figure is never broken.
    const place = right ? widths.length - 1 : Math.ceil((widths.length - 1) * 0.95)
    const usual = widths[place] ?? 0
    const words = title.split(' ').map((word) => pages.type.width(word, { ...BOLD, size }))
    const titleWidth = pages.type.width(title, { ...BOLD, size })
    const ofTitle = Math.max(Math.min(titleWidth, MOST_TITLE), Math.min(Math.max(...words), 90))
    return Math.max(usual + 0.5, ofTitle + 0.5, LEAST_WIDTH)
  })
  // Where there is no room for all, an id takes two lines: nobody reads it, and the texts beside it are read.
  const isTight = whole.reduce((total, width) => total + width, 0) > room
  const natural = whole.map((width, index) =>
    isTight && columns[index]!.mono && width > LONG_ID ? width / 2 + 1 : width,
  )
  const sum = natural.reduce((total, width) => total + width, 0)
  if (sum <= room) return wide ? spread(natural, columns, room - sum) : natural
  const firm = columns.reduce((total, { firm: keeps }, index) => total + (keeps ? natural[index]! : 0), 0)
  const isFirm = (index: number): boolean => columns[index]!.firm && firm < room * 0.6
  const left = room - natural.reduce((total, width, index) => total + (isFirm(index) ? width : 0), 0)
  const loose = natural.filter((_, index) => !isFirm(index))
  const cap = capFor(loose, left)
  return natural.map((width, index) => (isFirm(index) ? width : Math.min(width, cap)))
}

/** The width to which the widest are cut so that all together have this room. */
function capFor(widths: readonly number[], room: number): number {
  const sorted = [...widths].sort((a, b) => a - b)
  let left = room
  for (const [index, width] of sorted.entries()) {
    const share = left / (sorted.length - index)
    if (width >= share) return share
    left -= width
  }
  return left
}

/** What is left over goes to the texts, so that the table is as wide as the page. */
function spread(natural: readonly number[], columns: readonly PdfColumn[], extra: number): number[] {
  const takes = columns.map(({ firm, right }, index) => (firm || right ? 0 : natural[index]!))
  const sum = takes.reduce((total, width) => total + width, 0)
  if (sum === 0) return natural.map((width) => width + extra / natural.length)
  return natural.map((width, index) => width + (extra * takes[index]!) / sum)
}
