import { type ReactNode, useLayoutEffect, useRef } from 'react'
import { Refused } from './states.tsx'

interface DialogProps {
  readonly title: string
  /** Null: only an answer ends it. */
  readonly onClose: (() => void) | null
  readonly wide?: boolean
  readonly children: ReactNode
}

/** A modal dialog of the browser's own: it keeps the focus in, and gives it back. */
export function Dialog({ title, onClose, wide = false, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  // It is closed while it is still in the page: only then does the browser give the focus back.
  useLayoutEffect(() => {
    const shown = dialog.current
    shown?.showModal()
    return () => shown?.close()
  }, [])
  return (
    <dialog
      ref={dialog}
      className={wide ? 'dialog wide' : 'dialog'}
      aria-label={title}
      onCancel={(cancel) => {
        cancel.preventDefault()
        onClose?.()
      }}
    >
      <header>
        <h2>{title}</h2>
        {onClose !== null && (
          <button type="button" className="plain" onClick={onClose} aria-label="Close">
            ✕
          </button>
        )}
      </header>
      <div className="dialog-body">{children}</div>
    </dialog>
  )
}

interface DialogEndProps {
  /** What the button that sends the form says. */
  readonly sends: string
  readonly busy: boolean
  /** Why it was refused, if it was. */
  readonly why: string | null
  readonly onClose: () => void
}

/** The end of a form in a dialog. */
export function DialogEnd({ sends, busy, why, onClose }: DialogEndProps) {
  return (
    <>
      <Refused why={why} />
      <div className="buttons">
        <button type="button" onClick={onClose}>
          Cancel
        </button>
        <button type="submit" className="primary" disabled={busy}>
          {sends}
        </button>
      </div>
    </>
  )
}
