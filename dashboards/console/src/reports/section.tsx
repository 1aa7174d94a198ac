import { useState } from 'react'
import { HoursOfDay } from '../charts/hours-of-day.tsx'
import { Timeline } from '../charts/timeline.tsx'
import { Link } from '../frame/link.tsx'
import { go } from '../frame/location.ts'
import { Bar } from '../screens/bar-list.tsx'
import { Panel } from '../screens/panel.tsx'
import { clockTime, dayOf, figure, span } from '../time/format.ts'
import { type Cell, type Leads, leadsOf, type Preview, type Section, type Table } from './leads.ts'

type Chart = NonNullable<Section['chart']>
type Times = Extract<Chart, { kind: 'time' }>
type Bars = Extract<Chart, { kind: 'bars' }>

/** A part of a report as on paper, where each figure leads to its events. */
export function SectionPanel({ section, report }: { section: Section; report: Preview }) {
  const { title, note, chart, table, events } = section
  const leads = leadsOf(events, report.period)
  const isFigures = chart === null && table !== null && (events?.rows.length ?? 0) > 0
  return (
    <Panel
      title={title}
      className="wide"
      beside={
        leads.whole !== null && (
          <Link className="beside" to={leads.whole} aria-label={`Events: ${title}`}>
            Events
          </Link>
        )
      }
    >
      {note !== '' && <p className="quiet lead">{note}</p>}
      {isFigures ? (
        <Figures table={table} leads={leads} />
      ) : (
        <div
          className={chart?.kind === 'bars' && table !== null && !isHours(chart) ? 'finding both' : 'finding'}
        >
          {chart?.kind === 'time' && <OverTime chart={chart} title={title} leads={leads} report={report} />}
          {chart?.kind === 'bars' && <BarsOf chart={chart} title={title} leads={leads} zone={report.zone} />}
          {table !== null &&
            (chart?.kind === 'bars' && isHours(chart) ? (
              <details>
                <summary>As a table</summary>
                <ReportTable label={title} table={table} leads={leads} zone={report.zone} />
              </details>
            ) : (
              <ReportTable label={title} table={table} leads={leads} zone={report.zone} />
            ))}
          {chart === null && table === null && note === '' && <p className="quiet">No events.</p>}
        </div>
      )}
    </Panel>
  )
}

function Figures({ table, leads }: { table: Table; leads: Leads }) {
  return (
    <div className="figures">
      {table.rows.map(([name, value], index) => {
        const content = (
          <>
            <span className="figure-name">{name}</span>
            <span className="figure-count">{typeof value === 'number' ? figure(value) : value}</span>
          </>
        )
        const to = leads.row(name ?? '', index)
        return to === null ? (
          <div key={name} className="figure">
            {content}
          </div>
        ) : (
          <Link key={name} className="figure" to={to}>
            {content}
          </Link>
        )
      })}
    </div>
  )
}

const HOUR = 3_600_000
const WIDTHS = { hour: HOUR, day: 24 * HOUR, week: 168 * HOUR, month: 672 * HOUR } as const

function OverTime({
  chart: { points, unit },
  title,
  leads,
  report,
}: {
  chart: Times
  title: string
  leads: Leads
  report: Preview
}) {
  const { period, zone } = report
  const endOf = (index: number): number => points[index + 1]?.at ?? period.to
  const isDay = unit !== 'hour'
  const withEvents = points.flatMap(({ at, count }, index) =>
    count === 0 ? [] : [{ at, count, to: leads.span(at, endOf(index)) }],
  )
  if (withEvents.length === 0) return <p className="quiet">No events in this period.</p>
  return (
    <div>
      <Timeline
        bars={points.map(({ at, count }) => ({ at, count, marked: 0 }))}
        width={WIDTHS[unit]}
        interval={period}
        label={title}
        height={72}
        zone={zone}
        onChoose={({ from, to }) => {
          const found = leads.span(from, to)
          if (found !== null) go(found)
        }}
      />
      <details className="as-table">
        <summary>As a table</summary>
        <ul className="times-list">
          {withEvents.map(({ at, count, to }) => {
            const name = isDay ? dayOf(at, zone) : `${dayOf(at, zone)}, ${clockTime(at, zone)}`
            return (
              <Bar
                key={at}
                name={unit === 'week' ? `Week of ${name}` : name}
                count={count}
                share={0}
                to={to}
              />
            )
          })}
        </ul>
      </details>
    </div>
  )
}

const OF_HOURS = /^(\d\d):00$/
const isHours = ({ bars }: Bars): boolean =>
  bars.length > 0 && bars.every(({ label }) => OF_HOURS.test(label))

function BarsOf({ chart, title, leads, zone }: { chart: Bars; title: string; leads: Leads; zone: string }) {
  const { bars, others } = chart
  if (isHours(chart)) {
    const counts = new Map(bars.map(({ label, count }) => [Number(OF_HOURS.exec(label)?.[1]), count]))
    return <HoursOfDay counts={counts} label={`${title}, ${zone}`} />
  }
  const most = Math.max(1, ...bars.map(({ count }) => count))
  return (
    <ul className="bar-list">
      {bars.map(({ label, count }, index) => (
        <Bar key={label} name={label} count={count} share={count / most} to={leads.row(label, index)} />
      ))}
      {others > 0 && <li className="quiet small">{figure(others)} with others</li>}
    </ul>
  )
}

const SHOWN = 15

interface ReportTableProps {
  readonly label: string
  readonly table: Table
  readonly leads: Leads
  readonly zone: string
}

/** The rows of a table: the first ones, and all of them when somebody asks. */
export function ReportTable({ label, table: { columns, rows, more }, leads, zone }: ReportTableProps) {
  const [isWhole, setWhole] = useState(false)
  if (rows.length === 0) return <p className="quiet">None.</p>
  const shown = isWhole ? rows : rows.slice(0, SHOWN)
  const leadOf = (kind: Kind, cell: Cell, row: number, column: number): string | null =>
    kind === 'id' ? leads.event(cell) : column === 0 ? leads.row(cell, row) : null
  return (
    <div className="report-table">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard. */}
      <section className="scrolls" aria-label={label} tabIndex={0}>
        <table className="list">
          <thead>
            <tr>
              {columns.map(({ title, kind }, index) => (
                <th
                  // biome-ignore lint/suspicious/noArrayIndexKey: two columns may have one title.
                  key={index}
                  scope="col"
                  className={isNumeric(kind) ? 'number' : undefined}
                >
                  {title === '' ? <span className="unseen">Name</span> : title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((row, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the rows of a report do not move.
              <tr key={index}>
                {row.map((cell, column) => {
                  const { kind = 'text' } = columns[column] ?? {}
                  const Cell = column === 0 ? 'th' : 'td'
                  return (
                    <Cell
                      // biome-ignore lint/suspicious/noArrayIndexKey: a cell is where its column is.
                      key={column}
                      scope={column === 0 ? 'row' : undefined}
                      className={isNumeric(kind) ? 'number' : undefined}
                    >
                      <CellText cell={cell} kind={kind} zone={zone} to={leadOf(kind, cell, index, column)} />
                    </Cell>
                  )
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {rows.length > SHOWN && !isWhole && (
        <button type="button" className="plain" onClick={() => setWhole(true)}>
          Show all {figure(rows.length)} rows
        </button>
      )}
      {more > 0 && <p className="quiet small">{figure(more)} more are not shown.</p>}
    </div>
  )
}

type Kind = Table['columns'][number]['kind']
const isNumeric = (kind: Kind): boolean => kind === 'number' || kind === 'duration' || kind === 'share'

function CellText({ cell, kind, zone, to }: { cell: Cell; kind: Kind; zone: string; to: string | null }) {
  if (cell === null || cell === '') return <span className="quiet">–</span>
  if (kind === 'time' && typeof cell === 'number')
    return (
      <time dateTime={new Date(cell).toISOString()} title={new Date(cell).toISOString()}>
        {dayOf(cell, zone)}, {clockTime(cell, zone)}
      </time>
    )
  const text =
    typeof cell === 'string'
      ? cell
      : kind === 'duration'
        ? `${cell < 0 ? '−' : ''}${span(Math.abs(cell))}`
        : kind === 'share'
          ? `${(cell * 100).toFixed(1)} %`
          : figure(cell)
  if (kind === 'id')
    return to === null ? (
      <code>{text}</code>
    ) : (
      <Link to={to} aria-label={`Open the event ${text}`} title={text}>
        Open
      </Link>
    )
  return to === null ? <bdi>{text}</bdi> : <Link to={to}>{<bdi>{text}</bdi>}</Link>
}
