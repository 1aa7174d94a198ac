import { figure } from '../time/format.ts'

/** Events by the hour of the day; the hours of the night are marked. */
export function HoursOfDay({
  counts,
  label,
}: {
  readonly counts: ReadonlyMap<number, number>
  readonly label: string
}) {
  const most = Math.max(1, ...counts.values())
  return (
    <svg className="hours" viewBox="0 0 240 72" role="img" aria-label={label}>
      {Array.from({ length: 24 }, (_, hour) => {
        const count = counts.get(hour) ?? 0
        const height = count === 0 ? 0 : Math.max(1, (count / most) * 54)
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: the hour is what it is.
          <g key={hour}>
            <title>{`${hour}:00 to ${hour + 1}:00: ${figure(count)}`}</title>
            <rect
              className={hour < 6 || hour >= 22 ? 'bar night' : 'bar'}
              x={hour * 10 + 1}
              y={56 - height}
              width={8}
              height={height}
            />
            {hour % 6 === 0 && (
              <text x={hour * 10 + 1} y={69}>
                {String(hour).padStart(2, '0')}
              </text>
            )}
          </g>
        )
      })}
    </svg>
  )
}
