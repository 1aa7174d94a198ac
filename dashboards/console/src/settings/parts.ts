import { type Permission, seesAll, seesRecords, useWho } from '../session/session.tsx'

interface Part {
  readonly path: `/settings/${string}`
  readonly name: string
  readonly needs: Permission
  /** It shows what is of all events. */
  readonly ofAll?: true
  /** It shows stored records unchanged. */
  readonly ofRecords?: true
}

const PARTS = [
  { path: '/settings/agents', name: 'Agents', needs: 'status', ofAll: true },
  { path: '/settings/dead-letters', name: 'Dead letters', needs: 'status', ofAll: true },
  { path: '/settings/channels', name: 'Channels', needs: 'status' },
  { path: '/settings/silences', name: 'Silences', needs: 'status', ofRecords: true },
  { path: '/settings/event-types', name: 'Event types', needs: 'status' },
  { path: '/settings/storage', name: 'Storage', needs: 'status', ofAll: true },
  { path: '/settings/archives', name: 'Archives', needs: 'archive', ofAll: true },
  { path: '/settings/evidence', name: 'Evidence', needs: 'status', ofAll: true },
  { path: '/settings/users', name: 'Users', needs: 'users' },
  { path: '/settings/tokens', name: 'Tokens', needs: 'search' },
] as const satisfies readonly Part[]

export type SettingsPath = (typeof PARTS)[number]['path']

/** The settings that this reader may open. */
export function useSettings(): readonly (Part & { readonly path: SettingsPath })[] {
  const { who } = useWho()
  const parts: readonly (Part & { readonly path: SettingsPath })[] = PARTS
  return parts.filter(
    ({ needs, ofAll, ofRecords }) =>
      who.permissions.includes(needs) &&
      (ofAll !== true || seesAll(who)) &&
      (ofRecords !== true || seesRecords(who)),
  )
}
