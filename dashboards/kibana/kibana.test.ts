import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { ALERT_MAPPING } from '../../indexer/store/elasticsearch/index.ts'
import { AGENT_MAPPING, LETTER_MAPPING, WAYBILL_MAPPING } from '../../indexer/store/elasticsearch/mapping.ts'
import { CATEGORIES, fieldOf } from '../../schema/index.ts'
import { ledgerSchema } from '../../schema/wire/index.ts'
import { LEDGER_PARTS } from './data-views.ts'
import { kibanaObjects, ndjsonOf, type SavedObject } from './index.ts'

const objects = kibanaObjects()
const dashboards = objects.filter(({ type }) => type === 'dashboard')
const keyOf = ({ type, id }: { type: string; id: string }): string => `${type} ${id}`

/** Every text that is as a value anywhere in an object, embedded JSON included. */
function* valuesUnder(value: unknown, name = ''): Generator<readonly [name: string, value: unknown]> {
  if (Array.isArray(value)) for (const item of value) yield* valuesUnder(item, name)
  else if (typeof value === 'object' && value !== null)
    for (const [member, inner] of Object.entries(value)) yield* valuesUnder(inner, member)
  else if (name.endsWith('JSON') && typeof value === 'string') yield* valuesUnder(JSON.parse(value), name)
  else yield [name, value]
}

describe('the dashboards', () => {
  it('are committed as they are built; `npm run dashboards` puts them in step', () => {
    expect(readFileSync(new URL('waybill.ndjson', import.meta.url), 'utf8')).toBe(ndjsonOf(objects))
  })

  it('are the eight that analysts were promised', () => {
    expect(dashboards.map(({ attributes }) => attributes.title)).toEqual([
      'Waybill: overview',
      'Waybill: log viewer',
      'Waybill: user activity',
      'Waybill: security events',
      'Waybill: system events and health',
      'Waybill: record changes',
      'Waybill: exports',
      'Waybill: agents and loss ledger',
    ])
  })

  it('each say the version of their form: without it Kibana 8.3 imports them and draws nothing', () => {
    for (const object of objects) expect(Object.keys(object.migrationVersion)).toEqual([object.type])
  })

  it('have the attributes that Kibana 9 takes at an import, and no others', () => {
    const text = z.string()
    // As Kibana 9 checks them, after it has brought them from the form of 8.3 to its own.
    const forms: Readonly<Record<string, z.ZodType>> = {
      dashboard: z.strictObject({
        title: text,
        description: text,
        kibanaSavedObjectMeta: z.strictObject({ searchSourceJSON: text }),
        timeRestore: z.boolean(),
        timeFrom: text,
        timeTo: text,
        refreshInterval: z.strictObject({ pause: z.boolean(), value: z.number() }),
        controlGroupInput: z.strictObject({
          panelsJSON: text,
          controlStyle: text,
          chainingSystem: text,
          ignoreParentSettingsJSON: text,
        }),
        panelsJSON: text,
        optionsJSON: text,
        hits: z.number(),
        version: z.number(),
      }),
      search: z.strictObject({
        title: text,
        description: text,
        columns: z.array(text).max(50),
        sort: z.array(z.array(text).max(2)),
        grid: z.strictObject({ columns: z.record(text, z.strictObject({ width: z.number() })) }),
        rowHeight: z.number(),
        hideChart: z.boolean(),
        kibanaSavedObjectMeta: z.strictObject({ searchSourceJSON: text }),
      }),
      // Of data views it checks nothing.
      'index-pattern': z.looseObject({ title: text }),
    }
    for (const { type, id, attributes } of objects)
      expect(forms[type]?.safeParse(attributes).error, id).toBeUndefined()
  })

  it('need no object that is not among them', () => {
    const there = new Set(objects.map(keyOf))
    const missing = objects.flatMap(({ references }) => references.filter((one) => !there.has(keyOf(one))))
    expect(missing).toEqual([])
    expect(new Set(objects.map(keyOf)).size).toBe(objects.length)
  })

  it('ask for no field that its index or its data view does not have', () => {
    const ofAgents = [...Object.keys(AGENT_MAPPING.properties ?? {})].flatMap((name) =>
      name === 'ledger' ? Object.keys(ledgerSchema.shape).map((part) => `ledger.${part}`) : [name],
    )
    const known: Readonly<Record<string, (field: string) => boolean>> = {
      events: (field) => fieldOf(field) !== undefined,
      waybills: (field) => field in (WAYBILL_MAPPING.properties ?? {}),
      'dead-letters': (field) => field in (LETTER_MAPPING.properties ?? {}),
      agents: (field) => ofAgents.includes(field),
      alerts: (field) => [...leavesOf(ALERT_MAPPING)].includes(field),
    }
    const asked = fieldsByView()
    expect(asked.length).toBeGreaterThan(200)
    const unknown = asked.filter(({ of, field }) => {
      const view = objects.find(({ id }) => id === of)
      const runtime: object = JSON.parse(String(view?.attributes.runtimeFieldMap))
      const kind = of.replace(/^waybill-|-default$/g, '')
      return field !== '___records___' && !(field in runtime) && known[kind]?.(field) !== true
    })
    expect(unknown).toEqual([])
  })

  it('have a heading in words for each column', () => {
    const searches = objects.filter(({ type }) => type === 'search')
    const nameless = searches.flatMap(({ id, attributes, references: [of] }) => {
      const view = objects.find((one) => one.id === of?.id)
      const labels = JSON.parse(String(view?.attributes.fieldAttrs)) as object
      return textsOf(attributes.columns).flatMap((column) => (column in labels ? [] : [`${id}: ${column}`]))
    })
    expect(nameless).toEqual([])
    for (const { label } of columnsOfLens()) expect(label).not.toMatch(/[._]|^column/)
  })

  it('have panels that lie beside each other, none over another and none beyond the edge', () => {
    for (const { id, attributes } of dashboards) {
      const taken = new Set<string>()
      for (const { gridData } of panelsOf(attributes)) {
        expect(gridData.x + gridData.w, id).toBeLessThanOrEqual(48)
        for (let x = gridData.x; x < gridData.x + gridData.w; x++)
          for (let y = gridData.y; y < gridData.y + gridData.h; y++) {
            expect(taken.has(`${x},${y}`), `${id} at ${x},${y}`).toBe(false)
            taken.add(`${x},${y}`)
          }
      }
    }
  })

  it('lead from a chart to the events behind it, and from an event to its page in the console', () => {
    const leading = dashboards.flatMap(({ attributes, references }) =>
      panelsOf(attributes).filter(({ panelIndex }) =>
        references.some(({ name }) => name.startsWith(`${panelIndex}:drilldown:`)),
      ),
    )
    expect(leading.length).toBeGreaterThan(5)
    // A condition of the panel's own would be lost in transit, and other events shown.
    for (const { title, embeddableConfig } of leading)
      expect(embeddableConfig.attributes?.state.query.query, title).toBe('')
    const logs = objects.filter(
      ({ type, attributes }) => type === 'search' && /log|events|changes/.test(String(attributes.title)),
    )
    for (const { attributes } of logs) expect(attributes.columns).toContain('details')
    const [events] = kibanaObjects({ namespace: 'acme', console: 'https://waybill.acme.example' })
    expect(String(events?.attributes.fieldFormatMap)).toContain(
      'https://waybill.acme.example/events/{{value}}',
    )
  })

  it('give a value the same colour everywhere, in charts and in tables, and no colour by its rank', () => {
    const colours = new Map<string, Set<string>>()
    const add = (value: string, colour: string): void => {
      colours.set(value, (colours.get(value) ?? new Set()).add(colour))
    }
    let charts = 0
    for (const { title, lens } of lensPanels()) {
      const { layers = [] } = lens.state.visualization
      for (const { splitAccessor, palette } of layers) {
        if (splitAccessor === undefined) continue
        charts++
        const column = Object.values(lens.state.datasourceStates.indexpattern.layers)[0]?.columns[
          splitAccessor
        ]
        const values = column?.params?.filters?.map(({ label, input }) => `${label}: ${input.query}`) ?? []
        expect(values.length, `${title} is split by named values`).toBeGreaterThan(1)
        expect(palette?.params.colors, title).toHaveLength(values.length)
        for (const [i, value] of values.entries()) add(value, palette?.params.colors[i] ?? '')
      }
      // Slices of a pie have labels that are turned, and nobody compares them.
      expect(lens.visualizationType, title).not.toBe('lnsPie')
    }
    expect(charts).toBeGreaterThan(8)
    for (const { type, attributes } of objects) {
      if (type !== 'index-pattern') continue
      const formats = JSON.parse(String(attributes.fieldFormatMap)) as Record<string, Format>
      for (const [field, { id, params }] of Object.entries(formats))
        if (id === 'color')
          for (const { regex, background } of params.colors ?? []) {
            const value = regex.slice(1, -1)
            add(`${value}: ${field}: ${value}`, background)
          }
    }
    const several = [...colours].filter(([, of]) => of.size > 1)
    expect(several).toEqual([])
    expect(colours.get('failure: event.outcome: failure')).toEqual(colours.get('error: audit.status: error'))
    for (const risk of ['low', 'medium', 'high', 'critical'])
      expect(colours.get(`${risk}: audit.risk: ${risk}`)).toEqual(
        colours.get(`${risk}: alert.priority: ${risk}`),
      )
  })

  it('compare with the period before on each dashboard of events with figures', () => {
    const shifted = new Set(
      lensPanels().flatMap(({ board, lens }) => (JSON.stringify(lens).includes('"previous"') ? [board] : [])),
    )
    const figures = new Set(
      lensPanels().flatMap(({ board, lens }) => (lens.visualizationType === 'lnsMetric' ? [board] : [])),
    )
    expect([...figures].filter((board) => !shifted.has(board))).toEqual(['waybill-agents-default'])
  })

  it('have tables whose pages fit their panels', () => {
    let pages = 0
    for (const { title, height, lens } of lensPanels()) {
      if (lens.visualizationType !== 'lnsDatatable') continue
      const { paging } = lens.state.visualization
      const column = Object.values(lens.state.datasourceStates.indexpattern.layers)[0]?.columns['column-0']
      const rows = paging?.size ?? column?.params?.filters?.length ?? Number.POSITIVE_INFINITY
      // Units of 20 pixels with 8 between them; a row has 36, the title, the headings and the pager 36 each.
      const room = height * 28 - 8
      expect(room, title).toBeGreaterThanOrEqual(36 * (rows + 2) + (paging === undefined ? 0 : 36))
      pages++
    }
    expect(pages).toBeGreaterThan(15)
  })

  it('have tables with room for each heading', () => {
    for (const { title, width, lens } of lensPanels()) {
      if (lens.visualizationType !== 'lnsDatatable') continue
      const { columns: shown = [] } = lens.state.visualization
      const columns = Object.values(lens.state.datasourceStates.indexpattern.layers)[0]?.columns ?? {}
      const fixed = shown.flatMap((column) => column.width ?? [])
      // A window of 1,440 pixels has 29.7 for each of the 48 units. A letter takes 7, the menu of a heading 35.
      const each = (width * 29.7 - fixed.reduce((sum, one) => sum + one, 0)) / (shown.length - fixed.length)
      for (const { columnId, width: own = each } of shown) {
        const { label = '' } = columns[columnId] ?? {}
        expect(own, `${title}: ${label}`).toBeGreaterThanOrEqual(7 * label.length + 35)
      }
    }
  })

  it('have a ledger whose parts are all that an agent reports of what it read', () => {
    const beside = ['read', 'skipped', 'truncated', 'errors', 'dropped']
    expect([...LEDGER_PARTS, ...beside].toSorted()).toEqual(Object.keys(ledgerSchema.shape).toSorted())
    const ledger = lensPanels().find(({ title }) => title.startsWith('Ledger: '))
    expect(ledger?.title).toBe(
      'Ledger: Read = Stored + Duplicate + Filtered + Dead + Quarantined + Discarded + Pending',
    )
    const fields = JSON.stringify(ledger?.lens)
    for (const part of ['read', ...LEDGER_PARTS]) expect(fields).toContain(`"ledger.${part}"`)
  })

  it('have a map that needs no map service', () => {
    const maps = dashboards.flatMap(({ attributes }) =>
      panelsOf(attributes).filter(({ type }) => type === 'map'),
    )
    expect(maps).toHaveLength(1)
    const layers: MapLayer[] = JSON.parse(maps[0]?.embeddableConfig.attributes?.layerListJSON ?? '[]')
    expect(layers.map(({ sourceDescriptor: { type } }) => type)).toEqual([
      'GEOJSON_FILE',
      'ES_GEO_GRID',
      'ES_GEO_GRID',
    ])
    const land = layers[0]?.sourceDescriptor.__featureCollection?.features[0]?.geometry.coordinates ?? []
    const isOnLand = (x: number, y: number): boolean => land.some(([outline = []]) => inside(outline, x, y))
    for (const [x, y] of [
      [13.4, 52.5],
      [-100, 40],
      [-55, -10],
      [20, 5],
      [100, 60],
      [134, -25],
      [-178.5, 68] as const,
    ] as const)
      expect(isOnLand(x, y) || isOnLand(x + 360, y), `${x} ${y}`).toBe(true)
    for (const [x, y] of [
      [-30, 30],
      [-150, 0],
      [80, -20],
    ] as const)
      expect(isOnLand(x, y), `${x} ${y}`).toBe(false)
  })

  it('lead from each alert to its events in the log viewer and in the console', () => {
    const place = { namespace: 'acme', console: 'https://waybill.acme.example' }
    const view = kibanaObjects(place).find(({ id }) => id === 'waybill-alerts-acme')
    const formats = JSON.parse(String(view?.attributes.fieldFormatMap)) as Record<
      string,
      { params: { urlTemplate: string } }
    >
    expect(formats.events?.params.urlTemplate).toBe(
      '../app/dashboards#/view/waybill-log-viewer-acme?{{rawValue}}',
    )
    expect(formats.console?.params.urlTemplate).toBe(
      'https://waybill.acme.example/events?q={{value}}&range=all',
    )
    const alerts = objects.find(({ id }) => id === 'waybill-alerts-log-default')
    expect(alerts?.attributes.columns).toEqual(expect.arrayContaining(['events', 'console']))
    const boards = dashboards.filter(({ references }) => references.some(({ id }) => id === alerts?.id))
    expect(boards.map(({ id }) => id)).toEqual(['waybill-overview-default', 'waybill-security-default'])
  })

  it('of two namespaces share nothing', () => {
    const acme = kibanaObjects({ namespace: 'acme', console: 'https://waybill.acme.example' })
    expect(acme.filter((object) => objects.some((other) => keyOf(other) === keyOf(object)))).toEqual([])
    expect(acme[0]?.attributes.title).toBe(
      CATEGORIES.map((category) => `waybill-${category}-acme-*`).join(','),
    )
    expect(JSON.stringify(acme)).not.toContain('-default')
  })
})

describe('what Kibana 9 no longer has', () => {
  // As its plugins register them. 9.0 removed input controls, and each older kind of chart has a successor in Lens.
  const registered = {
    panel: ['lens', 'map', 'search'],
    // `lnsMetric` of this form becomes `lnsLegacyMetric`.
    chart: ['lnsXY', 'lnsDatatable', 'lnsMetric', 'lnsHeatmap'],
    operation: [
      'terms',
      'filters',
      'date_histogram',
      'count',
      'unique_count',
      'sum',
      'average',
      'min',
      'max',
      'formula',
      'math',
    ],
    control: ['optionsListControl'],
    drilldown: ['DASHBOARD_TO_DASHBOARD_DRILLDOWN'],
    format: ['date', 'duration', 'bytes', 'number', 'color', 'url'],
    source: ['ES_GEO_GRID', 'GEOJSON_FILE'],
    layer: ['GEOJSON_VECTOR'],
    runtime: ['keyword', 'long'],
  } as const
  type Kind = keyof typeof registered

  it('none of the objects uses', () => {
    const used: [Kind, string][] = []
    for (const { attributes } of dashboards) {
      for (const { type } of panelsOf(attributes)) used.push(['panel', type])
      for (const [name, value] of valuesUnder(attributes)) {
        if (name === 'visualizationType') used.push(['chart', String(value)])
        if (name === 'operationType') used.push(['operation', String(value)])
        if (name === 'factoryId') used.push(['drilldown', String(value)])
      }
      for (const { type } of controlsOf(attributes)) used.push(['control', type])
    }
    for (const { type, attributes } of objects) {
      if (type !== 'index-pattern') continue
      const formats = JSON.parse(String(attributes.fieldFormatMap)) as Record<string, Format>
      for (const { id } of Object.values(formats)) used.push(['format', id])
      const runtime = JSON.parse(String(attributes.runtimeFieldMap)) as Record<string, { type: string }>
      for (const { type: kind } of Object.values(runtime)) used.push(['runtime', kind])
    }
    for (const { type, embeddableConfig } of dashboards.flatMap(({ attributes }) => panelsOf(attributes))) {
      if (type !== 'map') continue
      const layers: MapLayer[] = JSON.parse(embeddableConfig.attributes?.layerListJSON ?? '[]')
      for (const layer of layers) used.push(['layer', layer.type], ['source', layer.sourceDescriptor.type])
    }
    for (const kind of Object.keys(registered) as Kind[])
      expect(new Set(used.filter(([of]) => of === kind).map(([, value]) => value)), kind).toEqual(
        new Set(registered[kind]),
      )
  })

  it('is in no panel that Lens could not migrate: each has the version of its form, and references that are there', () => {
    for (const { attributes, references } of dashboards)
      for (const { version, panelIndex, type } of panelsOf(attributes)) {
        expect(version).toBe('8.3.0')
        const own = references.filter(({ name }) => name.startsWith(`${panelIndex}:`))
        expect(own.length, `${panelIndex} ${type}`).toBeGreaterThan(0)
      }
    for (const { title, lens } of lensPanels()) {
      const [layer] = Object.values(lens.state.datasourceStates.indexpattern.layers)
      const { columns = {}, columnOrder = [] } = layer ?? {}
      expect(columnOrder.toSorted(), title).toEqual(Object.keys(columns).toSorted())
      for (const { references = [] } of Object.values(columns))
        for (const id of references) expect(Object.keys(columns), title).toContain(id)
    }
  })
})

interface Column {
  readonly label: string
  readonly sourceField?: string
  readonly references?: readonly string[]
  readonly params?: {
    readonly filters?: readonly { readonly label: string; readonly input: { readonly query: string } }[]
  }
}

interface Lens {
  readonly visualizationType: string
  readonly references: readonly { readonly name: string; readonly id: string }[]
  readonly state: {
    readonly query: { readonly query: string }
    readonly visualization: {
      readonly paging?: { readonly size: number }
      readonly columns?: readonly { readonly columnId: string; readonly width?: number }[]
      readonly layers?: readonly {
        readonly splitAccessor?: string
        readonly palette?: { readonly params: { readonly colors: readonly string[] } }
      }[]
    }
    readonly datasourceStates: {
      readonly indexpattern: {
        readonly layers: Readonly<
          Record<
            string,
            { readonly columns: Readonly<Record<string, Column>>; readonly columnOrder: readonly string[] }
          >
        >
      }
    }
  }
}

interface Panel {
  readonly type: string
  readonly version: string
  readonly panelIndex: string
  readonly title: string
  readonly embeddableConfig: {
    readonly attributes?: Lens & { readonly layerListJSON: string }
  }
  readonly gridData: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
}

type Outline = readonly (readonly [number, number])[]
interface MapLayer {
  readonly type: string
  readonly sourceDescriptor: {
    readonly type: string
    readonly __featureCollection?: {
      readonly features: readonly {
        readonly geometry: { readonly coordinates: readonly (readonly Outline[])[] }
      }[]
    }
  }
}

interface Format {
  readonly id: string
  readonly params: { readonly colors?: readonly { readonly regex: string; readonly background: string }[] }
}

const panelsOf = (attributes: SavedObject['attributes']): Panel[] => JSON.parse(String(attributes.panelsJSON))

const controlShape = z.object({ controlGroupInput: z.object({ panelsJSON: z.string() }) })
const controlsOf = (attributes: SavedObject['attributes']): { type: string }[] =>
  Object.values(JSON.parse(controlShape.parse(attributes).controlGroupInput.panelsJSON))

const textsOf = (value: unknown): string[] => z.array(z.string()).parse(value)

interface LensPanel {
  readonly board: string
  readonly title: string
  readonly width: number
  readonly height: number
  readonly lens: Lens
}

function lensPanels(): LensPanel[] {
  return dashboards.flatMap(({ id, attributes }) =>
    panelsOf(attributes).flatMap(({ type, title, gridData, embeddableConfig: { attributes: lens } }) =>
      type === 'lens' && lens !== undefined
        ? [{ board: id, title, width: gridData.w, height: gridData.h, lens }]
        : [],
    ),
  )
}

const columnsOfLens = (): Column[] =>
  lensPanels().flatMap(({ lens }) =>
    Object.values(lens.state.datasourceStates.indexpattern.layers).flatMap(({ columns }) =>
      Object.values(columns),
    ),
  )

/** The fields that panels, controls and saved searches ask for, each with the data view that it is of. */
function fieldsByView(): { of: string; field: string }[] {
  const ofLens = lensPanels().flatMap(({ lens }) => {
    const of = lens.references[0]?.id ?? ''
    return Object.values(lens.state.datasourceStates.indexpattern.layers).flatMap(({ columns }) =>
      Object.values(columns).flatMap(({ sourceField }) =>
        sourceField === undefined ? [] : [{ of, field: sourceField }],
      ),
    )
  })
  const ofControls = dashboards.flatMap(({ references }) =>
    references.flatMap(({ name, id }) => {
      const [, field] = /^controlGroup_(.+):/.exec(name) ?? []
      return field === undefined ? [] : [{ of: id, field }]
    }),
  )
  const ofSearches = objects.flatMap(({ type, attributes, references: [of] }) =>
    type === 'search' && of !== undefined
      ? textsOf(attributes.columns).map((field) => ({ of: of.id, field }))
      : [],
  )
  return [...ofLens, ...ofControls, ...ofSearches]
}

function* leavesOf(mapping: { properties?: object }, path = ''): Generator<string> {
  for (const [name, property] of Object.entries(mapping.properties ?? {})) {
    yield `${path}${name}`
    yield* leavesOf(property as { properties?: object }, `${path}${name}.`)
  }
}

/** Whether a point is within an outline: a ray from it crosses the outline an odd number of times. */
function inside(outline: Outline, x: number, y: number): boolean {
  let is = false
  for (const [i, [x1, y1]] of outline.entries()) {
    const [x2, y2] = outline[(i + 1) % outline.length] ?? [x1, y1]
    if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) is = !is
  }
  return is
}
