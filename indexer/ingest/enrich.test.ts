import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { type AuditEvent, canonical, sealedPart } from '../../schema/index.ts'
import { BERLIN, LONDON, mmdbOf } from '../enrich/testing/mmdb.ts'
import { TestAgent, TestIndexer } from './testing.ts'

const EDGE =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 Edg/130.0.2849.46'

let indexer: TestIndexer
afterEach(() => indexer?.end())

async function withPlaces(): Promise<string> {
  indexer = await TestIndexer.start()
  const file = join(indexer.folder, 'city.mmdb')
  await writeFile(file, mmdbOf({ '81.2.69.0/24': LONDON }))
  await indexer.running.reload(indexer.config({ enrich: { geo: { file } } }))
  return file
}

async function find(q: string): Promise<AuditEvent[]> {
  const { status, json, text } = await indexer.ask(`/v1/search?${new URLSearchParams({ q, sort: 'oldest' })}`)
  expect(status, text).toBe(200)
  return json.events as AuditEvent[]
}

describe('an event that comes in a waybill', () => {
  it('is found by place, client and what it names, and its sealed part is the shipped line, byte for byte', async () => {
    await withPlaces()
    const agent = await TestAgent.enrolled(indexer.url)
    const events = [
      agent.event({ source: { ip: '81.2.69.142' }, user: { name: 'amir' } }),
      agent.event({ user_agent: { original: EDGE, name: 'Kiosk' } }),
      agent.event({ user_agent: { original: 'curl/8.5.0' }, source: { ip: '10.0.0.1' }, related: {} }),
      agent.event({ related: { user: ['only this'] } }),
    ]
    const answer = await agent.send(indexer.url, agent.seal(events))
    expect([answer.status, answer.json.stored]).toEqual([200, 4])
    const messages = async (q: string): Promise<unknown[]> => (await find(q)).map(({ message }) => message)
    const [first, second, third, fourth] = events.map(({ message }) => message)
    expect(await messages('source.geo.country_iso_code: gb')).toEqual([first])
    expect(await messages('source.geo.city_name: Lon*')).toEqual([first])
    expect(await messages('london')).toEqual([first])
    expect(await messages('user_agent.name: curl')).toEqual([third])
    expect(await messages('user_agent.os.name: windows and user_agent.name: kiosk')).toEqual([second])
    expect(await messages('action: login and not user_agent.version: *')).toEqual([first, second, fourth])
    expect(await messages('related.user: amir')).toEqual([first])
    expect(await messages('related.user: "only this"')).toEqual([fourth])
    expect(await messages('audit.derived: user_agent.os.name')).toEqual([second])
    expect(await messages('audit.derived: related.* and event.action: login')).toEqual([first, second])

    const stored = await find('event.action: login and event.kind: event and user.name: (amir or jane)')
    expect(stored.map((event) => canonical(sealedPart(event)))).toEqual(
      events.map((event) => canonical(event)),
    )
    expect(stored[0]).toMatchObject({
      audit: {
        derived: expect.arrayContaining(['related.user', 'source.geo.city_name', 'source.geo.location']),
      },
      source: { geo: { country_name: 'United Kingdom', location: { lat: 51.5142 } } },
    })
    expect(stored[3]).not.toHaveProperty('audit.derived')
  })

  it('keeps the place that it was given, when another file says something else', async () => {
    const file = await withPlaces()
    const agent = await TestAgent.enrolled(indexer.url)
    const event = (): object => agent.event({ source: { ip: '81.2.69.142' } })
    await agent.send(indexer.url, agent.seal([event()]))
    await writeFile(`${file}.new`, mmdbOf({ '81.2.69.0/24': BERLIN }))
    await rename(`${file}.new`, file)
    await indexer.running.reload(indexer.config({ enrich: { geo: { file } } }))
    await agent.send(indexer.url, agent.seal([event()]))
    const cities = (await find('source.geo.city_name: *')).map((one) => (one.source as { geo: object }).geo)
    expect(cities).toMatchObject([{ city_name: 'London' }, { city_name: 'Berlin' }])
  })

  it('is stored as it came where all is switched off', async () => {
    indexer = await TestIndexer.start({ enrich: { 'user-agent': false, related: false } })
    const agent = await TestAgent.enrolled(indexer.url)
    await agent.send(indexer.url, agent.seal([agent.event({ user_agent: { original: EDGE } })]))
    const [stored] = await find('event.action: login')
    expect(stored).toMatchObject({ user_agent: { original: EDGE } })
    expect(stored).not.toHaveProperty('user_agent.name')
    expect(stored).not.toHaveProperty('related')
    expect(stored).not.toHaveProperty('audit.derived')
  })

  it('may not bring what only the indexer adds', async () => {
    indexer = await TestIndexer.start()
    const agent = await TestAgent.enrolled(indexer.url)
    const forged = [
      { source: { ip: '81.2.69.142', geo: { city_name: 'Elsewhere' } } },
      { source: { as: { number: 1 } } },
      { audit: { category: 'view', derived: ['user_agent.name'] } },
    ]
    const answer = await agent.send(indexer.url, agent.seal(forged.map((members) => agent.event(members))))
    expect(answer.json).toMatchObject({ stored: 0, dead: 3 })
    expect((answer.json.reasons as { reason: string }[]).map(({ reason }) => reason)).toEqual([
      'source.geo may be added only by the indexer',
      'source.as may be added only by the indexer',
      'audit.derived may be added only by the indexer',
    ])
  })
})

it("the indexer's own trail is found by each id that it names", async () => {
  indexer = await TestIndexer.start()
  const agent = await TestAgent.enrolled(indexer.url)
  for (const q of [`related.entity: ${agent.id}`, `related.*: ${agent.id}`, 'related.ip: 127.0.0.1'])
    expect(await find(q)).toMatchObject([
      { event: { module: 'waybill' }, audit: { entity: { id: agent.id } } },
    ])
})

it('settings that name no readable file leave the old ones in force', async () => {
  const file = await withPlaces()
  const wrong = indexer.config({ enrich: { geo: { file: `${file}.none` } } })
  await expect(indexer.running.reload(wrong)).rejects.toThrow(`enrich.geo.file: ${file}.none can't be read`)
  const agent = await TestAgent.enrolled(indexer.url)
  await agent.send(indexer.url, agent.seal([agent.event({ source: { ip: '81.2.69.142' } })]))
  expect(await find('source.geo.city_name: London')).toHaveLength(1)
})
