import type { View } from '../data-views.ts'
import type { Content } from './charts.ts'

/** A map of where events came from, in clusters that grow with their number. Its ground is Elastic's own map, where that can be reached. */
export function placesOf({ from, only = '' }: { from: View; only?: string }): Content {
  const clusters = {
    id: 'events',
    label: 'Events',
    type: 'GEOJSON_VECTOR',
    visible: true,
    alpha: 0.75,
    minZoom: 0,
    maxZoom: 24,
    includeInFitToBounds: true,
    joins: [],
    query: { query: only, language: 'kuery' },
    sourceDescriptor: {
      id: 'events',
      type: 'ES_GEO_GRID',
      geoField: 'source.geo.location',
      requestType: 'point',
      resolution: 'FINE',
      metrics: [{ type: 'count' }],
      applyGlobalQuery: true,
      applyGlobalTime: true,
      applyForceRefresh: true,
      indexPatternRefName: 'layer_1_source_index_pattern',
    },
    style: {
      type: 'VECTOR',
      isTimeAware: true,
      properties: {
        fillColor: { type: 'STATIC', options: { color: '#E7664C' } },
        lineColor: { type: 'STATIC', options: { color: '#FFFFFF' } },
        lineWidth: { type: 'STATIC', options: { size: 1 } },
        iconSize: {
          type: 'DYNAMIC',
          options: {
            minSize: 6,
            maxSize: 32,
            field: { name: 'doc_count', origin: 'source' },
            fieldMetaOptions: { isEnabled: true, sigma: 3 },
          },
        },
      },
    },
  }
  const ground = {
    id: 'ground',
    type: 'EMS_VECTOR_TILE',
    visible: true,
    alpha: 1,
    minZoom: 0,
    maxZoom: 24,
    includeInFitToBounds: true,
    sourceDescriptor: { type: 'EMS_TMS', isAutoSelect: true },
    style: { type: 'EMS_VECTOR_TILE', color: '' },
  }
  const references = [{ name: 'layer_1_source_index_pattern', type: 'index-pattern', id: from.id }] as const
  return {
    type: 'map',
    references,
    config: {
      attributes: {
        title: '',
        description: '',
        layerListJSON: JSON.stringify([ground, clusters]),
        mapStateJSON: JSON.stringify({
          zoom: 1,
          center: { lon: 0, lat: 25 },
          settings: { autoFitToDataBounds: true, initialLocation: 'AUTO_FIT_TO_BOUNDS' },
        }),
        uiStateJSON: JSON.stringify({ isLayerTOCOpen: false, openTOCDetails: [] }),
        references,
      },
      mapCenter: { lat: 25, lon: 0, zoom: 1 },
      isLayerTOCOpen: false,
      hiddenLayers: [],
    },
  }
}
