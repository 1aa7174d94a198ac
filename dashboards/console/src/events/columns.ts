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
  'audit.category': '104px',
  'user.name': 'minmax(120px, 160px)',
  'event.action': 'minmax(120px, 190px)',
  'audit.entity.name': 'minmax(180px, 1.5fr)',
  'event.outcome': '100px',
  'event.module': '96px',
  message: 'minmax(180px, 1.6fr)',
}

export const columnName = (field: string): string => NAMES[field] ?? field
export const columnWidth = (field: string): string => WIDTHS[field] ?? 'minmax(130px, 190px)'
