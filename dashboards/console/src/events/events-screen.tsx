import { useCallback, useMemo, useRef, useState } from 'react'
import { Problem } from '../api/ask.ts'
import { Timeline } from '../charts/timeline.tsx'
import { useTimeline } from '../charts/use-timeline.ts'
import { EntryDrawer } from '../entry/entry-drawer.tsx'
import { go, usePlace } from '../frame/location.ts'
import { Empty, Failed, Loading } from '../frame/states.tsx'
import { counted, figure } from '../time/format.ts'
import { RangePicker } from '../time/range-picker.tsx'
import { between } from '../time/ranges.ts'
import { Chips } from './chips.tsx'
import { ColumnHead } from './column-head.tsx'
import { FIRST_COLUMNS } from './columns.ts'
import { type Event, idOf } from './event.ts'
import { EventTable } from './event-table.tsx'
import { Facets } from './facets.tsx'
import { QueryBar } from './query-bar.tsx'
import { type Question, queryOf, readQuestion, sortedBy, toggled, writeQuestion } from './question.ts'
import { Tools } from './tools.tsx'
import { useKeys } from './use-keys.ts'
import { useResults } from './use-results.ts'
import { useTail } from './use-tail.ts'

/** The log viewer. All that it shows follows from the address. */
export function EventsScreen() {
  const { search } = usePlace()
  const question = useMemo(() => readQuestion(search), [search])
  const parameters = new URLSearchParams(search)
  const selected = parameters.get('event')
  const following = parameters.get('follow') === 'yes'
  const [cursor, setCursor] = useState(-1)
  const [narrowing, setNarrowing] = useState(false)
  const field = useRef<HTMLInputElement>(null)

  const show = useCallback(
    (change: Partial<Question>, rest: { event?: string | null; follow?: boolean } = {}): void => {
      const { event = null, follow = following } = rest
      go(`/events${writeQuestion({ ...question, ...change }, { event, follow: follow ? 'yes' : null })}`)
    },
    [question, following],
  )
  const open = useCallback((id: string | null): void => show({}, { event: id }), [show])

  const query = queryOf(question)
  const tail = useTail(query, following)
  const timeline = useTimeline(query, question.range)
  const { results, refresh } = useResults(question, timeline.isOld ? null : timeline.count)
  const { newest } = results
  const fresh = useMemo(() => withoutThose(tail.events, newest), [tail.events, newest])
  const rows = fresh.length + results.rows
  const eventAt = (row: number): Event | undefined =>
    row < fresh.length ? fresh[row] : results.at(row - fresh.length)
  const columns = question.columns ?? FIRST_COLUMNS
  const onView = useCallback(
    (first: number, end: number) => void results.want(Math.max(0, first - fresh.length), end - fresh.length),
    [results, fresh.length],
  )

  const goTo = (row: number): void => {
    const next = Math.min(rows - 1, Math.max(0, row))
    setCursor(next)
    const event = eventAt(next)
    if (selected !== null && event !== undefined) open(idOf(event))
  }
  const openCursor = (): void => {
    const event = eventAt(cursor)
    if (event !== undefined) open(idOf(event))
  }
  const onOpen = useCallback(
    (event: Event, row: number): void => {
      setCursor(row)
      open(idOf(event) === selected ? null : idOf(event))
    },
    [open, selected],
  )
  useKeys([
    ['/', () => field.current?.focus()],
    ['j', () => goTo(cursor + 1)],
    ['k', () => goTo(cursor - 1)],
    ['PageDown', () => goTo(cursor + LEAP)],
    ['PageUp', () => goTo(cursor - LEAP)],
    ['Home', () => goTo(0)],
    ['End', () => goTo(rows - 1)],
    ['Enter', openCursor],
    ['Escape', () => selected !== null && open(null)],
    ['f', () => show({ sort: 'newest' }, { follow: !following })],
    ['r', refresh],
  ])

  const toggle = (name: string, value: string | null, not: boolean): void =>
    show({ filters: toggled(question.filters, name, value, not) })
  const problem = results.problem instanceof Problem ? results.problem : null
  const badQuery = problem?.code === 'bad-query' ? problem : null

  return (
    <div className={`viewer ${selected === null ? '' : 'with-entry'} ${narrowing ? 'narrowing' : ''}`}>
      <h1 className="unseen">Events</h1>
      <div className="viewer-bar">
        <QueryBar query={question.q} problem={badQuery} field={field} onSearch={(q) => show({ q })} />
        <RangePicker range={question.range} onChoose={(range) => show({ range })} />
        <Tools
          question={question}
          columns={columns}
          following={following}
          search={search}
          onFollow={() => show({ sort: 'newest' }, { follow: !following })}
          onColumns={(next) => show({ columns: next })}
          onRefresh={refresh}
        />
        <button
          type="button"
          className="narrow-only"
          aria-pressed={narrowing}
          onClick={() => setNarrowing(!narrowing)}
        >
          Filters{question.filters.length > 0 ? ` (${question.filters.length})` : ''}
        </button>
      </div>
      <Chips filters={question.filters} onChange={(filters) => show({ filters })} />
      <Facets question={question} onToggle={toggle} />
      <section className="results" aria-label="Results">
        <div className="results-head">
          <p className="total" role="status">
            {badQuery !== null
              ? 'No answer'
              : timeline.count === null
                ? 'Counting …'
                : counted(timeline.count, 'event')}
            {following && (
              <span className="live">
                {tail.problem === null ? `Live · ${figure(tail.events.length)} new` : tail.problem.message}
              </span>
            )}
          </p>
          <Timeline
            bars={timeline.bars}
            width={timeline.width}
            interval={timeline.interval}
            label="Events over time"
            height={40}
            onChoose={({ from, to }) => show({ range: between(from, to) })}
          />
        </div>
        {problem !== null && badQuery === null && rows > 0 && (
          <p className="problem" role="alert">
            {problem.message}{' '}
            <button type="button" onClick={() => results.retry()}>
              Try again
            </button>
          </p>
        )}
        {results.isPending ? (
          <Loading rows={14} />
        ) : badQuery !== null ? (
          <Empty title="The query is not understood.">
            The bar above says where, and what could be meant.
          </Empty>
        ) : problem !== null && rows === 0 ? (
          <Failed problem={problem} retry={() => results.retry()} />
        ) : rows === 0 && !results.hasMore ? (
          <Empty title="Nothing was found.">
            {question.filters.length > 0 || question.q !== ''
              ? 'Take off a filter, or look at a longer time.'
              : 'No event in this time. Is an agent shipping? See Settings, Agents.'}
          </Empty>
        ) : (
          <EventTable
            rows={rows}
            eventAt={eventAt}
            columns={columns}
            selected={selected}
            cursor={cursor}
            fresh={fresh.length}
            onOpen={onOpen}
            onView={onView}
            sorted={(name) => sortedBy(question, name)}
            header={(name) => (
              <ColumnHead
                field={name}
                question={question}
                onToggle={(value, not) => toggle(name, value, not)}
                onSort={(sort) => show({ sort })}
              />
            )}
            footer={
              <p className="grid-foot quiet">
                {results.isReading
                  ? 'Reading on …'
                  : results.hasMore
                    ? 'Scroll for more'
                    : `That is all: ${counted(rows, 'event')}.`}
              </p>
            }
          />
        )}
      </section>
      {selected !== null && <EntryDrawer id={selected} onClose={() => open(null)} />}
    </div>
  )
}

/** So many rows are a page of the keyboard's. */
const LEAP = 20

/** What arrived while following may be found by the search, too. */
function withoutThose(events: readonly Event[], found: readonly Event[]): readonly Event[] {
  if (events.length === 0) return events
  const known = new Set(found.map(idOf))
  return events.filter((event) => !known.has(idOf(event)))
}
