import { describe, expect, it } from 'vitest'
import { valueAt } from '../../../schema/index.ts'
import { eventsIn, missing, recordsOf, samplesOf, textsOf } from '../testing/samples.ts'

const { integration, files, all } = await samplesOf('kubernetes')
const event = (record: object) => eventsIn(recordsOf(integration, `${JSON.stringify(record)}\n`))[0]!

describe('kubernetes', () => {
  it('knows every type of its catalogue, from lines and from lists', () => {
    const codes = new Set(all.map((one) => valueAt(one, 'event.code')))
    expect(integration.events.map(({ id }) => id).filter((id) => !codes.has(id))).toEqual([])
    expect(files.get('event-list.json')).toHaveLength(3)
    expect(all.filter((one) => valueAt(one, 'event.kind') !== 'event')).toEqual([])
  })

  it('says who did what to which object, for whom, and from where', () => {
    expect(
      missing(all, [
        {
          'event.code': 'kubernetes.exec',
          'user.name': 'jane.doe@example.com',
          'audit.entity.type': 'pods',
          'audit.entity.name': 'shop-7c9d',
          'audit.component': 'exec',
          'audit.module': 'shop',
          'source.ip': '203.0.113.77',
        },
        { 'user.name': 'kubernetes-admin', 'user.effective.name': 'jane.doe@example.com' },
        { 'event.code': 'kubernetes.denied', 'user.name': 'system:anonymous', 'event.outcome': 'failure' },
      ]),
    ).toEqual([])
  })

  it.each([
    [200, 'success'],
    [101, 'success'],
    [404, 'failure'],
    [403, 'failure'],
    [500, 'failure'],
    [undefined, 'unknown'],
  ])('a code of %s is %s', (code, outcome) => {
    const made = event({ verb: 'get', stage: 'ResponseComplete', responseStatus: { code } })
    expect(valueAt(made, 'event.outcome') ?? 'unknown').toBe(outcome)
  })

  it.each([
    [['203.0.113.77', '10.0.0.4'], '203.0.113.77', ['203.0.113.77', '10.0.0.4']],
    [['10.0.0.4', '203.0.113.77'], '203.0.113.77', ['203.0.113.77', '10.0.0.4']],
    [['10.0.0.4', '192.168.7.9'], '10.0.0.4', ['10.0.0.4', '192.168.7.9']],
    [['2001:db8::7'], '2001:db8::7', ['2001:db8::7']],
    [[], undefined, undefined],
  ])('of the addresses %j the first public one is the source', (sourceIPs, source, related) => {
    const made = event({ verb: 'get', stage: 'ResponseComplete', sourceIPs })
    expect(valueAt(made, 'source.ip')).toBe(source)
    expect(valueAt(made, 'related.ip')).toEqual(related)
  })

  it('the stages of a request have ids of their own, whatever file they come from', () => {
    const stages = all.filter((one) => String(valueAt(one, 'audit.source_event_id')).startsWith('0f0f0f0f'))
    expect(new Set(stages.map((one) => valueAt(one, 'event.id'))).size).toBe(2)
    const [first] = files.get('audit.log')!
    expect(valueAt(files.get('event-list.json')![0]!, 'event.id')).toBe(valueAt(first!, 'event.id'))
  })

  it('keeps nothing of what a Secret holds, whatever its keys are called', () => {
    const texts = all.flatMap(textsOf)
    const decoded = texts.flatMap((text) => [
      text,
      ...(text.match(/[A-Za-z0-9+/_-]{8,}={0,2}/g) ?? []).map((code) =>
        Buffer.from(code, 'base64').toString(),
      ),
    ])
    expect(decoded.filter((text) => text.includes('geheim'))).toEqual([])
    expect(texts).toContain('[masked:data]')
  })
})
