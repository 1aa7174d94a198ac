import { type RefObject, useLayoutEffect, useMemo, useState } from 'react'
import { cellText } from './cell-text.ts'
import { columnName } from './columns.ts'
import type { Event } from './event.ts'
import { bounded, LEAST_WIDTH } from './look.ts'
import { distribute } from './widths.ts'

interface Sized {
  readonly columns: readonly string[]
  /** The rows whose content gives the widths. */
  readonly sample: readonly Event[]
  /** The identity of the sample: rows that arrive later move no column. */
  readonly sampleKey: string
  readonly zone: string
  /** The widths that the reader chose, px. */
  readonly chosen: Readonly<Record<string, number>>
}

/** The sides of a row, px. */
export const ROW_SIDES = 32
/** Between the contents of two columns. */
const GAP = 14
/** What a cell has beside its text. */
const SIGNS: Readonly<Record<string, number>> = { 'audit.category': 16, 'audit.risk': 14 }
/** Times, outcomes and sources are short and are never cut off. */
const WHOLE: ReadonlySet<string> = new Set(['@timestamp', 'audit.category', 'event.outcome', 'event.module'])
const LEAST: Readonly<Record<string, number>> = { 'audit.changes': 150, message: 110 }
const LEAST_OF_OTHERS = 92
/** The longer texts, which tell most. */
const WEIGHTS: Readonly<Record<string, number>> = {
  'audit.changes': 1.8,
  message: 1.3,
  'audit.entity.name': 1.1,
}
/** A text that is longer is read in the panel beside it. */
const MOST_NATURAL = 900
const SAMPLE = 120

/** The widths of columns in a scroller, px: by their content, unless somebody chose them. */
export function useWidths(
  scroller: RefObject<HTMLElement | null>,
  sized: Sized,
): { widths: number[]; natural: number[] } {
  const { columns, sample, sampleKey, zone, chosen } = sized
  const room = useRoom(scroller)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key is that of the sample.
  const natural = useMemo(
    () => columns.map((field) => naturalWidth(field, sample, zone)),
    [columns.join(), sampleKey, sample.length > 0, zone],
  )
  const widths = distribute(
    columns.map((field, index) => {
      const own = natural[index] ?? LEAST_WIDTH
      const given = chosen[field]
      return {
        natural: own,
        least: WHOLE.has(field) ? own : Math.min(own, LEAST[field] ?? LEAST_OF_OTHERS),
        weight: WEIGHTS[field] ?? 1,
        chosen: given === undefined ? null : bounded(given),
      }
    }),
    room - ROW_SIDES,
  )
  return { widths, natural }
}

function useRoom(scroller: RefObject<HTMLElement | null>): number {
  const [room, setRoom] = useState(0)
  useLayoutEffect(() => {
    const box = scroller.current
    if (box === null) return
    const measure = (): void => setRoom(box.clientWidth)
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(box)
    return () => observer.disconnect()
  }, [scroller])
  return room
}

function naturalWidth(field: string, sample: readonly Event[], zone: string): number {
  const texts = sample.slice(0, SAMPLE).map((event) => cellText(event, field, zone))
  const widest = Math.max(0, ...texts.map((text) => textWidth(text, BODY)))
  // The name, the sign of the order, the funnel.
  const head = textWidth(columnName(field), HEAD) + (field === '@timestamp' ? 20 : 28)
  return Math.ceil(Math.min(MOST_NATURAL, Math.max(head, widest + (SIGNS[field] ?? 0)) + GAP))
}

const BODY = '13px'
const HEAD = '600 12px'
const widthsKnown = new Map<string, number>()
const MOST_KNOWN = 20_000
let ruler: CanvasRenderingContext2D | null = null

/** The width of a text on the screen, px. */
function textWidth(text: string, font: string): number {
  const key = `${font} ${text}`
  const known = widthsKnown.get(key)
  if (known !== undefined) return known
  ruler ??= document.createElement('canvas').getContext('2d')
  if (ruler === null) return text.length * 7
  ruler.font = `${font} ${getComputedStyle(document.body).fontFamily}`
  const { width } = ruler.measureText(text)
  if (widthsKnown.size >= MOST_KNOWN) widthsKnown.clear()
  widthsKnown.set(key, width)
  return width
}
