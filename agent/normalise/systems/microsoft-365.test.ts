import { describe, expect, it } from 'vitest'
import { valueAt } from '../../../schema/index.ts'
import { eventsIn, missing, recordsOf, samplesOf, textsOf } from '../testing/samples.ts'

const { integration, files, all } = await samplesOf('microsoft-365')
const event = (record: object) => eventsIn(recordsOf(integration, `${JSON.stringify(record)}\n`))[0]!

describe('microsoft-365', () => {
  it('knows every type of its catalogue', () => {
    const codes = new Set(all.map((one) => valueAt(one, 'event.code')))
    expect(integration.events.map(({ id }) => id).filter((id) => !codes.has(id))).toEqual([])
    expect(all.filter((one) => valueAt(one, 'event.kind') !== 'event')).toEqual([])
  })

  it('a row with AuditData is the record that stands in it', () => {
    const known = new Map(files.get('activities.json')!.map((one) => [valueAt(one, 'event.id'), one]))
    for (const file of ['purview.csv', 'search-unified.csv']) {
      for (const row of files.get(file)!) {
        const same = known.get(valueAt(row, 'event.id'))
        for (const path of [
          '@timestamp',
          'event.action',
          'user.name',
          'source.ip',
          'event.outcome',
          'audit.changes',
        ])
          expect(valueAt(row, path)).toEqual(valueAt(same!, path))
      }
    }
    expect(files.get('purview.csv')).toHaveLength(3)
  })

  it('says who did what to whom, from where, and what it was', () => {
    expect(
      missing(all, [
        { 'event.action': 'New-InboxRule', 'source.ip': '2001:db8::70', 'source.port': 52110 },
        {
          'event.action': 'Add-MailboxPermission',
          'source.ip': '198.51.100.70',
          'audit.entity.id': 'kim.lee',
        },
        {
          'event.action': 'Update user.',
          'user.target.name': 'kim.lee@example.com',
          'audit.changes': [{ field: 'Department', new: 'Finance', old: 'Sales' }],
        },
        {
          'event.action': 'SendAs',
          'user.name': 'sam.roe@example.com',
          'user.target.name': 'kim.lee@example.com',
        },
        { 'event.action': 'FileAccessed', 'audit.entity.name': 'salaries.xlsx', 'audit.category': 'view' },
      ]),
    ).toEqual([])
  })

  it.each([
    ['UserLoginFailed', 'Success', 'failure'],
    ['UserLoggedIn', 'Success', 'success'],
    ['UserLoggedIn', undefined, 'success'],
    ['Set-Mailbox', 'False', 'failure'],
    ['Set-Mailbox', undefined, 'unknown'],
    ['FileDeleted', undefined, 'success'],
  ])('%s with the status %s is %s', (Operation, ResultStatus, outcome) => {
    expect(valueAt(event({ Operation, ResultStatus }), 'event.outcome') ?? 'unknown').toBe(outcome)
  })

  it('masks the password that a command was given', () => {
    expect(all.flatMap(textsOf).filter((text) => text.includes('geheim'))).toEqual([])
  })
})
