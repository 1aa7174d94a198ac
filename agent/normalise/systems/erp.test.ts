import { describe, expect, it } from 'vitest'
import { type AuditEvent, valueAt } from '../../../schema/index.ts'
import { hasValues, missing, recordsOf, samplesOf } from '../testing/samples.ts'

/** Every event, column and screen of the ERP's document has its place. */
const { integration, files, all } = await samplesOf('erp')
const byId = (file: string, id: string): AuditEvent => {
  const found = files.get(file)?.find((event) => valueAt(event, 'audit.source_event_id') === id)
  if (found === undefined) throw new Error(`${file} has no ${id}`)
  return found
}

describe('erp', () => {
  it('knows every action of the log viewer', () => {
    expect(
      missing(all, [
        {
          'event.code': 'erp.record.created',
          'event.action': 'Create',
          'audit.category': 'change',
          'event.type': 'creation',
        },
        {
          'event.code': 'erp.record.updated',
          'event.action': 'Update',
          'audit.category': 'change',
          'event.type': 'change',
        },
        {
          'event.code': 'erp.record.deleted',
          'event.action': 'Delete',
          'audit.category': 'change',
          'event.type': 'deletion',
        },
        {
          'event.code': 'erp.record.viewed',
          'event.action': 'View',
          'audit.category': 'view',
          'event.type': 'access',
        },
        { 'event.code': 'erp.login.success', 'event.action': 'Login', 'audit.category': 'security' },
        {
          'event.code': 'erp.logout',
          'event.action': 'Logout',
          'audit.category': 'security',
          'event.duration': 4.5 * 3600e9,
        },
        {
          'event.code': 'erp.record.exported',
          'event.action': 'Export',
          'audit.category': 'activity',
          'audit.record_count': 5000,
        },
        {
          'event.code': 'erp.record.imported',
          'event.action': 'Import',
          'audit.record_count': 1204,
          'audit.variant': 'import',
        },
        {
          'event.code': 'erp.settings.changed',
          'event.action': 'Settings Change',
          'event.category': 'configuration',
        },
        { 'event.code': 'erp.report.generated', 'audit.entity.name': 'Data Change Report' },
        {
          'event.code': 'erp.api.request',
          'audit.category': 'api',
          'user.name': 'API (Main)',
          'event.duration': 145e6,
        },
      ]),
    ).toEqual([])
  })

  it('knows every entity', () => {
    const wanted = [
      'Customer',
      'Order',
      'Product',
      'User',
      'Settings',
      'Invoice',
      'Quote',
      'Session',
      'Financial Record',
    ]
    expect(
      missing(
        all,
        wanted.map((entity) => ({ 'audit.entity.type': entity })),
      ),
    ).toEqual([])
  })

  it('knows every security event with its status and risk', () => {
    expect(
      missing(all, [
        {
          'event.code': 'erp.login.success',
          'audit.status': 'ok',
          'audit.risk': 'low',
          'event.outcome': 'success',
        },
        {
          'event.code': 'erp.login.failed',
          'audit.status': 'warning',
          'audit.risk': 'medium',
          'audit.attempt.count': 3,
          'audit.attempt.max': 5,
        },
        {
          'event.code': 'erp.login.failed',
          'audit.status': 'error',
          'audit.risk': 'high',
          'audit.attempt.count': 5,
          'user.name': 'Unknown',
        },
        { 'event.code': 'erp.password.reset', 'audit.risk': 'low', 'user.target.name': 'Sarah Jones' },
        { 'event.code': 'erp.password.changed', 'audit.change.fields': 'Password' },
        {
          'event.code': 'erp.api_key.created',
          'audit.risk': 'medium',
          'audit.entity.name': 'New production key',
        },
        { 'event.code': 'erp.api_key.revoked' },
        {
          'event.code': 'erp.permission.changed',
          'audit.risk': 'high',
          'audit.change.after': 'Role=Admin',
          'user.target.name': 'Bob Morrison',
        },
        { 'event.code': 'erp.two_factor.enabled', 'audit.risk': 'low' },
        { 'event.code': 'erp.two_factor.disabled' },
        {
          'event.code': 'erp.account.locked',
          'audit.status': 'error',
          'audit.risk': 'high',
          'user.target.name': 'Bob Morrison',
        },
        { 'event.code': 'erp.account.unlocked' },
        { 'event.code': 'erp.profile.updated', 'audit.change.fields': 'Phone' },
        { 'event.code': 'erp.permission.requested', 'audit.entity.id': 'customers.export' },
        { 'event.code': 'erp.security.alert', 'user.group.name': 'Marketing' },
        { 'event.code': 'erp.security.alert', 'source.ip': '45.67.89.123' },
      ]),
    ).toEqual([])
  })

  it('knows every system event with its component, status and duration', () => {
    const job = (
      event: string,
      component: string,
      nanoseconds: number,
      status = 'ok',
    ): Record<string, unknown> => ({
      'audit.payload.Event': event,
      'audit.component': component,
      'audit.status': status,
      'event.duration': nanoseconds,
      'audit.category': 'system',
    })
    expect(
      missing(all, [
        {
          ...job('Scheduled Backup', 'Database', 724e9),
          'event.code': 'erp.backup.run',
          'event.outcome': 'success',
        },
        job('Email Queue Process', 'Notifications', 1.2e9),
        job('Currency Rate Update', 'Finance', 800e6),
        job('Index Rebuild', 'Search', 200e9),
        job('Log Rotation', 'System', 4e9),
        job('Scheduled Reports', 'Reports', 120e9),
        { ...job('Daily Reconciliation', 'Finance', 300e9, 'warning'), 'event.outcome': 'unknown' },
        { ...job('Integration Sync', 'Shopify', 40e9), 'event.code': 'erp.integration.run' },
        {
          ...job('Integration Sync', 'Shopify', 40e9, 'error'),
          'event.code': 'erp.integration.error',
          'event.outcome': 'failure',
        },
        { ...job('Performance Alert', 'Search', 4.2e9, 'warning'), 'event.code': 'erp.performance.alert' },
        { 'event.code': 'erp.error', 'audit.status': 'error', 'event.type': 'error' },
        { 'event.code': 'erp.notification.sent', 'audit.component': 'Notifications' },
      ]),
    ).toEqual([])
  })

  it('has each detail of the log entry screen in its field', () => {
    const event = byId('export.csv', 'LOG-2026-8456789')
    expect(
      hasValues(event, {
        '@timestamp': '2026-01-22T15:45:32.000Z',
        'event.action': 'Update',
        'audit.entity.type': 'Customer',
        'audit.entity.id': 'CUST-12345',
        'audit.entity.name': 'Acme Corporation',
        'event.outcome': 'success',
        'user.name': 'John Smith',
        'user.email': 'john.smith@brightline.example',
        'user.roles': ['Sales Manager'],
        'user.group.name': 'Sales',
        'source.ip': '192.168.1.105',
        'user_agent.name': 'Chrome',
        'user_agent.os.name': 'Windows',
        'audit.session.id': 'sess_abc123',
        'audit.module': 'Customers',
        'audit.payload.Location': 'New York, NY (estimated)',
        'audit.change.fields': ['Credit Limit', 'Payment Terms'],
        'audit.change.before': ['Credit Limit=$10,000.00', 'Payment Terms=Net 30'],
        'audit.change.after': ['Credit Limit=$15,000.00', 'Payment Terms=Net 45'],
      }),
    ).toBe(true)
    expect(valueAt(event, 'audit.changes')).toEqual([
      { field: 'Credit Limit', old: '$10,000.00', new: '$15,000.00' },
      { field: 'Payment Terms', old: 'Net 30', new: 'Net 45' },
      { field: 'Status', old: 'Active', new: 'Active' },
    ])
  })

  it('ties the approval and the notification to the change that caused them', () => {
    for (const id of ['LOG-2026-8456790', 'LOG-2026-8456791'])
      expect(valueAt(byId('export.csv', id), 'audit.parent.event_id')).toBe('LOG-2026-8456789')
    expect(valueAt(byId('export.csv', 'LOG-2026-8456789'), 'audit.parent')).toBeUndefined()
  })

  it('gives an entry the same id in the export and in the document of the API', () => {
    const id = 'LOG-2026-8456789'
    const ids = ['export.csv', 'document.json'].map((file) => valueAt(byId(file, id), 'event.id'))
    expect(ids[0]).toBe(ids[1])
    const changes = ['export.csv', 'document.json'].map((file) => valueAt(byId(file, id), 'audit.changes'))
    expect(changes[0]).toEqual(changes[1])
  })

  it('says where a previous value is unknown, and shows a changed password as changed, masked', () => {
    expect(valueAt(byId('document.json', 'LOG-2026-8456793'), 'audit.old_unknown')).toBe(true)
    const user = byId('document.json', 'LOG-2026-8456792')
    expect(valueAt(user, 'audit.changes')).toEqual([
      { field: 'password_hash', old: '[masked:password]', new: '[masked:password#2]' },
    ])
    expect(JSON.stringify(all)).not.toMatch(/\$2b\$10|hunter2|correct-horse|a1b2c3d4e5|f6g7h8i9j0/)
  })

  it('gives each record of the samples a type, and has each type that is mandatory', () => {
    expect(all.filter((event) => valueAt(event, 'event.code') === undefined)).toEqual([])
    expect(all.filter((event) => valueAt(event, 'event.kind') !== 'event')).toEqual([])
    const codes = new Set(all.map((event) => valueAt(event, 'event.code')))
    expect(integration.events.map(({ id }) => id).filter((id) => !codes.has(id))).toEqual([])
  })

  it('a time without a year is of the latest year in which it is not ahead', () => {
    const [, record] = recordsOf(
      integration,
      'Timestamp,User,Action,Entity\nJan 22 10:45 AM,John Smith,Update,Customer\n',
    )
    expect(valueAt(record?.event ?? {}, '@timestamp')).toBe('2026-01-22T10:45:00.000Z')
  })

  const one = (record: object): AuditEvent => {
    const [examined] = recordsOf(
      integration,
      `${JSON.stringify({ timestamp: '2026-01-22T10:00:00Z', ...record })}\n`,
    )
    if (examined?.event == null) throw new Error('no event')
    return examined.event
  }

  it.each([
    { event: 'Failed Login (3/5)' },
    { action: 'Failed Login (3/5)' },
    { action: 'Login failed [attempt 3 of 5]' },
    { action: 'Login', result: 'Failure (3/5)' },
    { action: 'Login', status: 'Failed (3/5)' },
    { action: 'Failed Login', message: 'Wrong password for jo (3/5) from 192.0.2.7' },
    { action: 'Failed Login', details: 'Login attempt 3 of 5' },
    { action: 'Failed Login', description: 'sign-in refused (attempt 3/5)' },
    { event: 'Failed Login (3/5) - Mike W.' },
  ])('reads the attempts in %j', (record) => {
    expect(
      hasValues(one(record), {
        'audit.attempt.count': 3,
        'audit.attempt.max': 5,
        'event.outcome': 'failure',
        'event.code': 'erp.login.failed',
      }),
    ).toBe(true)
  })

  it('takes no other count for attempts', () => {
    for (const record of [
      { action: 'View', message: 'Page (1/3)' },
      { action: 'Update', details: 'Parcel (2/4) sent' },
    ])
      expect(valueAt(one(record), 'audit.attempt')).toBeUndefined()
    const several = one({ event: "Failed login attempts (5) - John's account" })
    expect(hasValues(several, { 'audit.attempt.count': 5, 'event.code': 'erp.login.failed' })).toBe(true)
  })

  it.each([
    [{ changes: { credit_limit: { from: 10, to: 15 } } }],
    [{ changes: { credit_limit: [10, 15] } }],
    [{ changes: [{ property: 'credit_limit', before: 10, after: 15 }] }],
    [{ diff: [{ name: 'credit_limit', was: 10, now: 15 }] }],
    [{ changes: 'credit_limit: 10 -> 15' }],
    [{ details: 'credit_limit: 10 → 15' }],
    [{ details: '- credit_limit: 10\n+ credit_limit: 15' }],
    [{ field: 'credit_limit', previous_value: '10', new_value: '15' }],
  ])('reads a change in %j', (record) => {
    const event = one({ action: 'Update', ...record })
    expect(valueAt(event, 'audit.changes')).toEqual([{ field: 'credit_limit', old: '10', new: '15' }])
    expect(valueAt(event, 'audit.old_unknown')).toBeUndefined()
  })

  it('reads lists as values, and a value that is gone', () => {
    expect(
      valueAt(
        one({ action: 'Update', field: 'roles', previous_value: ['User'], new_value: ['User', 'Admin'] }),
        'audit.changes',
      ),
    ).toEqual([{ field: 'roles', old: '["User"]', new: '["User","Admin"]' }])
    expect(valueAt(one({ action: 'Delete', changes: 'List Price: $59.00 -> ' }), 'audit.changes')).toEqual([
      { field: 'List Price', old: '$59.00', new: '' },
    ])
  })

  it.each([
    'Scheduled Backup',
    'Email Queue Process',
    'Currency Rate Update',
    'Index Rebuild',
    'Log Rotation',
    'Scheduled Reports',
    'Daily Reconciliation',
    'Integration Sync',
  ])('knows the job %s as the screen of system events has it, and by whichever column', (job) => {
    for (const record of [
      { event: job, component: 'Database', status: '✓ Success' },
      { action: job, component: 'Database', status: '✓ Success' },
      { type: 'System Events', action: job },
      { user: 'System', event: job },
      { user: 'System', action: job },
    ])
      expect(hasValues(one(record), { 'audit.category': 'system' }), JSON.stringify(record)).toBe(true)
  })

  it('a list of related events names the first', () => {
    const event = one({ action: 'Notification', related_events: 'LOG-1, LOG-2' })
    expect(valueAt(event, 'audit.parent.event_id')).toBe('LOG-1')
  })
})
