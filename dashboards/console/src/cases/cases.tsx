import { type FormEvent, useState } from 'react'
import { useAsk } from '../api/use-ask.ts'
import { Refreshed } from '../frame/as-of.tsx'
import { Dialog, DialogEnd } from '../frame/dialog.tsx'
import { Link } from '../frame/link.tsx'
import { List } from '../frame/list.tsx'
import { go, useParameter, usePlace } from '../frame/location.ts'
import { Empty, Failed, Loading } from '../frame/states.tsx'
import { Field } from '../rules/field.tsx'
import { ScreenHead } from '../screens/panel.tsx'
import { useAct } from '../settings/use-act.ts'
import { figure } from '../time/format.ts'
import { When } from '../time/when.tsx'
import { CasePage } from './case.tsx'

/** All cases, or one of them. */
export default function Cases() {
  const { path } = usePlace()
  const id = /^\/cases\/([0-9a-z]+)$/.exec(path)?.[1]
  return id === undefined ? <Many /> : <CasePage key={id} id={id} />
}

const STATES = { open: 'Open cases', closed: 'Closed cases', any: 'All cases' } as const

function Many() {
  const [state, setState] = useParameter('state', 'open')
  const [isNew, setNew] = useState(false)
  const { data, error, isPending, refetch } = useAsk('getCases', {})
  const shown = data?.cases.filter((one) => state === 'any' || one.state === state) ?? []
  return (
    <div className="screen">
      <ScreenHead title="Cases">
        <button type="button" className="primary" onClick={() => setNew(true)}>
          New case
        </button>
        <Refreshed />
      </ScreenHead>
      {isNew && <NewCase onClose={() => setNew(false)} />}
      {isPending ? (
        <Loading rows={6} />
      ) : data === undefined ? (
        <Failed problem={error} retry={() => void refetch()} />
      ) : data.cases.length === 0 ? (
        <Empty title="There is no case yet.">
          Open one here, or pin an event, an alert or a search to a new case where you find it.
        </Empty>
      ) : (
        <>
          <div className="filters-line">
            <select aria-label="State" value={state} onChange={({ target }) => setState(target.value)}>
              {Object.entries(STATES).map(([name, words]) => (
                <option key={name} value={name}>
                  {words}
                </option>
              ))}
            </select>
          </div>
          {shown.length === 0 ? (
            <Empty title={state === 'open' ? 'No case is open.' : 'No case is closed.'}>
              Choose another state.
            </Empty>
          ) : (
            <List
              label="Cases"
              rows={shown}
              keyOf={({ id }) => id}
              columns={[
                {
                  name: 'Case',
                  of: ({ id, name, about }) => (
                    <div className="job-name">
                      <Link to={`/cases/${id}`}>
                        <bdi>{name}</bdi>
                      </Link>
                      {about !== '' && (
                        <span className="quiet small case-about">
                          <bdi>{about}</bdi>
                        </span>
                      )}
                    </div>
                  ),
                },
                { name: 'State', of: ({ state }) => <CaseState state={state} /> },
                { name: 'Owner', of: ({ owner, mine }) => <bdi>{mine ? `${owner} (you)` : owner}</bdi> },
                { name: 'Seen by', of: ({ shared }) => (shared ? 'all who may investigate' : 'its owner') },
                { name: 'Pins', kind: 'number', of: ({ pins }) => figure(pins) },
                { name: 'Changed', kind: 'time', of: ({ changed }) => <When at={changed} relative /> },
              ]}
            />
          )}
        </>
      )}
    </div>
  )
}

export const CaseState = ({ state }: { state: 'open' | 'closed' }) => (
  <span className={state === 'open' ? 'sign warning' : 'sign'}>{state}</span>
)

function NewCase({ onClose }: { onClose: () => void }) {
  const act = useAct('getCases')
  const [name, setName] = useState('')
  const [about, setAbout] = useState('')
  const [isShared, setShared] = useState(false)
  const send = async (submit: FormEvent): Promise<void> => {
    submit.preventDefault()
    const opened = await act.run('postCases', { body: { name, about, shared: isShared } })
    if (opened !== null) go(`/cases/${opened.answer.id}`)
  }
  return (
    <Dialog title="New case" onClose={onClose}>
      <form className="case-form" aria-label="New case" onSubmit={send}>
        <Field label="Name">
          <input value={name} onChange={({ target }) => setName(target.value)} maxLength={200} required />
        </Field>
        <Field label="What it is about">
          <textarea
            rows={3}
            value={about}
            onChange={({ target }) => setAbout(target.value)}
            maxLength={4000}
          />
        </Field>
        <label className="check">
          <input type="checkbox" checked={isShared} onChange={() => setShared(!isShared)} />
          <span>Share it with everybody who may investigate</span>
        </label>
        <DialogEnd sends="Open the case" busy={act.busy} why={act.problem} onClose={onClose} />
      </form>
    </Dialog>
  )
}
