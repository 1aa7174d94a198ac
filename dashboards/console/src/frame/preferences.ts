import { useSyncExternalStore } from 'react'
import { LOCAL_ZONE } from '../time/format.ts'
import { isZone } from '../time/zones.ts'

/** The choices of a reader for this browser. */
export interface Preferences {
  readonly theme: 'system' | 'light' | 'dark'
  /** `local`, `utc`, or the name of any other. */
  readonly zone: string
  /** The browser shows new alerts. */
  readonly notifies: boolean
}

const KEY = 'waybill.preferences'
const FIRST: Preferences = { theme: 'system', zone: 'local', notifies: false }
const listeners = new Set<() => void>()
let current = stored()
apply(current)

function stored(): Preferences {
  try {
    const given: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}')
    const { theme, zone, notifies } = { ...FIRST, ...(typeof given === 'object' ? given : {}) }
    return {
      theme: theme === 'light' || theme === 'dark' ? theme : 'system',
      zone: zone === 'utc' || isZone(zone) ? zone : 'local',
      notifies: notifies === true,
    }
  } catch {
    // A browser may refuse to keep anything, or keep what another hand wrote.
    return FIRST
  }
}

function apply({ theme }: Preferences): void {
  document.documentElement.dataset.theme = theme
}

export function prefer(change: Partial<Preferences>): void {
  current = { ...current, ...change }
  apply(current)
  try {
    localStorage.setItem(KEY, JSON.stringify(current))
  } catch {
    // It holds until the page is closed.
  }
  for (const listener of listeners) listener()
}

export const usePreferences = (): Preferences =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => current,
  )

/** The zone in which this reader reads times; `local` and `utc` are the two that have a button. */
export function useZone(): string {
  const { zone } = usePreferences()
  return zone === 'utc' ? 'UTC' : zone === 'local' ? LOCAL_ZONE : zone
}
