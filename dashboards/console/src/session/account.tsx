import { type FormEvent, useState } from 'react'
import { type Answer, ask } from '../api/ask.ts'
import { useAsk } from '../api/use-ask.ts'
import { Panel, ScreenHead } from '../screens/panel.tsx'
import { useAct } from '../settings/use-act.ts'
import { When } from '../time/when.tsx'
import { useWho } from './session.tsx'

/** The settings that users change about themselves. */
export default function Account() {
  const { who } = useWho()
  return (
    <div className="screen">
      <ScreenHead title={who.fullName || who.name} />
      <div className="panels">
        {who.provider === null ? (
          <>
            <Panel title="Password">
              <Password />
            </Panel>
            <Panel title="Second factor">
              <SecondFactor on={who.secondFactor} />
            </Panel>
          </>
        ) : (
          <Panel title="Sign-in">
            <p>
              You sign in at <bdi>{who.provider}</bdi>, which manages your password, second factor and groups.
            </p>
          </Panel>
        )}
        <Panel title="Open sessions" className="wide">
          <Sessions />
        </Panel>
      </div>
    </div>
  )
}

function Password() {
  const { renew } = useWho()
  const [current, setCurrent] = useState('')
  const [password, setPassword] = useState('')
  const [told, setTold] = useState<string | null>(null)
  const [failed, setFailed] = useState(false)
  const [tokens, setTokens] = useState<Tokens>('keep')
  const send = async (submit: FormEvent): Promise<void> => {
    submit.preventDefault()
    try {
      // The other tabs have this session, too, and need its new word.
      renew(await ask('postSessionPassword', { body: { current, password, tokens } }))
      setFailed(false)
      setTold(
        `Your password is changed. Your other sessions ${tokens === 'revoke' ? 'and your tokens ' : ''}have ended.`,
      )
      setCurrent('')
      setPassword('')
    } catch (error) {
      setFailed(true)
      setTold(error instanceof Error ? error.message : String(error))
    }
  }
  return (
    <form className="stacked" onSubmit={send}>
      <label>
        Current password
        <input
          type="password"
          autoComplete="current-password"
          value={current}
          onChange={({ target }) => setCurrent(target.value)}
          required
        />
      </label>
      <label>
        New password
        <input
          type="password"
          autoComplete="new-password"
          value={password}
          onChange={({ target }) => setPassword(target.value)}
          required
        />
      </label>
      <TokensToo tokens={tokens} onChoose={setTokens} />
      <button type="submit">Change the password</button>
      <p className={failed ? 'problem' : 'quiet'} role="status">
        {told ?? '12 characters or more, of any kind, but not a common password. Your other sessions end.'}
      </p>
    </form>
  )
}

type Tokens = 'keep' | 'revoke'

/** A choice about the tokens, in case somebody else may have used the account. */
function TokensToo({ tokens, onChoose }: { tokens: Tokens; onChoose: (tokens: Tokens) => void }) {
  return (
    <label className="checks">
      <input
        type="checkbox"
        checked={tokens === 'revoke'}
        onChange={({ target }) => onChoose(target.checked ? 'revoke' : 'keep')}
      />
      Also revoke my tokens
    </label>
  )
}

function SecondFactor({ on }: { on: boolean }) {
  const act = useAct()
  const [password, setPassword] = useState('')
  const [offer, setOffer] = useState<Answer<'postSessionSecondFactorOffer'> | null>(null)
  const [code, setCode] = useState('')
  const [codes, setCodes] = useState<readonly string[] | null>(null)
  const [off, setOff] = useState(false)
  const [tokens, setTokens] = useState<Tokens>('keep')
  const isOn = (on || codes !== null) && !off
  if (codes !== null && !off)
    return (
      <>
        <p>
          From now on each sign-in asks for a code. Keep these recovery codes; each works once, and they are
          shown only once.
        </p>
        <pre className="secret">{codes.join('\n')}</pre>
      </>
    )
  if (offer !== null)
    return (
      <form
        className="stacked"
        onSubmit={async (submit) => {
          submit.preventDefault()
          const done = await act.run('postSessionSecondFactorConfirm', { body: { code, tokens } })
          if (done !== null) setCodes(done.answer.recoveryCodes)
        }}
      >
        <p>
          Type this key into your authenticator app, or <a href={offer.uri}>open it there</a>, then send the
          code that it shows. Your other sessions end.
        </p>
        <p className="secret">
          <code>{offer.secret.replaceAll(/(.{4})/g, '$1 ')}</code>
        </p>
        <label>
          Code
          <input
            inputMode="numeric"
            autoComplete="one-time-code"
            value={code}
            onChange={({ target }) => setCode(target.value)}
            required
          />
        </label>
        <TokensToo tokens={tokens} onChoose={setTokens} />
        <button type="submit">Turn on</button>
        <p className="problem" role="alert">
          {act.problem}
        </p>
      </form>
    )
  return (
    <form
      className="stacked"
      onSubmit={async (submit) => {
        submit.preventDefault()
        if (isOn) {
          const done = await act.run('postSessionSecondFactorRemove', { body: { password, tokens } })
          if (done !== null) setOff(true)
        } else
          setOffer((await act.run('postSessionSecondFactorOffer', { body: { password } }))?.answer ?? null)
        setPassword('')
      }}
    >
      <p className="quiet">
        {isOn
          ? 'On: each sign-in asks for a code. Turning it off ends your other sessions.'
          : 'Off. With a code from an app on your phone, a stolen password alone does not open your account.'}
      </p>
      <label>
        Current password
        <input
          type="password"
          autoComplete="current-password"
          value={password}
          onChange={({ target }) => setPassword(target.value)}
          required
        />
      </label>
      {isOn && <TokensToo tokens={tokens} onChoose={setTokens} />}
      <button type="submit">{isOn ? 'Turn off' : 'Set up'}</button>
      <p className="problem" role="alert">
        {act.problem}
      </p>
    </form>
  )
}

function Sessions() {
  const { data } = useAsk('getSessions', {})
  const act = useAct()
  return (
    <ul className="rows">
      {(data?.sessions ?? []).map((session) => (
        <li key={session.id}>
          <span>
            <code>{session.address}</code> <bdi className="quiet">{session.client}</bdi>
          </span>
          <span className="quiet">
            since <When at={session.created} />, last seen <When at={session.seen} relative />
          </span>
          {session.current ? (
            <span className="sign well">this session</span>
          ) : (
            <button
              type="button"
              onClick={() => void act.run('deleteSessionsId', { params: { id: session.id } })}
            >
              End
            </button>
          )}
        </li>
      ))}
    </ul>
  )
}
