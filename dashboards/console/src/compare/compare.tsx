import { type FormEvent, useState } from 'react'
import { useAsk } from '../api/use-ask.ts'
import { useFound } from '../api/use-found.ts'
import { Pairs } from '../entry/pairs.tsx'
import { pairsOf, recordAt } from '../entry/record.ts'
import { all, eventsWith, is } from '../events/question.ts'
import { Refreshed } from '../frame/as-of.tsx'
import { Link } from '../frame/link.tsx'
import { List } from '../frame/list.tsx'
import { useParameter } from '../frame/location.ts'
import { useZone } from '../frame/preferences.ts'
import { Failed, Loading } from '../frame/states.tsx'
import { Panel, ScreenHead } from '../screens/panel.tsx'
import { atLeast, figure } from '../time/format.ts'
import { RangePicker } from '../time/range-picker.tsx'
import { rangeOf } from '../time/ranges.ts'
import { KINDS, type Kind, queryOfSide, type Row, readSide, rowsOf, titleOfSide, writeSide } from './sides.ts'

/** The most frequent values of a field that are compared. */
const TOP = 100
const SHOWN = 12

interface Shown {
  readonly title: string
  readonly q: string
  readonly range: string
}

/** Two users, two records or two periods side by side. All of it is in the address. */
export default function Compare() {
  const [a, setA] = useParameter('a', '')
  const [b, setB] = useParameter('b', '')
  const [range, setRange] = useParameter('range', 'now-7d')
  const [otherRange, setOtherRange] = useParameter('with-range', '')
  const [isShort, setShort] = useParameter('only', '')
  const sides = [readSide(a), readSide(b)] as const
  const isSame = a === b
  const one: Shown = { title: isSame ? 'First' : titleOfSide(sides[0]), q: queryOfSide(sides[0]), range }
  const other: Shown = {
    title: isSame ? 'Second' : titleOfSide(sides[1]),
    q: queryOfSide(sides[1]),
    range: otherRange || range,
  }
  const differencesOnly = isShort === 'differences'
  const given = { one, other, differencesOnly }
  return (
    <div className="screen">
      <ScreenHead title="Compare">
        <Refreshed />
      </ScreenHead>
      <div className="compare-sides">
        <SideChoice key={`a ${a}`} name="First" side={a} onChoose={setA} range={range} onRange={setRange} />
        <SideChoice
          key={`b ${b}`}
          name="Second"
          side={b}
          onChoose={setB}
          range={other.range}
          onRange={setOtherRange}
        />
      </div>
      <div className="filters-line">
        <button
          type="button"
          aria-pressed={differencesOnly}
          onClick={() => setShort(differencesOnly ? '' : 'differences')}
        >
          Differences only
        </button>
      </div>
      <div className="panels">
        {sides[0].kind === 'record' && sides[1].kind === 'record' && <Fields {...given} />}
        <Totals {...given} />
        <Values {...given} title="By action" field="event.action" />
        <Values {...given} title="By entity" field="audit.entity.type" />
        <Values {...given} title="By system" field="event.module" />
        {sides.some(({ kind }) => kind !== 'user') && <Values {...given} title="By user" field="user.name" />}
        <Hours {...given} />
      </div>
    </div>
  )
}

interface ChoiceProps {
  readonly name: string
  readonly side: string
  readonly onChoose: (side: string) => void
  readonly range: string
  readonly onRange: (range: string) => void
}

function SideChoice({ name, side, onChoose, range, onRange }: ChoiceProps) {
  const read = readSide(side)
  const [kind, setKind] = useState<Kind>(read.kind)
  const [value, setValue] = useState(read.value)
  const send = (submit: FormEvent): void => {
    submit.preventDefault()
    onChoose(writeSide({ kind, value: value.trim() }))
  }
  return (
    <form className="compare-side" aria-label={name} onSubmit={send}>
      <h2>{name}</h2>
      <select
        aria-label={`${name}: kind`}
        value={kind}
        onChange={({ target }) => {
          const next = (Object.keys(KINDS) as Kind[]).find((one) => one === target.value) ?? 'all'
          setKind(next)
          if (next === 'all') onChoose('')
        }}
      >
        {Object.entries(KINDS).map(([id, words]) => (
          <option key={id} value={id}>
            {words}
          </option>
        ))}
      </select>
      {kind !== 'all' && (
        <>
          <input
            aria-label={kind === 'user' ? `${name}: name of the user` : `${name}: id of the record`}
            placeholder={kind === 'user' ? 'Name of the user' : 'Id of the record'}
            value={value}
            onChange={({ target }) => setValue(target.value)}
            required
          />
          <button type="submit">Show</button>
        </>
      )}
      <RangePicker range={range} onChoose={onRange} />
    </form>
  )
}

interface Given {
  readonly one: Shown
  readonly other: Shown
  readonly differencesOnly: boolean
}

function Totals({ one, other }: Given) {
  return (
    <Panel title="Events" className="wide">
      <dl className="pairs totals">
        {[one, other].map((side, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: there are always these two.
          <Total key={index} side={side} />
        ))}
      </dl>
    </Panel>
  )
}

function Total({ side: { title, q, range } }: { side: Shown }) {
  const { data } = useAsk('postAggregate', { body: { q, ...rangeOf(range) } })
  return (
    <>
      <dt>
        <bdi>{title}</bdi>
      </dt>
      <dd>
        <Link to={eventsWith(q, range)}>{data === undefined ? '…' : atLeast(data.count, data.partial)}</Link>
      </dd>
    </>
  )
}

function useValues({ q, range }: Shown, field: string) {
  return useAsk('postAggregate', {
    body: { q, ...rangeOf(range), by: [{ kind: 'values', field, top: TOP }] },
  })
}

function Values({ one, other, differencesOnly, title, field }: Given & { title: string; field: string }) {
  const [first, second] = [useValues(one, field), useValues(other, field)]
  const problem = first.error ?? second.error
  const [counts, otherCounts] = [first.data?.split, second.data?.split]
  return (
    <Panel title={title}>
      {problem !== null ? (
        <Failed problem={problem} />
      ) : counts === undefined || otherCounts === undefined ? (
        <Loading rows={4} />
      ) : (
        <Rows
          label={title}
          rows={rowsOf(counts, otherCounts)}
          sides={[one, other]}
          differencesOnly={differencesOnly}
          to={(side, key) =>
            eventsWith(side.q === '' ? is(field, key) : all(side.q, is(field, key)), side.range)
          }
        />
      )}
    </Panel>
  )
}

interface RowsProps {
  readonly label: string
  readonly rows: readonly Row[]
  readonly sides: readonly [Shown, Shown]
  readonly differencesOnly: boolean
  /** The search for what was counted; null if there is none. */
  readonly to: (side: Shown, key: string) => string | null
}

function Rows({ label, rows, sides, differencesOnly, to }: RowsProps) {
  const [isWhole, setWhole] = useState(false)
  const wanted = differencesOnly ? rows.filter(({ one, other }) => one !== other) : rows
  if (wanted.length === 0)
    return <p className="quiet">{rows.length === 0 ? 'Neither has any value.' : 'Nothing differs.'}</p>
  const shown = isWhole ? wanted : wanted.slice(0, SHOWN)
  const [one, other] = sides
  const count = (row: Row, side: Shown, value: number | null) => {
    const address = value === null || value === 0 ? null : to(side, row.key)
    const words = value === null ? '?' : figure(value)
    return address === null ? words : <Link to={address}>{words}</Link>
  }
  return (
    <>
      <List
        label={label}
        rows={shown}
        keyOf={({ key }) => key}
        columns={[
          { name: 'Value', of: ({ key }) => <bdi>{key}</bdi> },
          { name: one.title, kind: 'number', of: (row) => count(row, one, row.one) },
          { name: other.title, kind: 'number', of: (row) => count(row, other, row.other) },
          {
            name: 'Difference',
            of: (row) => <Difference row={row} one={one.title} other={other.title} />,
          },
        ]}
      />
      {wanted.length > shown.length && (
        <button type="button" className="plain" onClick={() => setWhole(true)}>
          Show {figure(wanted.length - shown.length)} more
        </button>
      )}
    </>
  )
}

function Difference({ row, one, other }: { row: Row; one: string; other: string }) {
  if (row.only !== null)
    return (
      <span className="differs">
        only <bdi>{row.only === 'one' ? one : other}</bdi>
      </span>
    )
  if (row.one === null || row.other === null)
    return (
      <span className="quiet" title="Not among its most frequent values">
        not known
      </span>
    )
  const more = row.other - row.one
  if (more === 0) return <span className="quiet">same</span>
  return <span>{more > 0 ? `+${figure(more)}` : `−${figure(-more)}`}</span>
}

function useHours({ q, range }: Shown, zone: string) {
  return useAsk('postAggregate', { body: { q, ...rangeOf(range), by: [{ kind: 'hour-of-day', zone }] } })
}

/** The hours of the day in their order: how people work is a matter of neighbouring hours. */
function Hours({ one, other, differencesOnly }: Given) {
  const zone = useZone()
  const [first, second] = [useHours(one, zone), useHours(other, zone)]
  const [counts, otherCounts] = [first.data?.split, second.data?.split]
  const problem = first.error ?? second.error
  return (
    <Panel title="By hour of the day" beside={<span className="beside quiet">{zone}</span>}>
      {problem !== null ? (
        <Failed problem={problem} />
      ) : counts === undefined || otherCounts === undefined ? (
        <Loading rows={4} />
      ) : (
        <Rows
          label="By hour of the day"
          rows={rowsOf(counts, otherCounts)
            .toSorted((a, b) => Number(a.key) - Number(b.key))
            .map((row) => ({ ...row, key: `${row.key.padStart(2, '0')}:00` }))}
          sides={[one, other]}
          differencesOnly={differencesOnly}
          to={() => null}
        />
      )}
    </Panel>
  )
}

const MOST = 500

/** The fields of two records, as they are after the last event of each. */
function Fields({ one, other, differencesOnly }: Given) {
  const first = useFound({ q: one.q, ...rangeOf(one.range), sort: 'newest' }, MOST)
  const second = useFound({ q: other.q, ...rangeOf(other.range), sort: 'newest' }, MOST)
  if (first.data === undefined || second.data === undefined)
    return (
      <Panel title="Fields" className="wide">
        <Loading rows={4} />
      </Panel>
    )
  const [held, otherHeld] = [first.data, second.data].map(({ events }) =>
    recordAt(events.toReversed(), events.length - 1),
  )
  return (
    <Panel title="Fields" className="wide">
      <Pairs
        label="The fields of both records"
        names={[one.title, other.title]}
        pairs={pairsOf(held ?? [], otherHeld ?? [])}
        differencesOnly={differencesOnly}
      />
    </Panel>
  )
}
