import { type ReactNode, useId, useRef } from 'react'
import type { Problem } from '../api/ask.ts'
import { QueryBar } from '../events/query-bar.tsx'
import { Field } from '../rules/field.tsx'
import { isZone, zonesLike } from '../time/zones.ts'
import { type Asked, FORMAT_NAMES, FORMATS, type Format, PAPERS, type Report } from './asked.ts'
import { daysText, isPeriod, lastPeriod, PERIODS } from './periods.ts'
import { ValuesField } from './values-field.tsx'

interface FieldsProps {
  readonly asked: Asked
  readonly onAsked: (change: Partial<Asked>) => void
}

/** A group of controls under one name. */
export function Group({ label, hint, children }: { label: string; hint?: string; children: ReactNode }) {
  const id = useId()
  return (
    // biome-ignore lint/a11y/useSemanticElements: a legend can't be a cell of the grid.
    <div className="field" role="group" aria-labelledby={id}>
      <span id={id}>{label}</span>
      <div className="field-group">{children}</div>
      {hint !== undefined && <span className="quiet small">{hint}</span>}
    </div>
  )
}

export function TypeField({
  reports,
  value,
  onValue,
}: {
  reports: readonly Report[]
  value: string
  onValue: (id: string) => void
}) {
  return (
    <Field label="Report type">
      <select value={value} onChange={({ target }) => onValue(target.value)}>
        {reports.map(({ id, title }) => (
          <option key={id} value={id}>
            {title}
          </option>
        ))}
      </select>
    </Field>
  )
}

/** The period: of the calendar, or from one date to another. */
export function PeriodFields({ asked, onAsked, zone }: FieldsProps & { readonly zone: string }) {
  const { period, from, to } = asked
  return (
    <Group
      label="Date range"
      hint={
        period === 'dates'
          ? 'Both days are included.'
          : `${daysText(lastPeriod(period, Date.now(), isZone(zone) ? zone : 'UTC'))}, ${zone}`
      }
    >
      <select
        aria-label="Date range"
        value={period}
        onChange={({ target: { value } }) => {
          // The dates begin as the days of the period that was chosen before.
          if (isPeriod(value)) onAsked({ period: value })
          else if (period !== 'dates')
            onAsked({ period: 'dates', ...lastPeriod(period, Date.now(), isZone(zone) ? zone : 'UTC') })
        }}
      >
        {Object.entries(PERIODS).map(([value, name]) => (
          <option key={value} value={value}>
            {name}
          </option>
        ))}
        <option value="dates">Two dates</option>
      </select>
      {period === 'dates' && (
        <>
          <input
            type="date"
            aria-label="First day"
            value={from}
            max={to}
            onChange={({ target }) => onAsked({ from: target.value })}
          />
          <span aria-hidden="true">–</span>
          <input
            type="date"
            aria-label="Last day"
            value={to}
            min={from}
            onChange={({ target }) => onAsked({ to: target.value })}
          />
        </>
      )}
    </Group>
  )
}

export function ZoneField({
  value,
  organisation,
  onValue,
}: {
  value: string
  /** The zone that is used without one. */
  organisation: string
  onValue: (zone: string) => void
}) {
  const list = useId()
  const isWrong = value !== '' && !isZone(value)
  return (
    <Field
      label="Time zone"
      hint={isWrong ? 'No time zone has this name.' : 'The clock of its days and times.'}
    >
      <input
        list={list}
        placeholder={`${organisation} (the organisation)`}
        aria-invalid={isWrong}
        autoComplete="off"
        spellCheck={false}
        value={value}
        onChange={({ target }) => onValue(target.value.trim())}
      />
      <datalist id={list}>
        {zonesLike('').map((zone) => (
          <option key={zone} value={zone} />
        ))}
      </datalist>
    </Field>
  )
}

/** Which events of the period are in it. */
export function ScopeFields({
  asked,
  onAsked,
  needs,
  problem,
}: FieldsProps & { readonly needs: Report['needs']; readonly problem: Problem | null }) {
  const query = useRef<HTMLInputElement>(null)
  const isAboutPeople = needs.includes('users')
  return (
    <>
      <ValuesField
        label="Users"
        of="user.name"
        hint={
          isAboutPeople
            ? 'Needed, or people: whose data it is.'
            : 'A name, id or mail address; none means all.'
        }
        values={asked.users}
        onValues={(users) => onAsked({ users })}
      />
      <ValuesField
        label="People"
        of="person"
        hint="With all their accounts; none means all."
        values={asked.people}
        onValues={(people) => onAsked({ people })}
      />
      <ValuesField
        label="Entities"
        of="audit.entity.type"
        hint="Kinds of records, such as Customer; none means all."
        values={asked.entities}
        onValues={(entities) => onAsked({ entities })}
      />
      <ValuesField
        label="Systems"
        of="event.module"
        hint="The sources of events; none means all."
        values={asked.systems}
        onValues={(systems) => onAsked({ systems })}
      />
      <Group label="Include">
        <Check
          label="Successful actions"
          isChecked={asked.success}
          onChecked={(success) => onAsked({ success })}
        />
        <Check
          label="Failed attempts"
          isChecked={asked.failure}
          onChecked={(failure) => onAsked({ failure })}
        />
      </Group>
      <div className="field">
        <span>Further condition</span>
        <QueryBar
          name="Further condition"
          placeholder="In the query language, such as ip: 203.0.113.45"
          query={asked.q}
          problem={problem}
          field={query}
          onTyped={(q) => onAsked({ q })}
          onSearch={(q) => onAsked({ q })}
        />
      </div>
    </>
  )
}

export function Check({
  label,
  isChecked,
  onChecked,
}: {
  label: string
  isChecked: boolean
  onChecked: (isChecked: boolean) => void
}) {
  return (
    <label className="check">
      <input type="checkbox" checked={isChecked} onChange={({ target }) => onChecked(target.checked)} />{' '}
      {label}
    </label>
  )
}

const ABOUT = {
  pdf: 'with its signed proof within',
  html: 'one page for a browser',
  csv: 'rows for a spreadsheet',
  xlsx: 'a sheet for each table',
  json: 'all of it, for programs',
  ndjson: 'whole events, one on each line',
} as const

export function FormatField({
  formats,
  onFormats,
}: {
  formats: readonly Format[]
  onFormats: (formats: readonly Format[]) => void
}) {
  return (
    <Group label="Format" hint={formats.length === 0 ? 'Choose at least one.' : 'One file for each.'}>
      {FORMAT_NAMES.map((format) => (
        <label key={format} className="check" title={ABOUT[format]}>
          <input
            type="checkbox"
            checked={formats.includes(format)}
            onChange={({ target }) =>
              // In the order of the list, whatever was clicked first.
              onFormats(
                FORMAT_NAMES.filter((one) => (one === format ? target.checked : formats.includes(one))),
              )
            }
          />{' '}
          {FORMATS[format]}
        </label>
      ))}
    </Group>
  )
}

/** The formats, and the paper of a PDF. */
export function FormatFields({
  asked: { formats, paper },
  onAsked,
}: {
  readonly asked: Pick<Asked, 'formats' | 'paper'>
  readonly onAsked: (change: Partial<Asked>) => void
}) {
  return (
    <>
      <FormatField formats={formats} onFormats={(next) => onAsked({ formats: next })} />
      {formats.includes('pdf') && (
        <Field label="Paper">
          <select
            value={paper}
            onChange={({ target }) => onAsked({ paper: target.value === 'letter' ? 'letter' : 'a4' })}
          >
            {Object.entries(PAPERS).map(([value, name]) => (
              <option key={value} value={value}>
                {name}
              </option>
            ))}
          </select>
        </Field>
      )}
    </>
  )
}
