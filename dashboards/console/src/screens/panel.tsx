import type { ReactNode } from 'react'

/** One part of a screen, with what can be done beside its title. */
export function Panel({
  title,
  beside,
  className = '',
  children,
}: {
  readonly title: string
  readonly beside?: ReactNode
  readonly className?: string
  readonly children: ReactNode
}) {
  return (
    <section className={`panel ${className}`}>
      <header>
        <h2>{title}</h2>
        {beside}
      </header>
      {children}
    </section>
  )
}

export function ScreenHead({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <header className="screen-head">
      <h1>{title}</h1>
      <div className="screen-tools">{children}</div>
    </header>
  )
}
