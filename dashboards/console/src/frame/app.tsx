import { lazy, type ReactNode, Suspense, useEffect } from 'react'
import { useAsk } from '../api/use-ask.ts'
import { EntryPage } from '../entry/entry-page.tsx'
import { EventsScreen } from '../events/events-screen.tsx'
import { type Permission, useWho } from '../session/session.tsx'
import { type Wrong, withoutWrong, wrongIn } from './address.ts'
import { Link } from './link.tsx'
import { usePlace } from './location.ts'
import { Mark } from './mark.tsx'
import { Contained, part } from './outage.tsx'
import { Popover } from './popover.tsx'
import { prefer, usePreferences } from './preferences.ts'
import { Empty, Loading } from './states.tsx'
import { ZoneChoice } from './zone-choice.tsx'

const LOADS = {
  overview: part(() => import('../screens/overview.tsx')),
  security: part(() => import('../screens/security.tsx')),
  people: part(() => import('../screens/people.tsx')),
  system: part(() => import('../screens/system.tsx')),
  auditor: part(() => import('../screens/auditor.tsx')),
  settings: part(() => import('../settings/settings.tsx')),
  account: part(() => import('../session/account.tsx')),
}
const Overview = lazy(LOADS.overview)
const Security = lazy(LOADS.security)
const People = lazy(LOADS.people)
const System = lazy(LOADS.system)
const Auditor = lazy(LOADS.auditor)
const Settings = lazy(LOADS.settings)
const Account = lazy(LOADS.account)

interface Screen {
  readonly path: string
  readonly name: string
  readonly needs: Permission
  readonly show: () => ReactNode
}

const SCREENS: readonly Screen[] = [
  { path: '/', name: 'Overview', needs: 'search', show: () => <Overview /> },
  { path: '/events', name: 'Events', needs: 'search', show: () => <EventsScreen /> },
  { path: '/security', name: 'Security', needs: 'search', show: () => <Security /> },
  { path: '/people', name: 'People', needs: 'search', show: () => <People /> },
  { path: '/system', name: 'System', needs: 'search', show: () => <System /> },
  { path: '/auditor', name: 'Audit of the auditor', needs: 'search', show: () => <Auditor /> },
  { path: '/settings', name: 'Settings', needs: 'status', show: () => <Settings /> },
]

/** ms after the first screen. */
const PRELOAD = 2000

export function App() {
  const { path, search } = usePlace()
  const { who } = useWho()
  const fields =
    useAsk('getFields', {}, { enabled: path === '/events' && search !== '' }).data?.fields ?? null
  const wrong = wrongIn(path, search, fields)
  const screens = SCREENS.filter(({ needs }) => who.permissions.includes(needs))
  useEffect(() => {
    // Then every screen is there, also while the indexer is away.
    const later = setTimeout(
      () => void Promise.allSettled(Object.values(LOADS).map((load) => load())),
      PRELOAD,
    )
    return () => clearTimeout(later)
  }, [])
  return (
    <>
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <header className="masthead">
        <Link to="/" className="wordmark" aria-label="Waybill, overview">
          <Mark /> <span>Waybill</span>
        </Link>
        <nav aria-label="Screens">
          {screens.map(({ path: to, name }) => (
            <Link key={to} to={to} aria-current={isWithin(path, to) ? 'page' : undefined}>
              {name}
            </Link>
          ))}
        </nav>
        <ReaderMenu />
      </header>
      <main id="main" tabIndex={-1}>
        <Contained key={path}>
          <Suspense fallback={<Loading />}>
            {wrong.length > 0 ? <WrongAddress wrong={wrong} /> : screenAt(path, screens)}
          </Suspense>
        </Contained>
      </main>
    </>
  )
}

/** Says what is wrong with the address, and leads to the same without it. */
function WrongAddress({ wrong }: { wrong: readonly Wrong[] }) {
  const { path, search } = usePlace()
  return (
    <div className="state wrong-address" role="alert">
      <h1 className="state-title">This address can not be shown as it is.</h1>
      <ul>
        {wrong.map(({ name, value, sentence }) => (
          <li key={`${name} ${value}`}>
            <code>
              {name}={value}
            </code>{' '}
            {sentence}
          </li>
        ))}
      </ul>
      <Link to={withoutWrong(path, search, wrong)}>Show the screen without it</Link>
    </div>
  )
}

const isWithin = (path: string, to: string): boolean =>
  to === '/' ? path === '/' : path === to || path.startsWith(`${to}/`)

function screenAt(path: string, screens: readonly Screen[]): ReactNode {
  const entry = /^\/events\/([\w-]+)$/.exec(path)?.[1]
  if (entry !== undefined) return <EntryPage id={entry} />
  if (path === '/account') return <Account />
  const screen =
    screens.find((one) => one.path === path) ??
    screens.find((one) => one.path === '/settings' && isWithin(path, '/settings'))
  return (
    screen?.show() ?? (
      <Empty title="There is no such screen." isScreen>
        The link may be old, or not for your role.
      </Empty>
    )
  )
}

function ReaderMenu() {
  const { who, signOut } = useWho()
  const { theme, zone } = usePreferences()
  return (
    <Popover
      name={`${who.fullName || who.name} ${who.role ?? 'token'}: preferences and sign-out`}
      className="reader"
      align="end"
      label={
        <>
          <span className="reader-name">{who.fullName || who.name}</span>{' '}
          <span className="role">{who.role ?? 'token'}</span>
        </>
      }
    >
      {(close) => (
        <div className="menu">
          <Choice
            name="Theme"
            value={theme}
            options={{ system: 'System', light: 'Light', dark: 'Dark' }}
            onChoose={(next) => prefer({ theme: next })}
          />
          <Choice
            name="Times"
            value={zone}
            options={{ local: 'Local', utc: 'UTC' }}
            onChoose={(next) => prefer({ zone: next })}
          />
          <ZoneChoice />
          {who.role !== null && (
            <Link to="/account" onClick={close}>
              Password, second factor, sessions
            </Link>
          )}
          {who.csrf !== null && (
            <button type="button" className="plain" onClick={signOut}>
              Sign out
            </button>
          )}
        </div>
      )}
    </Popover>
  )
}

interface ChoiceProps<Value extends string> {
  readonly name: string
  /** None of the options where something else is chosen. */
  readonly value: string
  readonly options: Readonly<Record<Value, string>>
  readonly onChoose: (value: Value) => void
}

function Choice<Value extends string>({ name, value, options, onChoose }: ChoiceProps<Value>) {
  return (
    <fieldset className="choice">
      <legend>{name}</legend>
      {(Object.keys(options) as Value[]).map((option) => (
        <button key={option} type="button" aria-pressed={option === value} onClick={() => onChoose(option)}>
          {options[option]}
        </button>
      ))}
    </fieldset>
  )
}
