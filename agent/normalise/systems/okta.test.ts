import { describe, expect, it } from 'vitest'
import { valueAt } from '../../../schema/index.ts'
import { eventsIn, missing, recordsOf, samplesOf } from '../testing/samples.ts'

const { integration, files, all } = await samplesOf('okta')
const event = (record: object) => eventsIn(recordsOf(integration, `${JSON.stringify(record)}\n`))[0]!

describe('okta', () => {
  it('knows every type of its catalogue, from lines and from lists', () => {
    const codes = new Set(all.map((one) => valueAt(one, 'event.code')))
    expect(integration.events.map(({ id }) => id).filter((id) => !codes.has(id))).toEqual([])
    expect(files.get('logs.json')).toHaveLength(2)
    expect(all.filter((one) => valueAt(one, 'event.kind') !== 'event')).toEqual([])
    const ids = new Set(files.get('system-log.jsonl')!.map((one) => valueAt(one, 'event.id')))
    for (const one of files.get('logs.json')!) expect(ids).toContain(valueAt(one, 'event.id'))
  })

  it('says who did what to whom, and what was tried', () => {
    expect(
      missing(all, [
        {
          'event.action': 'group.user_membership.add',
          'user.name': 'jane.doe@example.com',
          'user.target.name': 'kim.lee@example.com',
          'group.name': 'Administrators',
        },
        {
          'event.code': 'okta.login.failed',
          'user.name': 'sam.roe@example.com',
          'event.reason': 'INVALID_CREDENTIALS',
          'source.ip': '203.0.113.90',
        },
        {
          'event.action': 'application.user_membership.add',
          'audit.entity.name': 'Payroll',
          'audit.entity.type': 'AppInstance',
        },
        { 'event.action': 'system.api_token.create', 'audit.entity.name': 'ci token' },
      ]),
    ).toEqual([])
    const nobody = all.find((one) => valueAt(one, 'event.action') === 'security.threat.detected')!
    expect(valueAt(nobody, 'user.name')).toBeUndefined()
  })

  it('says what a profile and a rule were', () => {
    expect(
      missing(all, [
        {
          'event.action': 'user.account.update_profile',
          'audit.changes': [{ field: 'department', new: 'Finance', old: 'Sales' }],
        },
        {
          'event.action': 'policy.rule.update',
          'audit.changes': [{ field: 'status', new: 'INACTIVE', old: 'ACTIVE' }],
        },
      ]),
    ).toEqual([])
  })

  it.each([
    ['SUCCESS', 'success'],
    ['ALLOW', 'success'],
    ['FAILURE', 'failure'],
    ['DENY', 'failure'],
    ['CHALLENGE', 'unknown'],
    ['SKIPPED', 'unknown'],
    [null, 'unknown'],
  ])('the result %s is %s', (result, outcome) => {
    const made = event({ eventType: 'user.session.start', outcome: { result } })
    expect(valueAt(made, 'event.outcome') ?? 'unknown').toBe(outcome)
  })
})
