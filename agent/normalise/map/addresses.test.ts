import { describe, expect, it } from 'vitest'
import { valueAt } from '../../../schema/index.ts'
import { loadIntegration } from '../index.ts'
import { eventsIn, recordsOf } from '../testing/samples.ts'
import { forwardedIn } from './fields.ts'

describe('addresses that proxies hand on', () => {
  it.each([
    ['203.0.113.66, 10.0.0.2', '203.0.113.66', ['203.0.113.66', '10.0.0.2']],
    ['10.0.0.2,203.0.113.66', '203.0.113.66', ['10.0.0.2', '203.0.113.66']],
    ['10.1.2.3, 192.168.0.9', '10.1.2.3', ['10.1.2.3', '192.168.0.9']],
    ['unknown, 203.0.113.66:51234', '203.0.113.66', ['203.0.113.66']],
    ['[2001:db8::7]:443; fd00::1', '2001:db8::7', ['2001:db8::7', 'fd00::1']],
    ['::1 198.51.100.4 198.51.100.4', '198.51.100.4', ['::1', '198.51.100.4']],
  ])('of %s the source is %s', (text, source, all) => {
    expect(forwardedIn(text)).toEqual({ source, all })
  })

  it.each(['', 'unknown', 'proxy-1, 203.0.113.66', '203.0.113.66, 10.0.0', 'fe80::1%eth0, 203.0.113.66'])(
    '%j is no such list',
    (text) => {
      expect(forwardedIn(text)).toBeNull()
    },
  )

  const LIST = '203.0.113.66, 10.0.0.2'
  it.each([
    ['erp', { event_id: 'E-1', action: 'Login', ip_address: LIST }],
    ['connexcs', { id: 1, action: 'login', ip: LIST }],
    ['creatio', { Id: 'a', Type: { Name: 'User authorization' }, ClientIP: LIST }],
    ['strapi', { id: 1, action: 'admin.auth.success', payload: { ip: LIST } }],
    ['generic-json', { action: 'login', x_forwarded_for: LIST }],
    ['generic-json', { action: 'login', ip: LIST.split(', ') }],
  ])('%s: the first public one is the source, and all are found', async (name, record) => {
    const [event] = eventsIn(recordsOf(await loadIntegration(name), `${JSON.stringify(record)}\n`))
    expect(valueAt(event ?? {}, 'source.ip')).toBe('203.0.113.66')
    expect(valueAt(event ?? {}, 'network.forwarded_ip')).toEqual(['203.0.113.66', '10.0.0.2'])
    expect(valueAt(event ?? {}, 'related.ip')).toEqual(['203.0.113.66', '10.0.0.2'])
  })

  it('what is no list of addresses stays in the payload', async () => {
    const record = '{"action":"login","ip":"203.0.113.66, somewhere"}\n'
    const [event] = eventsIn(recordsOf(await loadIntegration('generic-json'), record))
    expect(valueAt(event ?? {}, 'source.ip')).toBeUndefined()
    expect(valueAt(event ?? {}, 'audit.payload.ip')).toBe('203.0.113.66, somewhere')
  })
})
