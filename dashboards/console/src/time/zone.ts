import { usePreferences } from '../frame/preferences.ts'
import { LOCAL_ZONE } from './format.ts'

/** The zone in which this reader reads times. */
export const useZone = (): string => (usePreferences().zone === 'utc' ? 'UTC' : LOCAL_ZONE)
