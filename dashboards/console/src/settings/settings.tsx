import type { ReactNode } from 'react'
import { Refreshed } from '../frame/as-of.tsx'
import { Link } from '../frame/link.tsx'
import { usePlace } from '../frame/location.ts'
import { Empty } from '../frame/states.tsx'
import { ScreenHead } from '../screens/panel.tsx'
import { type Permission, seesAll, useWho } from '../session/session.tsx'
import { Agents } from './agents.tsx'
import { DeadLetters } from './dead-letters.tsx'
import { EventTypes } from './event-types.tsx'
import { Storage } from './storage.tsx'
import { Tokens } from './tokens.tsx'
import { Users } from './users.tsx'

interface Part {
  readonly path: string
  readonly name: string
  readonly needs: Permission
  /** It shows what is of all events. */
  readonly ofAll?: true
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
  { path: '/settings/event-types', name: 'Event types', needs: 'status', show: () => <EventTypes /> },
  { path: '/settings/storage', name: 'Storage', needs: 'status', ofAll: true, show: () => <Storage /> },
  { path: '/settings/users', name: 'Users', needs: 'users', show: () => <Users /> },
  { path: '/settings/tokens', name: 'Tokens', needs: 'search', show: () => <Tokens /> },
]

export default function Settings() {
  const { path } = usePlace()
  const { who } = useWho()
  const parts = PARTS.filter(
    ({ needs, ofAll }) => who.permissions.includes(needs) && (ofAll !== true || seesAll(who)),
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
      {part?.show() ?? <Empty title="There are no such settings, or not for your role." />}
    </div>
  )
}
