import { describe, expect, it } from 'vitest'
import { valueAt } from '../../../schema/index.ts'
import { eventsIn, missing, recordsOf, samplesOf } from '../testing/samples.ts'

const { integration, files, all } = await samplesOf('google-workspace')
const event = (...events: object[]) =>
  eventsIn(recordsOf(integration, `${JSON.stringify({ id: { applicationName: 'login' }, events })}\n`))[0]!

describe('google-workspace', () => {
  it('knows every type of its catalogue, from pages and from lines', () => {
    const codes = new Set(all.map((one) => valueAt(one, 'event.code')))
    expect(integration.events.map(({ id }) => id).filter((id) => !codes.has(id))).toEqual([])
    const ids = (file: string) => files.get(file)!.map((one) => valueAt(one, 'event.id'))
    expect(ids('activities.jsonl')).toEqual(ids('activities.json').slice(0, 3))
    expect(new Set(ids('activities.json')).size).toBe(17)
  })

  it('finds parameters by their names: who, to whom, what it was', () => {
    expect(
      missing(all, [
        {
          'event.action': 'ASSIGN_ROLE',
          'user.name': 'admin@example.com',
          'user.target.name': 'kim.lee@example.com',
          'audit.entity.type': 'role',
          'audit.entity.name': '_SEED_ADMIN_ROLE',
          'source.ip': '198.51.100.80',
        },
        {
          'event.action': 'ADD_GROUP_MEMBER',
          'group.name': 'finance@example.com',
          'user.target.name': 'kim.lee@example.com',
        },
        {
          'event.action': 'CHANGE_APPLICATION_SETTING',
          'audit.changes': [{ field: 'Session management - session length', new: '720', old: '12' }],
          'audit.component': 'Security',
        },
        {
          'event.action': 'CHANGE_FIRST_NAME',
          'audit.changes': [{ field: 'CHANGE_FIRST_NAME', new: 'Kimberly', old: 'Kim' }],
        },
        { 'event.action': 'login_failure', 'event.reason': 'login_failure_invalid_password' },
      ]),
    ).toEqual([])
  })

  it.each([
    [[{ name: 'login_success' }], 'success'],
    [[{ name: 'login_failure' }], 'failure'],
    [[{ name: 'login_verification' }, { name: 'login_failure' }], 'failure'],
    [[{ name: 'login_verification' }], 'unknown'],
    [
      [{ name: 'login_challenge', parameters: [{ name: 'login_challenge_status', value: 'passed' }] }],
      'success',
    ],
    [[{ name: 'ASSIGN_ROLE' }], 'unknown'],
    [[{ name: 'CREATE_USER' }], 'success'],
  ])('%j is %s', (events, outcome) => {
    expect(valueAt(event(...events), 'event.outcome') ?? 'unknown').toBe(outcome)
  })
})
