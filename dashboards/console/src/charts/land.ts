import topology from 'world-atlas/land-110m.json'

/**
 * The outlines of the continents as the path of an SVG, in degrees with the north above: Natural Earth's land (public domain), which comes as
 * TopoJSON: rings of arcs, of whole numbers, each a step from the one before.
 */
export function land(): string {
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
  // What goes on behind one edge of the map comes in at the other.
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

/** Goes on beyond 180 degrees where the coast does, in place of jumping to the other edge. */
function unwrapped(points: readonly Point[]): Point[] {
  let turns = 0
  let before: number | null = null
  return points.map(([x, y]) => {
    if (before !== null && Math.abs(x - before) > 180) turns += x < before ? 360 : -360
    before = x
    return [x + turns, y]
  })
}
