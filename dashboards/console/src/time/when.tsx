import { useZone } from '../frame/preferences.ts'
import { ago, fullTime } from './format.ts'

/** A moment in the reader's zone; on hover, as it was sealed, in UTC. */
export function When({ at, relative = false }: { at: string | number; relative?: boolean }) {
  const zone = useZone()
  const time = typeof at === 'number' ? at : Date.parse(at)
  if (Number.isNaN(time)) return <span>{String(at)}</span>
  const utc = typeof at === 'number' ? new Date(at).toISOString() : at
  return (
    <time dateTime={utc} title={relative ? `${fullTime(time, zone)} · ${utc}` : utc}>
      {relative ? ago(time, Date.now()) : fullTime(time, zone)}
    </time>
  )
}
