import { lazy, type ReactNode, Suspense } from 'react'
import { EntryPage } from '../entry/entry-page.tsx'
import { EventsScreen } from '../events/events-screen.tsx'
import { type Permission, useWho } from '../session/session.tsx'
import { Link } from './link.tsx'
import { usePlace } from './location.ts'
import { Mark } from './mark.tsx'
import { Popover } from './popover.tsx'
import { prefer, usePreferences } from './preferences.ts'
import { Empty, Loading } from './states.tsx'

const Overview = lazy(() => import('../screens/overview.tsx'))
const Security = lazy(() => import('../screens/security.tsx'))
const People = lazy(() => import('../screens/people.tsx'))
const System = lazy(() => import('../screens/system.tsx'))
const Auditor = lazy(() => import('../screens/auditor.tsx'))
const Settings = lazy(() => import('../settings/settings.tsx'))
const Account = lazy(() => import('../session/account.tsx'))

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

export function App() {
  const { path } = usePlace()
  const { who } = useWho()
  const screens = SCREENS.filter(({ needs }) => who.permissions.includes(needs))
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
        <Suspense fallback={<Loading />}>{screenAt(path, screens)}</Suspense>
      </main>
    </>
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
          <span className="reader-name">{who.fullName || who.name}</span>
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
  readonly value: Value
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
