import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useMemo, useRef, useState } from 'react'
import { Problem } from '../api/ask.ts'
import { useAsk } from '../api/use-ask.ts'
import { Timeline } from '../charts/timeline.tsx'
import { useTimeline } from '../charts/use-timeline.ts'
import { useZoom } from '../charts/use-zoom.ts'
import { EntryDrawer } from '../entry/entry.tsx'
import { AsOf } from '../frame/as-of.tsx'
import { useKeys } from '../frame/keys.ts'
import { Link } from '../frame/link.tsx'
import { go, usePlace } from '../frame/location.ts'
import { Empty, Failed, Loading } from '../frame/states.tsx'
import { counted, figure } from '../time/format.ts'
import { RangePicker } from '../time/range-picker.tsx'
import { EVER, PRESETS } from '../time/ranges.ts'
import { ColumnHead } from './column-head.tsx'
import { columnName, FIRST_COLUMNS } from './columns.ts'
import { type Event, idOf } from './event.ts'
import { EventTable } from './event-table.tsx'
import { Facets } from './facets.tsx'
import { changeLook, useLook } from './look.ts'
import { QueryBar } from './query-bar.tsx'
import {
  asked,
  type Filter,
  type Question,
  queryOf,
  readQuestion,
  sortedBy,
  toggled,
  writeQuestion,
} from './question.ts'
import { Tools } from './tools.tsx'
import { useCursor } from './use-cursor.ts'
import { useResults } from './use-results.ts'
import { type Tail, useTail } from './use-tail.ts'

/** The log viewer. All that it shows follows from the address. */
export function EventsScreen() {
  const { search } = usePlace()
  const question = useMemo(() => readQuestion(search), [search])
  const parameters = new URLSearchParams(search)
  const selected = parameters.get('event')
  const following = parameters.get('follow') === 'yes'
  const shownTab = parameters.get('tab')
  const [narrowing, setNarrowing] = useState(false)
  /** On a phone the tools come when somebody asks for them. */
  const [isTooling, setTooling] = useState(false)
  const field = useRef<HTMLInputElement>(null)
  const scroller = useRef<HTMLDivElement>(null)
  const list = useRef<HTMLElement>(null)
  /** A new object each time that the keyboard goes into the entry. */
  const [entering, setEntering] = useState<object | null>(null)

  const show = useCallback(
    (change: Partial<Question>, rest: { event?: string | null; follow?: boolean } = {}): void => {
      const { event = null, follow = following } = rest
      const tab = event === null ? null : shownTab
      go(`/events${writeQuestion({ ...question, ...change }, { event, tab, follow: follow ? 'yes' : null })}`)
    },
    [question, following, shownTab],
  )
  const open = useCallback((id: string | null): void => show({}, { event: id }), [show])

  const query = queryOf(question)
  const timeline = useTimeline(query, question.range, question.own)
  const zoom = useZoom(question.range, timeline.interval, (range) => show({ range }))
  const { results, fresh, renew } = useResults(question, timeline.isOld ? null : timeline.count)
  const { rows } = results
  const queries = useQueryClient()
  /** Refreshes rows, counts, filters and the chart together, so that they agree. */
  const refresh = useCallback(
    async (isWanted?: () => boolean): Promise<boolean> => {
      const renewed = await renew(isWanted)
      if (renewed) await queries.invalidateQueries({ queryKey: ['postAggregate'] })
      return renewed
    },
    [renew, queries],
  )
  const opened = useRef(selected)
  opened.current = selected
  const isBusy = (): boolean => opened.current !== null || isBeingRead(scroller.current)
  const tail = useTail({
    q: query,
    range: question.range,
    own: question.own,
    on: following,
    shown: () => new Set(results.newest.map(idOf)),
    bringIn: async (asked) => {
      if (asked) scroller.current?.scrollTo(0, 0)
      return (asked || !isBusy()) && refresh(() => asked || !isBusy())
    },
  })
  const look = useLook()
  const columns = question.columns ?? look.columns ?? FIRST_COLUMNS
  /** They are kept for the next visit, and are in the address for a link. */
  const chooseColumns = (next: readonly string[] | null): void => {
    changeLook({ columns: next })
    show({ columns: next }, { event: selected })
  }
  const onView = useCallback((first: number, end: number) => void results.want(first, end), [results])
  const cursor = useCursor(results, selected, open)
  const close = (): void => {
    setEntering(null)
    if (selected !== null) cursor.put(cursor.row, selected)
    open(null)
  }
  const onOpen = useCallback(
    (event: Event, row: number): void => {
      setEntering(null)
      cursor.put(row, idOf(event))
      open(idOf(event) === selected ? null : idOf(event))
    },
    [cursor.put, open, selected],
  )
  /** Moves the cursor. The focus leaves the button of a row, or else Enter would press that one. */
  const move = (step: () => void): void => {
    if (list.current?.contains(document.activeElement) === true) list.current.focus({ preventScroll: true })
    step()
  }
  useKeys({
    search: () => field.current?.focus(),
    next: () => move(() => cursor.by(1)),
    previous: () => move(() => cursor.by(-1)),
    pageDown: () => move(() => cursor.by(LEAP)),
    pageUp: () => move(() => cursor.by(-LEAP)),
    first: () => move(() => cursor.to(0)),
    last: () => move(() => cursor.to(rows - 1)),
    open: () => {
      cursor.enter()
      setEntering({})
    },
    back: () => {
      if (selected === null) return
      close()
      list.current?.focus({ preventScroll: true })
    },
    follow: () => show({ sort: 'newest' }, { follow: !following }),
    refresh: () => void refresh(),
  })

  const toggle = (name: string, value: string | null, not: boolean): void =>
    show({ filters: toggled(question.filters, name, value, not) })
  const problem = results.problem instanceof Problem ? results.problem : null
  const badQuery = problem?.code === 'bad-query' ? problem : null

  return (
    <div
      className={`viewer ${selected === null ? '' : 'with-entry'} ${narrowing ? 'narrowing' : ''} ${isTooling ? 'tooling' : ''}`}
    >
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
          onColumns={chooseColumns}
          onOwn={() => show({ own: !question.own })}
          onRefresh={() => void refresh()}
        />
        <button
          type="button"
          className="phone-only"
          aria-expanded={isTooling}
          onClick={() => setTooling(!isTooling)}
        >
          More
        </button>
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
      <section className="results" aria-label="Results" ref={list} tabIndex={-1}>
        <div className="results-head">
          <Timeline
            bars={timeline.bars}
            width={timeline.width}
            interval={timeline.interval}
            label="Events over time"
            height={54}
            beside={
              <p className="total" role="status">
                {badQuery !== null
                  ? 'No answer'
                  : timeline.count === null
                    ? 'Counting …'
                    : `${timeline.partial?.reason === 'time' ? 'more than ' : ''}${counted(timeline.count, 'event')}`}
                {following && <Live tail={tail} />}
                <AsOf />
              </p>
            }
            zoom={zoom}
            onChoose={zoom.into}
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
          <Empty title="This query is not valid.">
            The search bar shows where, and suggests corrections.
          </Empty>
        ) : problem !== null && rows === 0 ? (
          <Failed problem={problem} retry={() => results.retry()} />
        ) : rows === 0 && !results.hasMore ? (
          <NothingFound question={question} />
        ) : (
          <EventTable
            rows={rows}
            eventAt={(row) => results.at(row)}
            columns={columns}
            onColumns={chooseColumns}
            sample={results.newest}
            sampleKey={JSON.stringify({ ...question, columns: null })}
            selected={selected}
            marked={cursor.id}
            goal={cursor.goal}
            fresh={fresh}
            scroller={scroller}
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
                  ? 'Loading …'
                  : results.hasMore
                    ? 'Scroll for more'
                    : `End of the list: ${counted(rows, 'event')}.`}
              </p>
            }
          />
        )}
      </section>
      {selected !== null && <EntryDrawer id={selected} entering={entering} onClose={close} />}
    </div>
  )
}

/** The number of rows of the keyboard's Page keys. */
const LEAP = 20

/** Rows under the pointer, and those that somebody scrolled to, stay where they are; nobody reads a hidden page. */
const isBeingRead = (scroller: HTMLElement | null): boolean =>
  document.hidden ||
  (scroller?.scrollTop ?? 0) > 0 ||
  document.querySelector('.results:hover, .facets:hover, .popover:hover') !== null

function Live({ tail }: { tail: Tail }) {
  if (tail.problem !== null) return <span className="live">{tail.problem.message}</span>
  if (tail.waiting === 0) return <span className="live">Live</span>
  return (
    <span className="live">
      <button type="button" onClick={tail.show}>
        {tail.more ? 'more than ' : ''}
        {figure(tail.waiting)} new, show
      </button>
    </span>
  )
}

/** The active filters, each with a button that removes it. */
function Chips({ filters, onChange }: { filters: readonly Filter[]; onChange: (filters: Filter[]) => void }) {
  if (filters.length === 0) return null
  return (
    <ul className="chips" aria-label="Active filters">
      {filters.flatMap(({ field, values, not }) =>
        values.map((value) => {
          const name = `${columnName(field)} ${not ? 'is not' : 'is'} ${value ?? '(none)'}`
          return (
            <li key={`${field} ${not} ${value}`} className={not ? 'chip not' : 'chip'}>
              <span>
                {columnName(field)} {not ? '≠' : '='} <bdi>{value ?? '(none)'}</bdi>
              </span>
              <button
                type="button"
                aria-label={`Remove the filter: ${name}`}
                onClick={() => onChange(toggled(filters, field, value, not))}
              >
                ✕
              </button>
            </li>
          )
        }),
      )}
      <li>
        <button type="button" className="plain" onClick={() => onChange([])}>
          Clear all
        </button>
      </li>
    </ul>
  )
}

/** The answer to a search without results: alternatives that have some, each a link with its count. */
function NothingFound({ question }: { question: Question }) {
  const isAnything = question.q === '' && question.filters.length === 0
  const { data } = useAsk('getAlternatives', { query: asked(question) })
  const near = data?.alternatives ?? []
  return (
    <>
      <Empty title="No events found.">
        {near.length > 0
          ? 'Similar searches that find events:'
          : isAnything
            ? 'There are no events in this period. Check that agents are shipping: Settings, Agents.'
            : 'Remove a filter, or choose a longer period.'}
      </Empty>
      {near.length > 0 && (
        <ul className="alternatives" aria-label="Similar searches that find events">
          {near.map(({ q, from, own, difference, count }) => (
            <li key={`${q} ${from} ${own}`}>
              <Link to={`/events${writeQuestion(alternative(question, q, from, own))}`}>{difference}</Link>{' '}
              <span className="quiet">{figure(count)}</span>
            </li>
          ))}
        </ul>
      )}
    </>
  )
}

/** The filters are in its query already. */
function alternative(question: Question, q: string, from: string | null, own: boolean): Question {
  const preset = PRESETS.find(({ id }) => id === from || (from === 'now-1d' && id === 'now-24h'))
  const isSameTime = from === (asked(question).from ?? null)
  return {
    ...question,
    q: q === '*' ? '' : q,
    filters: [],
    own,
    range: isSameTime ? question.range : (preset?.id ?? EVER),
  }
}
