/**
 * The common schema: Elastic Common Schema 9, and an `audit.*` group for data that ECS has no field for. This one table defines the fields
 * of the query language, the terms of the embedded store, the mapping of Elasticsearch and the field reference.
 *
 * - `keyword`: found by its exact value, A to Z equal to a to z, and by wildcards
 * - `text`: found by its words
 * - `ip`: found by address and by CIDR block
 * - `date`, `long`, `float`: found by value and range; dates are ISO 8601 in UTC with milliseconds
 * - `flattened`: any members; each leaf is found as a keyword under `field.path.to.leaf`
 * - `changes`: in the source only; found through `audit.change.*` and by `audit.changes: { field: ... }`
 * - `geo`: in the source, for maps
 */
export type FieldType =
  | 'keyword'
  | 'text'
  | 'ip'
  | 'date'
  | 'long'
  | 'float'
  | 'boolean'
  | 'flattened'
  | 'changes'
  | 'geo'

export interface Field {
  readonly type: FieldType
  /** Whether the value may be a list. */
  readonly many?: true
  /** Whether a search without a field finds its words. */
  readonly words?: true
  /** Whether it is stored but not searchable. */
  readonly unindexed?: true
  /**
   * The closed list of the indexer's additions, which are removed before a seal is checked. `true`: only the indexer adds it. `if-absent`:
   * the indexer adds it if the agent sealed none, and lists it in `audit.derived`.
   */
  readonly derived?: true | 'if-absent'
  readonly about: string
}

export const FIELDS = {
  '@timestamp': { type: 'date', about: 'The time of the event, from the source.' },
  message: { type: 'text', words: true, about: 'One line for people that describes the event.' },
  tags: {
    type: 'keyword',
    many: true,
    about: 'Flags that agent or indexer set, such as `timestamp_missing`.',
  },
  labels: { type: 'flattened', words: true, about: 'Labels that the operator gives to a source.' },

  'event.id': {
    type: 'keyword',
    about: 'The id of the event: the same record always has the same id.',
  },
  'event.kind': {
    type: 'keyword',
    about: '`event`, `alert`, or `pipeline_error` for a record that did not parse.',
  },
  'event.category': {
    type: 'keyword',
    many: true,
    about: 'ECS category: authentication, iam, configuration...',
  },
  'event.type': { type: 'keyword', many: true, about: 'ECS type: creation, change, deletion, access...' },
  'event.action': { type: 'keyword', words: true, about: 'The action, in the words of the source.' },
  'event.outcome': { type: 'keyword', about: '`success`, `failure` or `unknown`.' },
  'event.reason': { type: 'keyword', words: true, about: 'The reason, from the source or the parser.' },
  'event.severity': { type: 'long', about: 'The severity, on the scale of the source.' },
  'event.risk_score': { type: 'float', about: 'The risk, on the scale of the source.' },
  'event.dataset': { type: 'keyword', about: 'The log of the source.' },
  'event.module': { type: 'keyword', about: 'The integration that read the record.' },
  'event.code': { type: 'keyword', about: "The source's own code for the event type." },
  'event.original': {
    type: 'keyword',
    unindexed: true,
    about: 'The original record, byte for byte if it is valid UTF-8.',
  },
  'event.created': {
    type: 'date',
    about: 'When the source wrote the record, if that differs from the time of the event.',
  },
  'event.ingested': {
    type: 'date',
    derived: true,
    about: 'When the indexer stored the event. Retention counts from here.',
  },
  'event.sequence': {
    type: 'long',
    about: 'The position of the record in its source: the order among equal times.',
  },
  'event.duration': { type: 'long', about: 'The duration, in nanoseconds.' },

  'user.id': { type: 'keyword', words: true, about: 'The acting user: id.' },
  'user.name': { type: 'keyword', words: true, about: 'The acting user: name.' },
  'user.email': { type: 'keyword', words: true, about: 'The acting user: mail address.' },
  'user.full_name': { type: 'keyword', words: true, about: 'The acting user: full name.' },
  'user.roles': { type: 'keyword', many: true, words: true, about: 'The acting user: roles.' },
  'user.group.name': { type: 'keyword', words: true, about: 'The acting user: team or group.' },
  'user.target.id': { type: 'keyword', words: true, about: 'The affected user: id.' },
  'user.target.name': { type: 'keyword', words: true, about: 'The affected user: name.' },
  'user.target.email': { type: 'keyword', words: true, about: 'The affected user: mail address.' },
  'user.target.roles': { type: 'keyword', many: true, words: true, about: 'The affected user: roles.' },
  'user.effective.id': { type: 'keyword', words: true, about: 'The user whose rights were used: id.' },
  'user.effective.name': { type: 'keyword', words: true, about: 'The user whose rights were used: name.' },
  'user.changes.name': { type: 'keyword', words: true, about: 'The new name of a user.' },
  'user.changes.roles': {
    type: 'keyword',
    many: true,
    words: true,
    about: 'The new roles of a user.',
  },
  'group.id': {
    type: 'keyword',
    words: true,
    about: 'A group of users that was made, changed or named: id.',
  },
  'group.name': {
    type: 'keyword',
    words: true,
    about: 'A group of users that was made, changed or named.',
  },
  'organization.id': { type: 'keyword', words: true, about: 'Tenant, workspace or account: id.' },
  'organization.name': { type: 'keyword', words: true, about: 'Tenant, workspace or account: name.' },

  'source.ip': { type: 'ip', words: true, about: 'The source address.' },
  'source.port': { type: 'long', about: 'The source port.' },
  'source.domain': { type: 'keyword', words: true, about: 'The source host name.' },
  'source.geo.country_iso_code': {
    type: 'keyword',
    words: true,
    derived: true,
    about: 'The estimated place of the source address: country, by its ISO 3166-1 code.',
  },
  'source.geo.country_name': {
    type: 'keyword',
    words: true,
    derived: true,
    about: 'The estimated place of the source address: country, by its English name.',
  },
  'source.geo.region_name': {
    type: 'keyword',
    words: true,
    derived: true,
    about: 'The estimated place of the source address: state or province.',
  },
  'source.geo.city_name': {
    type: 'keyword',
    words: true,
    derived: true,
    about: 'The estimated place of the source address: city.',
  },
  'source.geo.location': {
    type: 'geo',
    derived: true,
    about: 'The estimated place of the source address: latitude and longitude.',
  },
  'source.as.number': {
    type: 'long',
    derived: true,
    about: 'The network of the source address: its number.',
  },
  'source.as.organization.name': {
    type: 'keyword',
    words: true,
    derived: true,
    about: 'The network of the source address: its operator.',
  },
  'destination.ip': { type: 'ip', words: true, about: 'The destination address.' },
  'destination.port': { type: 'long', about: 'The destination port.' },
  'destination.domain': { type: 'keyword', words: true, about: 'The destination host name.' },
  'url.original': {
    type: 'keyword',
    words: true,
    about: 'The URL of a page or call, as requested.',
  },
  'user_agent.original': { type: 'keyword', about: 'The client, as it names itself.' },
  'user_agent.name': {
    type: 'keyword',
    words: true,
    derived: 'if-absent',
    about: 'The browser or program.',
  },
  'user_agent.version': {
    type: 'keyword',
    derived: 'if-absent',
    about: 'The version of the browser or program.',
  },
  'user_agent.os.name': {
    type: 'keyword',
    words: true,
    derived: 'if-absent',
    about: 'The operating system of the client.',
  },
  'user_agent.os.version': {
    type: 'keyword',
    derived: 'if-absent',
    about: 'The version of the operating system, as far as the client tells it.',
  },
  'user_agent.device.name': {
    type: 'keyword',
    words: true,
    derived: 'if-absent',
    about: 'The device: its model, or else its kind.',
  },
  'host.name': {
    type: 'keyword',
    words: true,
    about: 'The host on which the agent read the record. Events received over the network have none.',
  },
  'observer.vendor': { type: 'keyword', words: true, about: 'The vendor of the reporting device.' },
  'observer.product': { type: 'keyword', words: true, about: 'The reporting device or program.' },
  'observer.version': { type: 'keyword', about: 'Its version.' },
  'observer.hostname': {
    type: 'keyword',
    words: true,
    about: 'The host of the reporting device or program, as the record names it.',
  },
  'observer.ip': { type: 'ip', words: true, about: 'The address of the reporting device.' },
  'rule.id': { type: 'keyword', words: true, about: "The device's rule or signature that applied." },
  'rule.name': { type: 'keyword', words: true, about: 'The description of that rule.' },
  'service.name': { type: 'keyword', words: true, about: 'The service or unit that the event concerns.' },
  'agent.id': { type: 'keyword', about: 'The agent that read the record.' },
  'agent.name': { type: 'keyword', about: 'The name of that agent.' },
  'agent.version': { type: 'keyword', about: 'The version of that agent.' },
  'log.file.path': { type: 'keyword', about: 'The file of the record, by its first known path.' },
  'log.offset': { type: 'long', about: 'The position of the record in that file.' },
  'log.source.address': {
    type: 'keyword',
    words: true,
    about: 'Address and port of the sender of a message, or of the last relay.',
  },
  'log.syslog.facility.code': { type: 'long', about: 'Syslog facility.' },
  'log.syslog.facility.name': { type: 'keyword', about: 'Syslog facility, by name.' },
  'log.syslog.severity.code': { type: 'long', about: 'Syslog severity.' },
  'log.syslog.severity.name': { type: 'keyword', about: 'Syslog severity, by name.' },
  'log.syslog.priority': { type: 'long', about: 'Syslog priority.' },
  'log.syslog.hostname': {
    type: 'keyword',
    words: true,
    about: 'The host in the syslog header: the name that the sender gives itself.',
  },
  'log.syslog.appname': { type: 'keyword', words: true, about: 'The program named in the syslog header.' },
  'log.syslog.procid': { type: 'keyword', about: 'The process named in the syslog header.' },
  'log.syslog.msgid': { type: 'keyword', words: true, about: 'The message type named in the syslog header.' },
  'log.syslog.version': { type: 'keyword', about: 'Version of the syslog header.' },
  'log.syslog.structured_data': {
    type: 'flattened',
    words: true,
    about: 'Structured data of the syslog header.',
  },
  'process.name': { type: 'keyword', words: true, about: 'The program that wrote the record, or acted.' },
  'process.pid': { type: 'long', about: 'The process that wrote the record, or acted.' },
  'process.parent.pid': { type: 'long', about: 'The parent of that process.' },
  'process.executable': { type: 'keyword', words: true, about: 'The file of the program, with its path.' },
  'process.command_line': { type: 'keyword', words: true, about: 'The command with its arguments.' },
  'process.working_directory': { type: 'keyword', words: true, about: 'The working folder of the command.' },
  'file.path': { type: 'keyword', words: true, about: 'The affected file.' },
  'network.transport': {
    type: 'keyword',
    about: 'The transport by which it was received, or of the connection in the record: udp, tcp...',
  },
  'network.forwarded_ip': {
    type: 'ip',
    many: true,
    words: true,
    about:
      'The addresses that proxies passed on (`X-Forwarded-For`), in their order; `source.ip` is the first public one.',
  },
  'network.protocol': { type: 'keyword', words: true, about: 'The protocol: ssh, http, dns...' },
  'tls.client.subject': {
    type: 'keyword',
    words: true,
    about: 'The subject of the certificate of the sender of a message.',
  },
  'trace.id': { type: 'keyword', words: true, about: 'The request or transaction of the event.' },

  'audit.category': {
    type: 'keyword',
    about: 'security, activity, change, system, api or view: chooses the retention.',
  },
  'audit.entity.type': { type: 'keyword', words: true, about: 'The affected record: kind.' },
  'audit.entity.id': { type: 'keyword', words: true, about: 'The affected record: id.' },
  'audit.entity.name': { type: 'keyword', words: true, about: 'The affected record: name.' },
  'audit.parent.type': {
    type: 'keyword',
    words: true,
    about: 'The record whose change caused this one: kind.',
  },
  'audit.parent.id': { type: 'keyword', words: true, about: 'The record whose change caused this one: id.' },
  'audit.parent.name': {
    type: 'keyword',
    words: true,
    about: 'The record whose change caused this one: name.',
  },
  'audit.parent.event_id': { type: 'keyword', words: true, about: 'The event that caused this event.' },
  'audit.module': { type: 'keyword', words: true, about: 'The part of the source application.' },
  'audit.component': { type: 'keyword', words: true, about: 'The component of a system event.' },
  'audit.changes': { type: 'changes', words: true, about: 'The changes: a list of field, old and new.' },
  'audit.change.fields': {
    type: 'keyword',
    many: true,
    derived: 'if-absent',
    about: 'The fields that changed.',
  },
  'audit.change.before': {
    type: 'keyword',
    many: true,
    derived: 'if-absent',
    about: 'Previous values, as `field=value`.',
  },
  'audit.change.after': {
    type: 'keyword',
    many: true,
    derived: 'if-absent',
    about: 'New values, as `field=value`.',
  },
  'audit.old_unknown': { type: 'boolean', about: 'The source gave no previous value.' },
  'audit.status': { type: 'keyword', about: '`ok`, `warning` or `error`.' },
  'audit.risk': { type: 'keyword', about: '`low`, `medium`, `high` or `critical`.' },
  'audit.attempt.count': { type: 'long', about: 'The number of the attempt.' },
  'audit.attempt.max': { type: 'long', about: 'How many attempts are allowed.' },
  'audit.variant': {
    type: 'keyword',
    words: true,
    about: 'personal, for_other, import, kiosk, timer, manual...',
  },
  'audit.channel': { type: 'keyword', words: true, about: 'portal, api, panel...' },
  'audit.session.id': { type: 'keyword', words: true, about: 'The session of the event.' },
  'audit.record_count': { type: 'long', about: 'The number of records concerned, for example in an export.' },
  'audit.source_event_id': { type: 'keyword', words: true, about: "The source's own id of the event." },
  'audit.request': { type: 'keyword', unindexed: true, about: 'The request, as text.' },
  'audit.response': { type: 'keyword', unindexed: true, about: 'The answer, as text.' },
  'audit.payload': {
    type: 'flattened',
    words: true,
    about: 'All members of the record that have no field of their own.',
  },
  'audit.truncated.bytes': {
    type: 'long',
    about: 'Full length of a record that was longer than an event may be.',
  },
  'audit.truncated.sha256': { type: 'keyword', about: 'SHA-256 of that whole record.' },
  'audit.revision_of': {
    type: 'keyword',
    derived: true,
    about:
      'The sealed `event.id`, if an event with that id and other content, or of another agent, was stored before. `event.id` is then an id of its own.',
  },
  'audit.derived': {
    type: 'keyword',
    many: true,
    derived: true,
    about: 'Fields of this event that the indexer added: place, client, change, related.',
  },

  'audit.words': {
    type: 'text',
    derived: true,
    about: 'The words of the event, for searches without a field.',
  },
  'audit.seal.agent': { type: 'keyword', derived: true, about: 'The waybill of the event: agent.' },
  'audit.seal.incarnation': {
    type: 'keyword',
    derived: true,
    about: 'The waybill of the event: incarnation.',
  },
  'audit.seal.sequence': { type: 'long', derived: true, about: 'The waybill of the event: number.' },
  'audit.seal.position': { type: 'long', derived: true, about: 'The position in that waybill, from 0.' },
  'audit.seal.received': {
    type: 'boolean',
    about:
      '`true`: the agent received the event over the network, so it was sealed by its receiver, not where it was written. Agents seal this member; it is the only one of `audit.seal` that they set.',
  },

  'related.user': {
    type: 'keyword',
    many: true,
    derived: 'if-absent',
    about: 'Every user named in the event.',
  },
  'related.ip': {
    type: 'ip',
    many: true,
    derived: 'if-absent',
    about: 'Every address named in the event.',
  },
  'related.hosts': {
    type: 'keyword',
    many: true,
    derived: 'if-absent',
    about: 'Every host named in the event.',
  },
  'related.entity': {
    type: 'keyword',
    many: true,
    derived: 'if-absent',
    about: 'Every record named in the event.',
  },
} as const satisfies Record<string, Field>

export type FieldName = keyof typeof FIELDS

const BY_NAME: ReadonlyMap<string, Field> = new Map(Object.entries(FIELDS))

/** The field with this name, or the flattened field that contains it (`audit.payload.amount`). */
export function fieldOf(name: string): (Field & { name: string; inside?: string }) | undefined {
  const field = BY_NAME.get(name)
  if (field !== undefined) return { ...field, name }
  for (let dot = name.lastIndexOf('.'); dot > 0; dot = name.lastIndexOf('.', dot - 1)) {
    const outer = BY_NAME.get(name.slice(0, dot))
    if (outer?.type === 'flattened')
      return { ...outer, name: name.slice(0, dot), inside: name.slice(dot + 1) }
  }
  return undefined
}

/** The short names of the usual fields, for typing. */
export const SHORT_NAMES: Readonly<Record<string, FieldName>> = {
  time: '@timestamp',
  id: 'event.id',
  user: 'user.name',
  email: 'user.email',
  role: 'user.roles',
  target: 'user.target.name',
  action: 'event.action',
  outcome: 'event.outcome',
  entity: 'audit.entity.type',
  record: 'audit.entity.id',
  ip: 'source.ip',
  host: 'host.name',
  category: 'audit.category',
  module: 'audit.module',
  session: 'audit.session.id',
  status: 'audit.status',
  risk: 'audit.risk',
  field: 'audit.change.fields',
  source: 'event.module',
  agent: 'agent.id',
  kind: 'event.kind',
}
