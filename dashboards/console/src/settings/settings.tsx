import type { ReactNode } from 'react'
import { Refreshed } from '../frame/as-of.tsx'
import { Link } from '../frame/link.tsx'
import { usePlace } from '../frame/location.ts'
import { Empty } from '../frame/states.tsx'
import { ScreenHead } from '../screens/panel.tsx'
import { type Permission, seesAll, seesRecords, useWho } from '../session/session.tsx'
import { Agents } from './agents.tsx'
import { Archives } from './archives.tsx'
import { Channels } from './channels.tsx'
import { DeadLetters } from './dead-letters.tsx'
import { EventTypes } from './event-types.tsx'
import { Evidence } from './evidence.tsx'
import { Silences } from './silences.tsx'
import { Storage } from './storage.tsx'
import { Tokens } from './tokens.tsx'
import { Users } from './users.tsx'

interface Part {
  readonly path: string
  readonly name: string
  readonly needs: Permission
  /** It shows what is of all events. */
  readonly ofAll?: true
  /** It shows stored records unchanged. */
  readonly ofRecords?: true
  readonly show: () => ReactNode
}

const PARTS: readonly Part[] = [
  { path: '/settings/agents', name: 'Agents', needs: 'status', ofAll: true, show: () => <Agents /> },
  {
    path: '/settings/dead-letters',
    name: 'Dead letters',
    needs: 'status',
    ofAll: true,
    show: () => <DeadLetters />,
  },
  { path: '/settings/channels', name: 'Channels', needs: 'status', show: () => <Channels /> },
  {
    path: '/settings/silences',
    name: 'Silences',
    needs: 'status',
    ofRecords: true,
    show: () => <Silences />,
  },
  { path: '/settings/event-types', name: 'Event types', needs: 'status', show: () => <EventTypes /> },
  { path: '/settings/storage', name: 'Storage', needs: 'status', ofAll: true, show: () => <Storage /> },
  { path: '/settings/archives', name: 'Archives', needs: 'archive', ofAll: true, show: () => <Archives /> },
  { path: '/settings/evidence', name: 'Evidence', needs: 'status', ofAll: true, show: () => <Evidence /> },
  { path: '/settings/users', name: 'Users', needs: 'users', show: () => <Users /> },
  { path: '/settings/tokens', name: 'Tokens', needs: 'search', show: () => <Tokens /> },
]

export default function Settings() {
  const { path } = usePlace()
  const { who } = useWho()
  const parts = PARTS.filter(
    ({ needs, ofAll, ofRecords }) =>
      who.permissions.includes(needs) &&
      (ofAll !== true || seesAll(who)) &&
      (ofRecords !== true || seesRecords(who)),
  )
  const part = path === '/settings' ? parts[0] : parts.find((one) => one.path === path)
  return (
    <div className="screen">
      <ScreenHead title="Settings">
        <Refreshed />
      </ScreenHead>
      <nav className="subnav" aria-label="Settings">
        {parts.map((one) => (
          <Link key={one.path} to={one.path} aria-current={one === part ? 'page' : undefined}>
            {one.name}
          </Link>
        ))}
      </nav>
      {part?.show() ?? <Empty title="These settings do not exist, or your role may not open them." />}
    </div>
  )
}
