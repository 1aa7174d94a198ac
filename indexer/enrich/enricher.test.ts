import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Additions,
  type AuditEvent,
  canonical,
  isFree,
  sealedPart,
  textAt,
  valueAt,
  withAdditions,
} from '../../schema/index.ts'
import { clientAdditions, Enricher, type EnrichPlan } from './enricher.ts'
import { Places, type PlaceTable } from './place.ts'
import { A_NETWORK, BERLIN, LONDON, mmdbOf } from './testing/mmdb.ts'

const CHROME =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36'

function tableOf(file: Buffer, version = 1): PlaceTable {
  const bytes = new SharedArrayBuffer(file.length)
  file.copy(Buffer.from(bytes))
  return { bytes, version }
}

const TABLE = tableOf(
  mmdbOf({ '81.2.69.0/24': { ...LONDON, ...A_NETWORK }, '2a02:8100::/32': BERLIN, '10.0.0.0/8': LONDON }),
)
const ALL: EnrichPlan = { places: TABLE, userAgent: true, related: true }
const NONE: EnrichPlan = { places: null, userAgent: false, related: true }

/** The additions of each line; null if it has none. */
function additionsOf(
  lines: readonly string[],
  plan: EnrichPlan,
  enricher = new Enricher(),
): (Additions | null)[] {
  const { additions } = enricher.enrich(Buffer.from(lines.map((line) => `${line}\n`).join('')), plan)
  const texts = additions?.lines.toString('utf8').split('\n') ?? []
  expect(texts.length).toBe(additions?.positions.length ?? 0)
  return lines.map((_, position) => {
    const i = additions?.positions.indexOf(position) ?? -1
    return i === -1 ? null : (JSON.parse(texts[i]!) as Additions)
  })
}

const additionsTo = (event: AuditEvent, plan = ALL): Additions | null =>
  additionsOf([canonical(event)], plan)[0]!

describe('an event with an address', () => {
  it('is given its place and network, by the names of ECS', () => {
    expect(additionsTo({ source: { ip: '81.2.69.142', port: 4711 } })).toEqual({
      source: {
        as: { number: 20_712, organization: { name: 'Andrews & Arnold Ltd' } },
        geo: {
          city_name: 'London',
          country_iso_code: 'GB',
          country_name: 'United Kingdom',
          location: { lat: 51.5142, lon: -0.0931 },
          region_name: 'England',
        },
      },
    })
  })

  it.each(['2a02:8100::1', '2A02:8100:0:0::2'])('is placed by IPv6, however it is written: %s', (ip) => {
    expect(additionsTo({ source: { ip } })).toMatchObject({
      source: { geo: { city_name: 'Berlin' } },
    })
  })

  it('is placed by the IPv4 address that an IPv6 address holds', () => {
    const added = additionsTo({ source: { ip: '::ffff:81.2.69.1' } })
    expect(added).toMatchObject({ source: { geo: { city_name: 'London' } } })
  })

  it.each([
    '10.1.2.3',
    '192.168.0.1',
    '127.0.0.1',
    '169.254.1.1',
    '100.64.0.1',
    '::1',
    'fe80::1',
    'fd00::1',
    '::ffff:10.1.2.3',
  ])('of a private network has no place, whatever the file says: %s', (ip) =>
    expect(additionsTo({ source: { ip } })).toBeNull(),
  )

  it.each(['8.8.4.4', 'no address', '', '81.2.69.142.1', '1'.repeat(500)])(
    'that the file does not know has no place: %s',
    (ip) => {
      expect(additionsTo({ source: { ip } })).toBeNull()
    },
  )

  it('is placed by the file of now, not by what an earlier one said', () => {
    const enricher = new Enricher()
    const line = canonical({ source: { ip: '81.2.69.142' } })
    const city = (plan: EnrichPlan): unknown => additionsOf([line], plan, enricher)[0]?.source
    expect(city(ALL)).toMatchObject({ geo: { city_name: 'London' } })
    expect(city({ ...ALL, places: tableOf(mmdbOf({ '81.2.0.0/16': BERLIN }), 2) })).toMatchObject({
      geo: { city_name: 'Berlin' },
    })
    expect(city({ ...ALL, places: null })).toBeUndefined()
  })

  it('has no place where the file is damaged, and its neighbours have theirs', () => {
    const file = mmdbOf({ '81.2.69.0/24': LONDON, '82.0.0.0/8': BERLIN })
    file.fill(0xff, file.indexOf('London') - 1, file.indexOf('London') + 6)
    const lines = ['81.2.69.142', '82.1.1.1'].map((ip) => canonical({ source: { ip } }))
    const table = tableOf(file)
    const { additions, fault } = new Enricher().enrich(Buffer.from(lines.join('\n')), {
      ...ALL,
      places: table,
    })
    expect(fault).not.toBeNull()
    expect([...(additions?.positions ?? [])]).toEqual([1])
  })
})

describe('an event with a user agent', () => {
  it('is given browser, system and device', () => {
    expect(additionsTo({ user_agent: { original: CHROME } })).toEqual({
      user_agent: {
        device: { name: 'Desktop' },
        name: 'Chrome',
        os: { name: 'Windows', version: '10' },
        version: '130.0.0.0',
      },
    })
  })

  it('keeps what the agent sealed, and is given what does not belong to it', () => {
    const user_agent = { name: 'Our app', original: CHROME, os: {} }
    expect(additionsTo({ user_agent })).toEqual({
      user_agent: { device: { name: 'Desktop' } },
    })
  })

  it('without its text is left alone', () => {
    expect(additionsTo({ user_agent: { name: 'Edge' } })).toBeNull()
  })
})

it('what is switched off is not added', () => {
  const event = { source: { ip: '81.2.69.142' }, user: { name: 'jane' }, user_agent: { original: CHROME } }
  expect(additionsTo(event, NONE)).toBeNull()
  expect(Object.keys(additionsTo(event, { ...NONE, userAgent: true }) ?? {})).toEqual(['user_agent'])
  expect(Object.keys(additionsTo(event, { ...NONE, places: TABLE }) ?? {})).toEqual(['source'])
})

it('what follows from the event is not added, but that it is switched off is', () => {
  const event = { user: { name: 'jane' }, user_agent: { original: CHROME } }
  expect(additionsTo(event, { ...ALL, related: false })).toMatchObject({ related: null, user_agent: {} })
  expect(withAdditions(event, additionsTo(event, { ...NONE, related: false }))).toEqual(event)
  expect(withAdditions(event, additionsTo(event, NONE))).toMatchObject({ related: { user: ['jane'] } })
})

it('lines that are no events are passed over, and nobody else is', () => {
  const good = canonical({ source: { ip: '81.2.69.142' } })
  const bad = ['', '{"source":{"ip":"81.2.69.142"', '"source":{}', '[]', '7']
  const added = additionsOf([...bad, good, ...bad, good], ALL)
  expect(added.flatMap((one, i) => (one === null ? [] : [i]))).toEqual([bad.length, bad.length * 2 + 1])
})

/** Members that enrichment reads, also in places where it must not look. */
const aLeaf = fc.constantFrom<unknown>(
  '81.2.69.142',
  '10.0.0.1',
  CHROME,
  'curl/8.5.0',
  'a "source":{"ip"',
  '\\',
  '"}',
  null,
  5,
)
const aName = fc.constantFrom(
  'source',
  'user_agent',
  'related',
  'ip',
  'original',
  'user',
  'name',
  'audit',
  'payload',
  'zone',
  'os',
)
const { tree } = fc.letrec<{ tree: Record<string, unknown> }>((tie) => ({
  tree: fc.dictionary(
    aName,
    fc.oneof(
      { depthSize: 'small' },
      aLeaf,
      fc.array(fc.oneof(aLeaf, tie('tree')), { maxLength: 2 }),
      tie('tree'),
    ),
    { maxKeys: 5 },
  ) as fc.Arbitrary<Record<string, unknown>>,
}))

/** The same, said plainly: parse the event, look at it. */
function plainly(event: AuditEvent): Additions | null {
  const added: Record<string, unknown> = {}
  const ip = textAt(event, 'source.ip')
  const place =
    ip !== undefined && isFree(event, 'source.geo') && isFree(event, 'source.as')
      ? new Places(TABLE).of(ip)
      : null
  if (place !== null) added.source = place
  const sealed = valueAt(event, 'user_agent')
  const client =
    typeof sealed === 'object' && sealed !== null && !Array.isArray(sealed)
      ? clientAdditions({ ...sealed })
      : null
  if (client !== null) added.user_agent = client
  return Object.keys(added).length === 0 ? null : added
}

const anEvent = fc
  .record({ event: tree, payload: tree })
  .map(({ event, payload }): AuditEvent => ({ ...event, audit: { category: 'view', payload } }))

it('random events get what the plain reference gives them, and it comes off again to the byte', () => {
  fc.assert(
    fc.property(fc.array(anEvent, { maxLength: 6 }), (events) => {
      const lines = events.map(canonical)
      for (const [i, added] of additionsOf(lines, ALL).entries()) {
        expect(added).toEqual(plainly(events[i]!))
        const shown = withAdditions(events[i]!, added)
        expect(canonical(sealedPart(shown))).toBe(lines[i])
      }
    }),
    { numRuns: 1000 },
  )
})
