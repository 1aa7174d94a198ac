import { CATEGORIES } from '../../schema/index.ts'
import { type SavedObject, savedObject } from './saved-object.ts'

/** What Kibana knows a set of indices by. */
export interface View {
  readonly id: string
  /** The field by which Kibana's time range asks. */
  readonly time: '@timestamp' | 'at'
}

export interface DataViews {
  readonly events: View
  readonly waybills: View
  readonly deadLetters: View
  readonly alerts: View
}

export interface Place {
  /** Part of the names of all indices. */
  readonly namespace: string
  /** Where the indexer's console is, as a browser sees it: links lead from an event to its page there. */
  readonly console: string
}

export function dataViews(namespace: string): DataViews {
  const view = (name: string, time: View['time']): View => ({
    id: `waybill-${name}-${namespace}`,
    time,
  })
  return {
    events: view('events', '@timestamp'),
    waybills: view('waybills', 'at'),
    deadLetters: view('dead-letters', 'at'),
    alerts: view('alerts', '@timestamp'),
  }
}

/**
 * What changed, as one readable value a field. `audit.changes` lies in the source and is not indexed, so this is made when an
 * event is shown.
 */
const CHANGE = `
def audit = params._source.audit;
if (!(audit instanceof Map) || !(audit.changes instanceof List)) return;
for (def change : audit.changes) {
  if (!(change instanceof Map)) continue;
  emit(change.field + ': ' + (change.old == null ? '(none)' : change.old) + ' → ' + (change.new == null ? '(none)' : change.new));
}`.trim()

/** Whom the record names: sources that know of no such user name the account that was tried by its address, or as the target. */
const ACCOUNT = `
for (def field : ['user.name', 'user.email', 'user.target.name', 'user.id']) {
  if (doc.containsKey(field) && doc[field].size() > 0) {
    emit(doc[field].value);
    return;
  }
}
emit('no user given');`.trim()

/** A link to the event's page in the console, made of its id. */
const DETAILS = "if (doc['event.id'].size() > 0) emit(doc['event.id'].value);"

export function dataViewObjects({ namespace, console }: Place): SavedObject[] {
  const views = dataViews(namespace)
  const events = CATEGORIES.map((category) => `waybill-${category}-${namespace}-*`).join(',')
  const link = {
    id: 'url',
    params: {
      urlTemplate: `${console}/events/{{value}}`,
      labelTemplate: 'Details',
      openLinkInCurrentTab: false,
    },
  }
  return [
    view(views.events, `Waybill events (${namespace})`, events, {
      runtime: {
        account: { type: 'keyword', script: { source: ACCOUNT } },
        change: { type: 'keyword', script: { source: CHANGE } },
        details: { type: 'keyword', script: { source: DETAILS } },
      },
      formats: {
        details: link,
        'event.ingested': MOMENT,
        'event.duration': { id: 'duration', params: NANOSECONDS },
      },
    }),
    view(views.waybills, `Waybill waybills (${namespace})`, `waybill-waybills-${namespace}`, {
      formats: { bytes: { id: 'bytes' } },
    }),
    view(views.deadLetters, `Waybill dead letters (${namespace})`, `waybill-dead-letters-${namespace}`),
    view(views.alerts, `Waybill alerts (${namespace})`, `waybill-alerts-${namespace}`),
  ]
}

/** Shorter than Kibana's own, so that a table has room for it. */
const MOMENT = { id: 'date', params: { pattern: 'YYYY-MM-DD HH:mm:ss.SSS' } }
const NANOSECONDS = { inputFormat: 'nanoseconds', outputFormat: 'humanizePrecise', outputPrecision: 0 }

function view(
  { id, time }: View,
  name: string,
  title: string,
  { runtime = {}, formats = {} }: { runtime?: object; formats?: object } = {},
): SavedObject {
  return savedObject('index-pattern', id, {
    title,
    name,
    timeFieldName: time,
    // No index has to be there yet: the dashboards are imported before the first event is stored.
    allowNoIndex: true,
    fields: '[]',
    fieldAttrs: '{}',
    sourceFilters: '[]',
    typeMeta: '{}',
    runtimeFieldMap: JSON.stringify(runtime),
    fieldFormatMap: JSON.stringify({ [time]: MOMENT, ...formats }),
  })
}
