import { expect } from 'vitest'
import type { Person } from '../../indexer/api/testing/people.ts'
import { valuesOf } from '../../schema/index.ts'
import { until } from '../system/system.ts'
import type { Attack, AttackGround } from './attack.ts'

/** Attacks on reading, by signed-in users and by strangers. */

const ADDRESS = '203.0.113.77'

/** Stores an event with an address in every place that may have one, and returns the query that finds only this event. */
async function sightOf({ agent, url }: AttackGround): Promise<{ id: string; found: string }> {
  const sender = await agent()
  const event = sender.event({
    message: `Failed password for root from ${ADDRESS}`,
    source: { ip: ADDRESS },
    network: { forwarded_ip: [ADDRESS, '192.0.2.1'] },
    log: { source: { address: `${ADDRESS}:514` } },
    url: { original: `https://shop.example/?from=${ADDRESS}` },
    audit: {
      category: 'security',
      entity: { type: 'Door', id: sender.id },
      changes: [{ field: 'last', old: '198.51.100.9', new: ADDRESS }],
      payload: { client: ADDRESS, sentence: `by ${ADDRESS}`, [ADDRESS]: 'seen' },
      request: `GET / for ${ADDRESS}`,
    },
  })
  const { json } = await sender.send(url, sender.seal([event]))
  expect(json.stored).toBe(1)
  return { id: (event.event as { id: string }).id, found: `agent: ${sender.id}` }
}

const search = (person: Person, q: string) =>
  person.ask(`/v1/search?limit=1000&own=true&q=${encodeURIComponent(q)}`)

/** Waits until the trail of a user has `count` events, and returns them. */
const trailOf = (ground: AttackGround, name: string, query: string, count = 1) =>
  until(`the trail of ${name}: ${query}`, async () => {
    const events = await ground.events(`source: waybill and user: ${name} and ${query}`)
    return events.length >= count && events
  })

export const READERS: readonly Attack[] = [
  {
    name: 'a reader looks for a masked address in its copies and in texts',
    async run(ground) {
      const { id, found } = await sightOf(ground)
      const masked = await ground.person('manager')
      const answers = [
        await search(masked, found),
        await masked.ask(`/v1/events/${id}`),
        await masked.ask('/v1/aggregate', { json: { q: found, by: [], latest: true } }),
      ]
      for (const { status, text } of answers) {
        expect([status, text.includes('Failed password for root from (masked)')]).toEqual([200, true])
        expect(text).not.toMatch(/203\.0\.113|198\.51\.100/)
      }
    },
  },
  {
    name: 'a reader asks for a masked address, piece by piece, in whatever holds it',
    async run(ground) {
      const { found } = await sightOf(ground)
      const masked = await ground.person('manager')
      const asked = [
        ...['source.ip', 'related.ip', 'network.forwarded_ip'].flatMap((field) => [
          `${field}: "${ADDRESS}"`,
          `${field}: 203.0.113.0/24`,
          `${field} >= 203.0.0.0`,
          `${field}: *`,
        ]),
        'log.source.address: 203*',
        'log.source.address >= "203"',
        'message: 203',
        'message: "113 77"',
        'not message: 20*',
        'url.original: *203.0*',
        'audit.payload.client: 203*',
        'audit.payload.client < "204"',
        'audit.payload.*: *0.113*',
        `audit.payload.${ADDRESS}: *`,
        'audit.changes: { new: 203* }',
        'audit.change.after: *203*',
        'source.geo.country_name: *',
        '203',
        '"203 0 113"',
        'audit.words: 203',
      ]
      for (const q of asked) {
        const condition = `${found} and ${q}`
        expect([q, (await search(masked, condition)).status]).toEqual([q, 403])
        const path = `/v1/alternatives?q=${encodeURIComponent(condition)}`
        expect([q, await masked.status(path)]).toEqual([q, 403])
        const count = { q: condition, by: [] }
        expect([q, await masked.status('/v1/aggregate', { json: count })]).toEqual([q, 403])
      }
    },
  },
  {
    name: 'a reader counts, sorts and completes by what holds a masked address',
    async run(ground) {
      const { found } = await sightOf(ground)
      const masked = await ground.person('manager')
      const q = encodeURIComponent(found)
      for (const field of [
        'source.ip',
        'related.ip',
        'log.source.address',
        'network.forwarded_ip',
        'url.original',
        'audit.payload.client',
        'audit.change.after',
      ]) {
        const by = { q: found, by: [{ kind: 'values', field, top: 5 }] }
        expect([field, await masked.status('/v1/aggregate', { json: by })]).toEqual([field, 403])
        const distinct = { q: found, by: [], distinct: [field] }
        expect([field, await masked.status('/v1/aggregate', { json: distinct })]).toEqual([field, 403])
        expect([field, await masked.status(`/v1/search?sort=${field}&q=${q}`)]).toEqual([field, 403])
        const values = `/v1/fields/${field}/values?prefix=2&q=${q}`
        expect([field, await masked.status(values)]).toEqual([field, 403])
      }
    },
  },
  {
    name: 'a reader looks for a masked address among the questions of others',
    async run(ground) {
      const auditor = await ground.person('auditor')
      const masked = await ground.person('manager')
      await search(auditor, `ip: ${ADDRESS}`)
      await auditor.ask(`/v1/export?format=ndjson&q=${encodeURIComponent(`ip: ${ADDRESS}`)}`)
      await trailOf(ground, auditor.name, 'action: (search or export)', 2)
      const { json } = await search(masked, `source: waybill and user: ${auditor.name}`)
      const actions = (json.events as { event: { action: string } }[]).map(({ event }) => event.action)
      expect(actions.filter((action) => /search|export/.test(action))).toEqual([])
      expect(JSON.stringify(json)).not.toContain(ADDRESS)
    },
  },
  {
    name: 'a reader hides a condition behind thousands of characters',
    async run(ground) {
      const auditor = await ground.person('auditor')
      const filler = Array.from({ length: 330 }, (_, i) => `user: nobody-${i}`).join(' or ')
      await search(auditor, `(${filler}) or user: "Hidden Name"`)
      await trailOf(ground, auditor.name, 'audit.payload.query: *Hidden\\ Name*')
    },
  },
  {
    name: 'a reader takes values by counts, completions and the columns of an export',
    async run(ground) {
      const auditor = await ground.person('auditor')
      const by = [{ kind: 'values', field: 'user.email', top: 3 }]
      await auditor.ask('/v1/aggregate', { json: { by, latest: true } })
      await auditor.ask('/v1/fields/user.email/values?prefix=ceo')
      await auditor.ask(`/v1/export?format=csv&columns=user.email&q=${encodeURIComponent('user: nobody')}`)
      await trailOf(ground, auditor.name, 'audit.payload.by: *user.email* and audit.payload.latest: true')
      await trailOf(ground, auditor.name, 'audit.payload.field: user.email and audit.payload.prefix: ceo')
      const [exported] = await trailOf(
        ground,
        auditor.name,
        'action: export and audit.payload.columns: user.email',
      )
      expect(exported?.audit).toMatchObject({ record_count: 0 })
    },
  },
  {
    name: 'who may not export saves an entry, and who may leaves a trace',
    async run(ground) {
      const { id } = await sightOf(ground)
      const [viewer, auditor] = [await ground.person('viewer'), await ground.person('auditor')]
      expect(await viewer.status(`/v1/events/${id}/export`)).toBe(403)
      expect(await auditor.status(`/v1/events/${id}/export`)).toBe(200)
      const [entry] = await trailOf(ground, auditor.name, 'action: export')
      expect(entry?.audit).toMatchObject({ entity: { id }, record_count: 1, category: 'security' })
    },
  },
  {
    name: 'a reader of some events reads totals of all',
    async run(ground) {
      const clerk = await ground.person('auditor', { entities: ['Invoice'] })
      for (const path of ['/v1/storage', '/metrics', '/v1/agents', '/v1/counts?by=user', '/v1/dead-letters'])
        expect([path, await clerk.status(path)]).toEqual([path, 403])
    },
  },
  {
    name: 'somebody tries what is not theirs, and tokens, and leaves no trace',
    waits: true,
    async run(ground) {
      const viewer = await ground.person('viewer')
      expect(await viewer.status('/v1/users')).toBe(403)
      const headers = { authorization: 'Bearer guessed-and-long-enough' }
      expect((await ground.ask('/v1/search', { headers })).status).toBe(401)
      await until(
        'the refusals are in the trail',
        async () => {
          const found = await ground.events('action: requests-refused and audit.payload.token: *')
          return found.some((event) => valuesOf(event, 'audit.payload.names').includes(viewer.name))
        },
        110_000,
      )
    },
  },
]
