import { type AnchorHTMLAttributes, type MouseEvent, type ReactNode, useEffect, useRef } from 'react'
import { go } from './location.ts'

interface LinkProps extends AnchorHTMLAttributes<HTMLAnchorElement> {
  readonly to: string
  readonly children: ReactNode
}

/** A link within the console. That of the current screen scrolls into the view of its navigation, which may be wider than a phone. With a modifier key the browser acts as usual. */
export function Link({ to, children, onClick, ...rest }: LinkProps) {
  const follow = (click: MouseEvent<HTMLAnchorElement>): void => {
    onClick?.(click)
    if (click.defaultPrevented || click.button !== 0) return
    if (click.metaKey || click.ctrlKey || click.shiftKey || click.altKey) return
    click.preventDefault()
    go(to)
  }
  const link = useRef<HTMLAnchorElement>(null)
  const isCurrent = rest['aria-current'] === 'page'
  useEffect(() => {
    if (isCurrent) link.current?.scrollIntoView({ block: 'nearest', inline: 'center' })
  }, [isCurrent])
  return (
    <a ref={link} href={to} onClick={follow} {...rest}>
      {children}
    </a>
  )
}
