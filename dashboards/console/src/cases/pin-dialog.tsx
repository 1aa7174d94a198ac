import { useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useAsk } from '../api/use-ask.ts'
import { Dialog, DialogEnd } from '../frame/dialog.tsx'
import { Link } from '../frame/link.tsx'
import { Failed, Loading } from '../frame/states.tsx'
import { Field } from '../rules/field.tsx'
import { useAct } from '../settings/use-act.ts'
import type { NewPin } from './pin.tsx'

const NEW = 'new'
/** The case that was pinned to last: the next event of an investigation belongs to the same one. */
const LAST = 'waybill.case.1'

/** Pins something to a case that is open, or to a new one. */
export default function PinDialog({ pin, onClose }: { readonly pin: NewPin; readonly onClose: () => void }) {
  const { data, error, isPending } = useAsk('getCases', {})
  return (
    <Dialog title="Pin to a case" onClose={onClose}>
      {isPending ? (
        <Loading rows={4} />
      ) : data === undefined ? (
        <Failed problem={error} />
      ) : (
        <PinForm pin={pin} cases={data.cases.filter(({ state }) => state === 'open')} onClose={onClose} />
      )}
    </Dialog>
  )
}

interface FormProps {
  readonly pin: NewPin
  readonly cases: readonly {
    readonly id: string
    readonly name: string
    readonly owner: string
    readonly mine: boolean
  }[]
  readonly onClose: () => void
}

function PinForm({ pin, cases, onClose }: FormProps) {
  const queries = useQueryClient()
  const act = useAct('getCases')
  const last = window.localStorage.getItem(LAST)
  const [chosen, setChosen] = useState(
    cases.some(({ id }) => id === last) ? (last ?? NEW) : (cases[0]?.id ?? NEW),
  )
  const [name, setName] = useState('')
  const [isShared, setShared] = useState(false)
  const [searchName, setSearchName] = useState(pin.kind === 'search' ? pin.name : '')
  const [comment, setComment] = useState('')
  const [pinnedTo, setPinnedTo] = useState<{ id: string; name: string } | null>(null)
  const send = async (submit: FormEvent): Promise<void> => {
    submit.preventDefault()
    const opened =
      chosen === NEW
        ? await act.run('postCases', { body: { name, shared: isShared } })
        : { answer: { id: chosen } }
    if (opened === null) return
    const { id } = opened.answer
    // A refused pin is tried again with the case that was opened, not with another new one.
    setChosen(id)
    const thing: NewPin =
      pin.kind === 'note' ? pin : { ...pin, comment, ...(pin.kind === 'search' && { name: searchName }) }
    const done = await act.run('postCasesIdPins', { params: { id }, body: { pins: [thing] } })
    if (done === null) return
    window.localStorage.setItem(LAST, id)
    await queries.invalidateQueries({ queryKey: ['getCasesId'] })
    setPinnedTo({ id, name: done.answer.name })
  }
  if (pinnedTo !== null)
    return (
      <div className="case-form">
        <p role="status">
          It is pinned to{' '}
          <Link to={`/cases/${pinnedTo.id}`} onClick={onClose}>
            <bdi>{pinnedTo.name}</bdi>
          </Link>
          .
        </p>
        <div className="buttons">
          <button type="button" className="primary" onClick={onClose}>
            Done
          </button>
        </div>
      </div>
    )
  return (
    <form className="case-form" aria-label="Pin to a case" onSubmit={send}>
      {cases.length > 0 && (
        <Field label="Case">
          <select value={chosen} onChange={({ target }) => setChosen(target.value)}>
            {cases.map(({ id, name, owner, mine }) => (
              <option key={id} value={id}>
                {mine ? name : `${name} (${owner})`}
              </option>
            ))}
            {chosen !== NEW && !cases.some(({ id }) => id === chosen) && (
              <option value={chosen}>{name}</option>
            )}
            <option value={NEW}>A new case …</option>
          </select>
        </Field>
      )}
      {chosen === NEW && (
        <>
          <Field label="Name of the new case">
            <input value={name} onChange={({ target }) => setName(target.value)} maxLength={200} required />
          </Field>
          <label className="check">
            <input type="checkbox" checked={isShared} onChange={() => setShared(!isShared)} />
            <span>Share it with everybody who may investigate</span>
          </label>
        </>
      )}
      {pin.kind === 'search' && (
        <Field label="Name of the search">
          <input
            value={searchName}
            onChange={({ target }) => setSearchName(target.value)}
            maxLength={200}
            required
          />
        </Field>
      )}
      <Field label="Comment" hint="Why it belongs to the case. Everybody who sees the case can read it.">
        <textarea
          rows={3}
          value={comment}
          onChange={({ target }) => setComment(target.value)}
          maxLength={10_000}
        />
      </Field>
      <DialogEnd sends="Pin" busy={act.busy} why={act.problem} onClose={onClose} />
    </form>
  )
}
