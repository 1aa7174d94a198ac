import { describe, expect, it } from 'vitest'
import { valueAt } from '../../../schema/index.ts'
import { eventsIn, missing, recordsOf, samplesOf, textsOf } from '../testing/samples.ts'

const { integration, files, all } = await samplesOf('postgresql')
const event = (record: object) => eventsIn(recordsOf(integration, `${JSON.stringify(record)}\n`))[0]!

describe('postgresql', () => {
  it('knows every type of its catalogue', () => {
    const codes = new Set(all.map((one) => valueAt(one, 'event.code')))
    expect(integration.events.map(({ id }) => id).filter((id) => !codes.has(id))).toEqual([])
    expect(files.get('postgresql.csv')).toHaveLength(23)
    expect(all.filter((one) => valueAt(one, 'event.kind') !== 'event')).toEqual([])
  })

  it('takes the lines of pgaudit apart, with statements of several lines', () => {
    for (const events of files.values())
      expect(
        missing(events, [
          {
            '@timestamp': '2026-01-22T15:00:08.417Z',
            'user.name': 'jane',
            'source.ip': '203.0.113.35',
            'source.port': 51234,
            'event.action': 'SELECT',
            'audit.entity.type': 'TABLE',
            'audit.entity.name': 'public.account',
            'audit.request': `"select *\n  from account where name = 'Kim'"`,
            'audit.module': 'shop',
            'audit.category': 'view',
          },
        ]),
      ).toEqual([])
  })

  it('knows who tried to sign in, from where', () => {
    for (const events of files.values())
      expect(
        missing(events, [
          { 'event.code': 'postgresql.login.failed', 'user.name': 'sam', 'event.outcome': 'failure' },
          { 'event.code': 'postgresql.login.failed', 'user.name': 'root', 'source.ip': '198.51.100.35' },
        ]),
      ).toEqual([])
    expect(missing(all, [{ 'event.code': 'postgresql.login', 'user.name': 'postgres' }])).toEqual([])
  })

  it.each([
    [
      'AUDIT: SESSION,1,1,WRITE,INSERT,TABLE,public.t,insert into t values (1),<not logged>',
      'LOG',
      'unknown',
    ],
    ['relation "t" does not exist', 'ERROR', 'failure'],
    ['connection authorized: user=jane database=shop', 'LOG', 'success'],
    ['password authentication failed for user "jane"', 'FATAL', 'failure'],
    ['connection received: host=203.0.113.35 port=51234', 'LOG', 'unknown'],
  ])('%s is %s, so %s', (message, error_severity, outcome) => {
    expect(valueAt(event({ message, error_severity }), 'event.outcome') ?? 'unknown').toBe(outcome)
  })

  it('masks the password of a role', () => {
    expect(all.flatMap(textsOf).filter((text) => text.includes('Geheim'))).toEqual([])
  })

  it('reads rows of older releases, which have fewer columns', () => {
    const row =
      '2026-01-22 15:00:01.100 UTC,"jane","shop",77,"203.0.113.35:51000",6972a1b2.4d,3,"idle",2026-01-22 15:00:00 UTC,3/1,0,LOG,00000,"statement: SELECT 1",,,,,,,,,"psql"\n'
    const [first] = eventsIn(recordsOf(integration, row))
    expect(valueAt(first!, 'user.name')).toBe('jane')
    expect(valueAt(first!, 'event.code')).toBe('postgresql.read')
  })
})
