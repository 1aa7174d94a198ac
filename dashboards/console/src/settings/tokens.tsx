import { type FormEvent, useState } from 'react'
import type { Answer } from '../api/ask.ts'
import { useAsk } from '../api/use-ask.ts'
import { List } from '../frame/list.tsx'
import { Empty, Failed, Loading, Refused } from '../frame/states.tsx'
import { type Permission, useWho } from '../session/session.tsx'
import { When } from '../time/when.tsx'
import { Confirm, Once } from './confirm.tsx'
import { type Act, useAct } from './use-act.ts'

/** Tokens for programs: the user's own; for those who manage users, all tokens. */
export function Tokens() {
  const { data, error, isPending } = useAsk('getTokens', {})
  const act = useAct()
  const [made, setMade] = useState<string | null>(null)
  if (isPending) return <Loading />
  if (data === undefined) return <Failed problem={error} />
  return (
    <>
      <NewToken act={act} onMade={setMade} />
      <Refused why={act.problem} />
      {data.tokens.length === 0 ? (
        <Empty title="No tokens yet.">
          A token gives a program some of your permissions. It ends with your account.
        </Empty>
      ) : (
        <List
          label="Tokens"
          rows={data.tokens}
          keyOf={({ id }) => id}
          columns={[
            { name: 'Token', of: ({ name }) => <bdi>{name}</bdi> },
            { name: 'Of', of: ({ owner }) => owner ?? 'the service' },
            { name: 'May', of: ({ scopes }) => scopes.join(', ') },
            { name: 'Made', of: ({ created }) => <When at={created} relative /> },
            { name: 'Ends', kind: 'time', of: endOf },
            {
              name: 'Actions',
              kind: 'acts',
              of: ({ id, name }) => (
                <Confirm
                  label="Revoke"
                  title={`Revoke the token ${name}?`}
                  onConfirmed={() => void act.run('deleteTokensId', { params: { id } })}
                >
                  The indexer refuses the program that uses it from now on.
                </Confirm>
              ),
            },
          ]}
        />
      )}
      {made !== null && (
        <Once
          title="Token"
          secret={made}
          note="Send it as a bearer token. It is shown only once."
          onClose={() => setMade(null)}
        />
      )}
    </>
  )
}

function endOf({ expired, expires }: Answer<'getTokens'>['tokens'][number]) {
  if (expired) return 'expired'
  return expires === null ? 'never' : <When at={expires} />
}

const DAY = 86_400

function NewToken({ act, onMade }: { act: Act; onMade: (token: string) => void }) {
  const { who } = useWho()
  const [name, setName] = useState('')
  const [days, setDays] = useState('90')
  const [scopes, setScopes] = useState<readonly Permission[]>(['search'])
  if (who.csrf === null) return null
  const send = async (submit: FormEvent): Promise<void> => {
    submit.preventDefault()
    const made = await act.run('postTokens', {
      body: { name, scopes: [...scopes], expiresSeconds: Number(days) * DAY },
    })
    if (made !== null) onMade(made.answer.token)
  }
  return (
    <form className="inline-form" onSubmit={send} aria-label="New token">
      <input
        aria-label="Name"
        placeholder="purpose"
        value={name}
        onChange={({ target }) => setName(target.value)}
        required
      />
      <fieldset className="checks">
        <legend className="unseen">May</legend>
        {who.permissions.map((permission) => (
          <label key={permission}>
            <input
              type="checkbox"
              checked={scopes.includes(permission)}
              onChange={({ target }) =>
                setScopes(
                  target.checked ? [...scopes, permission] : scopes.filter((one) => one !== permission),
                )
              }
            />
            <span>{permission}</span>
          </label>
        ))}
      </fieldset>
      <select aria-label="Lasts" value={days} onChange={({ target }) => setDays(target.value)}>
        <option value="1">a day</option>
        <option value="30">30 days</option>
        <option value="90">90 days</option>
        <option value="365">a year</option>
      </select>
      <button type="submit" disabled={act.busy || scopes.length === 0}>
        Make token
      </button>
    </form>
  )
}
