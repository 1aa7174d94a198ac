import { type FormEvent, useState } from 'react'
import { Popover } from '../frame/popover.tsx'
import { dayOf, minuteTime } from './format.ts'
import { between, intervalOf, PRESETS } from './ranges.ts'
import { useZone } from './zone.ts'

interface RangePickerProps {
  readonly range: string
  readonly onChoose: (range: string) => void
}

/** Which time is looked at: a length back from now, or from one moment to another. */
export function RangePicker({ range, onChoose }: RangePickerProps) {
  const zone = useZone()
  return (
    <Popover
      name={`Time: ${rangeName(range, zone)}`}
      className="range"
      align="end"
      label={rangeName(range, zone)}
    >
      {(close) => (
        <div className="range-panel">
          <ul>
            {PRESETS.map(({ id, name }) => (
              <li key={id}>
                <button
                  type="button"
                  className="plain"
                  aria-pressed={id === range}
                  onClick={() => {
                    onChoose(id)
                    close()
                  }}
                >
                  {name}
                </button>
              </li>
            ))}
          </ul>
          <Between
            range={range}
            onChoose={(chosen) => {
              onChoose(chosen)
              close()
            }}
          />
        </div>
      )}
    </Popover>
  )
}

export function rangeName(range: string, zone: string): string {
  const preset = PRESETS.find(({ id }) => id === range)
  if (preset !== undefined) return preset.name
  const interval = intervalOf(range, Date.now())
  if (interval === null) return 'All time'
  const said = (at: number): string => `${dayOf(at, zone)}, ${minuteTime(at, zone)}`
  return `${said(interval.from)} – ${said(interval.to)}`
}

/** What a field for a time of the browser takes, in the reader's zone. */
const fieldValue = (at: number, zone: string): string =>
  Temporal.Instant.fromEpochMilliseconds(at)
    .toZonedDateTimeISO(zone)
    .toPlainDateTime()
    .toString()
    .slice(0, 16)

const moment = (value: string, zone: string): number =>
  Temporal.PlainDateTime.from(value).toZonedDateTime(zone).epochMilliseconds

function Between({ range, onChoose }: RangePickerProps) {
  const zone = useZone()
  const now = Date.now()
  const interval = intervalOf(range, now) ?? { from: now - 7 * 86_400_000, to: now }
  const [from, setFrom] = useState(() => fieldValue(interval.from, zone))
  const [to, setTo] = useState(() => fieldValue(interval.to, zone))
  const valid = from !== '' && to !== '' && from < to
  const send = (submit: FormEvent): void => {
    submit.preventDefault()
    if (valid) onChoose(between(moment(from, zone), moment(to, zone)))
  }
  return (
    <form onSubmit={send}>
      <label>
        From
        <input type="datetime-local" value={from} onChange={({ target }) => setFrom(target.value)} required />
      </label>
      <label>
        To
        <input type="datetime-local" value={to} onChange={({ target }) => setTo(target.value)} required />
      </label>
      <p className="quiet small">{valid ? `Times of ${zone}` : 'The beginning must be before the end.'}</p>
      <button type="submit" disabled={!valid}>
        Apply
      </button>
    </form>
  )
}
