import { type ReactNode, useState } from 'react'
import { figure } from '../time/format.ts'
import { Plot, type PlotProps } from './plot.tsx'
import { greatestToMedian, isFlattened, type Scale, scaleOf } from './scale.ts'

interface BarChartProps extends Omit<PlotProps, 'scale'> {
  /** What is above the chart, beside the switch of the scale. */
  readonly caption: ReactNode
  readonly tools?: ReactNode
}

/** Bars with axes. The pointer and the arrow keys read their values; drawing across them, or Shift with the arrow keys, selects a part. */
export function BarChart({ caption, tools, ...plot }: BarChartProps) {
  const { bars, height } = plot
  const [chosen, setChosen] = useState<Scale['kind'] | null>(null)
  const counts = bars.map(({ count }) => count)
  const kind = chosen ?? (isFlattened(counts) ? 'log' : 'linear')
  const scale = scaleOf(counts, kind, height < 60 ? 2 : 4)
  const hasFailures = bars.some(({ marked }) => marked > 0)
  return (
    <figure className="chart">
      <figcaption>
        {caption}
        {hasFailures && <span className="failures">failed</span>}
        <span className="chart-tools">
          <span role="status" className="scale-reason">
            {kind === 'log' && chosen === null && (
              <>
                One bar is {figure(Math.round(greatestToMedian(counts)))} times the median:
                <span className="unseen"> the scale is logarithmic.</span>
              </>
            )}
          </span>
          <button
            type="button"
            className="plain"
            aria-pressed={kind === 'log'}
            title="A logarithmic scale: each step of the axis is ten times the one before"
            onClick={() => setChosen(kind === 'log' ? 'linear' : 'log')}
          >
            Log scale
          </button>
          {tools}
        </span>
      </figcaption>
      <Plot {...plot} scale={scale} />
    </figure>
  )
}
