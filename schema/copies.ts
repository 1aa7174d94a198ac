import { FIELDS, type Field, type FieldName, fieldOf } from './fields.ts'
import { RELATED_FROM } from './related.ts'

/**
 * What copies what: the one table of where the value of a field can be seen again in the same event. Whatever hides a field hides these with it.
 */

/** Fields that hold the same values, or values put together from them: the copy, and what it is filled from. */
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

/** Fields that tell something about the value of another, and from which that value can't be read. */
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
/** Sources name the user or group that something was done to as the record, too. */
const PEOPLE: readonly FieldName[] = [
  'user.id',
  'user.name',
  'user.target.id',
  'user.target.name',
  'group.id',
  'group.name',
]

/**
 * Fields whose values the source chooses, and in which the values of these others can stand: as a part of a sentence, of a command, of what a
 * record says beside its fields.
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
  // A host without a name is called by its address.
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

/** Whole records and bodies as text, and the words of an event: everything stands in them. */
const WHOLE_TEXTS: readonly string[] = [
  'audit.words',
  ...Object.entries<Field>(FIELDS).flatMap(([name, field]) => (field.unindexed === true ? [name] : [])),
]

const namesIn = (table: object): FieldName[] => Object.keys(table) as FieldName[]

/** Fields from which this one is filled, and those that these are filled from. */
function sourcesOf(name: string, found = new Set<string>()): Set<string> {
  for (const source of FILLED_FROM[name as FieldName] ?? []) {
    if (found.has(source)) continue
    found.add(source)
    sourcesOf(source, found)
  }
  return found
}

/** The same value is in each of these: the fields that are named, what they are filled from, and the copies of all. */
export function sameValuesAs(named: readonly string[]): string[] {
  const found = new Set(named.flatMap((name) => [name, ...sourcesOf(name)]))
  for (let size = 0; size !== found.size; ) {
    size = found.size
    for (const copy of namesIn(FILLED_FROM))
      if (FILLED_FROM[copy]?.some((source) => found.has(source))) found.add(copy)
  }
  return [...found]
}

/** What tells of the values of these fields beside them. */
export function whatTellsOf(fields: readonly string[]): string[] {
  if (fields.length === 0) return []
  return [
    ...namesIn(WORKED_OUT_FROM).filter((name) => WORKED_OUT_FROM[name]?.some((of) => fields.includes(of))),
    ...WHOLE_TEXTS,
  ]
}

/** Which of these fields' values may stand within the values of this one. */
export function mayHold(holder: string, fields: readonly string[]): string[] {
  const held = MAY_HOLD[holder as FieldName]
  if (held === undefined) return []
  return held === 'anything'
    ? fields.filter((field) => field !== holder)
    : fields.filter((field) => held.some((one) => one === field))
}

export type ValueKind = 'address' | 'number' | 'text'

/** How the values of a field look where they stand within a text. */
export function kindOfValues(name: string): ValueKind {
  const type = fieldOf(name)?.type
  if (type === 'ip' || ADDRESSES.some((one) => one === name)) return 'address'
  return type === 'long' || type === 'float' ? 'number' : 'text'
}

export const HOLDERS: readonly FieldName[] = namesIn(MAY_HOLD)
