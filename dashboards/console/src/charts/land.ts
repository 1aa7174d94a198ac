import topology from 'world-atlas/land-110m.json'

/**
 * The outlines of the continents as the path of an SVG, in degrees with the north above: Natural Earth's land (public domain), which comes as
 * TopoJSON: arcs of whole numbers, each a step from the one before.
 */
export const land = (): string => topology.arcs.map(pathOf).join('')

const [east, north] = topology.transform.scale
const [west, south] = topology.transform.translate

function pathOf(arc: readonly (readonly number[])[]): string {
  let x = 0
  let y = 0
  const points = arc.map(([right = 0, up = 0]) => {
    x += right
    y += up
    const longitude = x * (east ?? 1) + (west ?? 0)
    const latitude = y * (north ?? 1) + (south ?? 0)
    return `${longitude.toFixed(1)} ${(-latitude).toFixed(1)}`
  })
  return `M${points.join('L')}Z`
}
