import { type ReactNode, useLayoutEffect, useRef, useState } from 'react'
import { createPortal } from 'react-dom'

/** The part of the window that a tip explains, px. */
export interface Anchor {
  readonly left: number
  readonly top: number
  readonly bottom: number
}

interface TipProps {
  readonly anchor: Anchor
  readonly children: ReactNode
  readonly onPointerEnter?: () => void
  readonly onPointerLeave?: () => void
}

const EDGE = 8

/**
 * A panel with the full text of what is below the pointer, or has the focus. Screen readers have the text where it belongs, so it is hidden
 * from them.
 */
export function Tip({ anchor, children, onPointerEnter, onPointerLeave }: TipProps) {
  const panel = useRef<HTMLDivElement>(null)
  const [place, setPlace] = useState({ left: anchor.left, top: anchor.bottom })
  // biome-ignore lint/correctness/useExhaustiveDependencies: other contents have another size.
  useLayoutEffect(() => {
    const { width = 0, height = 0 } = panel.current?.getBoundingClientRect() ?? {}
    const fits = anchor.bottom + height + EDGE <= window.innerHeight
    setPlace({
      left: Math.max(EDGE, Math.min(anchor.left, document.documentElement.clientWidth - width - EDGE)),
      top: fits ? anchor.bottom : Math.max(EDGE, anchor.top - height),
    })
  }, [anchor, children])
  return createPortal(
    <div
      ref={panel}
      className="tip"
      aria-hidden="true"
      style={place}
      onPointerEnter={onPointerEnter}
      onPointerLeave={onPointerLeave}
    >
      {children}
    </div>,
    document.body,
  )
}
