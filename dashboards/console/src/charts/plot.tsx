import {
  type KeyboardEvent,
  type PointerEvent,
  useEffect,
  useId,
  useLayoutEffect,
  useRef,
  useState,
} from 'react'
import { Tip } from '../frame/tip.tsx'
import { counted, figure } from '../time/format.ts'
import { Hatch } from './hatch.tsx'
import type { Scale } from './scale.ts'

/** A bar; its sides are shares of the width of the chart. */
export interface ChartBar {
  readonly from: number
  readonly to: number
  readonly count: number
  /** The number of failures among them. */
  readonly marked: number
  readonly name: string
}

export interface PlotProps {
  readonly label: string
  /** From left to right. */
  readonly bars: readonly ChartBar[]
  /** The ticks for a chart of this width, px. */
  readonly ticks: (width: number) => readonly { readonly at: number; readonly label: string }[]
  /** Parts with another ground. */
  readonly bands?: readonly { readonly from: number; readonly to: number }[]
  /** The height of the tallest bar, px. */
  readonly height: number
  readonly scale: Scale
  /** What is counted: events, unless this says otherwise. */
  readonly noun?: string
  /** A count that has a line of its own, where the chart is high enough. */
  readonly limit?: number
  /** Takes a part of the width that somebody selected. */
  readonly onSelect?: ((from: number, to: number) => void) | undefined
}

const AXIS = 18
const ABOVE = 8
/** Less than this is a click, px. */
const SLOP = 4

interface Selection {
  /** The bar, or the place, at which it began, and the one that it reaches. */
  readonly from: number
  readonly to: number
}

/** The bars, their axes, what the pointer or the keys are on, and what is selected. */
export function Plot({
  label,
  bars,
  ticks,
  bands = [],
  height,
  scale,
  noun = 'event',
  limit,
  onSelect,
}: PlotProps) {
  const surface = useRef<HTMLDivElement>(null)
  const width = useWidth(surface)
  const hatch = useId()
  const hint = useId()
  const shown = bars.filter(({ count }) => count > 0)
  /** The bar that is read. */
  const [active, setActive] = useState<number | null>(null)
  const [byKeys, setByKeys] = useState<number | null>(null)
  const [drawn, setDrawn] = useState<Selection | null>(null)
  const labels = scale.ticks.map(figure)
  const left = 10 + 7 * Math.max(...labels.map(({ length }) => length))
  const wide = Math.max(1, width - left)
  const x = (share: number): number => left + share * wide
  const y = (count: number): number => ABOVE + height * (1 - scale.share(count))
  const bar = active === null ? undefined : shown[active]
  const selected = byKeys === null || bar === undefined ? drawn : spanOf(shown[byKeys], bar)
  useEffect(() => {
    if (active === null) return
    // Somebody who reads by keys keeps the place: a list that scrolls by itself must not take it away.
    const leave = (): void => {
      if (surface.current?.contains(document.activeElement) !== true) setActive(null)
    }
    document.addEventListener('scroll', leave, { capture: true, passive: true })
    return () => document.removeEventListener('scroll', leave, { capture: true })
  }, [active])

  const placeOf = ({ clientX }: PointerEvent): number => {
    const start = (surface.current?.getBoundingClientRect().left ?? 0) + left
    return Math.min(1, Math.max(0, (clientX - start) / wide))
  }
  const barAt = (place: number): number | null => {
    const at = shown.findIndex(({ from, to }) => place >= from && place <= to)
    return at === -1 ? null : at
  }
  const finish = (): void => {
    setDrawn(null)
    if (drawn === null || Math.abs(drawn.to - drawn.from) * wide < SLOP) return
    onSelect?.(Math.min(drawn.from, drawn.to), Math.max(drawn.from, drawn.to))
  }
  const go = (to: number, extends_: boolean): void => {
    const next = Math.min(shown.length - 1, Math.max(0, to))
    if (extends_ && onSelect !== undefined) setByKeys(byKeys ?? active ?? next)
    else setByKeys(null)
    setActive(next)
  }
  const press = (event: KeyboardEvent): void => {
    const { key, shiftKey } = event
    if (key === 'ArrowRight') go(active === null ? 0 : active + 1, shiftKey)
    else if (key === 'ArrowLeft') go(active === null ? shown.length - 1 : active - 1, shiftKey)
    else if (key === 'Home') go(0, shiftKey)
    else if (key === 'End') go(shown.length - 1, shiftKey)
    else if (key === 'Enter' && bar !== undefined && onSelect !== undefined) {
      const { from, to } = selected ?? bar
      setByKeys(null)
      setActive(null)
      onSelect(from, to)
    } else if (key === 'Escape' && active !== null) {
      setByKeys(null)
      setActive(null)
    } else return
    event.preventDefault()
    event.stopPropagation()
  }
  return (
    <>
      <div
        ref={surface}
        className={onSelect === undefined ? 'plot' : 'plot chooses'}
        role="slider"
        tabIndex={0}
        aria-label={label}
        aria-describedby={hint}
        aria-valuemin={0}
        aria-valuemax={shown.length}
        aria-valuenow={active === null ? 0 : active + 1}
        aria-valuetext={
          bar === undefined
            ? counted(shown.length, 'bar')
            : `${saidOf(bar, noun)}${selected === null ? '' : ', selected'}`
        }
        onKeyDown={press}
        onBlur={() => {
          setActive(null)
          setByKeys(null)
        }}
        onPointerDown={(event) => {
          setByKeys(null)
          setActive(barAt(placeOf(event)))
          if (onSelect === undefined || event.button !== 0) return
          event.currentTarget.setPointerCapture(event.pointerId)
          setDrawn({ from: placeOf(event), to: placeOf(event) })
        }}
        onPointerMove={(event) => {
          const at = placeOf(event)
          if (drawn !== null) setDrawn({ ...drawn, to: at })
          setActive(barAt(at))
        }}
        onPointerUp={finish}
        onPointerCancel={() => setDrawn(null)}
        // A finger that is lifted leaves what it has read.
        onPointerLeave={({ pointerType }) => byKeys === null && pointerType !== 'touch' && setActive(null)}
      >
        {width > 0 && (
          <svg width={width} height={height + ABOVE + AXIS} aria-hidden="true">
            <defs>
              <Hatch id={hatch} />
            </defs>
            {bands.map(({ from, to }) => (
              <rect
                key={from}
                className="band"
                x={x(from)}
                y={ABOVE}
                width={x(to) - x(from)}
                height={height}
              />
            ))}
            {scale.ticks.map((count, index) => (
              <g key={count} className="tick">
                <line x1={left} x2={width} y1={y(count)} y2={y(count)} />
                <text x={left - 6} y={y(count)} textAnchor="end" dominantBaseline="central">
                  {labels[index]}
                </text>
              </g>
            ))}
            {bar !== undefined && (
              <rect
                className="below-pointer"
                x={x(bar.from)}
                y={ABOVE}
                width={x(bar.to) - x(bar.from)}
                height={height}
              />
            )}
            {shown.map(({ from, to, count, marked }) => {
              const [start, end] = [x(from), x(to)]
              const thick = Math.max(1, end - start - (end - start > 3 ? 1 : 0))
              const tall = (of: number): number => (of === 0 ? 0 : Math.max(1.5, height * scale.share(of)))
              return (
                <g key={from}>
                  <rect
                    className="bar"
                    data-count={count}
                    x={start}
                    y={ABOVE + height - tall(count)}
                    width={thick}
                    height={tall(count)}
                  />
                  {marked > 0 && (
                    <rect
                      className="bar marked"
                      fill={`url(#${hatch})`}
                      x={start}
                      y={ABOVE + height - tall(marked)}
                      width={thick}
                      height={tall(marked)}
                    />
                  )}
                </g>
              )
            })}
            {limit !== undefined && scale.share(limit) <= 1 && (
              <line className="limit" x1={left} x2={width} y1={y(limit)} y2={y(limit)} />
            )}
            <line className="base" x1={left} x2={width} y1={ABOVE + height} y2={ABOVE + height} />
            {ticks(wide).map(({ at, label: text }) => (
              <g key={at} className="tick">
                <line x1={x(at)} x2={x(at)} y1={ABOVE + height} y2={ABOVE + height + 4} />
                <text
                  x={x(at)}
                  y={ABOVE + height + 14}
                  textAnchor={x(at) + 4 * text.length > width ? 'end' : 'middle'}
                >
                  {text}
                </text>
              </g>
            ))}
            {selected !== null && (
              <rect
                className="drawn"
                x={x(Math.min(selected.from, selected.to))}
                y={ABOVE}
                width={Math.abs(selected.to - selected.from) * wide}
                height={height}
              />
            )}
          </svg>
        )}
        {bar !== undefined && surface.current !== null && (
          <Tip anchor={anchorOf(surface.current, x(bar.from), y(bar.count), height + ABOVE)}>
            <strong>{bar.name}</strong>
            <br />
            {counted(bar.count, noun)}
            {bar.marked > 0 && `, ${figure(bar.marked)} failed`}
          </Tip>
        )}
      </div>
      <span id={hint} className="unseen">
        Arrow keys read the bars.
        {onSelect !== undefined && ' Shift and arrow keys select several; Enter shows only that time.'}
      </span>
    </>
  )
}

const spanOf = (a: ChartBar | undefined, b: ChartBar): Selection | null =>
  a === undefined ? null : { from: Math.min(a.from, b.from), to: Math.max(a.to, b.to) }

const saidOf = ({ name, count, marked }: ChartBar, noun: string): string =>
  `${name}: ${counted(count, noun)}${marked > 0 ? `, ${figure(marked)} failed` : ''}`

/** The tip comes below the axis, so that it covers no bar. */
function anchorOf(surface: Element, at: number, top: number, bottom: number) {
  const box = surface.getBoundingClientRect()
  return { left: box.left + at, top: box.top + top, bottom: box.top + bottom + AXIS + 2 }
}

function useWidth(box: { readonly current: Element | null }): number {
  const [width, setWidth] = useState(0)
  useLayoutEffect(() => {
    const { current } = box
    if (current === null) return
    const measure = (): void => setWidth(Math.floor(current.getBoundingClientRect().width))
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(current)
    return () => observer.disconnect()
  }, [box])
  return width
}
