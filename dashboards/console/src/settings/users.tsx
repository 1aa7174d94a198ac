import { type FormEvent, useState } from 'react'
import type { Answer } from '../api/ask.ts'
import { useAsk } from '../api/use-ask.ts'
import { List } from '../frame/list.tsx'
import { Failed, Loading, Refused } from '../frame/states.tsx'
import { useWho } from '../session/session.tsx'
import { When } from '../time/when.tsx'
import { Confirm, Once } from './confirm.tsx'
import { type Act, useAct } from './use-act.ts'

type User = Answer<'getUsers'>['users'][number]
type Role = User['role']
const ROLES: readonly Role[] = ['viewer', 'auditor', 'manager', 'admin']

export function Users() {
  const { data, error, isPending } = useAsk('getUsers', {})
  const act = useAct()
  const [given, setGiven] = useState<{ name: string; password: string } | null>(null)
  if (isPending) return <Loading />
  if (data === undefined) return <Failed problem={error} />
  return (
    <>
      <NewUser act={act} onMade={(name, password) => setGiven({ name, password })} />
      <Refused why={act.problem} />
      <List
        label="Users"
        rows={data.users}
        keyOf={({ name }) => name}
        columns={[
          {
            name: 'User',
            of: ({ name, fullName }) => (
              <>
                <bdi>{name}</bdi> <span className="quiet">{fullName}</span>
              </>
            ),
          },
          { name: 'Role', of: (user) => <RoleOf user={user} act={act} /> },
          { name: 'Sees', of: sightOf },
          { name: 'Mail', of: (user) => <EmailOf key={user.email ?? ''} user={user} act={act} /> },
          { name: 'Sign-in', of: signInOf },
          { name: 'Made', of: ({ created }) => <When at={created} relative /> },
          {
            name: 'Actions',
            kind: 'acts',
            of: (user) => (
              <UserActs
                user={user}
                act={act}
                onGiven={(password) => setGiven({ name: user.name, password })}
              />
            ),
          },
        ]}
      />
      {given !== null && (
        <Once
          title={`Password for ${given.name}`}
          secret={given.password}
          note="It works for one sign-in within seven days; the user must then change it. It is shown only once."
          onClose={() => setGiven(null)}
        />
      )}
    </>
  )
}

function NewUser({ act, onMade }: { act: Act; onMade: (name: string, password: string) => void }) {
  const [name, setName] = useState('')
  const [fullName, setFullName] = useState('')
  const [role, setRole] = useState<Role>('viewer')
  const [email, setEmail] = useState('')
  const send = async (submit: FormEvent): Promise<void> => {
    submit.preventDefault()
    const made = await act.run('postUsers', {
      body: { name, fullName, role, email: email === '' ? null : email },
    })
    if (made === null) return
    onMade(made.answer.user.name, made.answer.password)
    setName('')
    setFullName('')
    setEmail('')
  }
  return (
    <form className="inline-form" onSubmit={send} aria-label="New user">
      <input
        aria-label="Name"
        placeholder="Name"
        value={name}
        onChange={({ target }) => setName(target.value)}
        autoCapitalize="none"
        required
      />
      <input
        aria-label="Full name"
        placeholder="Full name"
        value={fullName}
        onChange={({ target }) => setFullName(target.value)}
      />
      <RoleChoice label="Role" role={role} onChoose={setRole} />
      <input
        aria-label="Mail address"
        placeholder="Mail address"
        type="email"
        value={email}
        onChange={({ target }) => setEmail(target.value)}
      />
      <button type="submit" disabled={act.busy}>
        Add the user
      </button>
    </form>
  )
}

function RoleChoice({
  label,
  role,
  onChoose,
}: {
  label: string
  role: Role
  onChoose: (role: Role) => void
}) {
  return (
    <select
      aria-label={label}
      value={role}
      onChange={({ target }) => onChoose(ROLES.find((one) => one === target.value) ?? 'viewer')}
    >
      {ROLES.map((one) => (
        <option key={one}>{one}</option>
      ))}
    </select>
  )
}

function RoleOf({ user: { name, role, provider }, act }: { user: User; act: Act }) {
  const { who } = useWho()
  // The groups at the provider determine the role of its users.
  if (who.name === name || provider !== null) return role
  return (
    <RoleChoice
      label={`Role of ${name}`}
      role={role}
      onChoose={(next) => void act.run('postUsersNameRole', { params: { name }, body: { role: next } })}
    />
  )
}

/** Reports for the role go there; an empty address removes it. */
function EmailOf({ user: { name, email }, act }: { user: User; act: Act }) {
  const [text, setText] = useState(email ?? '')
  const save = (submit: FormEvent): void => {
    submit.preventDefault()
    void act.run('postUsersNameEmail', { params: { name }, body: { email: text === '' ? null : text } })
  }
  return (
    <form onSubmit={save}>
      <input
        aria-label={`Mail address of ${name}`}
        type="email"
        value={text}
        onChange={({ target }) => setText(target.value)}
      />
      {text !== (email ?? '') && (
        <button type="submit" disabled={act.busy}>
          Save
        </button>
      )}
    </form>
  )
}

function signInOf({ locked, oneTimePassword, provider, secondFactor }: User) {
  if (locked !== null)
    return (
      <span className="sign error" title={locked.reason}>
        locked
      </span>
    )
  if (provider !== null) return <span title={provider}>at the provider</span>
  return oneTimePassword ? 'one-time password' : `password${secondFactor ? ' and code' : ''}`
}

/** The actions on a user; nobody applies them to themselves. */
function UserActs({ user, act, onGiven }: { user: User; act: Act; onGiven: (password: string) => void }) {
  const { who } = useWho()
  const { name } = user
  if (who.name === name) return null
  const params = { name }
  const reset = async (body: { secondFactor?: 'remove'; tokens?: 'revoke' }): Promise<void> => {
    const done = await act.run('postUsersNameReset', { params, body })
    if (done !== null) onGiven(done.answer.password)
  }
  return (
    <>
      {user.locked === null ? (
        <Confirm
          label="Lock"
          title={`Lock ${name}?`}
          onConfirmed={() => void act.run('postUsersNameLock', { params, body: {} })}
        >
          Their sessions end, and their tokens stop working until somebody unlocks the user.
        </Confirm>
      ) : (
        <button type="button" onClick={() => void act.run('postUsersNameUnlock', { params })}>
          Unlock
        </button>
      )}
      {user.provider === null && (
        <>
          <Confirm
            label="Reset the password"
            title={`Reset the password of ${name}?`}
            onConfirmed={() => void reset({})}
          >
            They get a password for one sign-in. Their sessions end.
          </Confirm>
          <Confirm
            label="Reset and revoke tokens"
            title={`Reset the password of ${name}, and revoke their tokens?`}
            onConfirmed={() => void reset({ tokens: 'revoke' })}
          >
            Use this if somebody else may have used the account. They get a password for one sign-in. Their
            sessions and tokens end.
          </Confirm>
        </>
      )}
      {user.secondFactor && (
        <Confirm
          label="Remove the factor"
          title={`Remove the second factor of ${name}?`}
          onConfirmed={() => void reset({ secondFactor: 'remove' })}
        >
          For a user who lost the phone. They also get a new password for one sign-in.
        </Confirm>
      )}
      <Confirm
        label="Remove"
        title={`Remove ${name}?`}
        onConfirmed={() => void act.run('deleteUsersName', { params })}
      >
        Their sessions and tokens end. The audit trail keeps their actions.
      </Confirm>
    </>
  )
}

function sightOf({ limits }: User): string {
  const { namespaces, entities } = limits
  const parts = [namespaces, entities].flatMap((names) =>
    names === null || names === undefined ? [] : [names.join(', ')],
  )
  return parts.length === 0 ? 'everything' : `only ${parts.join('; ')}`
}
