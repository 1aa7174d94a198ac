import { createHash } from 'node:crypto'
import type { Cell, ControlLine, Logo, ReportDocument, Section, Table, TableColumn } from '../document.ts'
import { drawChart, LABEL_SIZE, type Letters, type Shape } from './chart.ts'
import { Clock } from './clock.ts'
import { HTML_STYLE } from './html-style.ts'
import type { WriteRequest } from './index.ts'
import type { Output } from './output.ts'
import { cutAfter, cutRest, eachRow } from './rows.ts'
import {
  byFramework,
  firstFacts,
  isFigure,
  rowsNote,
  shortSignatures,
  shownCell,
  shownNumber,
  verdictText,
} from './shown.ts'
import { unhidden } from './visible.ts'

/** What is before the rows ends with the first line, and what is behind them begins with the second; each row is a line. */
export const HTML_ROWS = '<tbody id="events">\n'
export const HTML_ROWS_END = '</tbody></table></div>\n'

/** Nothing but the style that is written below may run or load. */
const POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(HTML_STYLE).digest('base64')}'; img-src data:; base-uri 'none'; form-action 'none'`
const CHART_WIDTH = 700

/** Writes one page that needs nothing else. */
export async function writeHtml(output: Output, request: WriteRequest): Promise<number> {
  const { document } = request
  const clock = new Clock(document.zone)
  output.text(headOf(document))
  output.text(firstPart(document, clock))
  if (document.findings.length > 0) {
    output.text('<section class="part" aria-labelledby="findings"><h2 id="findings">Findings</h2>\n')
    for (const finding of document.findings) output.text(sectionOf(finding, 'h3', clock))
    output.text('</section>\n')
  }
  const count = document.rows === null ? 0 : await rowsPart(output, request, document.rows.columns, clock)
  if (document.controls.length > 0) output.text(controlsPart(document))
  output.text(`<footer>Made by Waybill. Report ${safe(document.id)}.</footer>\n</main></body></html>\n`)
  output.cut('the end')
  return count
}

const headOf = ({ title, organisation }: ReportDocument): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="generator" content="Waybill"><meta name="referrer" content="no-referrer">
<title>${safe(organisation === null ? title : `${title} \u2013 ${organisation.name}`)}</title>
<style>${HTML_STYLE}</style></head>
<body><main>
`

function firstPart(document: ReportDocument, clock: Clock): string {
  const { organisation, title, about, verdict, query, account, checkpoint } = document
  const reasons = verdict.reasons.map((reason) => `<li>${isolated(reason)}</li>`).join('')
  const facts = firstFacts(document, clock).map(
    ({ name, text }) => `<dt>${safe(name)}</dt><dd>${isolated(text)}</dd>\n`,
  )
  return `<header>
${organisation === null ? '' : `<p class="organisation">${logoOf(organisation.logo)}<span>${isolated(organisation.name)}</span></p>\n`}<h1>${isolated(title)}</h1>
${about === '' ? '' : `<p class="about">${isolated(about)}</p>\n`}</header>
<div class="verdict${verdict.complete ? '' : ' incomplete'}"><p>${isolated(verdictText(verdict))}</p>${reasons === '' ? '' : `<ul>${reasons}</ul>`}</div>
<dl>
${facts.join('')}</dl>
<div class="front"><h2>Query</h2>
${query === '' ? '<p class="note">None: all events of the scope.</p>' : `<pre>${safe(query)}</pre>`}
${account.map((part) => sectionOf(part, 'h2', clock)).join('')}<h2>Checkpoint of the transparency log</h2>
${checkpoint === null ? '<p class="note">There was none yet.</p>' : `<pre>${safe(shortSignatures(checkpoint).trimEnd())}</pre>`}</div>
`
}

const logoOf = (logo: Logo | null): string =>
  logo === null
    ? ''
    : `<img alt="" src="data:image/${logo.type === 'svg' ? 'svg+xml' : 'png'};base64,${Buffer.from(logo.bytes).toString('base64')}">`

function sectionOf({ title, note, chart, table }: Section, level: 'h2' | 'h3', clock: Clock): string {
  const drawing = chart === null ? '' : figureOf(drawChart(chart, CHART_WIDTH, LETTERS, clock))
  const rows = table === null ? '' : tableOf(table, title, clock)
  const below = note === '' ? '' : `<p class="note">${isolated(note)}</p>`
  return `<section><${level}>${isolated(title)}</${level}>${below}${drawing}${rows}</section>\n`
}

function tableOf({ columns, rows, more }: Table, title: string, clock: Clock): string {
  if (rows.length === 0) return '<p class="note">There is nothing to show.</p>'
  const body = rows.map((cells) => rowOf(cells, columns, clock)).join('')
  const rest = more > 0 ? `<p class="note">${shownNumber(more)} further rows are not shown.</p>` : ''
  return `<div class="scroll"><table><caption class="unseen">${isolated(title)}</caption>${titlesOf(columns)}<tbody>\n${body}</tbody></table></div>${rest}`
}

const titlesOf = (columns: readonly TableColumn[]): string =>
  `<thead><tr>${columns.map(({ title, kind }) => `<th scope="col"${classOf(kind)}>${safe(title)}</th>`).join('')}</tr></thead>`

/** One line, whatever is in the cells. */
function rowOf(cells: readonly Cell[], columns: readonly TableColumn[], clock: Clock): string {
  let row = '<tr>'
  for (let i = 0; i < columns.length; i++) {
    const { kind } = columns[i]!
    const text = shownCell(cells[i] ?? null, kind, clock)
    row += `<td${classOf(kind)}>${kind === 'text' ? isolated(text) : safe(text)}</td>`
  }
  return `${row}</tr>\n`
}

const classOf = (kind: TableColumn['kind']): string =>
  isFigure(kind) ? ' class="figure"' : kind === 'time' || kind === 'id' ? ` class="${kind}"` : ''

async function rowsPart(
  output: Output,
  request: WriteRequest,
  columns: readonly TableColumn[],
  clock: Clock,
): Promise<number> {
  const note = safe(rowsNote(request.document))
  output.text(
    `<section class="part wide" aria-labelledby="events-title"><h2 id="events-title">Events</h2>\n<div class="scroll"><table class="events"><caption>${note}</caption>${titlesOf(columns)}${HTML_ROWS}`,
  )
  output.cut('what is before the events')
  const count = await eachRow(request, ({ cells }, index) => {
    output.text(rowOf(cells, columns, clock))
    cutAfter(output, index + 1)
  })
  cutRest(output, count)
  output.text(`${HTML_ROWS_END}</section>\n`)
  return count
}

function controlsPart(document: ReportDocument): string {
  const parts = byFramework(document).map(
    ([framework, controls]) =>
      `<h3>${safe(framework)}</h3><div class="scroll"><table><caption class="unseen">Requirements of ${safe(framework)}</caption><thead><tr><th scope="col">Requirement</th><th scope="col">What it demands</th><th scope="col">How this report supports it</th></tr></thead><tbody>\n${controls.map(controlRow).join('')}</tbody></table></div>\n`,
  )
  return `<section class="part"><h2>Requirements that this report supports</h2>\n${parts.join('')}</section>\n`
}

const controlRow = ({ control, demands, support }: ControlLine): string =>
  `<tr><th scope="row">${safe(control)}</th><td>${safe(demands)}</td><td>${safe(support)}</td></tr>\n`

function figureOf({ width, height, shapes, alt }: ReturnType<typeof drawChart>): string {
  return `<figure><svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${safe(alt)}">${shapes.map(shapeOf).join('')}</svg></figure>`
}

const short = (value: number): string => String(Math.round(value * 100) / 100)

const shapeOf = (shape: Shape): string =>
  shape.kind === 'area'
    ? `<rect class="${shape.tone}" x="${short(shape.x)}" y="${short(shape.y)}" width="${short(shape.width)}" height="${short(shape.height)}"/>`
    : `<text class="${shape.tone}" x="${short(shape.x)}" y="${short(shape.y)}" text-anchor="${shape.anchor}">${safe(shape.text)}</text>`

/** The font is the reader's, so these are guesses: a letter is 0.56 of the size wide, one of East Asia as wide as high. */
const LETTERS: Letters = {
  width: (text) => [...text].reduce((sum, letter) => sum + (letter > '\u2e7f' ? 1 : 0.56), 0) * LABEL_SIZE,
  fit: (text, width) => {
    const letters = [...text.slice(0, 300)]
    const room = Math.floor(width / (0.62 * LABEL_SIZE))
    return letters.length <= room ? letters.join('') : `${letters.slice(0, room - 1).join('')}\u2026`
  },
}

const MARKUP: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '\n': '&#10;',
}

const PLAIN = /^[\w .,:;/@+()-]*$/

/** Text without any meaning for the page. It has no line break of its own, so a row stays one line. */
function safe(text: string): string {
  if (PLAIN.test(text)) return text
  return unhidden(text.replace(/\r\n?/g, '\n')).replace(/[&<>"'\n]/g, (letter) => MARKUP[letter]!)
}

/** Text of others, whose direction does not reach beyond it. */
const isolated = (text: string): string => (PLAIN.test(text) ? text : `<bdi>${safe(text)}</bdi>`)
