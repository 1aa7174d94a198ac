import topology from 'world-atlas/land-110m.json' with { type: 'json' }
import type { View } from '../data-views.ts'
import type { Content } from './charts.ts'
import { BLUE, RED } from './scales.ts'

interface Layer {
  readonly label: string
  readonly colour: string
  /** Only what this finds, in KQL. */
  readonly only: string
}

/**
 * A map of the events' origins, in clusters that grow with their number: a layer for each of `layers`, the first at the bottom. The map
 * carries the outlines of the continents, so it needs no map service.
 */
export function placesOf(from: View, layers: readonly Layer[]): Content {
  const references = layers.map(
    (_, index) =>
      ({ name: `layer_${index + 1}_source_index_pattern`, type: 'index-pattern', id: from.id }) as const,
  )
  return {
    type: 'map',
    references,
    config: {
      attributes: {
        title: '',
        description: '',
        layerListJSON: JSON.stringify([
          GROUND,
          ...layers.map((layer, index) => clusters(layer, `layer_${index + 1}_source_index_pattern`)),
        ]),
        mapStateJSON: JSON.stringify({
          ...VIEW,
          settings: {
            autoFitToDataBounds: false,
            initialLocation: 'FIXED_LOCATION',
            fixedLocation: { ...VIEW.center, zoom: VIEW.zoom },
            backgroundColor: '#E9EEF3',
          },
        }),
        uiStateJSON: JSON.stringify({ isLayerTOCOpen: false, openTOCDetails: [] }),
        references,
      },
      mapCenter: { ...VIEW.center, zoom: VIEW.zoom },
      isLayerTOCOpen: false,
      hiddenLayers: [],
    },
  }
}

/** All continents, in a panel of half the width. */
const VIEW = { zoom: 0.5, center: { lon: 10, lat: 30 } }

const LAYER = { type: 'GEOJSON_VECTOR', visible: true, minZoom: 0, maxZoom: 24, joins: [] }
const fixed = (color: string) => ({ type: 'STATIC', options: { color } })

function clusters({ label, colour, only }: Layer, indexPatternRefName: string) {
  return {
    ...LAYER,
    id: label,
    label,
    alpha: 0.75,
    includeInFitToBounds: true,
    query: { query: only, language: 'kuery' },
    sourceDescriptor: {
      id: label,
      type: 'ES_GEO_GRID',
      geoField: 'source.geo.location',
      requestType: 'point',
      resolution: 'FINE',
      metrics: [{ type: 'count' }],
      applyGlobalQuery: true,
      applyGlobalTime: true,
      applyForceRefresh: true,
      indexPatternRefName,
    },
    style: {
      type: 'VECTOR',
      isTimeAware: true,
      properties: {
        fillColor: fixed(colour),
        lineColor: fixed('#FFFFFF'),
        lineWidth: { type: 'STATIC', options: { size: 1 } },
        iconSize: {
          type: 'DYNAMIC',
          options: {
            minSize: 7,
            maxSize: 24,
            field: { name: 'doc_count', origin: 'source' },
            fieldMetaOptions: { isEnabled: true, sigma: 3 },
          },
        },
      },
    },
  }
}

export const SUCCEEDED = BLUE
export const FAILED = RED

/** Natural Earth's land (public domain), as Kibana keeps a file of GeoJSON that somebody gave it. */
const GROUND = {
  ...LAYER,
  id: 'ground',
  label: 'Land',
  alpha: 1,
  includeInFitToBounds: false,
  sourceDescriptor: {
    id: 'ground',
    type: 'GEOJSON_FILE',
    name: 'Land',
    __fields: [],
    __featureCollection: { type: 'FeatureCollection', features: [land()] },
  },
  style: {
    type: 'VECTOR',
    isTimeAware: false,
    properties: {
      fillColor: fixed('#CBD5DF'),
      lineColor: fixed('#AAB8C6'),
      lineWidth: { type: 'STATIC', options: { size: 1 } },
    },
  },
}

type Point = readonly [longitude: number, latitude: number]

/** The data are TopoJSON: rings of arcs, of whole numbers, each a step from the one before. An arc below zero runs backwards. */
function land() {
  const polygons = topology.objects.land.geometries
    .flatMap(({ arcs }) => arcs)
    .map((rings) => rings.map((ring) => rounded(unwrapped(ring.flatMap(pointsOf)))))
    // Islands that are smaller than a pixel have no area left.
    .filter(([outline = []]) => outline.length > 3)
  // Nobody signs in from Antarctica, and its outline runs along the edge of the map.
  const shown = polygons.filter(([outline = []]) => outline.every(([, y]) => y > -60))
  return {
    type: 'Feature',
    id: 'land',
    properties: {},
    geometry: { type: 'MultiPolygon', coordinates: shown },
  }
}

function pointsOf(index: number): Point[] {
  const [east = 1, north = 1] = topology.transform.scale
  const [west = 0, south = 0] = topology.transform.translate
  let x = 0
  let y = 0
  const points = (topology.arcs[index < 0 ? ~index : index] ?? []).map(([right = 0, up = 0]): Point => {
    x += right
    y += up
    return [x * east + west, y * north + south]
  })
  return index < 0 ? points.reverse() : points
}

/** Continues beyond 180 degrees where the coast does, instead of jumping to the other edge. Most of the land stays within the edges. */
function unwrapped(points: readonly Point[]): Point[] {
  let turns = 0
  let before: number | null = null
  const whole = points.map(([x, y]): Point => {
    if (before !== null && Math.abs(x - before) > 180) turns += x < before ? 360 : -360
    before = x
    return [x + turns, y]
  })
  const middle = whole.reduce((sum, [x]) => sum + x, 0) / whole.length
  const away = 360 * Math.round(middle / 360)
  return whole.map(([x, y]) => [x - away, y])
}

/** A tenth of a degree is less than a pixel at this size. */
function rounded(points: readonly Point[]): Point[] {
  const round = (degrees: number): number => Math.round(degrees * 10) / 10
  const all = points.map(([x, y]): Point => [round(x), round(y)])
  return all.filter(([x, y], i) => i === 0 || x !== all[i - 1]?.[0] || y !== all[i - 1]?.[1])
}
