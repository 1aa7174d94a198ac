import { describe, expect, it } from 'vitest'
import { valueAt } from '../../../schema/index.ts'
import { eventsIn, missing, recordsOf, samplesOf } from '../testing/samples.ts'

const { integration, files, all } = await samplesOf('microsoft-entra')
const event = (record: object) => eventsIn(recordsOf(integration, `${JSON.stringify(record)}\n`))[0]!

describe('microsoft-entra', () => {
  it('knows every type of its catalogue, of Graph and of Azure Monitor', () => {
    const codes = new Set(all.map((one) => valueAt(one, 'event.code')))
    expect(integration.events.map(({ id }) => id).filter((id) => !codes.has(id))).toEqual([])
    expect([...files].map(([file, events]) => [file, events.length])).toEqual([
      ['azure-monitor.json', 3],
      ['directory-audits.jsonl', 12],
      ['sign-ins.json', 5],
    ])
  })

  it('says who did what to whom, and what it was before', () => {
    const role = {
      'event.action': 'Add member to role',
      'user.name': 'admin@example.com',
      'user.target.name': 'kim.lee@example.com',
      'audit.entity.type': 'Role',
      'audit.entity.name': 'Company Administrator',
      'source.ip': '198.51.100.60',
    }
    for (const file of ['directory-audits.jsonl', 'azure-monitor.json'])
      expect(missing(files.get(file)!, [role])).toEqual([])
    expect(
      missing(all, [
        {
          'event.action': 'Update user',
          'audit.changes': [
            { field: 'Department', new: '["Finance"]', old: '["Sales"]' },
            { field: 'Included Updated Properties', new: '"Department"', old: null },
          ],
        },
        { 'user.name': 'Example Provisioning', 'audit.entity.name': 'Mail Reader' },
        { 'user.name': 'Mail Reader', 'event.code': 'microsoft-entra.login.failed' },
      ]),
    ).toEqual([])
  })

  it.each([
    [0, 'success'],
    [50126, 'failure'],
    [53003, 'failure'],
    [50076, 'unknown'],
    [65001, 'unknown'],
    [undefined, 'unknown'],
  ])('a sign-in with the code %s is %s', (errorCode, outcome) => {
    for (const record of [{ status: { errorCode } }, { properties: { status: { errorCode } } }])
      expect(valueAt(event(record), 'event.outcome') ?? 'unknown').toBe(outcome)
  })

  it('an entry has one id, from Graph and from Azure Monitor', () => {
    const idOf = (file: string, action: string) =>
      valueAt(files.get(file)!.find((one) => valueAt(one, 'event.action') === action)!, 'event.id')
    expect(idOf('azure-monitor.json', 'Add member to role')).toBe(
      idOf('directory-audits.jsonl', 'Add member to role'),
    )
  })
})
