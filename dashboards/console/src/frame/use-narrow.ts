import { useSyncExternalStore } from 'react'

/** The width of a phone, as in the style sheets. */
const NARROW = window.matchMedia('(max-width: 640px)')

/** Whether the window is as narrow as a phone. */
export const useNarrow = (): boolean =>
  useSyncExternalStore(
    (listener) => {
      NARROW.addEventListener('change', listener)
      return () => NARROW.removeEventListener('change', listener)
    },
    () => NARROW.matches,
  )
