import { type FormEvent, useState } from 'react'
import type { Answer } from '../api/ask.ts'
import { useAsk } from '../api/use-ask.ts'
import { Link } from '../frame/link.tsx'
import { List } from '../frame/list.tsx'
import { Empty, Failed, Loading, Refused } from '../frame/states.tsx'
import { Field } from '../rules/field.tsx'
import { Panel } from '../screens/panel.tsx'
import { bytes, counted, figure } from '../time/format.ts'
import { When } from '../time/when.tsx'
import { Confirm } from './confirm.tsx'
import { useAct } from './use-act.ts'

type Archive = Answer<'getArchive'>
type Stored = Archive['objects'][number]
type Restore = Answer<'getArchiveRestores'>['restores'][number]
type Hold = Answer<'getHolds'>['holds'][number]

const DAY = 86_400_000
const CATEGORIES = ['security', 'activity', 'change', 'system', 'api', 'view'] as const

/** What the archive has, what is restored from it, and what must not be deleted. */
export function Archives() {
  const { data, error, isPending } = useAsk('getArchive', {}, { every: 30_000 })
  const act = useAct()
  if (isPending) return <Loading rows={8} />
  return (
    <>
      {data === undefined ? (
        error.status === 404 || error.status === 409 ? (
          <Empty title="No archive is set up.">
            Events that need an archive stay in the store until there is one. Name a folder or a bucket under{' '}
            <code>archive</code> in indexer.yml.
          </Empty>
        ) : (
          <Failed problem={error} />
        )
      ) : (
        <>
          <Place of={data} busy={act.busy} onRun={() => void act.run('postArchiveRun', {})} />
          <Refused why={act.problem} />
          <Objects of={data} />
          <Restores />
        </>
      )}
      <Holds />
    </>
  )
}

function Place({
  of: { place, locks, deletesAfter, key, work, ran, problem, objects },
  busy,
  onRun,
}: {
  of: Archive
  busy: boolean
  onRun: () => void
}) {
  const size = objects.reduce((sum, one) => sum + one.bytes, 0)
  const events = objects.reduce((sum, one) => sum + one.events, 0)
  return (
    <Panel
      title="Archive"
      className="wide"
      beside={
        <span className="beside-links">
          <Link to="/settings/storage">Retention, by category</Link>
          <button type="button" disabled={busy || work !== null} onClick={onRun}>
            {work !== null ? 'Archiving …' : 'Archive now'}
          </button>
        </span>
      }
    >
      <dl className="pairs">
        <dt>Place</dt>
        <dd>
          <bdi>{place}</bdi>{' '}
          <span className={locks ? 'sign ok' : 'sign warning'}>
            {locks ? 'locks objects' : 'does not lock objects'}
          </span>
        </dd>
        <dt>Content</dt>
        <dd>
          {counted(events, 'event')} in {counted(objects.length, 'object')}, {bytes(size)}
        </dd>
        <dt>Format</dt>
        <dd>JSON lines with their waybills, compressed</dd>
        <dt>Encryption</dt>
        <dd>
          AES-256, key <bdi>{key}</bdi>
        </dd>
        <dt>After archiving</dt>
        <dd>
          {deletesAfter
            ? 'Events leave the store when their searchable time is over'
            : 'Events stay in the store, too'}
        </dd>
        <dt>Last run</dt>
        <dd>{ran === null ? 'none since the indexer started' : <When at={ran} relative />}</dd>
      </dl>
      {work !== null && (
        <p role="status">
          {work.what}: {figure(work.events)} of {figure(work.of)} events{' '}
          <progress max={work.of} value={work.events} aria-label={work.what} />
        </p>
      )}
      {problem !== null && <p className="warning-line">{problem}</p>}
      <p className="quiet small">
        Place, keys and what happens after archiving are settings under <code>archive</code> in indexer.yml.
      </p>
    </Panel>
  )
}

const nameOf = ({ of }: Stored): string =>
  of.kind === 'partition'
    ? `${of.partition}${of.part > 0 ? `, part ${of.part + 1}` : ''}`
    : `export: ${of.query === '' ? 'all events' : of.query}`

function Objects({ of: { objects } }: { of: Archive }) {
  const act = useAct('getArchive')
  if (objects.length === 0)
    return <Empty title="The archive is empty.">The first partitions follow once they are closed.</Empty>
  return (
    <>
      <h2>Objects</h2>
      <Refused why={act.problem} />
      <List
        label="Objects of the archive"
        rows={objects}
        keyOf={({ name }) => name}
        columns={[
          {
            name: 'Category',
            of: ({ of }) =>
              of.kind === 'partition' ? (
                <span className={`category ${of.category}`}>{of.category}</span>
              ) : (
                '–'
              ),
          },
          { name: 'Content', of: (one) => <bdi title={one.name}>{nameOf(one)}</bdi> },
          {
            name: 'Received',
            of: ({ received }) =>
              received === null ? (
                '–'
              ) : (
                <>
                  <When at={received.first} /> – <When at={received.last} />
                </>
              ),
          },
          { name: 'Events', kind: 'number', of: ({ events }) => figure(events) },
          { name: 'Size', kind: 'number', of: (one) => bytes(one.bytes) },
          {
            name: 'Verified',
            kind: 'time',
            of: ({ verified, problem }) =>
              problem === null ? (
                <When at={verified} relative />
              ) : (
                <span className="sign error" title={problem}>
                  damaged
                </span>
              ),
          },
          {
            name: 'Kept until',
            kind: 'time',
            of: ({ until }) => (until === null ? 'for ever' : <When at={until} />),
          },
          {
            name: 'Locked until',
            kind: 'time',
            of: ({ lockedUntil }) => (lockedUntil === null ? 'not locked' : <When at={lockedUntil} />),
          },
          {
            name: 'Actions',
            kind: 'acts',
            of: ({ name }) => (
              <button
                type="button"
                disabled={act.busy}
                onClick={() => void act.run('postArchiveVerify', { body: { object: name } })}
              >
                Verify
              </button>
            ),
          },
        ]}
      />
    </>
  )
}

const STATES = { copying: 'warning', ready: 'ok', failed: 'error' } as const

function Restores() {
  const { data, error, isPending } = useAsk('getArchiveRestores', {}, { every: 10_000 })
  const act = useAct('getArchiveRestores')
  const [category, setCategory] = useState('')
  const [from, setFrom] = useState('')
  const [to, setTo] = useState('')
  const [days, setDays] = useState(7)
  if (isPending) return <Loading rows={3} />
  if (data === undefined) return <Failed problem={error} />
  const send = async (submit: FormEvent): Promise<void> => {
    submit.preventDefault()
    const known = CATEGORIES.find((one) => one === category)
    const body = {
      from: Date.parse(from),
      to: Date.parse(to) + DAY,
      categories: known === undefined ? null : [known],
      until: Date.now() + days * DAY,
    }
    if ((await act.run('postArchiveRestores', { body })) === null) return
    setFrom('')
    setTo('')
  }
  return (
    <>
      <h2>Restored events</h2>
      <p className="quiet">
        Restored events are in a place of their own, and are searched only when a search asks for them. They
        are removed at their end date, and stay in the archive.
      </p>
      <Panel title="Restore">
        <form className="silence-form" aria-label="Restore" onSubmit={send}>
          <Field label="Category">
            <select value={category} onChange={({ target }) => setCategory(target.value)}>
              <option value="">All categories</option>
              {CATEGORIES.map((one) => (
                <option key={one}>{one}</option>
              ))}
            </select>
          </Field>
          <Field label="Received from">
            <input type="date" required value={from} onChange={({ target }) => setFrom(target.value)} />
          </Field>
          <Field label="Until">
            <input
              type="date"
              required
              value={to}
              min={from}
              onChange={({ target }) => setTo(target.value)}
            />
          </Field>
          <Field label="Keep for, days">
            <input
              type="number"
              min={1}
              max={365}
              value={days}
              onChange={({ target }) => setDays(Number(target.value))}
            />
          </Field>
          <div className="buttons">
            <button type="submit" className="primary" disabled={act.busy}>
              Restore
            </button>
          </div>
        </form>
        <Refused why={act.problem} />
      </Panel>
      {data.restores.length > 0 && (
        <List
          label="Restored events"
          rows={data.restores}
          keyOf={({ id }) => id}
          columns={[
            {
              name: 'State',
              of: ({ state, problem }: Restore) => (
                <span className={`sign ${STATES[state]}`} title={problem ?? undefined}>
                  {state}
                </span>
              ),
            },
            { name: 'Events', kind: 'number', of: ({ events, of }) => `${figure(events)} of ${figure(of)}` },
            { name: 'Objects', kind: 'number', of: ({ objects }) => figure(objects.length) },
            { name: 'By', of: ({ by }) => <bdi>{by}</bdi> },
            { name: 'Made', kind: 'time', of: ({ made }) => <When at={made} relative /> },
            { name: 'Removed', kind: 'time', of: ({ until }) => <When at={until} /> },
            {
              name: 'Actions',
              kind: 'acts',
              of: ({ id }) => (
                <Confirm
                  label="Remove"
                  title="Remove these restored events?"
                  onConfirmed={() => void act.run('deleteArchiveRestoresId', { params: { id } })}
                >
                  They stay in the archive, and can be restored again.
                </Confirm>
              ),
            },
          ]}
        />
      )}
    </>
  )
}

function Holds() {
  const { data, error, isPending } = useAsk('getHolds', {})
  const act = useAct()
  const [query, setQuery] = useState('')
  const [matter, setMatter] = useState('')
  const [until, setUntil] = useState('')
  if (isPending) return <Loading rows={3} />
  if (data === undefined) return <Failed problem={error} />
  const send = async (submit: FormEvent): Promise<void> => {
    submit.preventDefault()
    const body = { query, case: matter, until: until === '' ? null : Date.parse(until) + DAY }
    if ((await act.run('postHolds', { body })) === null) return
    for (const clear of [setQuery, setMatter, setUntil]) clear('')
  }
  return (
    <>
      <h2>Legal holds</h2>
      <p className="quiet">
        What a hold finds is neither removed from the store nor from the archive until the hold ends. Each
        hold is an event of the audit trail.
      </p>
      <Panel title="New hold">
        <form className="silence-form" aria-label="New hold" onSubmit={send}>
          <Field label="Case">
            <input
              required
              value={matter}
              onChange={({ target }) => setMatter(target.value)}
              placeholder="2026-17, Smith"
            />
          </Field>
          <Field label="Query" hint="as in the search of Events; an empty one holds everything">
            <input
              value={query}
              onChange={({ target }) => setQuery(target.value)}
              placeholder="user.name: smith"
            />
          </Field>
          <Field label="Ends" hint="empty: when somebody ends it">
            <input type="date" value={until} onChange={({ target }) => setUntil(target.value)} />
          </Field>
          <div className="buttons">
            <button type="submit" className="primary" disabled={act.busy}>
              Hold
            </button>
          </div>
        </form>
        <Refused why={act.problem} />
      </Panel>
      {data.holds.length > 0 && (
        <List
          label="Legal holds"
          rows={data.holds}
          keyOf={({ id }) => id}
          columns={[
            { name: 'Case', of: (hold: Hold) => <bdi>{hold.case}</bdi> },
            { name: 'State', of: (hold) => <HoldState of={hold} /> },
            { name: 'Query', of: ({ query: held }) => <code>{held === '' ? 'everything' : held}</code> },
            { name: 'By', of: ({ by }) => <bdi>{by}</bdi> },
            { name: 'Made', kind: 'time', of: ({ made }) => <When at={made} /> },
            {
              name: 'Ends',
              kind: 'time',
              of: ({ until: end, ended }) =>
                ended !== null ? (
                  <When at={ended.at} />
                ) : end === null ? (
                  'when somebody ends it'
                ) : (
                  <When at={end} />
                ),
            },
            {
              name: 'Actions',
              kind: 'acts',
              of: (hold) =>
                isActive(hold) && (
                  <Confirm
                    label="End"
                    title={`End the hold of ${hold.case}?`}
                    onConfirmed={() => void act.run('deleteHoldsId', { params: { id: hold.id } })}
                  >
                    What it kept may then be removed as the retention table says.
                  </Confirm>
                ),
            },
          ]}
        />
      )}
    </>
  )
}

const isActive = ({ until, ended }: Hold): boolean => ended === null && (until === null || until > Date.now())

function HoldState({ of }: { of: Hold }) {
  return isActive(of) ? <span className="sign warning">active</span> : <span className="sign">ended</span>
}
