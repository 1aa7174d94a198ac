import type { Cell, ColumnKind, TableColumn } from '../../document.ts'
import type { Clock } from '../clock.ts'

/** Indices of the formats in styles.xml. */
export const FORMATS = {
  plain: 0,
  title: 1,
  muted: 2,
  head: 3,
  text: 4,
  time: 5,
  integer: 6,
  decimal: 7,
  duration: 8,
  share: 9,
  id: 10,
  good: 11,
  bad: 12,
  wrapped: 13,
  heading: 14,
  code: 15,
  headFigure: 16,
} as const

const DAY_MS = 86_400_000
/** Days from 30 December 1899 to 1970. */
const EPOCH_DAYS = 25_569
const MOST_DAYS = 2_958_466
/** Of a cell, as Excel counts them. */
const MOST_LETTERS = 32_767

/** A cell of a table, with the type of its column. A text is a text, whatever it looks like. */
export function typedCell(place: string, cell: Cell, kind: ColumnKind, clock: Clock): string {
  if (cell === null || cell === '') return ''
  if (typeof cell === 'string') return textCell(place, cell, kind === 'id' ? FORMATS.id : FORMATS.text)
  switch (kind) {
    case 'time': {
      const days = (cell + clock.offsetAt(cell)) / DAY_MS + EPOCH_DAYS
      // Excel has no dates before 1900 and after 9999.
      return days >= 61 && days < MOST_DAYS
        ? numberCell(place, days, FORMATS.time)
        : textCell(place, clock.iso(cell), FORMATS.text)
    }
    case 'duration':
      return numberCell(place, cell / DAY_MS, FORMATS.duration)
    case 'share':
      return numberCell(place, cell, FORMATS.share)
    default:
      return numberCell(place, cell, Number.isInteger(cell) ? FORMATS.integer : FORMATS.decimal)
  }
}

function numberCell(place: string, value: number, format: number): string {
  return Number.isFinite(value)
    ? `<c r="${place}" s="${format}"><v>${value}</v></c>`
    : textCell(place, String(value), FORMATS.text)
}

export function textCell(place: string, text: string, format: number): string {
  const space = /^\s|\s$|\s\s|\n/.test(text) ? ' xml:space="preserve"' : ''
  return `<c r="${place}" s="${format}" t="inlineStr"><is><t${space}>${xmlText(cut(text))}</t></is></c>`
}

/** What Excel would take for damage is cut, with a mark and the whole length. */
function cut(text: string): string {
  if (text.length <= MOST_LETTERS) return text
  const mark = `\u2026 (${text.length.toLocaleString('en')} characters)`
  return text.slice(0, MOST_LETTERS - mark.length).toWellFormed() + mark
}

const PLAIN = /^[\w .,:;/@+()=-]*$/
const MARKUP: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** XML can't hold all characters; the format of workbooks writes those as _x0001_, so a text that looks like that is escaped too. */
export function xmlText(text: string): string {
  if (PLAIN.test(text) && !text.includes('_x')) return text
  return text
    .toWellFormed()
    .replace(/_(?=x[0-9a-fA-F]{4}_)/g, '_x005F_')
    .replace(/[\0-\x08\x0b-\x1f\ufffe\uffff]/g, (letter) => {
      const code = letter.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')
      return `_x${code}_`
    })
    .replace(/[&<>"]/g, (letter) => MARKUP[letter]!)
}

/** `A`, `Z`, `AA`. */
export function columnName(index: number): string {
  const letter = String.fromCharCode(65 + (index % 26))
  return index < 26 ? letter : columnName(Math.floor(index / 26) - 1) + letter
}

/** Times have no zone in a workbook, so the title names it. */
export const columnTitle = ({ title, kind }: TableColumn, { zone }: Clock): string =>
  kind === 'time' ? `${title} (${zone})` : title

/** The width of a column, in letters, from its first cells. */
export function columnWidth(title: string, kind: ColumnKind, cells: readonly Cell[]): number {
  if (kind === 'time') return Math.max(20, title.length + 4)
  const longest = cells.reduce<number>(
    (most, cell) => Math.max(most, typeof cell === 'string' ? Math.min(cell.length, 60) : 10),
    0,
  )
  return Math.max(8, title.length + 4, longest + 2)
}

export const STYLES = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">
<numFmts count="4"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/><numFmt numFmtId="165" formatCode="#,##0.0##"/><numFmt numFmtId="166" formatCode="[h]:mm:ss.000"/><numFmt numFmtId="167" formatCode="0.0%"/></numFmts>
<fonts count="9">${[
  '',
  '<b/>|18',
  '|11|FF5B6673',
  '<b/>|11',
  'mono',
  '<b/>|13|FF177A4F',
  '<b/>|13|FFA8400A',
  '<b/>|13',
  '|11',
]
  .map(fontOf)
  .join('')}</fonts>
<fills count="3"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill><fill><patternFill patternType="solid"><fgColor rgb="FFF0F3F6"/></patternFill></fill></fills>
<borders count="2"><border/><border><left/><right/><top/><bottom style="thin"><color rgb="FF5B6673"/></bottom></border></borders>
<cellStyleXfs count="1"><xf/></cellStyleXfs>
<cellXfs count="17">${[
  format({}),
  format({ font: 1 }),
  format({ font: 2 }),
  format({ font: 3, fill: 2, border: 1 }),
  format({ number: 49 }),
  format({ number: 164, side: 'left' }),
  format({ number: 3 }),
  format({ number: 165 }),
  format({ number: 166 }),
  format({ number: 167 }),
  format({ number: 49, font: 4 }),
  format({ font: 5, wrap: true }),
  format({ font: 6, wrap: true }),
  format({ number: 49, wrap: true }),
  format({ font: 7 }),
  format({ number: 49, font: 4, wrap: true }),
  format({ font: 3, fill: 2, border: 1, side: 'right' }),
].join('')}</cellXfs>
<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>
</styleSheet>`

function fontOf(text: string): string {
  if (text === 'mono') return '<font><sz val="10"/><name val="Consolas"/><family val="3"/></font>'
  const [bold = '', size = '11', colour] = text.split('|')
  return `<font>${bold}<sz val="${size === '' ? '11' : size}"/>${colour === undefined ? '' : `<color rgb="${colour}"/>`}<name val="Calibri"/><family val="2"/></font>`
}

function format({ number = 0, font = 0, fill = 0, border = 0, wrap = false, side = '' }): string {
  return `<xf numFmtId="${number}" fontId="${font}" fillId="${fill}" borderId="${border}" xfId="0" applyNumberFormat="1" applyFont="1" applyFill="1" applyBorder="1" applyAlignment="1"><alignment vertical="top"${side === '' ? '' : ` horizontal="${side}"`}${wrap ? ' wrapText="1"' : ''}/></xf>`
}
