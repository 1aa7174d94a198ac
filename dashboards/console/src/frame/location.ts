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

export function go(to: string, { replace = false } = {}): void {
  if (to === `${place.path}${place.search}`) return
  if (replace) window.history.replaceState(null, '', to)
  else window.history.pushState(null, '', to)
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
