import { BarChart } from './bar-chart.tsx'

const HOURS = Array.from({ length: 24 }, (_, hour) => hour)
/** From 22:00 to 6:00. */
const NIGHT = [
  { from: 0, to: 6 / 24 },
  { from: 22 / 24, to: 1 },
]
const clock = (hour: number): string => `${String(hour).padStart(2, '0')}:00`

/** Events by the hour of the day; the hours of the night have a darker ground. */
export function HoursOfDay({
  counts,
  label,
}: {
  readonly counts: ReadonlyMap<number, number>
  readonly label: string
}) {
  return (
    <BarChart
      label={label}
      height={110}
      bands={NIGHT}
      bars={HOURS.map((hour) => ({
        from: hour / 24,
        to: (hour + 1) / 24,
        count: counts.get(hour) ?? 0,
        marked: 0,
        name: `${clock(hour)} to ${clock(hour + 1)}`,
      }))}
      ticks={(width) =>
        HOURS.filter((hour) => hour % (width < 360 ? 6 : 3) === 0).map((hour) => ({
          at: hour / 24,
          label: clock(hour),
        }))
      }
      caption={<span className="night">night, 22:00 to 6:00</span>}
    />
  )
}
