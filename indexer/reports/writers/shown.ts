import type { Cell, ColumnKind, ReportDocument, Verdict } from '../document.ts'
import type { Clock } from './clock.ts'

/** How people read the parts of a report: on a page of a PDF, in a browser and on the first sheet of a workbook alike. */

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

export function shownCell(cell: Cell, kind: ColumnKind, clock: Clock): string {
  if (cell === null) return ''
  if (typeof cell === 'string') return cell
  switch (kind) {
    case 'time':
      return clock.shown(cell)
    case 'duration':
      return shownDuration(cell)
    case 'share':
      return `${(cell * 100).toFixed(1)} %`
    default:
      return shownNumber(cell)
  }
}

const figures = new Intl.NumberFormat('en', { maximumFractionDigits: 3 })
export const shownNumber = (value: number): string => figures.format(value)

function shownDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < MINUTE) return `${(ms / 1000).toFixed(1)} s`
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min ${Math.floor((ms % MINUTE) / 1000)} s`
  if (ms < DAY) return `${Math.floor(ms / HOUR)} h ${Math.floor((ms % HOUR) / MINUTE)} min`
  return `${Math.floor(ms / DAY)} d ${Math.floor((ms % DAY) / HOUR)} h`
}

/** Kinds that are aligned at the right, digit below digit. */
export const isFigure = (kind: ColumnKind): boolean =>
  kind === 'number' || kind === 'duration' || kind === 'share'

/** `Complete.`, `Incomplete, because two waybills are missing.` */
export function verdictText({ sentence }: Verdict): string {
  const text = sentence.charAt(0).toUpperCase() + sentence.slice(1)
  return /[.!?]$/.test(text) ? text : `${text}.`
}

/** The lines of the first page, in their order. */
export function firstFacts(document: ReportDocument, clock: Clock): { name: string; text: string }[] {
  const { period, requested } = document
  return [
    { name: 'Scope', text: document.scope },
    {
      name: 'Period',
      text: `${clock.words(period.from)} to ${clock.words(period.to)} (${zoneText(period, clock)})`,
    },
    { name: 'Requested by', text: requested.by },
    { name: 'Requested at', text: `${clock.words(requested.at)} (${clock.offsetText(requested.at)})` },
    ...document.facts,
    { name: 'Report', text: document.report === null ? document.id : `${document.report}, ${document.id}` },
  ]
}

function zoneText({ from, to }: { from: number; to: number }, clock: Clock): string {
  const names = [clock.zone, clock.offsetText(from), clock.offsetText(to)]
  const [zone, first, last] = [...new Set(names)]
  return last === undefined ? [zone, first].filter(Boolean).join(', ') : `${zone}, ${first}, later ${last}`
}

/** What stands before the events: how many there are, in which order, and on which clock. */
export function rowsNote({ rows, zone }: ReportDocument): string {
  if (rows === null) return ''
  const count = rows.count === 1 ? '1 event' : `${shownNumber(rows.count)} events`
  return `${count}, the ${rows.order} first. Times are on the clock of ${zone}.`
}

/** The requirements, by framework. */
export function byFramework({ controls }: ReportDocument): [string, ReportDocument['controls']][] {
  return [...Map.groupBy(controls, ({ framework }) => framework)]
}

/** Signatures that withstand quantum computers fill pages; the proof in the file has them whole. */
const MOST_SIGNATURE = 120
export const shortSignatures = (note: string): string =>
  note.replaceAll(/^(— \S+ )(\S+)$/gmu, (line, name: string, signature: string) =>
    signature.length <= MOST_SIGNATURE
      ? line
      : `${name}${signature.slice(0, 24)}... (${signature.length} letters; whole in the proof)`,
  )
