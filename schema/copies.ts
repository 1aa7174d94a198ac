import { FIELDS, type Field, type FieldName, fieldOf } from './fields.ts'
import { RELATED_FROM } from './related.ts'

/**
 * The one table of copies: where else in the same event the value of a field is visible. Whatever hides a field hides these fields with
 * it.
 */

/** Fields with the same values, or with values composed of them: the copy, and the fields that it is filled from. */
const FILLED_FROM: Readonly<Partial<Record<FieldName, readonly FieldName[]>>> = {
  ...RELATED_FROM,
  'network.forwarded_ip': ['source.ip'],
  'log.source.address': ['source.ip', 'source.port'],
  'host.name': ['log.syslog.hostname'],
  'process.name': ['log.syslog.appname'],
  'process.pid': ['log.syslog.procid'],
  'event.severity': ['log.syslog.severity.code'],
  'log.syslog.severity.name': ['log.syslog.severity.code'],
  'log.syslog.facility.name': ['log.syslog.facility.code'],
  'log.syslog.priority': ['log.syslog.severity.code', 'log.syslog.facility.code'],
  'user_agent.name': ['user_agent.original'],
  'user_agent.version': ['user_agent.original'],
  'user_agent.os.name': ['user_agent.original'],
  'user_agent.os.version': ['user_agent.original'],
  'user_agent.device.name': ['user_agent.original'],
  'audit.change.fields': ['audit.changes'],
  'audit.change.before': ['audit.changes'],
  'audit.change.after': ['audit.changes'],
}

/** Fields that reveal something about the value of another field, but not the value itself. */
const WORKED_OUT_FROM: Readonly<Partial<Record<FieldName, readonly FieldName[]>>> = {
  'source.geo.country_iso_code': ['source.ip'],
  'source.geo.country_name': ['source.ip'],
  'source.geo.region_name': ['source.ip'],
  'source.geo.city_name': ['source.ip'],
  'source.geo.location': ['source.ip'],
  'source.as.number': ['source.ip'],
  'source.as.organization.name': ['source.ip'],
}

const ADDRESSES: readonly FieldName[] = [
  'source.ip',
  'network.forwarded_ip',
  'log.source.address',
  'destination.ip',
  'observer.ip',
  'related.ip',
]
/** Sources also name the user or group that was acted on as the record. */
const PEOPLE: readonly FieldName[] = [
  'user.id',
  'user.name',
  'user.target.id',
  'user.target.name',
  'group.id',
  'group.name',
]

/**
 * Fields whose values the source chooses, and that may contain the values of these other fields: as a part of a sentence, of a command, or
 * of the record's content outside its fields.
 */
const MAY_HOLD: Readonly<Partial<Record<FieldName, 'anything' | readonly FieldName[]>>> = {
  message: 'anything',
  'event.reason': 'anything',
  'url.original': 'anything',
  'file.path': 'anything',
  'process.command_line': 'anything',
  'process.working_directory': 'anything',
  'log.syslog.structured_data': 'anything',
  'audit.payload': 'anything',
  'audit.changes': 'anything',
  'audit.change.before': 'anything',
  'audit.change.after': 'anything',
  // A host without a name is named by its address.
  'host.name': ADDRESSES,
  'source.domain': ADDRESSES,
  'destination.domain': ADDRESSES,
  'observer.hostname': ADDRESSES,
  'log.syslog.hostname': ADDRESSES,
  'related.hosts': ADDRESSES,
  'audit.entity.id': PEOPLE,
  'audit.entity.name': PEOPLE,
  'related.entity': PEOPLE,
}

/** Whole records and bodies as text, and the words of an event: these contain everything. */
const WHOLE_TEXTS: readonly string[] = [
  'audit.words',
  ...Object.entries<Field>(FIELDS).flatMap(([name, field]) => (field.unindexed === true ? [name] : [])),
]

const namesIn = (table: object): FieldName[] => Object.keys(table) as FieldName[]

/** The fields that fill this one, and those that fill them. */
function sourcesOf(name: string, found = new Set<string>()): Set<string> {
  for (const source of FILLED_FROM[name as FieldName] ?? []) {
    if (found.has(source)) continue
    found.add(source)
    sourcesOf(source, found)
  }
  return found
}

/** The fields that contain the same value: the named fields, the fields that fill them, and the copies of all. */
export function sameValuesAs(named: readonly string[]): string[] {
  const found = new Set(named.flatMap((name) => [name, ...sourcesOf(name)]))
  for (let size = 0; size !== found.size; ) {
    size = found.size
    for (const copy of namesIn(FILLED_FROM))
      if (FILLED_FROM[copy]?.some((source) => found.has(source))) found.add(copy)
  }
  return [...found]
}

/** The fields that reveal something about the values of these fields. */
export function whatTellsOf(fields: readonly string[]): string[] {
  if (fields.length === 0) return []
  return [
    ...namesIn(WORKED_OUT_FROM).filter((name) => WORKED_OUT_FROM[name]?.some((of) => fields.includes(of))),
    ...WHOLE_TEXTS,
  ]
}

/** Which of these fields' values may occur within the values of this one. */
export function mayHold(holder: string, fields: readonly string[]): string[] {
  const held = MAY_HOLD[holder as FieldName]
  if (held === undefined) return []
  return held === 'anything'
    ? fields.filter((field) => field !== holder)
    : fields.filter((field) => held.some((one) => one === field))
}

export type ValueKind = 'address' | 'number' | 'text'

/** The form of a field's values within a text. */
export function kindOfValues(name: string): ValueKind {
  const type = fieldOf(name)?.type
  if (type === 'ip' || ADDRESSES.some((one) => one === name)) return 'address'
  return type === 'long' || type === 'float' ? 'number' : 'text'
}

export const HOLDERS: readonly FieldName[] = namesIn(MAY_HOLD)
