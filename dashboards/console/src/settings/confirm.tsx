import { type ReactNode, useState } from 'react'
import { Dialog } from '../frame/dialog.tsx'

interface ConfirmProps {
  readonly label: string
  readonly title: string
  readonly children: ReactNode
  readonly onConfirmed: () => void
}

/** A button for what can't be taken back: it asks first. */
export function Confirm({ label, title, children, onConfirmed }: ConfirmProps) {
  const [open, setOpen] = useState(false)
  return (
    <>
      <button type="button" onClick={() => setOpen(true)}>
        {label}
      </button>
      {open && (
        <Dialog title={title} onClose={() => setOpen(false)}>
          <p>{children}</p>
          <div className="buttons">
            <button type="button" onClick={() => setOpen(false)}>
              Cancel
            </button>
            <button
              type="button"
              className="danger"
              onClick={() => {
                setOpen(false)
                onConfirmed()
              }}
            >
              {label}
            </button>
          </div>
        </Dialog>
      )}
    </>
  )
}

/** A secret that is shown this once. */
export function Once({
  title,
  secret,
  note,
  onClose,
}: {
  title: string
  secret: string
  note: string
  onClose: () => void
}) {
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{note}</p>
      <p className="secret">
        <code>{secret}</code>
        <button type="button" onClick={() => void navigator.clipboard.writeText(secret)}>
          Copy
        </button>
      </p>
      <button type="button" className="primary" onClick={onClose}>
        Done
      </button>
    </Dialog>
  )
}
