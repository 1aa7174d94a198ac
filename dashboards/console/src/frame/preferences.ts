import { useSyncExternalStore } from 'react'
import { isZone } from '../time/zones.ts'

/** What a reader chose for this browser. */
export interface Preferences {
  readonly theme: 'system' | 'light' | 'dark'
  /** `local`, `utc`, or the name of any other. */
  readonly zone: string
}

const KEY = 'waybill.preferences'
const FIRST: Preferences = { theme: 'system', zone: 'local' }
const listeners = new Set<() => void>()
let current = stored()
apply(current)

function stored(): Preferences {
  try {
    const given: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}')
    const { theme, zone } = { ...FIRST, ...(typeof given === 'object' ? given : {}) }
    return {
      theme: theme === 'light' || theme === 'dark' ? theme : 'system',
      zone: zone === 'utc' || isZone(zone) ? zone : 'local',
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
