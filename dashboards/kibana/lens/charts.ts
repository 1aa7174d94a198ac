import type { View } from '../data-views.ts'
import type { Reference } from '../saved-object.ts'
import type { Column } from './columns.ts'
import type { Scale } from './scales.ts'

/** What a panel shows: Kibana's own form of it, and the saved objects that it needs. */
export interface Content {
  readonly type: 'lens' | 'map' | 'search'
  readonly config: Readonly<Record<string, unknown>>
  readonly references: readonly Reference[]
}

interface Asked {
  readonly from: View
  /** Only what this finds, in KQL. */
  readonly only?: string
}

const LAYER = 'layer'
const idOf = (index: number): string => `column-${index}`

/** A Lens panel by value: it lies in the dashboard, so that a dashboard is imported whole or not at all. */
function lens(
  type: string,
  { from, only = '' }: Asked,
  columns: readonly Column[],
  visualization: Readonly<Record<string, unknown>>,
): Content {
  const rankedAt = columns.findIndex(({ bucket }) => !bucket)
  const rankedBy = rankedAt === -1 ? undefined : idOf(rankedAt)
  const references = [
    'indexpattern-datasource-current-indexpattern',
    `indexpattern-datasource-layer-${LAYER}`,
  ].map((name): Reference => ({ type: 'index-pattern', id: from.id, name }))
  const layer = {
    columns: Object.fromEntries(
      columns.map(({ label, form }, index) => [idOf(index), { label, customLabel: true, ...form(rankedBy) }]),
    ),
    // Lens asks for buckets first, in this order.
    columnOrder: [...columns.keys()]
      .toSorted((a, b) => Number(columns[b]?.bucket) - Number(columns[a]?.bucket) || a - b)
      .map(idOf),
    incompleteColumns: {},
  }
  return {
    type: 'lens',
    references,
    config: {
      attributes: {
        title: '',
        type: 'lens',
        visualizationType: type,
        references,
        state: {
          visualization: { layerId: LAYER, layerType: 'data', ...visualization },
          query: { query: only, language: 'kuery' },
          filters: [],
          datasourceStates: { indexpattern: { layers: { [LAYER]: layer } } },
        },
      },
    },
  }
}

/** One figure. */
export const figure = (asked: Asked, value: Column): Content =>
  lens('lnsMetric', asked, [value], { accessor: idOf(0) })

export const table = (
  asked: Asked,
  columns: readonly Column[],
  { rows = 10 }: { rows?: 10 | 20 | 30 | 50 | 100 } = {},
): Content =>
  lens('lnsDatatable', asked, columns, {
    columns: columns.map(({ width }, index) => ({
      columnId: idOf(index),
      isTransposed: false,
      ...(width !== undefined && { width }),
    })),
    paging: { size: rows, enabled: true },
  })

const isScale = (by: Column | Scale): by is Scale => 'colours' in by
const columnOf = (by: Column | Scale): Column => (isScale(by) ? by.column : by)

/** Kibana's own colours say nothing. Those of a scale go to its values in their order. */
const paletteOf = (by: Column | Scale | undefined) =>
  by !== undefined && isScale(by)
    ? { palette: { type: 'palette', name: 'custom', params: { colors: by.colours, gradient: false } } }
    : {}

/** Shares of a whole. */
export const shares = (asked: Asked, by: Column | Scale, value: Column): Content =>
  lens('lnsPie', asked, [columnOf(by), value], {
    shape: 'donut',
    ...paletteOf(by),
    layers: [
      {
        layerId: LAYER,
        layerType: 'data',
        groups: [idOf(0)],
        metric: idOf(1),
        numberDisplay: 'percent',
        categoryDisplay: 'default',
        legendDisplay: 'show',
        nestedLegend: false,
      },
    ],
  })

type Shape = 'bar_stacked' | 'bar_horizontal' | 'line' | 'area_stacked'

/** Values along an axis; `split` makes a series of each of its values. */
export function bars(
  asked: Asked,
  { along, split, values }: { along: Column; split?: Column | Scale; values: readonly Column[] },
  shape: Shape = 'bar_stacked',
): Content {
  const columns = [along, ...(split === undefined ? [] : [columnOf(split)]), ...values]
  const first = columns.length - values.length
  return lens('lnsXY', asked, columns, {
    preferredSeriesType: shape,
    legend: { isVisible: split !== undefined || values.length > 1, position: 'right' },
    valueLabels: 'hide',
    fittingFunction: 'None',
    axisTitlesVisibilitySettings: { x: false, yLeft: false, yRight: false },
    layers: [
      {
        layerId: LAYER,
        layerType: 'data',
        seriesType: shape,
        xAccessor: idOf(0),
        ...(split !== undefined && { splitAccessor: idOf(1) }),
        ...paletteOf(split),
        accessors: values.map((_, index) => idOf(first + index)),
        position: 'top',
        showGridlines: false,
      },
    ],
  })
}

/** A search that is saved on its own, as a table of events. */
export const savedSearch = (id: string): Content => ({
  type: 'search',
  config: {},
  references: [{ name: 'panel', type: 'search', id }],
})
