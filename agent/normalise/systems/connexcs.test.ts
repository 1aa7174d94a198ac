import { describe, expect, it } from 'vitest'
import { valueAt } from '../../../schema/index.ts'
import { eventsIn, missing, recordsOf, samplesOf } from '../testing/samples.ts'

/** All columns and all nine actions of ConnexCS's audit log. */
const { integration, files, all } = await samplesOf('connexcs')

describe('connexcs', () => {
  it('knows all nine actions', () => {
    expect(
      missing(all, [
        {
          'event.action': 'CREATE',
          'event.code': 'connexcs.record.created',
          'audit.category': 'change',
          'event.type': 'creation',
        },
        {
          'event.action': 'DELETE',
          'event.code': 'connexcs.record.deleted',
          'audit.category': 'change',
          'event.type': 'deletion',
        },
        {
          'event.action': 'GENERATE',
          'event.code': 'connexcs.document.generated',
          'audit.category': 'activity',
        },
        {
          'event.action': 'LOGIN',
          'event.code': 'connexcs.login',
          'audit.category': 'security',
          'event.outcome': 'success',
        },
        {
          'event.action': 'LOGIN',
          'event.code': 'connexcs.login.failed',
          'audit.category': 'security',
          'event.outcome': 'failure',
        },
        {
          'event.action': 'POST',
          'event.code': 'connexcs.record.posted',
          'audit.category': 'change',
          'event.type': 'creation',
        },
        {
          'event.action': 'PUBLISH',
          'event.code': 'connexcs.record.published',
          'audit.category': 'change',
          'event.type': 'change',
        },
        {
          'event.action': 'PUT',
          'event.code': 'connexcs.record.put',
          'audit.category': 'change',
          'event.type': 'change',
        },
        { 'event.action': 'SEND', 'event.code': 'connexcs.document.sent', 'audit.category': 'activity' },
        {
          'event.action': 'UPDATE',
          'event.code': 'connexcs.record.updated',
          'audit.category': 'change',
          'event.type': 'change',
        },
      ]),
    ).toEqual([])
  })

  it('has every column in its field', () => {
    for (const file of ['audit-log.csv', 'api.json'])
      expect(
        missing(files.get(file) ?? [], [
          {
            'user.name': 'priya.nair@brightline.example',
            'source.ip': '10.20.0.31',
            '@timestamp': '2026-01-22T10:45:32.000Z',
            'audit.entity.id': '1045',
            'event.action': 'PUT',
            'audit.entity.type': 'customer',
            message: 'Customer Acme Corporation changed',
            'audit.change.before': 'channels=30',
            'audit.change.after': 'channels=60',
          },
        ]),
      ).toEqual([])
  })

  it('tells Portal, API and Control Panel apart', () => {
    expect(
      missing(all, [
        { 'user.name': 'Portal', 'audit.channel': 'portal' },
        { 'user.name': 'API (provisioning)', 'audit.channel': 'api' },
        { 'user.name': 'priya.nair@brightline.example', 'audit.channel': 'panel' },
      ]),
    ).toEqual([])
    const channels = new Map(
      all.map((event) => [valueAt(event, 'user.name'), valueAt(event, 'audit.channel')]),
    )
    expect([...channels].filter(([, channel]) => channel === 'portal')).toEqual([['Portal', 'portal']])
  })

  it('puts who may do what under security, whichever action changes it', () => {
    expect(
      missing(all, [
        { 'event.code': 'connexcs.access.created', 'audit.category': 'security', 'event.category': 'iam' },
        { 'event.code': 'connexcs.access.changed', 'audit.change.after': 'role=admin' },
        { 'event.code': 'connexcs.access.deleted', 'event.type': 'deletion' },
      ]),
    ).toEqual([])
  })

  it('masks passwords in the data, and shows that they changed', () => {
    expect(JSON.stringify(all)).not.toMatch(/s3cr3t|Welcome2026/)
    expect(
      missing(all, [{ 'audit.change.after': 'sip_password=[masked:password#2]', tags: 'secret_masked' }]),
    ).toEqual([])
  })

  it('a PUT without data says that the previous value is unknown', () => {
    expect(
      missing(all, [{ 'audit.entity.id': '88', 'event.action': 'PUT', 'audit.old_unknown': true }]),
    ).toEqual([])
  })

  it('an entry has one id in the export and in the answer of the API', () => {
    const data = { before: { channels: 30 }, after: { channels: 60 } }
    const cells = `${JSON.stringify(data).replaceAll('"', '""')}`
    const csv = `User,IP,Date / Time,Primary Key,Action,Table,Message,Data\na@b,10.0.0.1,2026-01-22 10:45:32,7,PUT,customer,Changed,"${cells}"\n`
    const json = JSON.stringify({
      results: [
        {
          user: 'a@b',
          ip: '10.0.0.1',
          date_time: '2026-01-22T10:45:32Z',
          primary_key: 7,
          action: 'PUT',
          table: 'customer',
          message: 'Changed',
          data,
        },
      ],
    })
    const [one] = eventsIn(recordsOf(integration, csv))
    const [other] = eventsIn(recordsOf(integration, json))
    expect(valueAt(one ?? {}, 'event.id')).toBe(valueAt(other ?? {}, 'event.id'))
  })

  it.each([
    ['field by field', { channels: { before: 30, after: 60 } }],
    ['as pairs', { channels: [30, 60] }],
    ['as a list', [{ field: 'channels', old: 30, new: 60 }]],
    ['as a list of another program', [{ kind: 'E', path: ['channels'], lhs: 30, rhs: 60 }]],
    ['in two states', { before: { channels: 30 }, after: { channels: 60 } }],
    ['as the lines of the popup', '  "name": "Acme",\n- "channels": 30,\n+ "channels": 60,'],
    ['in words', 'channels: 30 -> 60'],
  ])('reads a difference %s', (_, data) => {
    const record = { user: 'jo', date_time: '2026-01-22 10:45:32', action: 'PUT', table: 'customer' }
    for (const given of typeof data === 'string' ? [data] : [data, JSON.stringify(data)]) {
      const [event] = eventsIn(recordsOf(integration, `${JSON.stringify({ ...record, Data: given })}\n`))
      expect(valueAt(event ?? {}, 'audit.changes')).toEqual([{ field: 'channels', old: '30', new: '60' }])
      expect(valueAt(event ?? {}, 'audit.old_unknown')).toBeUndefined()
    }
  })

  it('keeps lists as values', () => {
    const record = {
      user: 'jo',
      action: 'PUT',
      data: { before: { codecs: ['G711'] }, after: { codecs: ['G711', 'G729'] } },
    }
    const [event] = eventsIn(recordsOf(integration, `${JSON.stringify(record)}\n`))
    expect(valueAt(event ?? {}, 'audit.changes')).toEqual([
      { field: 'codecs', old: '["G711"]', new: '["G711","G729"]' },
    ])
  })

  it('puts what runs by itself under system', () => {
    expect(
      missing(all, [{ 'user.name': 'System', 'event.code': 'connexcs.job.run', 'audit.category': 'system' }]),
    ).toEqual([])
  })

  it('gives every record a type', () => {
    expect(all.filter((event) => valueAt(event, 'event.code') === undefined)).toEqual([])
    const codes = new Set(all.map((event) => valueAt(event, 'event.code')))
    expect(integration.events.filter(({ id }) => !codes.has(id))).toEqual([])
  })
})
