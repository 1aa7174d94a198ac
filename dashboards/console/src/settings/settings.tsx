import type { ReactNode } from 'react'
import { Refreshed } from '../frame/as-of.tsx'
import { usePlace } from '../frame/location.ts'
import { Empty } from '../frame/states.tsx'
import { Subnav } from '../frame/subnav.tsx'
import { ScreenHead } from '../screens/panel.tsx'
import { Agents } from './agents.tsx'
import { Archives } from './archives.tsx'
import { Channels } from './channels.tsx'
import { DeadLetters } from './dead-letters.tsx'
import { EventTypes } from './event-types.tsx'
import { Evidence } from './evidence.tsx'
import { type SettingsPath, useSettings } from './parts.ts'
import { Silences } from './silences.tsx'
import { Storage } from './storage.tsx'
import { Tokens } from './tokens.tsx'
import { Users } from './users.tsx'

const SHOWS: Readonly<Record<SettingsPath, () => ReactNode>> = {
  '/settings/agents': () => <Agents />,
  '/settings/dead-letters': () => <DeadLetters />,
  '/settings/channels': () => <Channels />,
  '/settings/silences': () => <Silences />,
  '/settings/event-types': () => <EventTypes />,
  '/settings/storage': () => <Storage />,
  '/settings/archives': () => <Archives />,
  '/settings/evidence': () => <Evidence />,
  '/settings/users': () => <Users />,
  '/settings/tokens': () => <Tokens />,
}

export default function Settings() {
  const { path } = usePlace()
  const parts = useSettings()
  const part = path === '/settings' ? parts[0] : parts.find((one) => one.path === path)
  return (
    <div className="screen">
      <ScreenHead title="Settings">
        <Refreshed />
      </ScreenHead>
      <Subnav label="Settings" parts={parts} shown={part?.path} />
      {part === undefined ? (
        <Empty title="These settings do not exist, or your role may not open them." />
      ) : (
        SHOWS[part.path]()
      )}
    </div>
  )
}
