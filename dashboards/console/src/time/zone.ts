import { usePreferences } from '../frame/preferences.ts'
import { LOCAL_ZONE } from './format.ts'

/** The zone in which this reader reads times; `local` and `utc` are the two that have a button. */
export function useZone(): string {
  const { zone } = usePreferences()
  return zone === 'utc' ? 'UTC' : zone === 'local' ? LOCAL_ZONE : zone
}
