import { type FormEvent, useId, useState } from 'react'
import { useAsk } from '../api/use-ask.ts'
import { Dialog, DialogEnd } from '../frame/dialog.tsx'
import { useKeys } from '../frame/keys.ts'
import { Refused } from '../frame/states.tsx'
import { useMay, useWho } from '../session/session.tsx'
import { type Act, useAct } from '../settings/use-act.ts'
import { counted } from '../time/format.ts'
import type { Alert } from './signs.tsx'

/** Acts that ask for more first. */
const ASKING = {
  assign: { name: 'Assign', note: 'Note' },
  resolve: { name: 'Resolve', note: 'Reason' },
  snooze: { name: 'Snooze', note: 'Note' },
  note: { name: 'Add a note', note: 'Note' },
} as const
type Asking = keyof typeof ASKING

const HOUR = 3_600_000
const SNOOZES = [
  { hours: 1, name: 'an hour' },
  { hours: 4, name: '4 hours' },
  { hours: 24, name: 'a day' },
  { hours: 168, name: 'a week' },
] as const

interface ActsProps {
  readonly alerts: readonly Alert[]
  readonly onDone?: () => void
}

/** What may be done with these alerts: with all of them at once. */
export function AlertActs({ alerts, onDone }: ActsProps) {
  const may = useMay('respond')
  const act = useAct()
  const [asking, setAsking] = useState<Asking | null>(null)
  const ids = alerts.map(({ id }) => id)
  const isNone = ids.length === 0
  const isOver = !isNone && alerts.every(({ state }) => state === 'resolved')
  const isTaken = alerts.every(({ state }) => state !== 'open')
  const run = async (wanted: 'acknowledge' | 'reopen'): Promise<void> => {
    if ((await act.run('postAlertsActions', { body: { do: wanted, ids } })) !== null) onDone?.()
  }
  const begin = (wanted: Asking): void => {
    if (may && !isNone) setAsking(wanted)
  }
  useKeys({
    acknowledge: () => may && !isTaken && !isNone && void run('acknowledge'),
    assign: () => begin('assign'),
    resolve: () => !isOver && begin('resolve'),
    snooze: () => !isOver && begin('snooze'),
    note: () => begin('note'),
  })
  if (!may) return null
  return (
    <>
      <fieldset className="actions" aria-label="Actions">
        {isOver ? (
          <button type="button" disabled={act.busy} onClick={() => void run('reopen')}>
            Reopen
          </button>
        ) : (
          <>
            <button
              type="button"
              className="primary"
              disabled={act.busy || isNone || isTaken}
              onClick={() => void run('acknowledge')}
            >
              Acknowledge
            </button>
            <button type="button" disabled={isNone} onClick={() => begin('assign')}>
              Assign
            </button>
            <button type="button" disabled={isNone} onClick={() => begin('resolve')}>
              Resolve
            </button>
            <button type="button" disabled={isNone} onClick={() => begin('snooze')}>
              Snooze
            </button>
          </>
        )}
        <button type="button" disabled={isNone} onClick={() => begin('note')}>
          Add a note
        </button>
      </fieldset>
      {asking === null && <Refused why={act.problem} />}
      {asking !== null && (
        <AskDialog
          act={act}
          ids={ids}
          wanted={asking}
          onClose={() => setAsking(null)}
          onDone={() => {
            setAsking(null)
            onDone?.()
          }}
        />
      )}
    </>
  )
}

interface AskDialogProps {
  readonly act: Act
  readonly ids: string[]
  readonly wanted: Asking
  readonly onClose: () => void
  readonly onDone: () => void
}

function AskDialog({ act, ids, wanted, onClose, onDone }: AskDialogProps) {
  const { who } = useWho()
  const { data } = useAsk('getAlertsResponders', {}, { enabled: wanted === 'assign' })
  const [to, setTo] = useState(who.name)
  const [hours, setHours] = useState(1)
  const [note, setNote] = useState('')
  const id = useId()
  const { name, note: noteName } = ASKING[wanted]
  const isNoteNeeded = wanted === 'resolve' || wanted === 'note'
  const people = [...new Set([who.name, ...(data?.responders ?? [])])]
  const send = async (submit: FormEvent): Promise<void> => {
    submit.preventDefault()
    const done = await act.run('postAlertsActions', {
      body:
        wanted === 'assign'
          ? { do: wanted, ids, to, note }
          : wanted === 'snooze'
            ? { do: wanted, ids, until: Date.now() + hours * HOUR, note }
            : { do: wanted, ids, note },
    })
    if (done !== null) onDone()
  }
  return (
    <Dialog title={ids.length === 1 ? name : `${name}: ${counted(ids.length, 'alert')}`} onClose={onClose}>
      <form className="alert-ask" onSubmit={send}>
        {wanted === 'assign' && (
          <label>
            To
            <select value={to} onChange={({ target }) => setTo(target.value)}>
              {people.map((one) => (
                <option key={one} value={one}>
                  {one === who.name ? `${one} (you)` : one}
                </option>
              ))}
            </select>
          </label>
        )}
        {wanted === 'snooze' && (
          <label>
            For
            <select value={hours} onChange={({ target }) => setHours(Number(target.value))}>
              {SNOOZES.map((one) => (
                <option key={one.hours} value={one.hours}>
                  {one.name}
                </option>
              ))}
            </select>
          </label>
        )}
        <label htmlFor={id}>{isNoteNeeded ? noteName : `${noteName} (optional)`}</label>
        <textarea
          id={id}
          rows={3}
          maxLength={2000}
          value={note}
          required={isNoteNeeded}
          autoFocus={isNoteNeeded}
          onChange={({ target }) => setNote(target.value)}
        />
        <DialogEnd sends={name} busy={act.busy} why={act.problem} onClose={onClose} />
      </form>
    </Dialog>
  )
}
