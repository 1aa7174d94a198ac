import { type PointerEvent, useRef, useState } from 'react'
import { useZone } from '../frame/preferences.ts'
import { dayOf, figure, minuteTime, span } from '../time/format.ts'
import type { Interval } from '../time/ranges.ts'

export interface Bar {
  readonly at: number
  readonly count: number
  /** The number of marked events: they are drawn separately. */
  readonly marked: number
}

interface TimelineProps {
  readonly bars: readonly Bar[]
  readonly width: number
  readonly interval: Interval
  readonly label: string
  readonly height?: number
  /** By default the reader's. */
  readonly zone?: string
  readonly onChoose?: (interval: Interval) => void
}

const ACROSS = 1000

/** Events over time; drawing across it chooses a part. */
export function Timeline(props: TimelineProps) {
  const { bars, width, interval, label, height = 56, onChoose } = props
  const own = useZone()
  const zone = props.zone ?? own
  const [drawn, setDrawn] = useState<readonly [number, number] | null>(null)
  const surface = useRef<SVGSVGElement>(null)
  const length = Math.max(1, interval.to - interval.from)
  const most = Math.max(1, ...bars.map(({ count }) => count))
  const x = (at: number): number => ((at - interval.from) / length) * ACROSS
  const wide = Math.max(1, (width / length) * ACROSS - 1)
  const place = (event: PointerEvent): number => {
    const box = surface.current?.getBoundingClientRect()
    return box === undefined ? 0 : Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * ACROSS
  }
  const finish = (): void => {
    if (drawn === null) return
    setDrawn(null)
    const [first, last] = [Math.min(...drawn), Math.max(...drawn)]
    if (onChoose === undefined || last - first < 4) return
    onChoose({
      from: interval.from + (first / ACROSS) * length,
      to: interval.from + (last / ACROSS) * length,
    })
  }
  return (
    <figure className={onChoose === undefined ? 'timeline' : 'timeline chooses'}>
      <svg
        ref={surface}
        viewBox={`0 0 ${ACROSS} ${height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={label}
        style={{ height }}
        onPointerDown={(press) => {
          if (onChoose === undefined) return
          press.currentTarget.setPointerCapture(press.pointerId)
          setDrawn([place(press), place(press)])
        }}
        onPointerMove={(move) => drawn !== null && setDrawn([drawn[0], place(move)])}
        onPointerUp={finish}
      >
        {bars.map(({ at, count, marked }) => {
          const tall = count === 0 ? 0 : Math.max(1.5, (count / most) * (height - 4))
          const stamped = (marked / Math.max(1, count)) * tall
          return (
            <g key={at}>
              <title>
                {`${dayOf(at, zone)}, ${minuteTime(at, zone)}: ${figure(count)}${marked > 0 ? `, ${figure(marked)} failed` : ''}`}
              </title>
              <rect className="hover" x={x(at)} y={0} width={wide + 1} height={height} />
              <rect className="bar" x={x(at)} y={height - tall} width={wide} height={tall - stamped} />
              {marked > 0 && (
                <rect className="bar marked" x={x(at)} y={height - stamped} width={wide} height={stamped} />
              )}
            </g>
          )
        })}
        {drawn !== null && (
          <rect
            className="drawn"
            x={Math.min(...drawn)}
            y={0}
            width={Math.abs(drawn[1] - drawn[0])}
            height={height}
          />
        )}
      </svg>
      <figcaption>
        <span>{`${dayOf(interval.from, zone)}, ${minuteTime(interval.from, zone)}`}</span>
        {bars.length > 0 && (
          <span>
            at most {figure(most)} in {span(width)}
            {bars.some(({ marked }) => marked > 0) && <span className="failures">failed</span>}
          </span>
        )}
        <span>{`${dayOf(interval.to, zone)}, ${minuteTime(interval.to, zone)}`}</span>
      </figcaption>
    </figure>
  )
}
