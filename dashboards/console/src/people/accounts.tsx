import { useState } from 'react'
import type { Answer } from '../api/ask.ts'
import { useAsk } from '../api/use-ask.ts'
import { Dialog, DialogEnd } from '../frame/dialog.tsx'
import { List } from '../frame/list.tsx'
import { Field } from '../rules/field.tsx'
import { Panel } from '../screens/panel.tsx'
import { useMay } from '../session/session.tsx'
import { type Act, useAct } from '../settings/use-act.ts'
import { When } from '../time/when.tsx'
import { type Listed, labelIn, usePeople } from './use-people.ts'

type Person = Answer<'getPeopleOne'>
type Identifier = Person['identifiers'][number]

/** The accounts of a person in all systems, why they are one person's, and what was decided about them. */
export function Accounts({ person }: { readonly person: Person }) {
  const mayDecide = useMay('settings')
  const act = useAct()
  const { data } = useAsk('getPeopleActs', {})
  const own = new Set(person.identifiers.map(({ text }) => text))
  const decided = (data?.acts ?? []).filter(({ what }) =>
    (what.kind === 'same' ? [what.one, what.other] : [what.account]).some((one) => own.has(textOf(one))),
  )
  return (
    <Panel title="Accounts" className="wide">
      <List
        label={`Accounts of ${person.name}`}
        rows={person.accounts}
        keyOf={({ system }) => system}
        columns={[
          { name: 'System', of: ({ system }) => <bdi>{system}</bdi> },
          { name: 'User', of: ({ names }) => <bdi>{names.join(', ')}</bdi> },
          { name: 'Id', of: ({ ids }) => <bdi>{ids.join(', ')}</bdi> },
          { name: 'E-mail', of: ({ emails }) => <bdi>{emails.join(', ')}</bdi> },
        ]}
      />
      {person.joins.length > 0 && (
        <details>
          <summary>Why these are one person</summary>
          <ul>
            {person.joins.map(({ reason }) => (
              <li key={reason}>
                <bdi>{reason}.</bdi>
              </li>
            ))}
          </ul>
        </details>
      )}
      {decided.length > 0 && (
        <ul aria-label="Decisions about this person">
          {decided.map(({ id, about, by, at }) => (
            <li key={id}>
              <bdi>{about}</bdi>{' '}
              <span className="quiet">
                decided by <bdi>{by}</bdi>, <When at={new Date(at).toISOString()} />
              </span>{' '}
              {mayDecide && (
                <button
                  type="button"
                  disabled={act.busy}
                  onClick={() => void act.run('deletePeopleActsId', { params: { id } })}
                >
                  Undo
                </button>
              )}
            </li>
          ))}
        </ul>
      )}
      {mayDecide && (
        <div className="buttons">
          <Join person={person} act={act} />
          {person.identifiers.length > 1 && <Part person={person} act={act} />}
        </div>
      )}
    </Panel>
  )
}

const textOf = (one: Omit<Identifier, 'text'>): string =>
  'system' in one ? `${one.system}/${one.value}` : one.value

/** An identifier as the indexer takes it: without the text. */
const plain = ({ text: _, ...identifier }: Identifier) => identifier

/** The strongest identifier of a person: it stays the same when a name changes. */
const strongest = (identifiers: readonly Identifier[]): Identifier | undefined =>
  (['email', 'uuid', 'id', 'name'] as const)
    .map((kind) => identifiers.find((one) => one.kind === kind))
    .find((one) => one !== undefined)

function Join({ person, act }: { person: Person; act: Act }) {
  const [open, setOpen] = useState(false)
  const [other, setOther] = useState('')
  const { people } = usePeople('all')
  const others = people.filter(({ id }) => id !== person.id)
  const chosen = useAsk('getPeopleOne', { query: { person: other } }, { enabled: other !== '' }).data
  const label = labelIn(others)
  const [mine, theirs] = [strongest(person.identifiers), strongest(chosen?.identifiers ?? [])]
  const isReady = other !== '' && chosen?.id === other && mine !== undefined && theirs !== undefined
  return (
    <>
      <button type="button" onClick={() => setOpen(true)}>
        The same person as …
      </button>
      {open && (
        <Dialog title="The same person as" onClose={() => setOpen(false)}>
          <form
            className="case-form"
            onSubmit={(submit) => {
              submit.preventDefault()
              if (!isReady) return
              void act
                .run('postPeopleActs', { body: { kind: 'same', one: plain(mine), other: plain(theirs) } })
                .then((done) => done !== null && setOpen(false))
            }}
          >
            <p>
              <bdi>{person.name}</bdi> and the person that you choose become one. No event changes, and you
              can undo it.
            </p>
            <Field label="The other person">
              <select value={other} onChange={({ target }) => setOther(target.value)} required>
                <option value="">Choose …</option>
                {others.map((one: Listed) => (
                  <option key={one.id} value={one.id}>
                    {label(one)}
                    {one.systems.length > 0 && `, ${one.systems.join(', ')}`}
                  </option>
                ))}
              </select>
            </Field>
            <DialogEnd
              sends="Join"
              busy={act.busy || !isReady}
              why={act.problem}
              onClose={() => setOpen(false)}
            />
          </form>
        </Dialog>
      )}
    </>
  )
}

function Part({ person, act }: { person: Person; act: Act }) {
  const [open, setOpen] = useState(false)
  const [chosen, setChosen] = useState('')
  const accounts = person.identifiers.filter(({ kind }) => kind !== 'email')
  const account = accounts.find(({ text }) => text === chosen)
  if (accounts.length === 0) return null
  return (
    <>
      <button type="button" onClick={() => setOpen(true)}>
        Not this person’s …
      </button>
      {open && (
        <Dialog title="An account of somebody else" onClose={() => setOpen(false)}>
          <form
            className="case-form"
            onSubmit={(submit) => {
              submit.preventDefault()
              if (account === undefined) return
              void act
                .run('postPeopleActs', { body: { kind: 'apart', account: plain(account) } })
                .then((done) => done !== null && setOpen(false))
            }}
          >
            <p>The account becomes a person of its own, whatever its events carry. You can undo it.</p>
            <Field label="The account">
              <select value={chosen} onChange={({ target }) => setChosen(target.value)} required>
                <option value="">Choose …</option>
                {accounts.map(({ text }) => (
                  <option key={text} value={text}>
                    {text}
                  </option>
                ))}
              </select>
            </Field>
            <DialogEnd
              sends="Part"
              busy={act.busy || account === undefined}
              why={act.problem}
              onClose={() => setOpen(false)}
            />
          </form>
        </Dialog>
      )}
    </>
  )
}
