import { lazy, type ReactNode } from 'react'
import { EntryPage } from '../entry/entry.tsx'
import { EventsScreen } from '../events/events-screen.tsx'
import { type Permission, seesAll, seesRecords, useWho } from '../session/session.tsx'
import { part } from './outage.tsx'
import { Empty } from './states.tsx'

export const LOADS = {
  overview: part(() => import('../screens/overview.tsx')),
  alerts: part(() => import('../alerts/alerts.tsx')),
  compare: part(() => import('../compare/compare.tsx')),
  cases: part(() => import('../cases/cases.tsx')),
  security: part(() => import('../screens/security.tsx')),
  people: part(() => import('../people/people.tsx')),
  system: part(() => import('../screens/system.tsx')),
  auditor: part(() => import('../screens/auditor.tsx')),
  reports: part(() => import('../reports/reports.tsx')),
  rules: part(() => import('../rules/rules.tsx')),
  settings: part(() => import('../settings/settings.tsx')),
  account: part(() => import('../session/account.tsx')),
}
const Overview = lazy(LOADS.overview)
const Alerts = lazy(LOADS.alerts)
const Compare = lazy(LOADS.compare)
const Cases = lazy(LOADS.cases)
const Security = lazy(LOADS.security)
const People = lazy(LOADS.people)
const System = lazy(LOADS.system)
const Auditor = lazy(LOADS.auditor)
const Reports = lazy(LOADS.reports)
const Rules = lazy(LOADS.rules)
const Settings = lazy(LOADS.settings)
const Account = lazy(LOADS.account)

export interface Screen {
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
  { path: '/cases', name: 'Cases', needs: 'respond', show: () => <Cases /> },
  { path: '/security', name: 'Security', needs: 'search', show: () => <Security /> },
  { path: '/people', name: 'People', needs: 'search', show: () => <People /> },
  { path: '/system', name: 'System', needs: 'search', show: () => <System /> },
  { path: '/auditor', name: 'Audit of the auditor', needs: 'search', show: () => <Auditor /> },
  { path: '/reports', name: 'Reports', needs: 'report', show: () => <Reports /> },
  { path: '/rules', name: 'Rules', needs: 'search', ofAll: true, show: () => <Rules /> },
  { path: '/settings', name: 'Settings', needs: 'status', show: () => <Settings /> },
]

/** The screens that this reader may open. */
export function useScreens(): readonly Screen[] {
  const { who } = useWho()
  return SCREENS.filter(
    ({ needs, ofAll, ofRecords }) =>
      who.permissions.includes(needs) &&
      (ofAll !== true || seesAll(who)) &&
      (ofRecords !== true || seesRecords(who)),
  )
}

export const isWithin = (path: string, to: string): boolean =>
  to === '/' ? path === '/' : path === to || path.startsWith(`${to}/`)

export function screenAt(path: string, screens: readonly Screen[]): ReactNode {
  const entry = /^\/events\/([\w-]+)$/.exec(path)?.[1]
  if (entry !== undefined) return <EntryPage id={entry} />
  if (path === '/account') return <Account />
  if (path === '/compare') return <Compare />
  const screen =
    screens.find((one) => one.path === path) ??
    screens.find(
      ({ path: whole }) =>
        (whole === '/settings' || whole === '/reports' || whole === '/cases') && isWithin(path, whole),
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
