import { counted, figure } from '../time/format.ts'
import { land } from './land.ts'
import type { Place } from './places.ts'

const LAND = land()
const LINES = [-60, -30, 0, 30]
const MERIDIANS = [-150, -120, -90, -60, -30, 0, 30, 60, 90, 120, 150]

/** Places among the outlines of the continents, which come with the console: no tiles, no outside host. */
export default function WorldMap({ places }: { places: readonly Place[] }) {
  const most = Math.max(1, ...places.map(({ count }) => count))
  return (
    <svg
      className="world"
      viewBox="-180 -84 360 144"
      role="img"
      aria-label="Where the events came from, estimated"
    >
      <path className="land" d={LAND} fillRule="evenodd" />
      <g className="graticule">
        {LINES.map((y) => (
          <line key={y} x1={-180} x2={180} y1={y} y2={y} className={y === 0 ? 'equator' : ''} />
        ))}
        {MERIDIANS.map((x) => (
          <line key={x} x1={x} x2={x} y1={-84} y2={60} />
        ))}
      </g>
      {places.map(({ name, latitude, longitude, count, failed }) => (
        <circle
          key={`${latitude} ${longitude}`}
          cx={longitude}
          cy={-latitude}
          r={1.5 + 3.5 * Math.sqrt(count / most)}
          className={failed > 0 ? 'place failed' : 'place'}
        >
          <title>{`${name} (estimated): ${counted(count, 'event')}, ${figure(failed)} failed`}</title>
        </circle>
      ))}
    </svg>
  )
}
