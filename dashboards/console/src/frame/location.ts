import { useCallback, useSyncExternalStore } from 'react'

/** The address bar is the state: what a screen shows can be sent to somebody, and the back button goes back. */
export interface Place {
  readonly path: string
  readonly search: string
}

const listeners = new Set<() => void>()
let place: Place = read()

function read(): Place {
  return { path: window.location.pathname, search: window.location.search }
}

function moved(): void {
  place = read()
  for (const listener of listeners) listener()
}

window.addEventListener('popstate', moved)

/** The number of places that the reader came through within the console; it is kept with each place of the browser's history. */
function behind(): number {
  const state: unknown = window.history.state
  return typeof state === 'object' && state !== null && 'behind' in state ? Number(state.behind) : 0
}

/** Goes back to where the reader came from, or to `otherwise` if they came by a link. */
export function goBack(otherwise: string): void {
  if (behind() > 0) window.history.back()
  else go(otherwise)
}

export function go(to: string, { replace = false } = {}): void {
  if (to === `${place.path}${place.search}`) return
  if (replace) window.history.replaceState({ behind: behind() }, '', to)
  else window.history.pushState({ behind: behind() + 1 }, '', to)
  moved()
}

export const usePlace = (): Place =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => place,
  )

/** One parameter of the address, as a state. */
export function useParameter(name: string, otherwise: string): [string, (value: string) => void] {
  const { path, search } = usePlace()
  const value = new URLSearchParams(search).get(name) ?? otherwise
  const set = useCallback(
    (next: string) => {
      const parameters = new URLSearchParams(search)
      if (next === otherwise) parameters.delete(name)
      else parameters.set(name, next)
      const text = parameters.toString()
      go(text === '' ? path : `${path}?${text}`, { replace: true })
    },
    [path, search, name, otherwise],
  )
  return [value, set]
}
