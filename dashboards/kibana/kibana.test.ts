import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { CATEGORIES, fieldOf } from '../../schema/index.ts'
import { kibanaObjects, ndjsonOf, type SavedObject } from './index.ts'

const objects = kibanaObjects()
const dashboards = objects.filter(({ type }) => type === 'dashboard')
const keyOf = ({ type, id }: { type: string; id: string }): string => `${type} ${id}`

/** Every text that stands as a value anywhere in an object, embedded JSON included. */
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
        grid: z.strictObject({}),
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

  it('ask for no field that the schema does not have', () => {
    const own = [
      '___records___',
      'account',
      'change',
      'details',
      'rule.name',
      'alert.priority',
      'kind',
      'reason',
      'eventId',
    ]
    const ledger = ['agent', 'incarnation', 'sequence', 'position', 'events', 'bytes', 'at']
    const asked = dashboards.flatMap((object) =>
      [...valuesUnder(object.attributes)].flatMap(([name, value]) =>
        ['sourceField', 'fieldName', 'geoField'].includes(name) ? [String(value)] : [],
      ),
    )
    expect(asked.length).toBeGreaterThan(100)
    const known = (field: string) => [...own, ...ledger].includes(field) || fieldOf(field) !== undefined
    expect(asked.filter((field) => !known(field))).toEqual([])
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
    // A condition of the panel's own would be lost on the way, and other events shown.
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

  it('show what is good or bad in colours that say so, each value its own', () => {
    const coloured = dashboards.flatMap(({ attributes }) =>
      panelsOf(attributes).filter(({ embeddableConfig }) =>
        JSON.stringify(embeddableConfig).includes('"palette"'),
      ),
    )
    expect(coloured.map(({ title }) => title).toSorted()).toEqual([
      'Events over time',
      'Risk',
      'Security events by outcome',
      'Status',
      'Status over time',
    ])
    for (const { title, embeddableConfig } of coloured) {
      const values = [...valuesUnder(embeddableConfig)]
      const conditions = values.filter(([, value]) =>
        /^(event\.outcome|audit\.(risk|status)): \w+$/.test(String(value)),
      )
      const colours = values.filter(([name]) => name === 'colors').map(([, colour]) => colour)
      expect(colours, title).toHaveLength(conditions.length)
      expect(new Set(colours).size, title).toBe(colours.length)
    }
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

interface Panel {
  readonly panelIndex: string
  readonly title: string
  readonly embeddableConfig: {
    readonly attributes?: { readonly state: { readonly query: { readonly query: string } } }
  }
  readonly gridData: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
}

const panelsOf = (attributes: SavedObject['attributes']): Panel[] => JSON.parse(String(attributes.panelsJSON))
