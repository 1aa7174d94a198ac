import { useState } from 'react'
import { Dialog } from '../frame/dialog.tsx'
import { useKeys } from './use-keys.ts'

const KEYS: readonly [string, string][] = [
  ['/', 'Go to the search'],
  ['j  k', 'Next, previous event'],
  ['PgDn  PgUp', 'Twenty events on, back'],
  ['Home  End', 'First, last event'],
  ['Enter', 'Open the event'],
  ['Esc', 'Close what is open'],
  ['f', 'Follow, or stop following'],
  ['r', 'Refresh'],
  ['?', 'This list'],
]

/** The keys of the viewer, for who presses the question mark. */
export function Keys() {
  const [open, setOpen] = useState(false)
  useKeys([['?', () => setOpen(true)]])
  return (
    <>
      <button type="button" className="wide-only" aria-label="Keys" onClick={() => setOpen(true)}>
        ?
      </button>
      {open && (
        <Dialog title="Keys" onClose={() => setOpen(false)}>
          <dl className="keys">
            {KEYS.map(([key, about]) => (
              <div key={key}>
                <dt>
                  {key.split('  ').map((one) => (
                    <kbd key={one}>{one}</kbd>
                  ))}
                </dt>
                <dd>{about}</dd>
              </div>
            ))}
          </dl>
        </Dialog>
      )}
    </>
  )
}
