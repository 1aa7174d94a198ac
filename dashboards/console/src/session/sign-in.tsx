import { type FormEvent, useEffect, useId, useRef, useState } from 'react'
import { type Answer, addressOf, ask, credentials } from '../api/ask.ts'
import { Mark } from '../frame/mark.tsx'
import type { Who } from './session.tsx'

type Step = 'password' | 'second-factor' | 'new-password'

interface SignInProps {
  readonly onSignedIn: (who: Who) => void
  /** Why the sign-in is requested, unless it is obvious. */
  readonly trouble: string | null
  /** A sign-in that was begun before the page was loaded. */
  readonly half: Who | null
  readonly name?: string
  readonly inDialog?: boolean
}

/** Asks for name and password; then, if required, for the code of the second factor and a new password. */
export function SignIn({ onSignedIn, trouble, half, name: known = '', inDialog = false }: SignInProps) {
  const [step, setStep] = useState<Step>(half?.wants ?? 'password')
  const [name, setName] = useState(known)
  const [secret, setSecret] = useState('')
  const [again, setAgain] = useState('')
  const [problem, setProblem] = useState(trouble)
  const [busy, setBusy] = useState(false)
  const [provider, setProvider] = useState<Answer<'getSignIn'>['openid']>(null)
  const field = useRef<HTMLInputElement>(null)
  const id = useId()

  // biome-ignore lint/correctness/useExhaustiveDependencies: each step begins in its first field.
  useEffect(() => field.current?.focus(), [step])

  useEffect(() => {
    ask('getSignIn', {}).then(
      ({ openid, problem: said }) => {
        setProvider(openid)
        if (said !== null) setProblem(said)
      },
      // Name and password work without this answer; they will report a problem with the connection to the indexer.
      () => {},
    )
  }, [])

  const question = async (): Promise<Answer<'postSession'>> => {
    switch (step) {
      case 'password':
        return ask('postSession', { body: { name, password: secret, for: 'browser' } })
      case 'second-factor':
        return ask('postSessionSecondFactor', { body: { code: secret.replaceAll(/\s/g, '') } })
      case 'new-password':
        return ask('postSessionPassword', { body: { password: secret } })
    }
  }

  const send = async (submit: FormEvent): Promise<void> => {
    submit.preventDefault()
    if (step === 'new-password' && secret !== again) {
      setProblem('The two passwords differ.')
      return
    }
    setBusy(true)
    try {
      const who = await question()
      credentials.csrf = who.csrf
      setSecret('')
      setAgain('')
      setProblem(null)
      if (who.wants === null) onSignedIn(who)
      else setStep(who.wants)
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error))
      field.current?.select()
    } finally {
      setBusy(false)
    }
  }

  return (
    <form className={inDialog ? 'sign-in' : 'sign-in sheet'} onSubmit={send} aria-labelledby={`${id}-title`}>
      {!inDialog && (
        <h1 id={`${id}-title`} className="wordmark">
          <Mark /> Waybill
        </h1>
      )}
      {inDialog && (
        <span id={`${id}-title`} className="unseen">
          Sign in
        </span>
      )}
      <p className="quiet">{HINTS[step]}</p>
      {step === 'password' && provider !== null && (
        <>
          <a
            className="button primary"
            href={addressOf('getSignInOpenid', { query: { to: location.pathname + location.search } })}
          >
            {provider.button}
          </a>
          <p className="quiet">Or as a local user:</p>
        </>
      )}
      {step === 'password' && (
        <label>
          Name
          <input
            ref={known === '' ? field : null}
            value={name}
            onChange={(change) => setName(change.target.value)}
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            required
          />
        </label>
      )}
      <label>
        {LABELS[step]}
        <input
          ref={step === 'password' && known === '' ? null : field}
          type={step === 'second-factor' ? 'text' : 'password'}
          inputMode={step === 'second-factor' ? 'numeric' : 'text'}
          autoComplete={AUTOCOMPLETE[step]}
          value={secret}
          onChange={(change) => setSecret(change.target.value)}
          aria-invalid={problem !== null}
          aria-describedby={`${id}-problem`}
          required
        />
      </label>
      {step === 'new-password' && (
        <label>
          Repeat the password
          <input
            type="password"
            autoComplete="new-password"
            value={again}
            onChange={(change) => setAgain(change.target.value)}
            required
          />
        </label>
      )}
      <p id={`${id}-problem`} className="problem" role="alert">
        {problem}
      </p>
      <button type="submit" className="primary" disabled={busy}>
        {busy ? 'One moment …' : BUTTONS[step]}
      </button>
    </form>
  )
}

const HINTS: Record<Step, string> = {
  password: 'Every sign-in, search and export here is recorded as an audit event.',
  'second-factor': 'The six digits of your authenticator app, or a recovery code.',
  'new-password': 'Choose your own password: 12 characters or more, of any kind.',
}
const LABELS: Record<Step, string> = {
  password: 'Password',
  'second-factor': 'Code',
  'new-password': 'New password',
}
const AUTOCOMPLETE: Record<Step, string> = {
  password: 'current-password',
  'second-factor': 'one-time-code',
  'new-password': 'new-password',
}
const BUTTONS: Record<Step, string> = {
  password: 'Sign in',
  'second-factor': 'Continue',
  'new-password': 'Set the password',
}
