import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from 'react'
import type { Answer } from '../api/ask.ts'
import { useAsk } from '../api/use-ask.ts'
import { PinToCase } from '../cases/pin.tsx'
import { Category, Outcome, Risk } from '../events/cell.tsx'
import { accountTried, at, type Event, NO_USER, text, whoDid } from '../events/event.ts'
import { exportEntry } from '../events/export.ts'
import { is } from '../events/question.ts'
import { useKeys } from '../frame/keys.ts'
import { Link } from '../frame/link.tsx'
import { goBack, useParameter } from '../frame/location.ts'
import { Failed, Loading, Refused } from '../frame/states.tsx'
import { ofPerson, personIn } from '../people/person-in.ts'
import { usePerson } from '../people/use-people.ts'
import { seesAll, useMay, useWho } from '../session/session.tsx'
import { When } from '../time/when.tsx'
import { Changes } from './changes.tsx'
import { Custody } from './custody.tsx'
import { type Fact, Facts } from './facts.tsx'
import { History } from './history.tsx'
import { JsonTree } from './json-tree.tsx'
import { Nearest, Related } from './related.tsx'
import { ENTRY_TABS, type EntryTab } from './tabs.ts'
import { visible } from './visible.ts'

/** The tabs, by their name in the address. */
const TABS = {
  entry: 'Entry',
  history: 'History',
  related: 'Related',
  fields: 'All fields',
  original: 'Original',
  proof: 'Proof',
} as const satisfies Record<EntryTab, string>

/** Everything about one event. */
export function Entry({ id }: { id: string }) {
  const { data, error, isPending, refetch } = useAsk('getEventsId', { params: { id } })
  const [tab, setTab] = useParameter('tab', 'entry')
  const list = useRef<HTMLDivElement>(null)
  const hasRecord = data !== undefined && text(data.event, 'audit.entity.id') !== ''
  const tabs = ENTRY_TABS.filter((one) => one !== 'history' || hasRecord)
  const shown = tabs.find((one) => one === tab) ?? 'entry'
  const step = (by: number): void => {
    const next = tabs[(tabs.indexOf(shown) + by + tabs.length) % tabs.length]
    if (next !== undefined) setTab(next)
  }
  useKeys({ nextPart: () => step(1), previousPart: () => step(-1) })
  /** The arrow keys of a list of tabs; the focus goes along. */
  const onKey = (event: KeyboardEvent): void => {
    const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
    if (by === 0) return
    event.preventDefault()
    step(by)
  }
  useEffect(() => {
    if (list.current?.contains(document.activeElement) === true)
      list.current.querySelector<HTMLElement>(`[data-tab="${shown}"]`)?.focus()
  }, [shown])
  const mayExport = useMay('export')
  const { who } = useWho()
  if (isPending) return <Loading rows={8} />
  if (data === undefined) return <Failed problem={error} retry={() => void refetch()} />
  const { event, derived } = data
  return (
    <article className="entry">
      <header>
        <p className="entry-line">
          <Category name={text(event, 'audit.category')} />
          <Outcome event={event} />
          <Risk level={text(event, 'audit.risk')} />
          {seesAll(who) && (
            <Link className="export" to={`/rules?event=${id}`}>
              Which rules match?
            </Link>
          )}
          <PinToCase plain pin={{ kind: 'event', event: id }} />
          {mayExport && <ExportEntry id={id} />}
        </p>
        <h2>
          <bdi>{text(event, 'message') || text(event, 'event.action')}</bdi>
        </h2>
        <p className="quiet">
          <When at={text(event, '@timestamp')} />
        </p>
      </header>
      <div className="tabs">
        <div role="tablist" aria-label="Parts of the entry" ref={list} onKeyDown={onKey}>
          {tabs.map((name) => (
            <button
              key={name}
              type="button"
              role="tab"
              data-tab={name}
              tabIndex={name === shown ? 0 : -1}
              aria-selected={name === shown}
              onClick={() => setTab(name)}
            >
              {TABS[name]}
            </button>
          ))}
        </div>
      </div>
      <div role="tabpanel" aria-label={TABS[shown]}>
        <Part tab={shown} event={event} derived={derived} onTab={setTab} />
      </div>
    </article>
  )
}

/** An export like any other: it needs the right to, and is itself an audit event. */
function ExportEntry({ id }: { id: string }) {
  const [problem, setProblem] = useState<string | null>(null)
  return (
    <>
      <button
        type="button"
        className="plain export"
        onClick={() => exportEntry(id).catch((error: Error) => setProblem(error.message))}
      >
        Export entry
      </button>
      <Refused why={problem} />
    </>
  )
}

interface Given {
  readonly event: Event
  readonly derived: Answer<'getEventsId'>['derived']
  readonly onTab: (tab: EntryTab) => void
}

function Part({ tab, ...given }: Given & { readonly tab: EntryTab }): ReactNode {
  const { event } = given
  switch (tab) {
    case 'entry':
      return <Main {...given} />
    case 'history':
      return <History event={event} />
    case 'related':
      return <Related event={event} />
    case 'fields':
      return <JsonTree value={event} name="event" />
    case 'original':
      return <Original line={text(event, 'event.original')} />
    case 'proof':
      return <Custody event={event} />
  }
}

function Main({ event, derived, onTab }: Given) {
  const payload = at(event, 'audit.payload')
  const hasRecord = text(event, 'audit.entity.id') !== ''
  return (
    <>
      <Changes event={event} derived={derived} />
      <div className="facts-columns">
        <Facts title="What" facts={whatOf(event)} />
        <Facts title="Who" facts={[...whoOf(event), ...usePersonFact(event)]} />
        <Facts title="Object" facts={onWhatOf(event)} />
        <Facts title="Origin" facts={provenanceOf(event)} />
      </div>
      <Nearest
        event={event}
        onHistory={hasRecord ? () => onTab('history') : null}
        onRelated={() => onTab('related')}
      />
      {payload !== undefined && (
        <section>
          <h3>Payload</h3>
          <JsonTree value={payload} name="audit.payload" />
        </section>
      )}
      {(['audit.request', 'audit.response'] as const).map(
        (field) =>
          at(event, field) !== undefined && (
            <section key={field}>
              <h3>{field === 'audit.request' ? 'Request' : 'Response'}</h3>
              <JsonTree value={parsed(at(event, field))} name={field} />
            </section>
          ),
      )}
    </>
  )
}

/** Parses a body that was kept as text, so that its structure is shown. */
function parsed(value: unknown): unknown {
  if (typeof value !== 'string') return value
  try {
    return JSON.parse(value)
  } catch {
    return value
  }
}

const field = (event: Event, name: string, label: string): Fact => ({
  label,
  value: text(event, name),
  query: text(event, name) === '' ? null : is(name, text(event, name)),
})

const whatOf = (event: Event): Fact[] => [
  field(event, 'event.action', 'Action'),
  field(event, 'event.outcome', 'Result'),
  field(event, 'event.reason', 'Reason'),
  field(event, 'audit.variant', 'Variant'),
  field(event, 'audit.channel', 'Channel'),
  field(event, 'audit.status', 'Status'),
  field(event, 'audit.record_count', 'Records'),
  field(event, 'event.module', 'Source'),
  field(event, 'event.code', 'Event type'),
]

function userOf(event: Event): Fact {
  const [who, tried, name] = [whoDid(event), accountTried(event), text(event, 'user.name')]
  const target = text(event, 'user.target.name')
  return tried === ''
    ? { label: 'User', value: who || NO_USER, query: name === '' ? null : is('user.name', name) }
    : {
        label: 'Account tried',
        value: tried,
        query: target === '' ? null : is('user.target.name', target),
      }
}

const whoOf = (event: Event): Fact[] => [
  userOf(event),
  field(event, 'user.email', 'E-mail'),
  field(event, 'user.roles', 'Role'),
  field(event, 'source.ip', 'Address'),
  { label: 'Place', value: placeOf(event), query: null },
  { label: 'Device', value: deviceOf(event), query: null },
  field(event, 'audit.session.id', 'Session'),
]

/** The person behind the account, if it is known that there are other accounts. */
function usePersonFact(event: Event): Fact[] {
  const person = usePerson(personIn(event) ?? '')
  if (person === undefined || person.identifiers.length < 2) return []
  const systems = person.systems.length > 1 ? ` (${person.systems.join(', ')})` : ''
  return [{ label: 'Person', value: `${person.name}${systems}`, query: ofPerson(person.id) }]
}

/** A place is worked out from the address, or said by the source as an estimate: never more than that. */
function placeOf(event: Event): string {
  const parts = ['source.geo.city_name', 'source.geo.region_name', 'source.geo.country_name']
    .map((name) => text(event, name))
    .filter((part) => part !== '')
  if (parts.length > 0) return `${parts.join(', ')} (estimated)`
  return text(event, 'audit.payload.location')
}

function deviceOf(event: Event): string {
  const [name, system, device] = ['user_agent.name', 'user_agent.os.name', 'user_agent.device.name'].map(
    (one) => text(event, one),
  )
  return [name, system === '' ? '' : `on ${system}`, device === '' ? '' : `(${device})`]
    .filter(Boolean)
    .join(' ')
}

const onWhatOf = (event: Event): Fact[] => [
  field(event, 'audit.entity.type', 'Entity'),
  field(event, 'audit.entity.name', 'Record'),
  field(event, 'audit.entity.id', 'Record id'),
  field(event, 'user.target.name', 'Target user'),
  causeOf(event),
  field(event, 'audit.module', 'Module'),
  field(event, 'audit.component', 'Component'),
]

/** The record that caused a cascade, as well as the source names it. */
function causeOf(event: Event): Fact {
  const [type, name, id] = ['type', 'name', 'id'].map((part) => text(event, `audit.parent.${part}`))
  const value = [type, name || id].filter(Boolean).join(' ')
  return {
    label: 'Caused by',
    value,
    query: id === undefined || id === '' ? null : is('audit.entity.id', id),
  }
}

const provenanceOf = (event: Event): Fact[] => [
  field(event, 'agent.name', 'Agent'),
  field(event, 'host.name', 'Host'),
  field(event, 'log.file.path', 'File'),
  { label: 'Position', value: text(event, 'log.offset'), query: null },
  { label: 'Stored', value: text(event, 'event.ingested'), query: null, time: true },
  { label: 'Waybill', value: sealOf(event), query: sealQuery(event) },
  { label: 'Event id', value: text(event, 'event.id'), query: null },
  field(event, 'audit.source_event_id', 'Id in the source'),
  { label: 'Tags', value: text(event, 'tags'), query: null },
]

const sealOf = (event: Event): string => {
  const sequence = text(event, 'audit.seal.sequence')
  return sequence === '' ? '' : `no. ${sequence}, event ${Number(text(event, 'audit.seal.position')) + 1}`
}

const sealQuery = (event: Event): string | null =>
  text(event, 'audit.seal.sequence') === '' ? null : is('agent.id', text(event, 'agent.id'))

function Original({ line }: { line: string }) {
  if (line === '') return <p className="quiet">The original line is not stored, or you may not see it.</p>
  return (
    <section>
      <p className="quiet small">As the source wrote it. Control characters are shown as symbols.</p>
      <pre className="original">
        <bdi>{visible(line)}</bdi>
      </pre>
      <button type="button" onClick={() => void navigator.clipboard.writeText(line)}>
        Copy
      </button>
    </section>
  )
}

/** One entry beside the table. */
export function EntryDrawer({
  id,
  entering,
  onClose,
}: {
  readonly id: string
  /** A new object takes the focus into the entry. */
  readonly entering: object | null
  readonly onClose: () => void
}) {
  const drawer = useRef<HTMLElement>(null)
  useEffect(() => {
    if (entering !== null) drawer.current?.focus()
  }, [entering])
  return (
    <aside className="drawer" aria-label="Entry" ref={drawer} tabIndex={-1}>
      <div className="drawer-bar">
        <Link to={`/events/${id}`}>Open as a page</Link>
        <button type="button" className="plain" onClick={onClose} aria-label="Close the entry">
          ✕
        </button>
      </div>
      <Entry id={id} />
    </aside>
  )
}

/** One entry as a page of its own, for links to it. */
export function EntryPage({ id }: { id: string }) {
  useKeys({ back: () => goBack('/events') })
  return (
    <div className="entry-page">
      <h1 className="unseen">Event</h1>
      <p>
        <Link to="/events">All events</Link>
      </p>
      <Entry id={id} />
    </div>
  )
}
