import { useEffect, useRef } from 'react'

type Keys = readonly (readonly [key: string, act: () => void])[]

/** The keys of a screen; they do nothing while somebody types, or over a dialog. */
export function useKeys(keys: Keys): void {
  const current = useRef(keys)
  current.current = keys
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
      if (document.querySelector('dialog[open]') !== null) return
      const act = current.current.find(([key]) => key === event.key)?.[1]
      if (act === undefined) return
      // Enter on a button is the button's.
      if (
        event.key === 'Enter' &&
        event.target instanceof Element &&
        event.target.closest('button, a, summary')
      )
        return
      event.preventDefault()
      act()
    }
    document.addEventListener('keydown', pressed)
    return () => document.removeEventListener('keydown', pressed)
  }, [])
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest('input:not([type="checkbox"]), select, textarea') !== null
