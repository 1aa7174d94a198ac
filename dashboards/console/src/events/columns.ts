/** The columns of the viewer: those it begins with, and how much room each takes. */
export const FIRST_COLUMNS: readonly string[] = [
  '@timestamp',
  'audit.category',
  'user.name',
  'event.action',
  'audit.entity.name',
  'event.outcome',
  'event.module',
  'message',
]

const NAMES: Readonly<Record<string, string>> = {
  '@timestamp': 'Time',
  'audit.category': 'Category',
  'user.name': 'User',
  'event.action': 'Action',
  'audit.entity.name': 'Record',
  'audit.entity.type': 'Entity',
  'audit.changes': 'Changes',
  'event.id': 'Event',
  'event.type': 'Kind',
  'event.outcome': 'Outcome',
  'event.module': 'Source',
  'source.ip': 'Address',
  'audit.risk': 'Risk',
  'audit.status': 'Status',
  'audit.variant': 'Variant',
  'audit.module': 'Module',
  'audit.channel': 'Channel',
  'audit.component': 'Component',
  'host.name': 'Host',
  message: 'Message',
}

const WIDTHS: Readonly<Record<string, string>> = {
  '@timestamp': '148px',
  'audit.category': '98px',
  'user.name': 'minmax(110px, 146px)',
  'event.action': 'minmax(110px, 150px)',
  'audit.entity.name': 'minmax(170px, 1fr)',
  'event.outcome': '92px',
  'event.module': '88px',
  message: 'minmax(220px, 1.9fr)',
}

export const columnName = (field: string): string => NAMES[field] ?? field
export const columnWidth = (field: string): string => WIDTHS[field] ?? 'minmax(130px, 190px)'
