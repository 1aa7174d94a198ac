import type { ReactNode } from 'react'
import type { Problem } from '../api/ask.ts'

/** The three states without content, each with the next action. */
interface EmptyProps {
  readonly title: string
  /** It is all that the screen shows. */
  readonly isScreen?: boolean
  readonly children?: ReactNode
}

export function Empty({ title, isScreen = false, children }: EmptyProps) {
  const Title = isScreen ? 'h1' : 'p'
  return (
    <div className="state">
      <svg viewBox="0 0 64 40" aria-hidden="true">
        <path d="M4 8h56M4 20h38M4 32h46" />
      </svg>
      <Title className="state-title">{title}</Title>
      {children !== undefined && <p className="quiet">{children}</p>}
    </div>
  )
}

export function Failed({ problem, retry }: { problem: Problem; retry?: () => void }) {
  return (
    <div className="state failed" role="alert">
      <p className="state-title">{problem.message}</p>
      {retry !== undefined && (
        <button type="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  )
}

/** Shows why a change was refused, if it was. */
export function Refused({ why }: { why: string | null }) {
  return why === null ? null : (
    <p className="problem" role="alert">
      {why}
    </p>
  )
}

export function Loading({ rows = 6 }: { rows?: number }) {
  return (
    <div className="loading" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the bars are all alike.
        <span key={index} />
      ))}
    </div>
  )
}
