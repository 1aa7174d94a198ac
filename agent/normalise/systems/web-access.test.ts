import { describe, expect, it } from 'vitest'
import { valueAt } from '../../../schema/index.ts'
import { eventsIn, missing, recordsOf, samplesOf, textsOf } from '../testing/samples.ts'

const { integration, files, all } = await samplesOf('web-access')
const LINE = '203.0.113.5 - - [22/Jan/2026:10:45:32 +0100] "GET / HTTP/1.1" STATUS 5 "-" "x"'

describe('web-access', () => {
  it('knows every type of its catalogue, from lines of both servers and from JSON', () => {
    const codes = new Set(all.map((one) => valueAt(one, 'event.code')))
    expect(integration.events.map(({ id }) => id).filter((id) => !codes.has(id))).toEqual([])
    expect(all.filter((one) => valueAt(one, 'event.kind') !== 'event')).toEqual([])
    expect([...files.values()].map((events) => events.length)).toEqual([3, 9])
  })

  it('says who asked for what, when, from where', () => {
    expect(
      missing(all, [
        {
          '@timestamp': '2026-01-22T09:45:33.000Z',
          'user.name': 'jane',
          'source.ip': '203.0.113.21',
          'event.action': 'POST',
          'url.original': '/admin/orders',
          'audit.response': '302',
        },
        { 'source.ip': '2001:db8::21', 'event.code': 'web-access.read' },
        { 'service.name': 'shop.example', 'event.action': 'DELETE', 'event.outcome': 'failure' },
        { 'user_agent.original': 'An \\"odd\\" client' },
        { 'source.domain': 'crawler.example.net', 'event.action': 'HEAD' },
        { 'event.action': 'malformed request', 'event.code': 'web-access.malformed' },
        { 'source.ip': '203.0.113.23', 'event.duration': 45_000_000, 'trace.id': '0a1b2c3d4e5f' },
        { 'source.ip': '2001:db8::22', 'event.action': 'PATCH', 'url.original': '/v1/users/7' },
      ]),
    ).toEqual([])
  })

  it('what a client writes into X-Forwarded-For is no source', () => {
    const behind = all.filter((one) => valueAt(one, 'audit.payload.http_x_forwarded_for') !== undefined)
    expect(behind.map((one) => valueAt(one, 'source.ip'))).toEqual(['203.0.113.23', '198.51.100.77'])
  })

  it.each([
    ['200', 'success'],
    ['301', 'success'],
    ['404', 'failure'],
    ['500', 'failure'],
  ])('a status of %s is %s', (status, outcome) => {
    const [event] = eventsIn(recordsOf(integration, `${LINE.replace('STATUS', status)}\n`))
    expect(valueAt(event!, 'event.outcome')).toBe(outcome)
  })

  it('masks a token in an address', () => {
    expect(all.flatMap(textsOf).filter((text) => text.includes('geheim'))).toEqual([])
  })
})
