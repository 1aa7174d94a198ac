import { type KeyboardEvent, useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { Keys } from '../frame/keys-dialog.tsx'
import { go } from '../frame/location.ts'
import type { Screen } from '../frame/screens.tsx'
import { useWho } from '../session/session.tsx'
import { type Item, useItems } from './items.ts'
import { remember } from './recent.ts'

interface PaletteProps {
  readonly screens: readonly Screen[]
  readonly onClose: () => void
}

/** Finds a screen, person, record, event or saved search by what is typed; Enter goes there. */
export function Palette({ screens, onClose }: PaletteProps) {
  const { who } = useWho()
  const [typed, setTyped] = useState('')
  const [place, setPlace] = useState(0)
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  const { items, isLooking } = useItems(typed.trim(), screens)
  const at = Math.min(place, items.length - 1)
  const groups = useMemo(() => Map.groupBy(items, ({ group }) => group), [items])
  // Before the next key is pressed; and it is closed while it is still in the page, so that the browser gives the focus back.
  useLayoutEffect(() => {
    const shown = dialog.current
    shown?.showModal()
    return () => shown?.close()
  }, [])
  // biome-ignore lint/correctness/useExhaustiveDependencies: the chosen one stays in view.
  useEffect(() => {
    dialog.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' })
  }, [at])
  const choose = (item: Item | undefined): void => {
    if (item === undefined) return
    if (item.isKept) remember(who.name, item)
    onClose()
    go(item.to)
    // The dialog gives the focus back as it closes; then it goes to what was chosen.
    queueMicrotask(() => document.getElementById('main')?.focus({ preventScroll: true }))
  }
  const onKey = (event: KeyboardEvent): void => {
    const isMod = event.ctrlKey || event.metaKey
    if (event.key === 'Enter') choose(items[at])
    else if (event.key === 'ArrowDown') setPlace((at + 1) % items.length)
    else if (event.key === 'ArrowUp') setPlace((at - 1 + items.length) % items.length)
    else if (isMod && event.key.toLowerCase() === 'k') onClose()
    else return
    event.preventDefault()
  }
  return (
    <dialog
      ref={dialog}
      className="palette"
      aria-label="Find"
      onCancel={(cancel) => {
        cancel.preventDefault()
        onClose()
      }}
      onPointerDown={({ target }) => target === dialog.current && onClose()}
    >
      <input
        type="text"
        role="combobox"
        aria-label="Find a screen, person, record, event or saved search"
        aria-expanded={items.length > 0}
        aria-controls={`${id}-found`}
        aria-autocomplete="list"
        aria-activedescendant={items.length > 0 ? `${id}-${at}` : undefined}
        placeholder="Screen, person, record, event id or saved search"
        autoFocus
        spellCheck={false}
        autoComplete="off"
        value={typed}
        onChange={({ target }) => {
          setTyped(target.value)
          setPlace(0)
        }}
        onKeyDown={onKey}
      />
      <div id={`${id}-found`} className="found" role="listbox" aria-label="Found" aria-busy={isLooking}>
        {[...groups].map(([group, list]) => (
          // biome-ignore lint/a11y/useSemanticElements: a group of options is no part of a form.
          <div key={group} role="group" aria-label={group}>
            <p className="group" aria-hidden="true">
              {group}
            </p>
            {list.map((item) => {
              const index = items.indexOf(item)
              return (
                // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the field, which names the option.
                // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the field.
                <div
                  key={item.to}
                  id={`${id}-${index}`}
                  role="option"
                  aria-selected={index === at}
                  onPointerMove={() => setPlace(index)}
                  onClick={() => choose(item)}
                >
                  <bdi>{item.name}</bdi> <span className="quiet">{item.about}</span>
                  {item.key !== undefined && (
                    <span className="its-key" aria-hidden="true">
                      <Keys of={item.key} />
                    </span>
                  )}
                </div>
              )
            })}
          </div>
        ))}
      </div>
      <p className="quiet small" role="status">
        {isLooking ? 'Looking …' : '↑ ↓ to choose, Enter to go, Esc to close'}
      </p>
    </dialog>
  )
}
