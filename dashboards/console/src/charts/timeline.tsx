import type { ReactNode } from 'react'
import { useZone } from '../frame/preferences.ts'
import { dayOf, minuteTime, monthOf, span, yearOf } from '../time/format.ts'
import type { Interval } from '../time/ranges.ts'
import { BarChart } from './bar-chart.tsx'
import { type TimeTick, timeTicks } from './time-ticks.ts'
import type { Zoom } from './use-zoom.ts'

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
  /** Above the chart. */
  readonly beside?: ReactNode
  readonly zoom?: Zoom
  readonly onChoose?: (interval: Interval) => void
}

/** px for the label of a tick. */
const TICK_ROOM = 66

/** Events over time; drawing across it chooses a part. */
export function Timeline(props: TimelineProps) {
  const { bars, width, interval, label, height = 56, beside, zoom, onChoose } = props
  const own = useZone()
  const zone = props.zone ?? own
  const length = Math.max(1, interval.to - interval.from)
  const share = (at: number): number => Math.min(1, Math.max(0, (at - interval.from) / length))
  return (
    <div className="timeline">
      <BarChart
        label={label}
        height={height}
        bars={bars
          .map(({ at, count, marked }) => ({
            from: share(at),
            to: share(at + width),
            count,
            marked,
            name: `${dayOf(at, zone)}, ${minuteTime(at, zone)}, ${span(width)}`,
          }))
          .filter(({ from, to }) => to > from)}
        ticks={(room) =>
          timeTicks(interval, zone, Math.max(2, Math.floor(room / TICK_ROOM)), width).map((tick) => ({
            at: share(tick.at),
            label: labelOf(tick, zone),
          }))
        }
        caption={
          <>
            {beside}
            {bars.length > 0 && <span>a bar is {span(width)}</span>}
          </>
        }
        tools={zoom !== undefined && <ZoomTools zoom={zoom} />}
        onSelect={
          onChoose &&
          ((from, to) => onChoose({ from: interval.from + from * length, to: interval.from + to * length }))
        }
      />
    </div>
  )
}

function labelOf({ at, shows }: TimeTick, zone: string): string {
  switch (shows) {
    case 'time':
      return minuteTime(at, zone)
    case 'day':
      return dayOf(at, zone)
    case 'month':
      return monthOf(at, zone)
    case 'year':
      return yearOf(at, zone)
  }
}

function ZoomTools({ zoom }: { zoom: Zoom }) {
  return (
    <>
      {zoom.back !== null && (
        <button type="button" className="plain" onClick={zoom.back} title="The time before the last zoom">
          Back
        </button>
      )}
      {zoom.out !== null && (
        <button type="button" className="plain" onClick={zoom.out} title="Show twice the time">
          Zoom out
        </button>
      )}
    </>
  )
}
