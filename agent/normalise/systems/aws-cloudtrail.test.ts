import { describe, expect, it } from 'vitest'
import { valueAt } from '../../../schema/index.ts'
import { eventsIn, missing, recordsOf, samplesOf, textsOf } from '../testing/samples.ts'

const { integration, files, all } = await samplesOf('aws-cloudtrail')
const event = (record: object) => eventsIn(recordsOf(integration, `${JSON.stringify(record)}\n`))[0]!

describe('aws-cloudtrail', () => {
  it('knows every type of its catalogue', () => {
    const codes = new Set(all.map((one) => valueAt(one, 'event.code')))
    expect(integration.events.map(({ id }) => id).filter((id) => !codes.has(id))).toEqual([])
    expect(all.filter((one) => valueAt(one, 'event.kind') !== 'event')).toEqual([])
  })

  it('says who did what to what: users, sessions of roles, services, root', () => {
    expect(
      missing(all, [
        {
          'event.action': 'AttachUserPolicy',
          'user.name': 'kim.lee@example.com',
          'user.effective.name': 'Administrator',
          'user.target.name': 'build-bot',
          'audit.entity.type': 'user',
          'audit.entity.id': 'build-bot',
          'audit.entity.name': 'arn:aws:iam::aws:policy/AdministratorAccess',
          'source.ip': '198.51.100.24',
        },
        {
          'event.action': 'AssumeRole',
          'user.name': 'lambda.amazonaws.com',
          'source.domain': 'lambda.amazonaws.com',
        },
        { 'event.action': 'ConsoleLogin', 'user.name': 'root', 'audit.risk': 'high' },
        { 'event.action': 'RunInstances', 'audit.entity.id': 'i-0example0000000b2' },
        { 'event.action': 'GetObject', 'audit.entity.name': '2026/01/payroll.csv', 'audit.category': 'api' },
        { 'event.action': 'DescribeInstances', 'audit.category': 'view' },
      ]),
    ).toEqual([])
  })

  it.each([
    ['a call without an error', { eventType: 'AwsApiCall', eventName: 'CreateUser' }, 'success'],
    [
      'a call with one',
      { eventType: 'AwsApiCall', eventName: 'CreateUser', errorCode: 'Throttling' },
      'failure',
    ],
    ['a sign-in', { eventName: 'ConsoleLogin', responseElements: { ConsoleLogin: 'Success' } }, 'success'],
    ['a failed one', { eventName: 'ConsoleLogin', responseElements: { ConsoleLogin: 'Failure' } }, 'failure'],
    ['one that says nothing', { eventName: 'ConsoleLogin', eventType: 'AwsConsoleSignIn' }, 'unknown'],
    ['what a service did', { eventName: 'RotateKey', eventType: 'AwsServiceEvent' }, 'unknown'],
  ])('the outcome of %s', (_, record, outcome) => {
    expect(valueAt(event(record), 'event.outcome') ?? 'unknown').toBe(outcome)
  })

  it('a refused call is an access that was denied, whatever it wanted', () => {
    const refused = all.filter((one) => /not authorized/.test(String(valueAt(one, 'event.reason'))))
    expect(refused.map((one) => valueAt(one, 'event.code'))).toEqual(Array(2).fill('aws-cloudtrail.denied'))
  })

  it('an event is the same in every file', () => {
    const ids = (file: string) => files.get(file)!.map((one) => valueAt(one, 'event.id'))
    expect(ids('trail.json').slice(0, 3)).toEqual(ids('lookup.jsonl').slice(0, 3))
  })

  it('masks passwords and tokens, and keeps the ids of keys and secrets', () => {
    const texts = all.flatMap(textsOf)
    expect(texts.filter((text) => /Geheim|IQoJb3JpZ2lu/.test(text))).toEqual([])
    expect(texts).toContain('AKIAEXAMPLE000000BOT')
    expect(texts).toContain('prod/db')
  })
})
