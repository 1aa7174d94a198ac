import { type FormEvent, useState } from 'react'
import { type Answer, addressOf, ask } from '../api/ask.ts'
import { useAsk } from '../api/use-ask.ts'
import { text } from '../events/event.ts'
import { download } from '../events/export.ts'
import { Refreshed } from '../frame/as-of.tsx'
import { Dialog, DialogEnd } from '../frame/dialog.tsx'
import { Link } from '../frame/link.tsx'
import { go } from '../frame/location.ts'
import { useZone } from '../frame/preferences.ts'
import { Empty, Failed, Loading, Refused } from '../frame/states.tsx'
import { Field } from '../rules/field.tsx'
import { Panel, ScreenHead } from '../screens/panel.tsx'
import { useMay } from '../session/session.tsx'
import { Confirm } from '../settings/confirm.tsx'
import { type Act, useAct } from '../settings/use-act.ts'
import { counted } from '../time/format.ts'
import { When } from '../time/when.tsx'
import { CaseState } from './cases.tsx'
import { PinItem } from './pin-item.tsx'

export type Case = Answer<'getCasesId'>

/** One case: what is pinned to it, who did what, and what may be done with it. */
export function CasePage({ id }: { id: string }) {
  const { data, error, isPending } = useAsk('getCasesId', { params: { id } })
  if (isPending) return <Loading rows={12} />
  if (data === undefined || error?.status === 404)
    return error?.status === 404 ? (
      <Empty title="There is no such case." isScreen>
        It may be private, or removed. <Link to="/cases">All cases</Link>
      </Empty>
    ) : error === null ? null : (
      <Failed problem={error} />
    )
  return <Shown one={data} />
}

function Shown({ one }: { one: Case }) {
  const { id, name, about, state, owner, mine, shared, opened, items } = one
  const act = useAct()
  const keeps = useMay('users') || mine
  return (
    <div className="screen">
      <ScreenHead title={name}>
        <Refreshed />
      </ScreenHead>
      <p className="alert-signs">
        <CaseState state={state} />
        <span>
          owned by <bdi>{mine ? `${owner} (you)` : owner}</bdi>
        </span>
        <span>{shared ? 'shared with all who may investigate' : 'private'}</span>
        <span className="quiet">
          opened <When at={opened} relative />
        </span>
      </p>
      {about !== '' && (
        <p className="case-text">
          <bdi>{about}</bdi>
        </p>
      )}
      <CaseActs one={one} act={act} keeps={keeps} />
      <Refused why={act.problem} />
      <div className="panels">
        <Panel title={items.length === 0 ? 'Pinned' : counted(items.length, 'pin')} className="wide">
          {items.length === 0 ? (
            <p className="quiet">
              Nothing is pinned yet. Each event, each alert and the list of events has a button “Pin to a
              case”.
            </p>
          ) : (
            <ol className="case-items">
              {items.map((item) => (
                <PinItem
                  key={item.id}
                  item={item}
                  onRemove={
                    state === 'open'
                      ? () => void act.run('deleteCasesIdPinsPin', { params: { id, pin: item.id } })
                      : null
                  }
                />
              ))}
            </ol>
          )}
          {state === 'open' && <NewNote id={id} act={act} />}
        </Panel>
        <Panel title="Timeline" className="wide">
          <Timeline one={one} />
        </Panel>
      </div>
    </div>
  )
}

function CaseActs({ one, act, keeps }: { one: Case; act: Act; keeps: boolean }) {
  const { id, version, name, state, shared } = one
  const [isEditing, setEditing] = useState(false)
  // The case itself is not asked for again: it is gone then.
  const removal = useAct('getCases')
  const mayExport = useMay('export')
  const zone = useZone()
  const [problem, setProblem] = useState<string | null>(null)
  const change = (body: object): void =>
    void act.run('putCasesId', { params: { id }, body: { version, ...body } })
  const exportCase = async (): Promise<void> => {
    setProblem(null)
    try {
      // A download can't ask for a sign-in; this does, where the session has ended in the meantime.
      await ask('getSession', {})
      download(addressOf('getCasesIdBundle', { params: { id }, query: { zone } }))
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error))
    }
  }
  return (
    <>
      <fieldset className="actions" aria-label="Actions">
        {mayExport && (
          <button
            type="button"
            className="primary"
            title="A ZIP file: the report, the events, their proofs, and the notes"
            onClick={() => void exportCase()}
          >
            Export as a sealed bundle
          </button>
        )}
        <button type="button" onClick={() => setEditing(true)}>
          Edit
        </button>
        {keeps && (
          <button type="button" disabled={act.busy} onClick={() => change({ shared: !shared })}>
            {shared ? 'Make private' : 'Share'}
          </button>
        )}
        <button
          type="button"
          disabled={act.busy}
          onClick={() => change({ state: state === 'open' ? 'closed' : 'open' })}
        >
          {state === 'open' ? 'Close' : 'Reopen'}
        </button>
        {keeps && (
          <Confirm
            label="Delete"
            title={`Delete ${name}?`}
            onConfirmed={async () => {
              const done = await removal.run('deleteCasesId', { params: { id } })
              if (done !== null) go('/cases', { replace: true })
            }}
          >
            The copies of what is pinned are removed, too. The audit trail keeps that the case was there.
          </Confirm>
        )}
      </fieldset>
      <Refused why={problem ?? removal.problem} />
      {isEditing && <EditCase one={one} keeps={keeps} onClose={() => setEditing(false)} />}
    </>
  )
}

function EditCase({ one, keeps, onClose }: { one: Case; keeps: boolean; onClose: () => void }) {
  const { id, version } = one
  const act = useAct()
  const { data } = useAsk('getAlertsResponders', {}, { enabled: keeps })
  const [name, setName] = useState(one.name)
  const [about, setAbout] = useState(one.about)
  const [owner, setOwner] = useState(one.owner)
  const owners = [...new Set([one.owner, ...(data?.responders ?? [])])]
  // The version when the form was opened: what somebody else changed since is not overwritten.
  const [base] = useState(version)
  const send = async (submit: FormEvent): Promise<void> => {
    submit.preventDefault()
    const body = { version: base, name, about, ...(owner !== one.owner && { owner }) }
    if ((await act.run('putCasesId', { params: { id }, body })) !== null) onClose()
  }
  return (
    <Dialog title="Edit the case" onClose={onClose}>
      <form className="case-form" aria-label="Edit the case" onSubmit={send}>
        <Field label="Name">
          <input value={name} onChange={({ target }) => setName(target.value)} maxLength={200} required />
        </Field>
        <Field label="What it is about">
          <textarea
            rows={4}
            value={about}
            onChange={({ target }) => setAbout(target.value)}
            maxLength={4000}
          />
        </Field>
        {keeps && (
          <Field label="Owner">
            <select value={owner} onChange={({ target }) => setOwner(target.value)}>
              {owners.map((one) => (
                <option key={one} value={one}>
                  {one}
                </option>
              ))}
            </select>
          </Field>
        )}
        <DialogEnd sends="Save" busy={act.busy} why={act.problem} onClose={onClose} />
      </form>
    </Dialog>
  )
}

function NewNote({ id, act }: { id: string; act: Act }) {
  const [note, setNote] = useState('')
  const send = async (submit: FormEvent): Promise<void> => {
    submit.preventDefault()
    const done = await act.run('postCasesIdPins', {
      params: { id },
      body: { pins: [{ kind: 'note', text: note }] },
    })
    if (done !== null) setNote('')
  }
  return (
    <form className="case-note" aria-label="Add a note" onSubmit={send}>
      <textarea
        aria-label="Note"
        placeholder="Write a note"
        rows={2}
        value={note}
        onChange={({ target }) => setNote(target.value)}
        maxLength={10_000}
        required
      />
      <button type="submit" disabled={act.busy}>
        Add note
      </button>
    </form>
  )
}

const THINGS = { event: 'an event', alert: 'an alert', search: 'a search', note: 'a note' } as const

const DID: Readonly<Record<Case['timeline'][number]['act'], string>> = {
  opened: 'opened the case',
  renamed: 'renamed it to',
  described: 'changed the description',
  closed: 'closed it',
  reopened: 'reopened it',
  'handed-over': 'handed it over to',
  shared: 'shared it',
  unshared: 'made it private',
  pinned: 'pinned',
  unpinned: 'removed',
  exported: 'exported it as a bundle',
}

/** What a pin is about, as far as this reader sees it. */
function nameOf(item: Case['items'][number]): string {
  if (item.kind === 'event') return text(item.event, 'message') || text(item.event, 'event.action')
  if (item.kind === 'alert') return item.alert.message
  return item.kind === 'search' ? item.name : ''
}

function Timeline({ one }: { one: Case }) {
  const names = new Map(one.items.map((item) => [item.id, nameOf(item)]))
  return (
    <ol className="alert-timeline">
      {one.timeline.map(({ at, by, act, pin, text: next }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: entries are only added at the end.
        <li key={index}>
          <When at={at} />
          <span>
            <strong>
              <bdi>{by}</bdi>
            </strong>{' '}
            {DID[act]}
            {pin !== null && ` ${THINGS[pin.kind]}`}
            {pin !== null && (names.get(pin.id) ?? '') !== '' && (
              <>
                : <bdi>{names.get(pin.id)}</bdi>
              </>
            )}
            {next !== null && act !== 'opened' && (
              <>
                {' '}
                <bdi>{next}</bdi>
              </>
            )}
          </span>
        </li>
      ))}
    </ol>
  )
}
