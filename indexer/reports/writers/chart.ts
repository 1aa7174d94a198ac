import type { Chart } from '../document.ts'
import { type Clock, MONTHS } from './clock.ts'
import { shownNumber } from './shown.ts'

/** A chart as shapes, which a PDF and an HTML page draw alike. Lengths are points; `y` grows downwards. */
export interface Drawing {
  readonly width: number
  readonly height: number
  readonly shapes: readonly Shape[]
  /** What it shows, for those who do not see it. */
  readonly alt: string
}

export type Shape =
  | {
      readonly kind: 'area'
      readonly x: number
      readonly y: number
      readonly width: number
      readonly height: number
      readonly tone: 'bar' | 'rest' | 'grid' | 'axis'
    }
  | {
      readonly kind: 'label'
      readonly x: number
      /** The base line. */
      readonly y: number
      readonly text: string
      readonly anchor: 'start' | 'middle' | 'end'
      readonly tone: 'label' | 'value'
    }

export const LABEL_SIZE = 7.5

/** Measures and shortens labels in the font of the format. */
export interface Letters {
  width: (text: string) => number
  fit: (text: string, width: number) => string
}

export function drawChart(chart: Chart, width: number, letters: Letters, clock: Clock): Drawing {
  return chart.kind === 'time' ? timeChart(chart, width, letters, clock) : barChart(chart, width, letters)
}

const HEIGHT = 128
const TOP = 8
const BOTTOM = 16

function timeChart(
  { unit, points }: Extract<Chart, { kind: 'time' }>,
  width: number,
  letters: Letters,
  clock: Clock,
): Drawing {
  const most = points.reduce((highest, { count }) => Math.max(highest, count), 0)
  const step = tickStep(most)
  const top = Math.max(step, Math.ceil(most / step) * step)
  const ticks = Array.from({ length: Math.round(top / step) + 1 }, (_, i) => i * step)
  const left = Math.max(...ticks.map((tick) => letters.width(shownNumber(tick)))) + 6
  const plot = HEIGHT - TOP - BOTTOM
  const shapes: Shape[] = []
  const yOf = (count: number): number => TOP + plot - (count / top) * plot
  for (const tick of ticks) {
    const y = yOf(tick)
    shapes.push({ kind: 'area', x: left, y: y - 0.2, width: width - left, height: 0.4, tone: 'grid' })
    shapes.push({
      kind: 'label',
      x: left - 4,
      y: y + 2.6,
      text: shownNumber(tick),
      anchor: 'end',
      tone: 'label',
    })
  }
  const slot = (width - left) / Math.max(points.length, 1)
  const bar = Math.min(Math.max(slot * 0.72, 0.3), 36)
  for (const [index, { count }] of points.entries()) {
    if (count === 0) continue
    const y = yOf(count)
    const x = left + index * slot + (slot - bar) / 2
    // A count that is not zero can be seen.
    const height = Math.max(TOP + plot - y, 0.6)
    shapes.push({ kind: 'area', x, y: TOP + plot - height, width: bar, height, tone: 'bar' })
  }
  shapes.push({ kind: 'area', x: left, y: TOP + plot - 0.3, width: width - left, height: 0.6, tone: 'axis' })
  const names = points.map(({ at }) => dateLabel(clock.face(at), unit))
  const every = labelEvery(names, slot, letters)
  for (const [index, text] of names.entries()) {
    if (index % every !== 0) continue
    const middle = left + (index + 0.5) * slot
    const half = letters.width(text) / 2
    shapes.push({ kind: 'area', x: middle - 0.2, y: TOP + plot, width: 0.4, height: 3, tone: 'axis' })
    // The last label does not stick out.
    const x = Math.min(middle, width - half)
    shapes.push({ kind: 'label', x, y: HEIGHT - 3, text, anchor: 'middle', tone: 'label' })
  }
  return { width, height: HEIGHT, shapes, alt: timeAlt(unit, points, names) }
}

/** As few labels as have room beside each other. */
function labelEvery(names: readonly string[], slot: number, letters: Letters): number {
  const widest = Math.max(0, ...names.map((name) => letters.width(name))) + 10
  const least = Math.max(1, Math.ceil(widest / slot))
  return [1, 2, 3, 4, 6, 7, 12, 14, 24, 28, 48].find((step) => step >= least) ?? least
}

/** A step of 1, 2 or 5 times a power of ten that gives about four ticks. */
function tickStep(most: number): number {
  const rough = Math.max(most / 4, 1)
  const power = 10 ** Math.floor(Math.log10(rough))
  return ([1, 2, 5, 10].find((step) => step * power >= rough) ?? 10) * power
}

function dateLabel(face: Date, unit: Extract<Chart, { kind: 'time' }>['unit']): string {
  const month = MONTHS[face.getUTCMonth()]!.slice(0, 3)
  if (unit === 'month') return `${month} ${face.getUTCFullYear()}`
  const day = `${face.getUTCDate()} ${month}`
  return unit === 'hour' ? `${day} ${String(face.getUTCHours()).padStart(2, '0')}:00` : day
}

function timeAlt(
  unit: string,
  points: readonly { readonly count: number }[],
  names: readonly string[],
): string {
  const sum = points.reduce((total, { count }) => total + count, 0)
  const highest = points.reduce((best, { count }, index) => (count > points[best]!.count ? index : best), 0)
  const most =
    sum === 0
      ? ''
      : ` The most, ${shownNumber(points[highest]!.count)}, are in the ${unit} of ${names[highest]}.`
  return `Bar chart of ${shownNumber(sum)} events by ${unit}, from ${names[0] ?? ''} to ${names.at(-1) ?? ''}.${most}`
}

const BAR_ROW = 17
const BAR_HEIGHT = 9
/** More have no room on a page. */
const MOST_BARS = 30

function barChart(chart: Extract<Chart, { kind: 'bars' }>, width: number, letters: Letters): Drawing {
  const bars = chart.bars.slice(0, MOST_BARS)
  const others = chart.bars.slice(MOST_BARS).reduce((sum, { count }) => sum + count, chart.others)
  const all = [
    ...bars.map((bar) => ({ ...bar, tone: 'bar' as const })),
    ...(others > 0 ? [{ label: 'All others', count: others, tone: 'rest' as const }] : []),
  ]
  const names = all.map(({ label }) => letters.fit(label === '' ? '(none)' : label, width * 0.34))
  const left = Math.max(0, ...names.map((name) => letters.width(name))) + 8
  const right = Math.max(0, ...all.map(({ count }) => letters.width(shownNumber(count)))) + 6
  const most = Math.max(1, ...all.map(({ count }) => count))
  const room = width - left - right
  const height = all.length * BAR_ROW + 4
  const shapes = all.flatMap(({ count, tone }, index): Shape[] => {
    const y = index * BAR_ROW + 2
    const base = y + BAR_ROW / 2 + LABEL_SIZE * 0.36
    const long = Math.max((count / most) * room, count === 0 ? 0 : 0.6)
    return [
      { kind: 'label', x: left - 8, y: base, text: names[index]!, anchor: 'end', tone: 'label' },
      { kind: 'area', x: left, y: y + (BAR_ROW - BAR_HEIGHT) / 2, width: long, height: BAR_HEIGHT, tone },
      {
        kind: 'label',
        x: left + long + 5,
        y: base,
        text: shownNumber(count),
        anchor: 'start',
        tone: 'value',
      },
    ]
  })
  shapes.push({ kind: 'area', x: left - 0.3, y: 2, width: 0.6, height: height - 4, tone: 'axis' })
  const list = all.map(
    ({ label, count }) => `${label === '' ? '(none)' : label.slice(0, 100)} ${shownNumber(count)}`,
  )
  return { width, height, shapes, alt: `Bar chart: ${list.join(', ')}.` }
}
