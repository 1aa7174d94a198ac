import { useState } from 'react'
import { Priority } from '../alerts/signs.tsx'
import type { Answer } from '../api/ask.ts'
import { useAsk } from '../api/use-ask.ts'
import { Refreshed } from '../frame/as-of.tsx'
import { Link } from '../frame/link.tsx'
import { List } from '../frame/list.tsx'
import { usePlace } from '../frame/location.ts'
import { Empty, Failed, Loading, Refused } from '../frame/states.tsx'
import { Panel, ScreenHead } from '../screens/panel.tsx'
import { useMay } from '../session/session.tsx'
import { useAct } from '../settings/use-act.ts'
import { counted, figure } from '../time/format.ts'
import { When } from '../time/when.tsx'
import { RuleEditor, type Saved } from './editor.tsx'
import { Explanation } from './explanation.tsx'
import { newRule } from './rule-text.ts'

type Rule = Answer<'getRules'>['rules'][number]

export default function Rules() {
  const { path, search } = usePlace()
  if (path === '/new-rule') {
    const query = new URLSearchParams(search).get('q') ?? ''
    return <RuleEditor key={query} id={null} saved={null} first={newRule(query)} />
  }
  const id = /^\/rules\/([^/]+)$/.exec(path)?.[1]
  return id === undefined ? <RuleList /> : <OneRule key={id} id={decodeURIComponent(id)} />
}

function OneRule({ id }: { id: string }) {
  const { data, error, isPending, refetch } = useAsk('getRulesId', { params: { id } })
  if (isPending) return <Loading rows={12} />
  if (data === undefined)
    return error.status === 404 ? (
      <Empty title={`There is no rule ${id}.`} isScreen>
        <Link to="/rules">All rules</Link>
      </Empty>
    ) : (
      <Failed problem={error} />
    )
  return <Loaded latest={data} onRefused={() => void refetch()} />
}

/** The editor keeps the version that it began with, so that a change by somebody else does not take away what was typed. */
function Loaded({ latest, onRefused }: { latest: Saved; onRefused: () => void }) {
  const [saved, setSaved] = useState(latest)
  const { id } = saved.rule
  return (
    <>
      {latest.version > saved.version && (
        <p className="warning-line" role="status">
          <bdi>{latest.changed?.by ?? 'Somebody'}</bdi> changed this rule in the meantime.{' '}
          <button type="button" onClick={() => setSaved(latest)}>
            Show the new version
          </button>
        </p>
      )}
      <RuleEditor
        key={saved.version}
        id={id}
        saved={saved}
        first={saved.text}
        onSaved={setSaved}
        onRefused={onRefused}
      />
    </>
  )
}

const STATES = {
  all: 'All states',
  on: 'On',
  off: 'Off',
  problem: 'With a problem',
  silent: 'Not fired in 30 days',
} as const
type State = keyof typeof STATES

function isIn(state: State, { enabled, problem, fired }: Rule): boolean {
  switch (state) {
    case 'on':
      return enabled
    case 'off':
      return !enabled
    case 'problem':
      return problem !== null
    case 'silent':
      return enabled && fired === 0
    case 'all':
      return true
  }
}

function RuleList() {
  const { search } = usePlace()
  const event = new URLSearchParams(search).get('event')
  const { data, error, isPending } = useAsk('getRules', {})
  const act = useAct()
  const mayChange = useMay('rules')
  const [looked, setLooked] = useState('')
  const [state, setState] = useState<State>('all')
  const shown = (data?.rules ?? []).filter(
    (rule) =>
      isIn(state, rule) &&
      `${rule.id} ${rule.name} ${rule.about}`.toLowerCase().includes(looked.trim().toLowerCase()),
  )
  return (
    <div className="screen">
      <ScreenHead title="Rules">
        <input
          type="search"
          aria-label="Find a rule"
          placeholder="Find a rule"
          value={looked}
          onChange={({ target }) => setLooked(target.value)}
        />
        <select
          aria-label="State"
          value={state}
          onChange={({ target }) =>
            setState((Object.keys(STATES) as State[]).find((one) => one === target.value) ?? 'all')
          }
        >
          {Object.entries(STATES).map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
        <Refreshed />
        {mayChange && (
          <Link to="/new-rule" className="button primary">
            New rule
          </Link>
        )}
      </ScreenHead>
      <Refused why={act.problem} />
      <Refused why={data?.problem ?? null} />
      {event !== null && (
        <Panel
          title="Which rules match this event"
          beside={<Link to={`/events/${event}`}>Open the event</Link>}
        >
          <Explanation event={event} />
        </Panel>
      )}
      {isPending ? (
        <Loading rows={12} />
      ) : data === undefined ? (
        <Failed problem={error} />
      ) : shown.length === 0 ? (
        <Empty title="No rule matches.">
          {data.rules.length > 0 && 'Choose another state, or other words.'}
        </Empty>
      ) : (
        <List
          label="Rules"
          rows={shown}
          keyOf={({ id }) => id}
          columns={[
            {
              name: 'Rule',
              of: ({ id, name, about, problem }) => (
                <div className="rule-name">
                  <Link to={`/rules/${id}`}>
                    <bdi>{name}</bdi>
                  </Link>
                  <span className="quiet small">
                    <bdi>{about}</bdi>
                  </span>
                  {problem !== null && <span className="problem small">{problem}</span>}
                </div>
              ),
            },
            {
              name: 'State',
              of: ({ id, name, enabled }) => (
                <label className="switch">
                  <input
                    type="checkbox"
                    checked={enabled}
                    disabled={!mayChange || act.busy}
                    aria-label={`Run ${name}`}
                    onChange={({ target }) =>
                      void act.run('postRulesIdEnabled', {
                        params: { id },
                        body: { enabled: target.checked },
                      })
                    }
                  />
                  <span>{enabled ? 'on' : 'off'}</span>
                </label>
              ),
            },
            { name: 'Priority', of: ({ priority }) => <Priority level={priority} /> },
            {
              name: 'Condition',
              of: ({ condition }) => (
                <span className="rule-condition">
                  <bdi>{condition}</bdi>
                </span>
              ),
            },
            {
              name: 'Notify',
              of: ({ channels }) =>
                channels.length === 0 ? (
                  <span className="quiet">nobody</span>
                ) : (
                  <bdi>{channels.join(', ')}</bdi>
                ),
            },
            {
              name: 'Last fired',
              of: ({ lastFired }) => (lastFired === null ? 'never' : <When at={lastFired} relative />),
            },
            { name: 'In 30 days', kind: 'number', of: ({ fired }) => figure(fired) },
            { name: 'Cost', kind: 'number', of: costOf },
            { name: 'Run by', of: ({ runBy, enabled }) => (enabled ? runBy : '') },
          ]}
        />
      )}
    </div>
  )
}

/** The processor time since the start of the indexer, with what it was for in a title. */
function costOf({ micros, judged, matched }: Rule) {
  const time =
    micros < 1000
      ? `${micros} µs`
      : micros < 1_000_000
        ? `${figure(Math.round(micros / 1000))} ms`
        : `${figure(Math.round(micros / 1_000_000))} s`
  return (
    <span
      title={`Processor time since the indexer started: ${counted(judged, 'event')} checked, ${figure(matched)} matched`}
    >
      {judged === 0 ? '' : time}
    </span>
  )
}
