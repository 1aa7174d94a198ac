import { CATEGORIES } from '../../schema/index.ts'
import type { Ledger } from '../../schema/wire/index.ts'
import { boardIds } from './boards/board.ts'
import { COLOURS, textOn } from './lens/index.ts'
import { type SavedObject, savedObject } from './saved-object.ts'

/** Kibana's view of a set of indices. */
export interface View {
  readonly id: string
  /** The field by which Kibana's time range asks; null if the range does not matter. */
  readonly time: '@timestamp' | 'at' | null
}

export interface DataViews {
  readonly events: View
  readonly waybills: View
  readonly deadLetters: View
  readonly alerts: View
  /** The present state of each agent: a silent one stays, whatever the range. */
  readonly agents: View
}

export interface Place {
  /** Part of the names of all indices. */
  readonly namespace: string
  /** The address of the indexer's console for browsers: links lead from an event to its page there. */
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
    agents: view('agents', null),
  }
}

/** A runtime field takes a hundred values of a document, and fails at more. */
const MOST_CHANGES = 99

/**
 * The changes, as one readable value a field. `audit.changes` lies in the source and is not indexed, so this is made when an event is
 * shown.
 */
const CHANGE = `
def audit = params._source.audit;
if (!(audit instanceof Map) || !(audit.changes instanceof List)) return;
String none = audit.old_unknown == true ? '(unknown)' : '(none)';
int shown = 0;
for (def change : audit.changes) {
  if (!(change instanceof Map)) continue;
  if (++shown > ${MOST_CHANGES}) { emit('and more'); return; }
  emit(change.field + ': ' + (change.old == null ? none : change.old) + ' → ' + (change.new == null ? '(none)' : change.new));
}`.trim()

/** The same from the indexed values, so that it can be counted: \`field=value\` before and after, paired by the field. */
const TRANSITION = `
def before = new HashMap();
String none = doc.containsKey('audit.old_unknown') && doc['audit.old_unknown'].size() > 0 && doc['audit.old_unknown'].value ? '(unknown)' : '(none)';
if (doc.containsKey('audit.change.before')) for (def one : doc['audit.change.before']) {
  int at = one.indexOf('=');
  if (at > 0) before.put(one.substring(0, at), one.substring(at + 1));
}
int shown = 0;
if (doc.containsKey('audit.change.after')) for (def one : doc['audit.change.after']) {
  int at = one.indexOf('=');
  if (at <= 0) continue;
  if (++shown > ${MOST_CHANGES}) return;
  String field = one.substring(0, at);
  def old = before.remove(field);
  emit(field + ': ' + (old == null ? none : old) + ' → ' + one.substring(at + 1));
}
for (def entry : before.entrySet()) {
  if (++shown > ${MOST_CHANGES}) return;
  emit(entry.getKey() + ': ' + entry.getValue() + ' → (none)');
}`.trim()

/** The account that the record names: sources that do not know the user name the tried account by its address, or as the target. */
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

/** The time from the event to the store: how far agents are behind. */
const DELAY =
  "if (doc['event.ingested'].size() > 0 && doc['@timestamp'].size() > 0) emit(doc['event.ingested'].value.toInstant().toEpochMilli() - doc['@timestamp'].value.toInstant().toEpochMilli());"

/** The ids of an alert's events as a condition; both query languages read it alike. */
const MOST_LINKED = 50
const ITS_EVENTS = `
if (doc['alert.events'].size() == 0) return;
StringBuilder ids = new StringBuilder();
for (int i = 0; i < doc['alert.events'].size() && i < ${MOST_LINKED}; i++) {
  if (i > 0) ids.append(' or ');
  ids.append(doc['alert.events'].get(i));
}
String condition = 'event.id: (' + ids + ')';`.trim()

/** The log viewer around the alert: windows of rules are shorter than this. */
const EVENTS_OF_ALERT = `${ITS_EVENTS}
Instant at = Instant.ofEpochMilli(doc['@timestamp'].value.toInstant().toEpochMilli());
String from = at.minusSeconds(604800).toString();
String to = at.plusSeconds(86400).toString();
emit("_g=(time:(from:'" + from + "',to:'" + to + "'))&_a=(query:(language:kuery,query:'" + condition + "'))");`
const CONSOLE_OF_ALERT = `${ITS_EVENTS}
emit(condition);`

/** The figures of an agent as numbers, 0 where it has reported none. */
const NUMBER_OF =
  'long numberOf(def doc, String field) { return doc[field].size() == 0 ? 0 : doc[field].value; }'
/** The last contact; before the first, the enrolment. */
const SILENT = `
def seen = doc['seen'].size() > 0 ? doc['seen'] : doc['enrolled'];
if (seen.size() == 0) return;
long silent = new Date().getTime() - seen.value.toInstant().toEpochMilli();`.trim()

/** The gravest problem of an agent, as the console names it. */
const STATE = `${NUMBER_OF}
${SILENT}
if (doc['revoked'].size() > 0 && doc['revoked'].value) emit('Revoked');
else if (numberOf(doc, 'missing') > 0 || numberOf(doc, 'breaks') > 0) emit('Waybills missing');
else if (silent > numberOf(doc, 'silentAfter')) emit('Silent');
else if (numberOf(doc, 'lagBytes') > 10000000L) emit('Behind');
else if (doc['notices'].size() > 0) emit('Check its inputs');
else emit('Well');`
const SILENCE = `${SILENT}
emit(silent < 0 ? 0 : silent);`

/** The parts into which an agent divides what it has read. Their sum is that number, or records were lost. */
export const LEDGER_PARTS = [
  'stored',
  'duplicate',
  'filtered',
  'dead',
  'quarantined',
  'discarded',
  'pending',
] as const satisfies readonly (keyof Ledger)[]
const UNEXPLAINED = `${NUMBER_OF}
long left = numberOf(doc, 'ledger.read');
for (def part : [${LEDGER_PARTS.map((part) => `'${part}'`).join(', ')}]) left -= numberOf(doc, 'ledger.' + part);
emit(left);`

const keyword = (source: string) => ({ type: 'keyword', script: { source } })
const long = (source: string) => ({ type: 'long', script: { source } })

export function dataViewObjects({ namespace, console }: Place): SavedObject[] {
  const views = dataViews(namespace)
  const events = CATEGORIES.map((category) => `waybill-${category}-${namespace}-*`).join(',')
  const log = boardIds(namespace)['log-viewer']
  return [
    view(views.events, `Waybill events (${namespace})`, events, {
      labels: EVENT_LABELS,
      runtime: {
        account: keyword(ACCOUNT),
        change: keyword(CHANGE),
        transition: keyword(TRANSITION),
        details: keyword(DETAILS),
        delay: long(DELAY),
      },
      formats: {
        details: link(`${console}/events/{{value}}`, 'Details'),
        delay: MILLISECONDS,
        'event.ingested': MOMENT,
        'event.duration': { id: 'duration', params: NANOSECONDS },
        'audit.record_count': COUNT,
        ...coloured('event.outcome', 'audit.status', 'audit.risk'),
      },
    }),
    view(views.waybills, `Waybill waybills (${namespace})`, `waybill-waybills-${namespace}`, {
      formats: { bytes: BYTES },
    }),
    view(views.deadLetters, `Waybill dead letters (${namespace})`, `waybill-dead-letters-${namespace}`, {
      labels: {
        at: 'Time',
        kind: 'Kind',
        reason: 'Reason',
        agent: 'Agent id',
        sequence: 'Waybill',
        position: 'Position',
        eventId: 'Event id',
      },
    }),
    view(views.agents, `Waybill agents (${namespace})`, `waybill-agents-${namespace}`, {
      labels: {
        name: 'Agent',
        host: 'Host',
        version: 'Version',
        state: 'State',
        seen: 'Last contact',
        silence: 'Silent for',
        lagBytes: 'Behind',
        oldestPending: 'Oldest unsent',
        clockOffset: 'Clock ahead',
        missing: 'Missing',
        gaps: 'Gaps',
        notices: 'Notices',
        breaks: 'Breaks',
        waybills: 'Waybills',
        unexplained: 'Unexplained',
      },
      runtime: { state: keyword(STATE), silence: long(SILENCE), unexplained: long(UNEXPLAINED) },
      formats: {
        seen: SECOND,
        silence: MILLISECONDS,
        oldestPending: MILLISECONDS,
        clockOffset: MILLISECONDS,
        lagBytes: BYTES,
        ...coloured('state'),
      },
    }),
    view(views.alerts, `Waybill alerts (${namespace})`, `waybill-alerts-${namespace}`, {
      labels: {
        '@timestamp': 'Time',
        'rule.name': 'Rule',
        'alert.priority': 'Priority',
        'alert.count': 'Events',
        'user.name': 'User',
        'source.ip': 'Address',
        message: 'Message',
        events: 'Its events',
        console: 'In the console',
      },
      runtime: { events: keyword(EVENTS_OF_ALERT), console: keyword(CONSOLE_OF_ALERT) },
      formats: {
        // A path of Kibana, in whatever space and below whatever base path it is.
        events: link(`../app/dashboards#/view/${log}?{{rawValue}}`, 'Show events'),
        console: link(`${console}/events?q={{value}}&range=all`, 'Open'),
        ...coloured('alert.priority'),
      },
    }),
  ]
}

/** The headings of columns. */
const EVENT_LABELS = {
  '@timestamp': 'Time',
  'user.name': 'User',
  'event.action': 'Action',
  'event.outcome': 'Outcome',
  'event.reason': 'Reason',
  'event.module': 'Source',
  'event.duration': 'Duration',
  'event.ingested': 'Stored',
  'audit.category': 'Category',
  'audit.entity.type': 'Entity',
  'audit.entity.id': 'Record',
  'audit.entity.name': 'Name',
  'audit.module': 'Module',
  'audit.component': 'Component',
  'audit.status': 'Status',
  'audit.risk': 'Risk',
  'audit.record_count': 'Records',
  'audit.change.fields': 'Field',
  'agent.name': 'Agent',
  'host.name': 'Host',
  'source.ip': 'Address',
  message: 'Message',
  account: 'Account',
  change: 'Before → after',
  transition: 'Before → after, indexed',
  details: 'In the console',
  delay: 'Time until stored',
} as const

/** Shorter than Kibana's own, so that a table has room for it. */
const MOMENT = { id: 'date', params: { pattern: 'YYYY-MM-DD HH:mm:ss.SSS' } }
const SECOND = { id: 'date', params: { pattern: 'YYYY-MM-DD HH:mm:ss' } }
const NANOSECONDS = {
  inputFormat: 'nanoseconds',
  outputFormat: 'humanizePrecise',
  outputPrecision: 0,
  useShortSuffix: true,
  includeSpaceWithSuffix: true,
}
const MILLISECONDS = { id: 'duration', params: { ...NANOSECONDS, inputFormat: 'milliseconds' } }
const BYTES = { id: 'bytes' }
const COUNT = { id: 'number', params: { pattern: '0,0' } }

const link = (urlTemplate: string, labelTemplate: string) => ({
  id: 'url',
  params: { urlTemplate, labelTemplate, openLinkInCurrentTab: false },
})

/** The values of these fields have the same colours in tables as in charts. */
const coloured = (...fields: readonly (keyof typeof COLOURS)[]) =>
  Object.fromEntries(
    fields.map((field) => {
      const colors = Object.entries(COLOURS[field]).map(([value, background]) => ({
        regex: `^${value}$`,
        text: textOn(background),
        background,
        range: '-Infinity:Infinity',
      }))
      return [field, { id: 'color', params: { fieldType: 'string', colors } }]
    }),
  )

interface ViewParts {
  readonly runtime?: object
  readonly formats?: object
  /** The names of fields for people. */
  readonly labels?: Readonly<Record<string, string>>
}

function view(
  { id, time }: View,
  name: string,
  title: string,
  { runtime = {}, formats = {}, labels = {} }: ViewParts = {},
): SavedObject {
  const attrs = Object.entries(labels).map(([field, customLabel]) => [field, { customLabel }])
  return savedObject('index-pattern', id, {
    title,
    name,
    ...(time !== null && { timeFieldName: time }),
    // No index has to be there yet: the dashboards are imported before the first event is stored.
    allowNoIndex: true,
    fields: '[]',
    fieldAttrs: JSON.stringify(Object.fromEntries(attrs)),
    sourceFilters: '[]',
    typeMeta: '{}',
    runtimeFieldMap: JSON.stringify(runtime),
    fieldFormatMap: JSON.stringify({ ...(time !== null && { [time]: MOMENT }), ...formats }),
  })
}
