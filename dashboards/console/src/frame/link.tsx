import type { AnchorHTMLAttributes, MouseEvent, ReactNode } from 'react'
import { go } from './location.ts'

interface LinkProps extends AnchorHTMLAttributes<HTMLAnchorElement> {
  readonly to: string
  readonly children: ReactNode
}

/** A link within the console; with a modifier key the browser acts as usual. */
export function Link({ to, children, onClick, ...rest }: LinkProps) {
  const follow = (click: MouseEvent<HTMLAnchorElement>): void => {
    onClick?.(click)
    if (click.defaultPrevented || click.button !== 0) return
    if (click.metaKey || click.ctrlKey || click.shiftKey || click.altKey) return
    click.preventDefault()
    go(to)
  }
  return (
    <a href={to} onClick={follow} {...rest}>
      {children}
    </a>
  )
}
