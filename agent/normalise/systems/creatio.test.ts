import { describe, expect, it } from 'vitest'
import { valueAt } from '../../../schema/index.ts'
import { missing, samplesOf } from '../testing/samples.ts'

/** What Creatio's audit log and change log record, each type with its own switch. */
const { integration, files, all } = await samplesOf('creatio')

describe('creatio', () => {
  it('knows what the audit log records, in each form', () => {
    const wanted = [
      {
        'event.code': 'creatio.login',
        'audit.module': 'User authorization',
        'event.outcome': 'success',
        'event.category': 'authentication',
      },
      {
        'event.code': 'creatio.login.failed',
        'event.outcome': 'failure',
        'user.name': 'Supervisor',
        'source.ip': '203.0.113.45',
      },
      {
        'event.code': 'creatio.role.changed',
        'audit.module': 'User role structure',
        'audit.category': 'security',
      },
    ]
    for (const file of ['odata.json', 'audit-log.csv'])
      expect(missing(files.get(file) ?? [], wanted)).toEqual([])
    expect(
      missing(all, [
        { 'event.code': 'creatio.logout', 'event.action': 'Logout', 'event.type': 'end' },
        { 'event.code': 'creatio.session', 'event.category': 'session' },
        { 'event.code': 'creatio.user.changed', 'audit.entity.type': 'User' },
        {
          'event.code': 'creatio.role.changed',
          'event.action': 'User role change',
          'audit.entity.name': 'Sales managers',
          'user.target.name': 'Sarah Jones',
        },
        {
          'event.code': 'creatio.permission.operation',
          'event.action': 'Operation permission change',
          'audit.entity.name': 'CanViewSysOperationAudit',
        },
        {
          'event.code': 'creatio.permission.record',
          'event.action': 'Record permission change',
          'audit.category': 'security',
        },
        {
          'event.code': 'creatio.setting.changed',
          'event.action': 'System setting change',
          'event.category': 'configuration',
        },
        {
          'event.code': 'creatio.setting.audit',
          'audit.change.fields': 'Default value',
          'audit.change.after': 'Default value=true',
        },
        { 'event.code': 'creatio.audit.archived', 'event.action': 'Archive', 'audit.category': 'system' },
      ]),
    ).toEqual([])
  })

  it('knows what the change log records of business data', () => {
    expect(
      missing(all, [
        {
          'event.code': 'creatio.record.updated',
          'audit.entity.type': 'Product',
          'audit.change.before': 'Price=249.00',
          'audit.change.after': 'Price=255.00',
        },
        {
          'event.code': 'creatio.record.updated',
          'audit.entity.type': 'Account',
          'audit.change.before': 'Balance=10,000.00',
        },
        { 'event.code': 'creatio.record.created', 'audit.category': 'change', 'event.type': 'creation' },
        { 'event.code': 'creatio.record.deleted', 'audit.category': 'change', 'event.type': 'deletion' },
      ]),
    ).toEqual([])
  })

  it('each type of the audit log has its own switch; what would hide an intruder can not be switched off', () => {
    const mandatory = integration.events.filter((type) => type.mandatory).map(({ id }) => id)
    expect(mandatory).toEqual([
      'creatio.login.failed',
      'creatio.user.changed',
      'creatio.role.changed',
      'creatio.permission.operation',
      'creatio.permission.record',
      'creatio.setting.audit',
      'creatio.audit.archived',
    ])
    const codes = new Set(all.map((event) => valueAt(event, 'event.code')))
    expect(integration.events.filter(({ id }) => !codes.has(id))).toEqual([])
    expect(all.filter((event) => valueAt(event, 'event.code') === undefined)).toEqual([])
  })

  it('has the columns of the section list in their fields', () => {
    expect(
      missing(files.get('audit-log.csv') ?? [], [
        {
          '@timestamp': '2026-01-22T10:40:00.000Z',
          'audit.module': 'User authorization',
          'source.ip': '192.168.0.7',
          'user.name': 'John Best',
          message: 'User authorization John Best',
        },
      ]),
    ).toEqual([])
  })
})
