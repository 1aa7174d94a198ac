import { type ReactNode, useEffect, useRef } from 'react'

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
  useEffect(() => {
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

/** The keys of a screen, with what each does; two spaces separate keys that do the same. */
export function KeysDialog({
  keys,
  onClose,
}: {
  keys: readonly (readonly [keys: string, about: string])[]
  onClose: () => void
}) {
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl className="keys">
        {keys.map(([key, about]) => (
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
  )
}
