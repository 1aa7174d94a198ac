import type { View } from '../data-views.ts'
import type { Reference } from '../saved-object.ts'
import { type Column, change, count, countBefore, groups } from './columns.ts'
import { BLUE, RED, type Scale } from './scales.ts'

/** The content of a panel: Kibana's own form of it, and the saved objects that it needs. */
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
  const parts = columns.flatMap(({ label, parts = {} }, index) => {
    const id = (part: string): string => `${idOf(index)}${part}`
    return Object.entries(parts).map(
      ([part, form]) => [id(part), { label: `Part of ${label}`, customLabel: true, ...form(id) }] as const,
    )
  })
  const layer = {
    columns: Object.fromEntries([
      ...columns.map(({ label, form, parts: own = {} }, index) => {
        const last = Object.keys(own).at(-1)
        const references = last === undefined ? {} : { references: [`${idOf(index)}${last}`] }
        return [idOf(index), { label, customLabel: true, ...form(rankedBy), ...references }] as const
      }),
      ...parts,
    ]),
    // Lens asks for buckets first, in this order.
    columnOrder: [
      ...[...columns.keys()]
        .toSorted((a, b) => Number(columns[b]?.bucket) - Number(columns[a]?.bucket) || a - b)
        .map(idOf),
      ...parts.map(([id]) => id),
    ],
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

/** One figure, with its unit below it. */
export const figure = (asked: Asked, value: Column): Content =>
  lens('lnsMetric', asked, [value], {
    accessor: idOf(0),
    size: 'xl',
    textAlign: 'center',
    titlePosition: 'bottom',
  })

/** A table that shows all its rows, or pages of ten. */
export const table = (
  asked: Asked,
  columns: readonly Column[],
  { pages = true }: { pages?: boolean } = {},
): Content =>
  lens('lnsDatatable', asked, columns, {
    columns: columns.map(({ width, redFrom, bucket }, index) => ({
      columnId: idOf(index),
      isTransposed: false,
      alignment: bucket ? 'left' : 'right',
      ...(width !== undefined && { width }),
      ...(redFrom !== undefined && { colorMode: 'text', palette: redFromOn(redFrom) }),
    })),
    ...(pages && { paging: { size: ROWS, enabled: true } }),
  })

/** The rows of a page: a panel of 18 units shows them all. */
const ROWS = 10

const INK = '#343741'

/** Numbers below are as dark as other text. */
const redFromOn = (from: number) => ({
  type: 'palette',
  name: 'custom',
  params: {
    name: 'custom',
    reverse: false,
    rangeType: 'number',
    rangeMin: null,
    rangeMax: null,
    continuity: 'all',
    progression: 'fixed',
    steps: 2,
    colorStops: [
      { color: INK, stop: null },
      { color: RED, stop: from },
    ],
    stops: [
      { color: INK, stop: from },
      { color: RED, stop: Number.MAX_SAFE_INTEGER },
    ],
  },
})

/** Counts of this period beside those of the period of the same length before; each row by its own condition in KQL. */
export const compared = (asked: Asked, rows: Readonly<Record<string, string>>): Content =>
  table(
    asked,
    [
      { ...groups('Events', rows), width: 180 },
      count('This period'),
      countBefore('Before'),
      change('Change'),
    ],
    { pages: false },
  )

/** Five shades of the colour of counts. */
const SHADES_OF_BLUE = ['#D6E4F0', '#AFCBE2', '#86AFD2', '#6092C0', '#3A6EA0']
const SHADES = {
  type: 'palette',
  name: 'custom',
  params: {
    name: 'custom',
    reverse: false,
    rangeType: 'percent',
    rangeMin: 0,
    rangeMax: null,
    continuity: 'above',
    progression: 'fixed',
    steps: SHADES_OF_BLUE.length,
    colorStops: SHADES_OF_BLUE.map((color, i) => ({ color, stop: 20 * i })),
    stops: SHADES_OF_BLUE.map((color, i) => ({ color, stop: 20 * (i + 1) })),
  },
}

const isScale = (by: Column | Scale): by is Scale => 'colours' in by
const columnOf = (by: Column | Scale): Column => (isScale(by) ? by.column : by)

/** Kibana's own colours have no meaning. Those of a scale go to its values in their order. */
const paletteOf = (by: Column | Scale | undefined) =>
  by !== undefined && isScale(by)
    ? { palette: { type: 'palette', name: 'custom', params: { colors: by.colours, gradient: false } } }
    : {}

/** Values along time, one row for each value of `by`: the more, the darker. */
export const rows = (asked: Asked, along: Column, by: Column, value: Column): Content =>
  lens('lnsHeatmap', asked, [along, by, value], {
    shape: 'heatmap',
    xAccessor: idOf(0),
    yAccessor: idOf(1),
    valueAccessor: idOf(2),
    legend: { type: 'heatmap_legend', isVisible: false, position: 'right' },
    palette: { accessor: idOf(2), ...SHADES },
    gridConfig: {
      type: 'heatmap_grid',
      isCellLabelVisible: false,
      isYAxisLabelVisible: true,
      isXAxisLabelVisible: true,
      isYAxisTitleVisible: false,
      isXAxisTitleVisible: false,
    },
  })

const UNSPLIT = [BLUE, '#9170B8'] as const

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
    legend: {
      isVisible: split !== undefined || values.length > 1,
      position: 'right',
      shouldTruncate: false,
    },
    labelsOrientation: { x: 0, yLeft: 0, yRight: 0 },
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
        ...(split === undefined && {
          yConfig: values.map((_, index) => ({
            forAccessor: idOf(first + index),
            color: UNSPLIT[index] ?? BLUE,
          })),
        }),
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
