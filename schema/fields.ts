/**
 * The common schema: Elastic Common Schema 9, and an `audit.*` group for what ECS has no field for. This one
 * table gives the query language its fields, the embedded store its terms, Elasticsearch its mapping and the reader the
 * field reference.
 *
 * - `keyword`: found by its exact value, A to Z as a to z, and by wildcards
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
  /** The value may be a list. */
  readonly many?: true
  /** Its words are among those that a search without a field finds. */
  readonly words?: true
  /** Kept, not searchable. */
  readonly unindexed?: true
  /**
   * The closed list of what the indexer adds, which is taken off before a seal is checked. `true`: only the indexer adds it.
   * `if-absent`: the indexer adds it where the agent sealed none, and says so in `audit.derived`.
   */
  readonly derived?: true | 'if-absent'
  readonly about: string
}

export const FIELDS = {
  '@timestamp': { type: 'date', about: 'When it happened, as the source says.' },
  message: { type: 'text', words: true, about: 'One line that tells a person what happened.' },
  tags: { type: 'keyword', many: true, about: 'Flags set on the way, such as `timestamp_missing`.' },
  labels: { type: 'flattened', words: true, about: 'Labels that the operator gives to a source.' },

  'event.id': {
    type: 'keyword',
    about: 'The identity of the record: the same record always has the same id.',
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
  'event.action': { type: 'keyword', words: true, about: 'What was done, in the words of the source.' },
  'event.outcome': { type: 'keyword', about: '`success`, `failure` or `unknown`.' },
  'event.reason': { type: 'keyword', words: true, about: 'Why, where the source or the parser says so.' },
  'event.severity': { type: 'long', about: 'Severity as the source counts it.' },
  'event.risk_score': { type: 'float', about: 'Risk as the source counts it.' },
  'event.dataset': { type: 'keyword', about: 'Which log of the source it is.' },
  'event.module': { type: 'keyword', about: 'The integration that understood it.' },
  'event.code': { type: 'keyword', about: "The source's own code for the event type." },
  'event.original': {
    type: 'keyword',
    unindexed: true,
    about: 'The record as it was read, byte for byte where it is valid UTF-8.',
  },
  'event.created': {
    type: 'date',
    about: 'When the source wrote it down, where that differs from when it happened.',
  },
  'event.ingested': {
    type: 'date',
    derived: true,
    about: 'When the indexer stored it. Retention counts from here.',
  },
  'event.sequence': {
    type: 'long',
    about: 'Where the record starts in its source: the order among equal times.',
  },
  'event.duration': { type: 'long', about: 'How long it took, in nanoseconds.' },

  'user.id': { type: 'keyword', words: true, about: 'Who did it: id.' },
  'user.name': { type: 'keyword', words: true, about: 'Who did it: name.' },
  'user.email': { type: 'keyword', words: true, about: 'Who did it: mail address.' },
  'user.full_name': { type: 'keyword', words: true, about: 'Who did it: full name.' },
  'user.roles': { type: 'keyword', many: true, words: true, about: 'Roles of who did it.' },
  'user.group.name': { type: 'keyword', words: true, about: 'Team or group of who did it.' },
  'user.target.id': { type: 'keyword', words: true, about: 'To whom it was done: id.' },
  'user.target.name': { type: 'keyword', words: true, about: 'To whom it was done: name.' },
  'user.target.email': { type: 'keyword', words: true, about: 'To whom it was done: mail address.' },
  'user.target.roles': { type: 'keyword', many: true, words: true, about: 'Roles of whom it was done to.' },
  'user.effective.id': { type: 'keyword', words: true, about: 'In whose name it was done: id.' },
  'user.effective.name': { type: 'keyword', words: true, about: 'In whose name it was done: name.' },
  'user.changes.name': { type: 'keyword', words: true, about: 'The name that a user was given.' },
  'user.changes.roles': {
    type: 'keyword',
    many: true,
    words: true,
    about: 'The roles that a user was given.',
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

  'source.ip': { type: 'ip', words: true, about: 'The address it came from.' },
  'source.port': { type: 'long', about: 'The port it came from.' },
  'source.domain': { type: 'keyword', words: true, about: 'The host name it came from.' },
  'source.geo.country_iso_code': {
    type: 'keyword',
    words: true,
    derived: true,
    about: 'Where that address is, estimated: country, as ISO 3166-1 has it.',
  },
  'source.geo.country_name': {
    type: 'keyword',
    words: true,
    derived: true,
    about: 'Where that address is, estimated: country, by its English name.',
  },
  'source.geo.region_name': {
    type: 'keyword',
    words: true,
    derived: true,
    about: 'Where that address is, estimated: state or province.',
  },
  'source.geo.city_name': {
    type: 'keyword',
    words: true,
    derived: true,
    about: 'Where that address is, estimated: city.',
  },
  'source.geo.location': {
    type: 'geo',
    derived: true,
    about: 'Where that address is, estimated: latitude and longitude.',
  },
  'source.as.number': { type: 'long', derived: true, about: 'The network of that address: its number.' },
  'source.as.organization.name': {
    type: 'keyword',
    words: true,
    derived: true,
    about: 'The network of that address: who runs it.',
  },
  'destination.ip': { type: 'ip', words: true, about: 'The address it went to.' },
  'destination.port': { type: 'long', about: 'The port it went to.' },
  'destination.domain': { type: 'keyword', words: true, about: 'The host name it went to.' },
  'url.original': {
    type: 'keyword',
    words: true,
    about: 'The address of a page or call, as it was asked for.',
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
    about: 'The host that it was read on. What was received by the network has none.',
  },
  'observer.vendor': { type: 'keyword', words: true, about: 'Who makes the device that saw it.' },
  'observer.product': { type: 'keyword', words: true, about: 'The device or program that saw it.' },
  'observer.version': { type: 'keyword', about: 'Its version.' },
  'observer.hostname': {
    type: 'keyword',
    words: true,
    about: 'The host of the device or program that saw it, as the record names it.',
  },
  'observer.ip': { type: 'ip', words: true, about: 'The address of the device that saw it.' },
  'rule.id': { type: 'keyword', words: true, about: "The device's rule or signature that applied." },
  'rule.name': { type: 'keyword', words: true, about: 'What that rule says of it.' },
  'service.name': { type: 'keyword', words: true, about: 'The service or unit it is about.' },
  'agent.id': { type: 'keyword', about: 'The agent that read it.' },
  'agent.name': { type: 'keyword', about: 'The name of that agent.' },
  'agent.version': { type: 'keyword', about: 'The version of that agent.' },
  'log.file.path': { type: 'keyword', about: 'The file it was read from, by the path at first sight.' },
  'log.offset': { type: 'long', about: 'Where in that file the record starts.' },
  'log.source.address': {
    type: 'keyword',
    words: true,
    about: 'Address and port that a message was received from: its sender, or the last relay.',
  },
  'log.syslog.facility.code': { type: 'long', about: 'Syslog facility.' },
  'log.syslog.facility.name': { type: 'keyword', about: 'Syslog facility, by name.' },
  'log.syslog.severity.code': { type: 'long', about: 'Syslog severity.' },
  'log.syslog.severity.name': { type: 'keyword', about: 'Syslog severity, by name.' },
  'log.syslog.priority': { type: 'long', about: 'Syslog priority.' },
  'log.syslog.hostname': {
    type: 'keyword',
    words: true,
    about: 'The host named in the syslog header: what the sender says of itself.',
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
  'process.name': { type: 'keyword', words: true, about: 'The program that wrote it, or did it.' },
  'process.pid': { type: 'long', about: 'The process that wrote it, or did it.' },
  'process.parent.pid': { type: 'long', about: 'The process that started it.' },
  'process.executable': { type: 'keyword', words: true, about: 'The file of the program, with its path.' },
  'process.command_line': { type: 'keyword', words: true, about: 'The command with what it was told.' },
  'process.working_directory': { type: 'keyword', words: true, about: 'The folder it was run in.' },
  'file.path': { type: 'keyword', words: true, about: 'The file it was done to.' },
  'network.transport': {
    type: 'keyword',
    about: 'How it was received, or how those it tells of spoke: udp, tcp...',
  },
  'network.forwarded_ip': {
    type: 'ip',
    many: true,
    words: true,
    about:
      'The addresses that proxies handed on (`X-Forwarded-For`), in their order; of them `source.ip` is the first public one.',
  },
  'network.protocol': { type: 'keyword', words: true, about: 'What was spoken: ssh, http, dns...' },
  'tls.client.subject': {
    type: 'keyword',
    words: true,
    about: 'Subject of the certificate with which the sender of a message proved who it is.',
  },
  'trace.id': { type: 'keyword', words: true, about: 'The request or transaction it belongs to.' },

  'audit.category': {
    type: 'keyword',
    about: 'security, activity, change, system, api or view: chooses the retention.',
  },
  'audit.entity.type': { type: 'keyword', words: true, about: 'On what kind of record.' },
  'audit.entity.id': { type: 'keyword', words: true, about: 'On which record: id.' },
  'audit.entity.name': { type: 'keyword', words: true, about: 'On which record: name.' },
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
  'audit.parent.event_id': { type: 'keyword', words: true, about: 'The event that caused this one.' },
  'audit.module': { type: 'keyword', words: true, about: 'The part of the source application.' },
  'audit.component': { type: 'keyword', words: true, about: 'The component of a system event.' },
  'audit.changes': { type: 'changes', words: true, about: 'What changed: a list of field, old and new.' },
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
  'audit.attempt.count': { type: 'long', about: 'Which attempt it was.' },
  'audit.attempt.max': { type: 'long', about: 'How many attempts are allowed.' },
  'audit.variant': {
    type: 'keyword',
    words: true,
    about: 'personal, for_other, import, kiosk, timer, manual...',
  },
  'audit.channel': { type: 'keyword', words: true, about: 'portal, api, panel...' },
  'audit.session.id': { type: 'keyword', words: true, about: 'The session it was done in.' },
  'audit.record_count': { type: 'long', about: 'How many records it was about, such as an export.' },
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
      'The `event.id` that was sealed, where that is known with another content or from another agent. `event.id` is then one of its own.',
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
  'audit.seal.agent': { type: 'keyword', derived: true, about: 'The waybill it came with: agent.' },
  'audit.seal.incarnation': {
    type: 'keyword',
    derived: true,
    about: 'The waybill it came with: incarnation.',
  },
  'audit.seal.sequence': { type: 'long', derived: true, about: 'The waybill it came with: number.' },
  'audit.seal.position': { type: 'long', derived: true, about: 'Its place in that waybill, from 0.' },

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

/** The field of this name, or of the flattened field that the name goes into (`audit.payload.amount`). */
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

/** What a person types for the usual fields. */
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
