import type { View } from './data-views.ts'
import type { Content } from './lens/index.ts'
import { KIBANA, type Reference, type SavedObject, savedObject } from './saved-object.ts'

export interface Panel {
  readonly title: string
  /** The width in 48 columns. */
  readonly width: number
  readonly content: Content
  /** Another time than the dashboard's: `['now/d', 'now']`. */
  readonly time?: readonly [from: string, to: string]
  /**
   * The dashboard that a click on a value opens, with that value and the dashboard's own filters. A condition of the panel itself is not
   * passed on, so this is for panels without one; with one, a click filters the table of events on the same dashboard.
   */
  readonly leadsTo?: string
}

export interface Row {
  readonly height: number
  readonly panels: readonly Panel[]
}

export interface Dashboard {
  readonly id: string
  readonly title: string
  readonly about: string
  /** The time it opens with. */
  readonly from: string
  /** Lists to choose from, above the panels. */
  readonly controls: readonly Control[]
  readonly rows: readonly Row[]
}

export interface Control {
  readonly title: string
  readonly field: string
  readonly of: View
}

/** Events as rows, with the events' own fields: what is chosen in the lists above holds for all panels. */
export function dashboardObject({ id, title, about, from, controls, rows }: Dashboard): SavedObject {
  const placed = place(rows)
  return savedObject(
    'dashboard',
    id,
    {
      title,
      description: about,
      version: 1,
      hits: 0,
      timeRestore: true,
      timeFrom: from,
      timeTo: 'now',
      refreshInterval: { pause: true, value: 60_000 },
      optionsJSON: JSON.stringify({
        useMargins: true,
        syncColors: true,
        hidePanelTitles: false,
      }),
      kibanaSavedObjectMeta: {
        searchSourceJSON: JSON.stringify({ query: { query: '', language: 'kuery' }, filter: [] }),
      },
      ...(controls.length > 0 && { controlGroupInput: controlGroup(controls) }),
      panelsJSON: JSON.stringify(placed.map(({ json }) => json)),
    },
    [
      ...placed.flatMap(({ references }) => references),
      ...controls.map(
        ({ field, of }): Reference => ({
          name: `controlGroup_${field}:optionsListDataView`,
          type: 'index-pattern',
          id: of.id,
        }),
      ),
    ],
  )
}

function controlGroup(controls: readonly Control[]) {
  const panels = controls.map(({ field, title }, order) => [
    field,
    {
      order,
      width: 'small',
      grow: true,
      type: 'optionsListControl',
      explicitInput: { id: field, fieldName: field, title, enhancements: {} },
    },
  ])
  return {
    controlStyle: 'oneLine',
    chainingSystem: 'HIERARCHICAL',
    ignoreParentSettingsJSON: JSON.stringify({
      ignoreFilters: false,
      ignoreQuery: false,
      ignoreTimerange: false,
      ignoreValidations: false,
    }),
    panelsJSON: JSON.stringify(Object.fromEntries(panels)),
  }
}

/** Panels from left to right, rows from top to bottom. */
function place(rows: readonly Row[]) {
  let y = 0
  let number = 0
  return rows.flatMap(({ height, panels }) => {
    let x = 0
    const placed = panels.map((panel) => {
      const made = panelOf(panel, `${++number}`, { x, y, w: panel.width, h: height })
      x += panel.width
      return made
    })
    y += height
    return placed
  })
}

type Grid = { readonly x: number; readonly y: number; readonly w: number; readonly h: number }

function panelOf({ title, content, time, leadsTo }: Panel, id: string, grid: Grid) {
  const drilldown = leadsTo === undefined ? null : drilldownTo(leadsTo)
  const search = content.type === 'search'
  return {
    json: {
      version: KIBANA,
      type: content.type,
      panelIndex: id,
      gridData: { ...grid, i: id },
      title,
      embeddableConfig: {
        ...content.config,
        hidePanelTitles: title === '',
        ...(time !== undefined && { timeRange: { from: time[0], to: time[1] } }),
        enhancements: drilldown === null ? {} : { dynamicActions: { events: [drilldown.event] } },
      },
      ...(search && { panelRefName: `panel_${id}` }),
    },
    references: [
      ...content.references.map(
        (reference): Reference => ({
          ...reference,
          name: search ? `${id}:panel_${id}` : `${id}:${reference.name}`,
        }),
      ),
      ...(drilldown === null ? [] : [{ ...drilldown.reference, name: `${id}:${drilldown.reference.name}` }]),
    ],
  }
}

function drilldownTo(dashboard: string) {
  const eventId = 'events-behind-it'
  return {
    event: {
      eventId,
      triggers: ['FILTER_TRIGGER'],
      action: {
        factoryId: 'DASHBOARD_TO_DASHBOARD_DRILLDOWN',
        name: 'Show the events behind it',
        config: { useCurrentFilters: true, useCurrentDateRange: true, openInNewTab: false },
      },
    },
    reference: {
      name: `drilldown:DASHBOARD_TO_DASHBOARD_DRILLDOWN:${eventId}:dashboardId`,
      type: 'dashboard',
      id: dashboard,
    } as const,
  }
}
