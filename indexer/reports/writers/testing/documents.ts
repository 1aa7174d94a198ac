import type { ReportDocument, ReportRow, RowColumn, RowPages } from '../../document.ts'

/** Documents and rows for tests and benchmarks. */
export const COLUMNS: readonly RowColumn[] = [
  { title: 'Time', kind: 'time', field: '@timestamp' },
  { title: 'User', kind: 'text', field: 'user.name' },
  { title: 'Action', kind: 'text', field: 'event.action' },
  { title: 'Risk', kind: 'number', field: 'audit.risk' },
  { title: 'Event', kind: 'id', field: 'event.id' },
]

const FROM = Date.UTC(2026, 2, 1)
const TO = Date.UTC(2026, 3, 1)

export function documentOf(given: Partial<ReportDocument> & { count?: number } = {}): ReportDocument {
  const { count = 0, ...more } = given
  return {
    id: 'j-2026-0001',
    report: 'user-activity',
    title: 'User activity',
    about: 'What each user did in the period, with failures and changes of permissions.',
    organisation: { name: 'Acme Corporation', logo: null },
    scope: 'All events of all sources in March 2026.',
    query: 'event.module: * and not event.type: pipeline_error',
    zone: 'Europe/Berlin',
    period: { from: FROM, to: TO },
    requested: { by: 'jane.smith', at: Date.UTC(2026, 3, 2, 8, 30) },
    facts: [{ name: 'Masked fields', text: 'none' }],
    verdict: { complete: true, sentence: 'complete', reasons: [] },
    account: [],
    checkpoint: 'waybill.example/log\n42\nq83vASNFZ4k=\n',
    findings: [],
    rows: { columns: COLUMNS, count, order: 'oldest' },
    controls: [],
    paper: 'a4',
    ...more,
  }
}

const USERS = ['jane.smith', 'john.doe', 'amir.novak', 'lucy.miller', 'wei.zhang', 'Zoë Ångström']
const ACTIONS = ['login', 'customer.update', 'invoice.approve', 'role.grant', 'export.create']

export function rowOf(index: number): ReportRow {
  const at = FROM + ((index * 430_000) % (TO - FROM))
  const user = USERS[index % USERS.length]!
  const action = ACTIONS[(index * 7) % ACTIONS.length]!
  const id = `01HV${index.toString(36).toUpperCase().padStart(22, '0')}`
  const event = {
    '@timestamp': new Date(at).toISOString(),
    user: { name: user },
    event: { id, action, module: 'erp', outcome: index % 9 === 0 ? 'failure' : 'success' },
    audit: { risk: index % 100 },
  }
  return { cells: [at, user, action, index % 100, id], line: JSON.stringify(event) }
}

export async function* pagesOf(rows: readonly ReportRow[], size = 500): RowPages {
  for (let first = 0; first < rows.length; first += size) yield rows.slice(first, first + size)
}
