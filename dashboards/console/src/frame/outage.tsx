import { useQueryClient } from '@tanstack/react-query'
import { Component, type ReactNode, useEffect, useRef } from 'react'
import { answered, type Outage, useOutage, watchReach, whenBack } from '../api/reach.ts'
import { minuteTime } from '../time/format.ts'
import { useZone } from './preferences.ts'

/** Shorter than this it is a moment in which the indexer was busy: nothing on the screen has grown old. */
const SHORT = 2000

/** The only place that reports that the indexer is away. Everything else stays, and asks again when it is back. */
export function OutageBanner() {
  const outage = useOutage()
  const zone = useZone()
  const queries = useQueryClient()
  const before = useRef<Outage | null>(null)
  useEffect(watchReach, [])
  useEffect(() => {
    const last = before.current
    before.current = outage
    if (outage === null && last !== null && Date.now() - last.since > SHORT) void queries.invalidateQueries()
  }, [outage, queries])
  if (outage === null) return null
  return (
    <p className="outage" role="alert">
      <strong>{outage.sentence}</strong> Since {minuteTime(outage.since, zone)}. The screen shows earlier
      data, and updates when the indexer is back.
    </p>
  )
}

/** Loads a part of the console; one that can't be had now is loaded when the indexer is back. */
export const part =
  <Module,>(load: () => Promise<Module>): (() => Promise<Module>) =>
  async () => {
    try {
      return await load()
    } catch {
      await whenBack()
      answered()
      return load()
    }
  }

/** A part that can't be shown reports that in its place, and the rest of the page continues. */
export class Contained extends Component<{ readonly children: ReactNode }, { readonly failed: boolean }> {
  override state = { failed: false }

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true }
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children
    return (
      <div className="state failed" role="alert">
        <p className="state-title">This screen could not be shown. The console may have been updated.</p>
        <button type="button" onClick={() => window.location.reload()}>
          Reload the page
        </button>
      </div>
    )
  }
}
