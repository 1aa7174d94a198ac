import { useAsk } from '../api/use-ask.ts'
import { useFound } from '../api/use-found.ts'
import { HoursOfDay } from '../charts/hours-of-day.tsx'
import { periodBefore } from '../compare/sides.ts'
import { all, eventsWith } from '../events/question.ts'
import { Refreshed } from '../frame/as-of.tsx'
import { Link } from '../frame/link.tsx'
import { useParameter } from '../frame/location.ts'
import { useZone } from '../frame/preferences.ts'
import { Loading } from '../frame/states.tsx'
import { averageSession } from '../screens/average-session.ts'
import { Bar, BarList } from '../screens/bar-list.tsx'
import { Figure } from '../screens/figures.tsx'
import { Found } from '../screens/found.tsx'
import { Panel, ScreenHead } from '../screens/panel.tsx'
import { EXPORTS, FAILED_SIGN_INS, SIGN_INS } from '../screens/priority.ts'
import { useMay } from '../session/session.tsx'
import { atLeast, span } from '../time/format.ts'
import { RangePicker } from '../time/range-picker.tsx'
import { FIRST_RANGES, rangeOf } from '../time/ranges.ts'
import { Accounts } from './accounts.tsx'
import { ofPerson } from './person-in.ts'
import { labelIn, usePeople, usePerson } from './use-people.ts'

/** The activity of one person with all accounts, or of two side by side, each in a time of its own. */
export default function People() {
  const [user, setUser] = useParameter('user', '')
  const [other, setOther] = useParameter('with', '')
  const [range, setRange] = useParameter('range', FIRST_RANGES['/people'])
  const [otherRange, setOtherRange] = useParameter('with-range', '')
  const compares = other !== '' || otherRange !== ''
  return (
    <div className="screen">
      <ScreenHead title="People">
        <PersonChoice label="Person" value={user} range={range} onChoose={setUser} />
        <RangePicker range={range} onChoose={setRange} />
        {user !== '' && (
          <>
            <span className="quiet">compared with</span>
            <PersonChoice label="Compare with" value={other} range={range} onChoose={setOther} />
            <RangePicker range={otherRange === '' ? range : otherRange} onChoose={setOtherRange} />
          </>
        )}
        <Refreshed />
      </ScreenHead>
      {user !== '' && (
        <p>
          <Link to={`/compare?${comparisonOf(user, other, range, otherRange)}`}>
            Compare counts, with the differences marked
          </Link>
        </p>
      )}
      {user === '' ? (
        <div className="panels">
          <Panel title="Most active people">
            <PeopleList
              q=""
              range={range}
              none="Nobody was active in this period."
              to={(id) => `/people?${new URLSearchParams({ user: id, range })}`}
            />
          </Panel>
          <Panel title="Most failures">
            <PeopleList
              q="event.outcome: failure"
              range={range}
              none="No failures in this period."
              to={(id) => eventsWith(all('event.outcome: failure', ofPerson(id)), range)}
            />
          </Panel>
        </div>
      ) : (
        <div className={compares ? 'compare' : ''}>
          <Activity user={user} range={range} />
          {compares && <Activity user={other || user} range={otherRange || range} />}
        </div>
      )}
    </div>
  )
}

/** The address of the comparison: with the other user, or with the period before. */
function comparisonOf(user: string, other: string, range: string, otherRange: string): URLSearchParams {
  const before = other === '' && otherRange === '' ? periodBefore(range, Date.now()) : otherRange
  return new URLSearchParams({
    a: `user:${user}`,
    b: `user:${other || user}`,
    range,
    ...(before !== '' && { 'with-range': before }),
  })
}

function PersonChoice(props: {
  label: string
  value: string
  range: string
  onChoose: (user: string) => void
}) {
  const { label, value, range, onChoose } = props
  const { people } = usePeople(range)
  const nameOf = labelIn(people)
  const known = people.find(({ id }) => id === value) ?? people.find(({ name }) => name === value)
  const listed = people
    .map((one) => ({ id: one.id, name: nameOf(one) }))
    .toSorted((a, b) => a.name.localeCompare(b.name))
  return (
    <select aria-label={label} value={known?.id ?? value} onChange={({ target }) => onChoose(target.value)}>
      <option value="">{label === 'Person' ? 'Choose a person …' : 'nobody'}</option>
      {value !== '' && known === undefined && <option value={value}>{value}</option>}
      {listed.map(({ id, name }) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </select>
  )
}

/** People with the number of their events that the query finds. */
function PeopleList(props: {
  q: string
  range: string
  none: string
  /** Where a person leads. */
  to: (id: string) => string
}) {
  const { q, range, none, to } = props
  const { people, isPending } = usePeople(range, q)
  if (isPending) return <Loading rows={4} />
  if (people.length === 0) return <p className="quiet">{none}</p>
  const most = people[0]?.count ?? 1
  const nameOf = labelIn(people)
  return (
    <ul className="bar-list">
      {people.slice(0, 25).map((person) => (
        <Bar
          key={person.id}
          name={nameOf(person)}
          count={person.count}
          share={person.count / most}
          to={to(person.id)}
        />
      ))}
    </ul>
  )
}

function Activity({ user, range }: { user: string; range: string }) {
  const mine = ofPerson(user)
  const mayReport = useMay('report')
  const person = usePerson(user)
  const name = person?.name ?? user
  return (
    <section aria-label={`Activity of ${name}`}>
      <h2 className="who">
        <bdi>{name}</bdi>
        <Link className="beside" to={eventsWith(mine, range)}>
          Events
        </Link>
        {mayReport && (
          <Link className="beside" to={`/reports/make/user-access?${new URLSearchParams({ person: user })}`}>
            Report
          </Link>
        )}
      </h2>
      <div className="figures">
        <Figure name="Actions" q={mine} range={range} />
        <Figure name="Created" q={all(mine, 'event.type: creation')} range={range} />
        <Figure name="Modified" q={all(mine, 'event.type: change')} range={range} />
        <Figure name="Deleted" q={all(mine, 'event.type: deletion')} range={range} />
        <Figure name="Viewed" q={all(mine, 'audit.category: view')} range={range} />
        <Figure name="Reports" q={all(mine, 'event.action: *report*')} range={range} />
        <Figure name="Exports" q={all(mine, EXPORTS)} range={range} />
        <Figure name="Failures" q={all(mine, 'event.outcome: failure')} range={range} grave />
      </div>
      <div className="panels">
        {person !== undefined && <Accounts person={person} />}
        <SessionFigures user={user} range={range} />
        <Panel title="Hours of the day" beside={<Zone />}>
          <Hours q={mine} range={range} />
        </Panel>
        <Panel title="By module">
          <BarList q={mine} range={range} field="audit.module" none="The events name no module." />
        </Panel>
        <Panel title="By system">
          <BarList q={mine} range={range} field="event.module" />
        </Panel>
        <Panel title="By entity">
          <BarList q={mine} range={range} field="object" />
        </Panel>
        <Panel title="From address">
          <BarList q={mine} range={range} field="source.ip" none="The events name no address." />
        </Panel>
        <Panel title="Recent activity" className="wide">
          <Found q={mine} range={range} most={12} none="No events in this period." />
        </Panel>
      </div>
    </section>
  )
}

/** The number of sign-ins and sign-outs from which the average length is computed; counts cover all. */
const LENGTHS_OF = 200

function SessionFigures({ user, range }: { user: string; range: string }) {
  const mine = ofPerson(user)
  const q = all(mine, 'event.category: authentication')
  const { data } = useFound({ q, ...rangeOf(range), sort: 'newest' }, LENGTHS_OF)
  const average = data === undefined ? null : averageSession(data.events.toReversed())
  return (
    <Panel
      title="Sessions"
      beside={
        <Link className="beside" to={eventsWith(q, range)}>
          Events
        </Link>
      }
    >
      <dl className="pairs">
        <dt>Sign-ins</dt>
        <Count q={all(mine, SIGN_INS)} range={range} />
        <dt>Average session</dt>
        <dd>
          {data === undefined ? '…' : average === null ? 'no session ended' : span(average)}
          {data?.next != null && <span className="quiet small"> in the last {LENGTHS_OF} events</span>}
        </dd>
        <dt>Failed sign-ins</dt>
        <Count q={all(mine, FAILED_SIGN_INS)} range={range} />
        <dt>Password changes</dt>
        <Count q={all(mine, 'event.action: *password*')} range={range} />
      </dl>
    </Panel>
  )
}

function Count({ q, range }: { q: string; range: string }) {
  const { data } = useAsk('postAggregate', { body: { q, ...rangeOf(range) } })
  return <dd>{data === undefined ? '…' : atLeast(data.count, data.partial)}</dd>
}

function Zone() {
  return <span className="beside quiet">{useZone()}</span>
}

function Hours({ q, range }: { q: string; range: string }) {
  const zone = useZone()
  const { data } = useAsk('postAggregate', {
    body: { q, ...rangeOf(range), by: [{ kind: 'hour-of-day', zone }] },
  })
  const counts = new Map((data?.split?.buckets ?? []).map(({ key, count }) => [Number(key), count]))
  return <HoursOfDay counts={counts} label={`Events by hour of the day, ${zone}`} />
}
