import type { ExportAsked } from '../../../schema/api/index.ts'
import { type AuditEvent, canonical, changesOf, isRecord, valueAt, valuesOf } from '../../../schema/index.ts'
import type { Cell, RowColumn } from '../document.ts'

/** A column, and what it has for an event. */
export interface FilledColumn extends RowColumn {
  readonly of: (event: AuditEvent) => Cell
}

/** The columns of exports of other systems, with the same titles and shapes, for programs and people that know those. */
export const PRESETS: Readonly<
  Record<NonNullable<ExportAsked['preset']>, (zone: string) => readonly FilledColumn[]>
> = {
  /** The CSV of Clockify's audit log. Times are on the clock of the organisation, as in a profile there. */
  clockify: (zone) => [
    text('Timestamp', '@timestamp', (event) => localTime(event, zone)),
    text('Author', 'user.name'),
    text('Email', 'user.email'),
    text('Action', 'event.action'),
    text('Entity type', 'audit.entity.type', (event) =>
      first(event, 'audit.entity.type').replaceAll('_', ' ').toUpperCase(),
    ),
    text('Entity ID', 'audit.entity.id'),
    text('Entity name', 'audit.entity.name'),
    text('Field', 'audit.changes', (event) => changed(event, ({ field }) => field)),
    text('Previous value', 'audit.changes', (event) => changed(event, (change) => change.old ?? '')),
    text('New value', 'audit.changes', (event) => changed(event, (change) => change.new ?? '')),
    text('Client', 'audit.payload', (event) => ofPayload(event, 'Client')),
    text('Project', 'audit.payload', (event) => ofPayload(event, 'Project')),
    text('Caused by', 'audit.parent.name', causedBy),
  ],
  /** The CSV of Strapi's audit logs. */
  strapi: () => [
    text('id', 'audit.source_event_id', (event) => first(event, 'audit.source_event_id', 'event.id')),
    text('action', 'event.action'),
    text('date', '@timestamp'),
    text('user_id', 'user.id'),
    // These are of a user of Strapi: others, such as the account that was tried, are in the payload.
    text('user_email', 'user.email', (event) => ofUser(event, 'user.email')),
    text('user_display_name', 'user.full_name', (event) => ofUser(event, 'user.full_name', 'user.name')),
    text('origin', 'audit.channel', (event) => first(event, 'audit.channel', 'audit.component')),
    text('payload', 'audit.payload', (event) => {
      const payload = valueAt(event, 'audit.payload.payload') ?? valueAt(event, 'audit.payload')
      return isRecord(payload) ? canonical(payload) : ''
    }),
  ],
}

function text(title: string, field: string, of?: (event: AuditEvent) => string): FilledColumn {
  const given = of ?? ((event: AuditEvent) => first(event, field))
  return { title, field, kind: 'text', of: (event) => given(event) || null }
}

function first(event: AuditEvent, ...fields: string[]): string {
  for (const field of fields) {
    const [value] = valuesOf(event, field)
    if (value !== undefined && value !== '') return value
  }
  return ''
}

const ofUser = (event: AuditEvent, ...fields: string[]): string =>
  first(event, 'user.id') === '' ? '' : first(event, ...fields)

/** `2026-01-19 16:05:23`. */
function localTime(event: AuditEvent, zone: string): string {
  const time = Date.parse(first(event, '@timestamp'))
  if (Number.isNaN(time)) return ''
  return Temporal.Instant.fromEpochMilliseconds(time)
    .toZonedDateTimeISO(zone)
    .toPlainDateTime()
    .toString({ smallestUnit: 'second' })
    .replace('T', ' ')
}

/** An entry there has one change, or names them below one another. */
const changed = (event: AuditEvent, part: (change: ReturnType<typeof changesOf>[number]) => string): string =>
  changesOf(event).map(part).join('\n')

function ofPayload(event: AuditEvent, name: string): string {
  const payload = valueAt(event, 'audit.payload')
  const value = isRecord(payload) ? payload[name] : undefined
  return typeof value === 'string' ? value : ''
}

function causedBy(event: AuditEvent): string {
  const of = first(event, 'audit.parent.name', 'audit.parent.id')
  const kind = first(event, 'audit.parent.type')
  if (of === '' || kind === '') return of
  const words = kind.replaceAll('_', ' ')
  return `${words.charAt(0).toUpperCase()}${words.slice(1)} updated: ${of}`
}
