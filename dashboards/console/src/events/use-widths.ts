import { type RefObject, useLayoutEffect, useMemo, useState } from 'react'
import { cellText } from './cell-text.ts'
import { placeOf } from './column-head.tsx'
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
const GAP = 15
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
const LONGEST = 160
/** The funnel, or the sign of the order. */
const HEAD_SIGNS = 26

/** The widths of columns in a scroller, px: by their content, unless somebody chose them. */
export function useWidths(
  scroller: RefObject<HTMLElement | null>,
  sized: Sized,
): { widths: number[]; natural: number[] } {
  const { columns, sample, sampleKey, zone, chosen } = sized
  const room = useRoom(scroller)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key is that of the sample.
  const natural = useMemo(
    () => naturalWidths(columns, sample, zone),
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

/** The width at which nothing of a column is cut off, up to a bound. */
function naturalWidths(columns: readonly string[], sample: readonly Event[], zone: string): number[] {
  const heads = measured(columns.map(headText(zone)), 'measure head')
  const shown = sample.slice(0, SAMPLE)
  const cells = measured(
    columns.flatMap((field) => shown.map((event) => cellText(event, field, zone).slice(0, LONGEST))),
    'measure',
  )
  return columns.map((field, index) => {
    const widest = Math.max(0, ...cells.slice(index * shown.length, (index + 1) * shown.length))
    const head = (heads[index] ?? 0) + HEAD_SIGNS
    return Math.ceil(Math.min(MOST_NATURAL, Math.max(head, widest + (SIGNS[field] ?? 0)) + GAP))
  })
}

const headText =
  (zone: string) =>
  (field: string): string =>
    field === '@timestamp' ? `${columnName(field)} ${placeOf(zone).slice(0, 12)}` : columnName(field)

/** Measures texts on the page itself, all at once: only the page knows its fonts and figures. */
function measured(texts: readonly string[], className: string): number[] {
  const box = document.createElement('div')
  box.className = className
  const spans = new Map([...new Set(texts)].map((text) => [text, document.createElement('span')]))
  for (const [text, span] of spans) span.textContent = text
  box.append(...spans.values())
  document.body.append(box)
  const widths = new Map([...spans].map(([text, span]) => [text, span.getBoundingClientRect().width]))
  box.remove()
  return texts.map((text) => widths.get(text) ?? 0)
}
