import { type ReactNode, useEffect, useId, useRef, useState } from 'react'

interface PopoverProps {
  readonly label: ReactNode
  /** The name for screen readers, which do not see the label. */
  readonly name: string
  readonly className?: string
  readonly align?: 'start' | 'end'
  readonly children: (close: () => void) => ReactNode
}

/** A button that opens a small panel beside it; Escape, or a click elsewhere, closes it. */
export function Popover({ label, name, className = '', align = 'start', children }: PopoverProps) {
  const [open, setOpen] = useState(false)
  const place = useRef<HTMLDivElement>(null)
  const button = useRef<HTMLButtonElement>(null)
  const id = useId()
  const close = (): void => setOpen(false)
  useEffect(() => {
    if (!open) return
    const elsewhere = (event: PointerEvent): void => {
      if (event.target instanceof Node && !place.current?.contains(event.target)) setOpen(false)
    }
    const leave = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape') return
      event.stopPropagation()
      setOpen(false)
      button.current?.focus()
    }
    const root = place.current
    document.addEventListener('pointerdown', elsewhere)
    root?.addEventListener('keydown', leave)
    return () => {
      document.removeEventListener('pointerdown', elsewhere)
      root?.removeEventListener('keydown', leave)
    }
  }, [open])
  return (
    <div className="popover-place" ref={place}>
      <button
        ref={button}
        type="button"
        className={className}
        aria-label={name}
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen(!open)}
      >
        {label}
      </button>
      {open && (
        <div id={id} className={`popover ${align}`}>
          {children(close)}
        </div>
      )}
    </div>
  )
}
