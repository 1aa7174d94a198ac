import { describe, expect, it } from 'vitest'
import { valueAt } from '../../../schema/index.ts'
import { eventsIn, missing, recordsOf, samplesOf } from '../testing/samples.ts'

/** The records of Creatio's audit log and change log, each type with its own switch. */
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
      'creatio.ip_range.changed',
      'creatio.role.changed',
      'creatio.permission.operation',
      'creatio.permission.record',
      'creatio.user.changed',
      'creatio.setting.audit',
      'creatio.audit.archived',
    ])
    const codes = new Set(all.map((event) => valueAt(event, 'event.code')))
    expect(integration.events.filter(({ id }) => !codes.has(id))).toEqual([])
    expect(all.filter((event) => valueAt(event, 'event.code') === undefined)).toEqual([])
  })

  it('behind proxies the source is the first public address, and all are found', () => {
    expect(
      missing(files.get('sys-operation-audit.json') ?? [], [
        {
          'event.code': 'creatio.login',
          'source.ip': '203.0.113.66',
          'related.ip': ['203.0.113.66', '10.0.0.2'],
        },
        // A denied sign-in has no owner: the description names the account.
        {
          'event.code': 'creatio.login.failed',
          'event.outcome': 'failure',
          'user.name': 'mary.king',
          'network.forwarded_ip': '10.0.0.2',
        },
      ]),
    ).toEqual([])
    expect(
      missing(files.get('audit-log-ru.csv') ?? [], [{ 'related.ip': ['203.0.113.66', '10.0.0.2'] }]),
    ).toEqual([])
  })

  it('knows types by their words, in the languages of the product', () => {
    const wanted = [
      ['creatio.login', 'success', 'Мария Кинг'],
      ['creatio.login.failed', 'failure', 'm.king'],
      ['creatio.user.changed', 'success', 'Supervisor'],
      ['creatio.role.changed', 'success', 'Supervisor'],
      ['creatio.permission.operation', 'failure', 'Инес Маро'],
      ['creatio.permission.record', 'success', 'Supervisor'],
      ['creatio.setting.changed', 'success', 'Supervisor'],
    ].map(([code, outcome, user]) => ({ 'event.code': code, 'event.outcome': outcome, 'user.name': user }))
    expect(missing(files.get('audit-log-ru.csv') ?? [], wanted)).toEqual([])
  })

  it.each([
    ['UserAuthorization', 'creatio.login'],
    ['USER_AUTHORIZATION', 'creatio.login'],
    ['Benutzerautorisierung', 'creatio.login'],
    ["Autorisation de l'utilisateur", 'creatio.login'],
    ['Autorización del usuario', 'creatio.login'],
    ['Авторизація користувача', 'creatio.login'],
    ['User session', 'creatio.session'],
    ['Сессия пользователя', 'creatio.session'],
    ['Users', 'creatio.user.changed'],
    ['UserManagement', 'creatio.user.changed'],
    ['Benutzerverwaltung', 'creatio.user.changed'],
    ['User role structure', 'creatio.role.changed'],
    ['Org. structure management', 'creatio.role.changed'],
    ['Управление ролями пользователей', 'creatio.role.changed'],
    ['Permissions for system operations', 'creatio.permission.operation'],
    ['Права на операции', 'creatio.permission.operation'],
    ['Access permissions', 'creatio.permission.record'],
    ['Права доступа на записи', 'creatio.permission.record'],
    ["Droits d'accès aux objets", 'creatio.permission.record'],
    ['ClientIPRange', 'creatio.ip_range.changed'],
    ['Диапазоны IP-адресов', 'creatio.ip_range.changed'],
    ['Systemeinstellungen', 'creatio.setting.changed'],
    ['Журнал аудита', 'creatio.audit.archived'],
    ['Data export', 'creatio.audit.other'],
    ['Something of a package', 'creatio.audit.other'],
  ])('the type %s is %s', (type, code) => {
    for (const Type of [type, { Name: type }, { Code: type }]) {
      const record = {
        Id: 'a',
        Date: '2026-01-22T10:00:00Z',
        Type,
        Result: { Name: 'Foo' },
        Owner: { Name: 'A' },
      }
      const [event] = eventsIn(recordsOf(integration, `${JSON.stringify(record)}\n`))
      expect(valueAt(event ?? {}, 'event.code')).toBe(code)
      const category = code === 'creatio.audit.archived' ? 'system' : 'security'
      expect(valueAt(event ?? {}, 'audit.category')).toBe(category)
      expect(valueAt(event ?? {}, 'event.outcome')).toBe('unknown')
    }
  })

  it('takes from the change log who modified a record, and the previous value', () => {
    for (const file of ['change-log-modified.csv', 'change-log.jsonl'])
      expect(
        missing(files.get(file) ?? [], [
          { 'event.code': 'creatio.record.updated', 'user.name': 'Lisa Turner', 'audit.category': 'change' },
        ]),
      ).toEqual([])
    expect(
      missing(all, [
        { 'audit.change.before': 'Balance=9,500.00', 'audit.entity.name': 'Acme Corporation' },
        { 'audit.change.before': 'Price=249.00', 'audit.entity.name': 'SIP trunk, 30 channels' },
      ]),
    ).toEqual([])
    // The person who modified a row of the audit log is not the one who signed in.
    const audited = files.get('sys-operation-audit.json') ?? []
    expect(audited.filter((event) => String(valueAt(event, 'user.id')).startsWith('0000'))).toEqual([])
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
