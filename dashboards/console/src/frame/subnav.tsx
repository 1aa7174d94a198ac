import { useEffect, useRef } from 'react'
import { Link } from './link.tsx'

interface SubnavProps {
  readonly label: string
  readonly parts: readonly { readonly path: string; readonly name: string }[]
  /** The path of the part that is shown. */
  readonly shown: string | undefined
}

/** The parts of a screen. On a narrow screen they scroll, and the one that is shown is in view. */
export function Subnav({ label, parts, shown }: SubnavProps) {
  const nav = useRef<HTMLElement>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: with the part another link is the current one.
  useEffect(() => {
    nav.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }, [shown])
  return (
    <nav className="subnav" aria-label={label} ref={nav}>
      {parts.map(({ path, name }) => (
        <Link key={path} to={path} aria-current={path === shown ? 'page' : undefined}>
          {name}
        </Link>
      ))}
    </nav>
  )
}
