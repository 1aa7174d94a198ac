import { type FormEvent, useRef, useState } from 'react'
import { periodBefore } from '../compare/sides.ts'
import { useKeys } from '../frame/keys.ts'
import { Link } from '../frame/link.tsx'
import { Popover } from '../frame/popover.tsx'
import { useZone } from '../frame/preferences.ts'
import { counted, dayOf, minuteTime } from './format.ts'
import { READER, readTyped, typed } from './habits.ts'
import { between, intervalOf, LENGTHS, lengthOf, PRESETS } from './ranges.ts'

interface RangePickerProps {
  readonly range: string
  readonly onChoose: (range: string) => void
}

/** Chooses the time to look at: a length back from now, or from one moment to another. */
export function RangePicker({ range, onChoose }: RangePickerProps) {
  const zone = useZone()
  useKeys({ time: () => document.querySelector<HTMLElement>('#main button.range')?.click() })
  return (
    <Popover
      name={`Time: ${rangeName(range, zone)}`}
      className="range"
      align="end"
      label={rangeName(range, zone)}
    >
      {(close) => (
        <div className="range-panel">
          <ul ref={focusChosen}>
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
          <div className="range-between">
            <Between
              range={range}
              onChoose={(chosen) => {
                onChoose(chosen)
                close()
              }}
            />
            {range !== 'all' && (
              <Link className="small" to={comparedWithBefore(range)} onClick={close}>
                Compare with the period before
              </Link>
            )}
          </div>
        </div>
      )}
    </Popover>
  )
}

/** The comparison of all events in this period and in the one before. */
const comparedWithBefore = (range: string): string =>
  `/compare?${new URLSearchParams({ range, 'with-range': periodBefore(range, Date.now()) })}`
const focusChosen = (list: HTMLElement | null): void =>
  list?.querySelector<HTMLElement>('[aria-pressed="true"]')?.focus()

export function rangeName(range: string, zone: string): string {
  const preset = PRESETS.find(({ id }) => id === range)
  if (preset !== undefined) return preset.name
  const length = lengthOf(range)
  if (length !== null) return `Last ${counted(length.count, LENGTHS[length.unit].name)}`
  const interval = intervalOf(range, Date.now())
  if (interval === null) return 'All time'
  const said = (at: number): string => `${dayOf(at, zone)}, ${minuteTime(at, zone)}`
  return `${said(interval.from)} – ${said(interval.to)}`
}

export const inZone = (at: number, zone: string): Temporal.PlainDateTime =>
  Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone).toPlainDateTime()

export const momentOf = (text: string, zone: string): number | null =>
  readTyped(text, READER)?.toZonedDateTime(zone).epochMilliseconds ?? null

function Between({ range, onChoose }: RangePickerProps) {
  const zone = useZone()
  const now = Date.now()
  const interval = intervalOf(range, now) ?? { from: now - 7 * 86_400_000, to: now }
  const [from, setFrom] = useState(() => typed(inZone(interval.from, zone), READER))
  const [to, setTo] = useState(() => typed(inZone(interval.to, zone), READER))
  const [begin, end] = [momentOf(from, zone), momentOf(to, zone)]
  const example = typed(inZone(now, zone), READER)
  const wrong =
    begin === null || end === null
      ? `Write a time such as ${example}.`
      : begin >= end
        ? 'The beginning must be before the end.'
        : null
  const send = (submit: FormEvent): void => {
    submit.preventDefault()
    if (begin !== null && end !== null && wrong === null) onChoose(between(begin, end))
  }
  return (
    <form onSubmit={send}>
      <Moment name="From" value={from} wrong={begin === null} onChange={setFrom} />
      <Moment name="To" value={to} wrong={end === null} onChange={setTo} />
      <p className="quiet small" role="status">
        {wrong ?? `Times of ${zone}`}
      </p>
      <button type="submit" disabled={wrong !== null}>
        Apply
      </button>
    </form>
  )
}

interface MomentProps {
  readonly name: string
  readonly value: string
  readonly wrong: boolean
  readonly onChange: (value: string) => void
}

/** A time as this reader types it. The browser's own field has the habits of the browser; only its calendar is used. */
export function Moment({ name, value, wrong, onChange }: MomentProps) {
  const calendar = useRef<HTMLInputElement>(null)
  const known = readTyped(value, READER)
  return (
    <div className="moment">
      <label>
        {name}
        <input
          value={value}
          aria-invalid={wrong}
          autoComplete="off"
          spellCheck={false}
          onChange={({ target }) => onChange(target.value)}
        />
      </label>
      <button
        type="button"
        aria-label={`${name}: choose a day`}
        title="Choose a day"
        onClick={() => calendar.current?.showPicker()}
      >
        <svg viewBox="0 0 14 14" aria-hidden="true">
          <path d="M1.500 3h11v9.500h-11zM1.500 5.800h11M4.500 1v3M9.500 1v3" />
        </svg>
      </button>
      <input
        ref={calendar}
        type="date"
        className="calendar"
        tabIndex={-1}
        aria-hidden="true"
        value={known?.toPlainDate().toString() ?? ''}
        onChange={({ target }) => {
          if (target.value === '') return
          const day = Temporal.PlainDate.from(target.value)
          onChange(typed(day.toPlainDateTime(known?.toPlainTime() ?? '00:00'), READER))
        }}
      />
    </div>
  )
}
