import { describe, expect, it } from 'vitest'
import { canonical } from './canonical.ts'
import { asRevision, comparePlaces, eventWords, placedAt, placeOf, sealedPart, valuesOf } from './event.ts'
import { FIELDS, fieldOf, SHORT_NAMES } from './fields.ts'
import {
  declaredEventId,
  isDeclaredId,
  isEventId,
  mintedEventId,
  mintedIdPrefix,
  revisionEventId,
  type SourceId,
} from './ids.ts'
import { leafHash } from './merkle.ts'
import { foldKeyword, wordsOf } from './words.ts'

describe('words', () => {
  it('are runs of letters and digits, folded', () => {
    expect(wordsOf('Jane.DOE@example.com set CUST-12345 to 10.0.0.5')).toEqual([
      'jane',
      'doe',
      'example',
      'com',
      'set',
      'cust',
      '12345',
      'to',
      '10',
      '0',
      '0',
      '5',
    ])
    expect(wordsOf('Zürich ﬁle ÉTÉ 東京')).toEqual(['zürich', 'file', 'été', '東京'])
    expect(wordsOf(' -- ')).toEqual([])
  })

  it('are cut at a length, never inside a character', () => {
    expect(wordsOf('a'.repeat(100))[0]).toHaveLength(64)
    expect(wordsOf(`${'a'.repeat(63)}\u{20000}b`)[0]).toBe('a'.repeat(63))
  })

  it('of an event come from all that a person would search, once each value', () => {
    const words = eventWords({
      message: 'Credit limit raised',
      user: { name: 'jane', full_name: 'Jane Doe' },
      audit: {
        changes: [{ field: 'credit_limit', old: '10', new: null }],
        payload: { deep: { list: ['x1', 7] } },
      },
      event: { original: 'not these', action: 'update' },
    })
    expect(words).toEqual([
      'credit',
      'limit',
      'raised',
      'update',
      'jane',
      'jane',
      'doe',
      'credit',
      'limit',
      '10',
      'x1',
      '7',
    ])
  })

  it('keywords fold A to Z and nothing else', () => {
    expect(foldKeyword('ABC-É')).toBe('abc-É')
  })
})

describe('identity', () => {
  const source = '0123456789abcdef0123456789abcdef' as SourceId

  it('of the records of one file ascends with their place, and differs by source and generation', () => {
    const prefix = mintedIdPrefix(source, 0)
    const ids = [0, 430, 65_536, 2 ** 40].map((offset) => mintedEventId(prefix, offset))
    expect(ids.every(isEventId)).toBe(true)
    expect(ids.toSorted()).toEqual(ids)
    expect(mintedIdPrefix(source, 1)).not.toBe(prefix)
  })

  it('of declared keys depends on where one part ends and the next begins', () => {
    expect(declaredEventId('default', 'erp', ['a', 'bc'])).not.toBe(
      declaredEventId('default', 'erp', ['ab', 'c']),
    )
    expect(isEventId(declaredEventId('default', 'erp', ['LOG-2026-1']))).toBe(true)
  })
})

describe('a declared identity', () => {
  const keys = Array.from({ length: 200 }, (_, i) => declaredEventId('default', 'erp', [`LOG-2026-${i}`]))

  it('is told from a minted one by the id alone', () => {
    const prefix = mintedIdPrefix('0123456789abcdef0123456789abcdef' as SourceId, 0)
    expect(keys.every(isDeclaredId)).toBe(true)
    for (const offset of [0, 430, Number.MAX_SAFE_INTEGER])
      expect(isDeclaredId(mintedEventId(prefix, offset))).toBe(false)
  })

  it('gives each other content under it an id of its own, the same whenever it comes', () => {
    const [one, other] = keys
    const leaf = leafHash(Buffer.from('a line'))
    const id = revisionEventId(one!, leaf)
    expect(isEventId(id)).toBe(true)
    expect(isDeclaredId(id)).toBe(true)
    expect(revisionEventId(one!, leaf)).toBe(id)
    const others = [revisionEventId(other!, leaf), revisionEventId(one!, leafHash(Buffer.from('another')))]
    expect(new Set([id, one, ...others]).size).toBe(4)
  })
})

describe('the schema', () => {
  it('has every short name and finds members of flattened fields', () => {
    for (const name of Object.values(SHORT_NAMES)) expect(FIELDS).toHaveProperty([name])
    expect(fieldOf('audit.payload.deep.amount')).toMatchObject({
      name: 'audit.payload',
      inside: 'deep.amount',
    })
    expect(fieldOf('audit.nothing')).toBeUndefined()
  })

  it('reads lists as several values and null as none', () => {
    expect(valuesOf({ user: { roles: ['a', null, 5] } }, 'user.roles')).toEqual(['a', '5'])
    expect(valuesOf({ user: null }, 'user.roles')).toEqual([])
    expect(valuesOf({}, '__proto__.x')).toEqual([])
  })

  it('orders events by time, agent, sequence and id', () => {
    const event = (time: string, agent: string, sequence: number, id: string) =>
      placeOf({ '@timestamp': time, agent: { id: agent }, event: { sequence, id } })
    const early = event('2026-01-01T00:00:00.000Z', 'b', 9, '9')
    const late = event('2026-01-01T00:00:00.001Z', 'a', 1, '1')
    expect(comparePlaces(early, late)).toBeLessThan(0)
    expect(comparePlaces(late, { ...late, agent: 'b' })).toBeLessThan(0)
    expect(comparePlaces(late, { ...late, sequence: 2 })).toBeLessThan(0)
    expect(comparePlaces(late, { ...late, id: '2' })).toBeLessThan(0)
    expect(comparePlaces(late, { ...late })).toBe(0)
  })

  it('what the indexer added can be taken off, to the byte', () => {
    const sealed = {
      '@timestamp': '2026-01-01T00:00:00.000Z',
      audit: { category: 'view' },
      event: { id: 'x' },
      source: { ip: '10.0.0.1' },
    }
    const stored = {
      ...sealed,
      audit: {
        ...sealed.audit,
        words: 'a b',
        seal: { agent: 'a', incarnation: 'i', sequence: 1, position: 0 },
      },
      event: { ...sealed.event, ingested: '2026-01-02T00:00:00.000Z' },
      source: { ...sealed.source, geo: { country_iso_code: 'DE' } },
    }
    expect(canonical(sealedPart(stored))).toBe(canonical(sealed))
    const revision = asRevision(stored, 'its own')
    expect(revision).toMatchObject({ event: { id: 'its own' }, audit: { revision_of: 'x' } })
    expect(canonical(sealedPart(revision))).toBe(canonical(sealed))
  })

  it.each(['2026-01-01T00:00:00.000Z', 'no time'])(
    'the mark of a received event is sealed with it, also under the time %s',
    (time) => {
      const sealed = { '@timestamp': time, audit: { category: 'view', seal: { received: true } } }
      const ingested = '2026-01-02T00:00:00.000Z'
      const placed = placedAt(sealed, ingested) as { audit: { seal: Record<string, unknown> } }
      const stored = (mark: object) => ({
        ...placed,
        audit: { ...placed.audit, seal: { ...placed.audit.seal, agent: 'a', sequence: 1, ...mark } },
        event: { ingested },
      })
      expect(canonical(sealedPart(stored({})))).toBe(canonical(sealed))
      for (const received of [undefined, false, 'true'])
        expect(canonical(sealedPart(stored({ received })))).not.toBe(canonical(sealed))
    },
  )
})
