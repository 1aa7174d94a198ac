import { type KeyboardEvent, useId, useRef, useState } from 'react'
import topology from 'world-atlas/land-110m.json'
import { type Anchor, Tip } from '../frame/tip.tsx'
import { counted, figure } from '../time/format.ts'
import { Hatch } from './hatch.tsx'
import type { Place } from './places.ts'

const LINES = [-60, -30, 0, 30]
const MERIDIANS = [-150, -120, -90, -60, -30, 0, 30, 60, 90, 120, 150]

/**
 * Places among the outlines of the continents, which come with the console: no tiles, no outside host. The pointer and the arrow keys read
 * them, the place with the most events first.
 */
export default function WorldMap({ places }: { places: readonly Place[] }) {
  const most = Math.max(1, ...places.map(({ count }) => count))
  const [active, setActive] = useState<{ readonly at: number; readonly anchor: Anchor } | null>(null)
  const map = useRef<SVGSVGElement>(null)
  const hatch = useId()
  const hint = useId()
  const read = (at: number): void => {
    const circle = map.current?.querySelectorAll('.place').item(at)
    if (circle) setActive({ at, anchor: circle.getBoundingClientRect() })
  }
  const press = (event: KeyboardEvent): void => {
    const { key } = event
    const last = places.length - 1
    if (key === 'ArrowRight' || key === 'ArrowDown') read(Math.min(last, (active?.at ?? -1) + 1))
    else if (key === 'ArrowLeft' || key === 'ArrowUp') read(Math.max(0, (active?.at ?? 1) - 1))
    else if (key === 'Home') read(0)
    else if (key === 'End') read(last)
    else if (key === 'Escape' && active !== null) setActive(null)
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  const place = active === null ? undefined : places[active.at]
  return (
    <figure className="map">
      <div
        role="slider"
        tabIndex={0}
        aria-label="Where the events came from, estimated"
        aria-describedby={hint}
        aria-valuemin={0}
        aria-valuemax={places.length}
        aria-valuenow={active === null ? 0 : active.at + 1}
        aria-valuetext={place === undefined ? counted(places.length, 'place') : saidOf(place)}
        onKeyDown={press}
        onBlur={() => setActive(null)}
      >
        <svg ref={map} className="world" viewBox="-180 -84 360 144" aria-hidden="true">
          <defs>
            <Hatch id={hatch} size={1.2} />
          </defs>
          <path className="land" d={LAND} fillRule="evenodd" />
          <g className="graticule">
            {LINES.map((y) => (
              <line key={y} x1={-180} x2={180} y1={y} y2={y} className={y === 0 ? 'equator' : ''} />
            ))}
            {MERIDIANS.map((x) => (
              <line key={x} x1={x} x2={x} y1={-84} y2={60} />
            ))}
          </g>
          {places.map(({ latitude, longitude, count, failed }, index) => (
            <circle
              key={`${latitude} ${longitude}`}
              cx={longitude}
              cy={-latitude}
              r={1.5 + 3.5 * Math.sqrt(count / most)}
              className={active?.at === index ? 'place active' : 'place'}
              {...(failed > 0 && { fill: `url(#${hatch})` })}
              onPointerEnter={() => read(index)}
              onPointerLeave={() => setActive(null)}
            />
          ))}
        </svg>
      </div>
      <figcaption>
        {places.some(({ failed }) => failed > 0) && <span className="failures">some failed</span>}
      </figcaption>
      <span id={hint} className="unseen">
        Arrow keys read the places.
      </span>
      {place !== undefined && active !== null && (
        <Tip anchor={active.anchor}>
          <strong>{place.name} (estimated)</strong>
          <br />
          {counted(place.count, 'event')}
          {place.failed > 0 && `, ${figure(place.failed)} failed`}
        </Tip>
      )}
    </figure>
  )
}

const saidOf = ({ name, count, failed }: Place): string =>
  `${name} (estimated): ${counted(count, 'event')}, ${figure(failed)} failed`

/**
 * The outlines of the continents as the path of an SVG, in degrees with the north above: Natural Earth's land (public domain), which comes
 * as TopoJSON: rings of arcs, of whole numbers, each a step from the one before.
 */
function land(): string {
  const rings = topology.objects.land.geometries.flatMap(({ arcs }) => arcs.flat())
  return rings.map(pathOf).join('')
}

const [east = 1, north = 1] = topology.transform.scale
const [west = 0, south = 0] = topology.transform.translate

function pathOf(ring: readonly number[]): string {
  const points = unwrapped(ring.flatMap((index) => pointsOf(topology.arcs[index] ?? [])))
  const drawn = (by: number): string =>
    `M${points.map(([x, y]) => `${(x + by).toFixed(1)} ${(-y).toFixed(1)}`).join('L')}Z`
  const isBeyond = (edge: number): boolean => points.some(([x]) => edge * x > 180)
  // Outlines that cross one edge of the map continue at the other.
  return drawn(0) + (isBeyond(1) ? drawn(-360) : '') + (isBeyond(-1) ? drawn(360) : '')
}

type Point = readonly [longitude: number, latitude: number]

function pointsOf(arc: readonly (readonly number[])[]): Point[] {
  let x = 0
  let y = 0
  return arc.map(([right = 0, up = 0]) => {
    x += right
    y += up
    return [x * east + west, y * north + south]
  })
}

/** Continues beyond 180 degrees where the coast does, instead of jumping to the other edge. */
function unwrapped(points: readonly Point[]): Point[] {
  let turns = 0
  let before: number | null = null
  return points.map(([x, y]) => {
    if (before !== null && Math.abs(x - before) > 180) turns += x < before ? 360 : -360
    before = x
    return [x + turns, y]
  })
}

/** Made last: it needs the scale above. */
const LAND = land()
