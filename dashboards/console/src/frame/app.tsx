import { lazy, type ReactNode, Suspense, useEffect, useId, useRef, useState } from 'react'
import { Bell } from '../alerts/bell.tsx'
import { useAsk } from '../api/use-ask.ts'
import { EntryPage } from '../entry/entry.tsx'
import { EventsScreen } from '../events/events-screen.tsx'
import { type Permission, seesAll, seesRecords, useWho } from '../session/session.tsx'
import { isZone, zonesLike } from '../time/zones.ts'
import { type Wrong, withoutWrong, wrongIn } from './address.ts'
import { Link } from './link.tsx'
import { usePlace } from './location.ts'
import { Mark } from './mark.tsx'
import { Contained, part } from './outage.tsx'
import { Popover } from './popover.tsx'
import { prefer, usePreferences, useZone } from './preferences.ts'
import { Empty, Loading } from './states.tsx'

const LOADS = {
  overview: part(() => import('../screens/overview.tsx')),
  alerts: part(() => import('../alerts/alerts.tsx')),
  security: part(() => import('../screens/security.tsx')),
  people: part(() => import('../screens/people.tsx')),
  system: part(() => import('../screens/system.tsx')),
  auditor: part(() => import('../screens/auditor.tsx')),
  reports: part(() => import('../reports/reports.tsx')),
  rules: part(() => import('../rules/rules.tsx')),
  settings: part(() => import('../settings/settings.tsx')),
  account: part(() => import('../session/account.tsx')),
}
const Overview = lazy(LOADS.overview)
const Alerts = lazy(LOADS.alerts)
const Security = lazy(LOADS.security)
const People = lazy(LOADS.people)
const System = lazy(LOADS.system)
const Auditor = lazy(LOADS.auditor)
const Reports = lazy(LOADS.reports)
const Rules = lazy(LOADS.rules)
const Settings = lazy(LOADS.settings)
const Account = lazy(LOADS.account)

interface Screen {
  readonly path: string
  readonly name: string
  readonly needs: Permission
  /** It shows what is of all events. */
  readonly ofAll?: true
  /** It shows stored records unchanged. */
  readonly ofRecords?: true
  readonly show: () => ReactNode
}

const SCREENS: readonly Screen[] = [
  { path: '/', name: 'Overview', needs: 'search', show: () => <Overview /> },
  { path: '/alerts', name: 'Alerts', needs: 'search', ofRecords: true, show: () => <Alerts /> },
  { path: '/events', name: 'Events', needs: 'search', show: () => <EventsScreen /> },
  { path: '/security', name: 'Security', needs: 'search', show: () => <Security /> },
  { path: '/people', name: 'People', needs: 'search', show: () => <People /> },
  { path: '/system', name: 'System', needs: 'search', show: () => <System /> },
  { path: '/auditor', name: 'Audit of the auditor', needs: 'search', show: () => <Auditor /> },
  { path: '/reports', name: 'Reports', needs: 'report', show: () => <Reports /> },
  { path: '/rules', name: 'Rules', needs: 'search', ofAll: true, show: () => <Rules /> },
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
  const screens = SCREENS.filter(
    ({ needs, ofAll, ofRecords }) =>
      who.permissions.includes(needs) &&
      (ofAll !== true || seesAll(who)) &&
      (ofRecords !== true || seesRecords(who)),
  )
  const nav = useRef<HTMLElement>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: with the address another link is the current one.
  useEffect(() => {
    // On a narrow screen the links scroll.
    nav.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' })
  }, [path])
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
        <nav ref={nav} aria-label="Screens">
          {screens.map(({ path: to, name }) => (
            <Link
              key={to}
              to={to}
              aria-current={
                isWithin(path, to) || (to === '/alerts' && isWithin(path, '/incidents')) ? 'page' : undefined
              }
            >
              {name}
            </Link>
          ))}
        </nav>
        {screens.some(({ name }) => name === 'Alerts') && <Bell />}
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

/** Shows what is wrong with the address, and links to the address without it. */
function WrongAddress({ wrong }: { wrong: readonly Wrong[] }) {
  const { path, search } = usePlace()
  return (
    <div className="state wrong-address" role="alert">
      <h1 className="state-title">This address is not valid.</h1>
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
      <Link to={withoutWrong(path, search, wrong)}>Show the screen without the invalid part</Link>
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
    screens.find(
      ({ path: whole }) => (whole === '/settings' || whole === '/reports') && isWithin(path, whole),
    ) ??
    screens.find(
      (one) => one.path === '/alerts' && (isWithin(path, '/alerts') || isWithin(path, '/incidents')),
    ) ??
    screens.find((one) => one.path === '/rules' && (isWithin(path, '/rules') || path === '/new-rule'))
  return (
    screen?.show() ?? (
      <Empty title="This screen does not exist." isScreen>
        The link may be old, or your role may not open it.
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
  /** None of the options if another choice applies. */
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

const SHOWN = 8

/** Any time zone, looked for by its name. */
function ZoneChoice() {
  const zone = useZone()
  const [looked, setLooked] = useState('')
  const id = useId()
  const zones = looked === '' ? [] : zonesLike(looked)
  // An older name of a zone is not in the list, and is a zone all the same.
  const named = looked.trim()
  const offered = zones.length === 0 && isZone(named) ? [named] : zones
  const choose = (chosen: string): void => {
    prefer({ zone: chosen })
    setLooked('')
  }
  return (
    <div className="zone-choice">
      <label htmlFor={id}>Another time zone</label>
      <input
        id={id}
        type="search"
        className="small"
        placeholder={zone}
        value={looked}
        onChange={({ target }) => setLooked(target.value)}
        onKeyDown={({ key }) => key === 'Enter' && offered[0] !== undefined && choose(offered[0])}
      />
      <ul>
        {offered.slice(0, SHOWN).map((one) => (
          <li key={one}>
            <button type="button" className="plain" onClick={() => choose(one)}>
              {one}
            </button>
          </li>
        ))}
      </ul>
      {looked !== '' && offered.length === 0 && (
        <p className="quiet small">No time zone matches. Type a city or a region, such as Tokyo.</p>
      )}
      {offered.length > SHOWN && (
        <p className="quiet small">{offered.length - SHOWN} more: type more letters of the name.</p>
      )}
    </div>
  )
}
