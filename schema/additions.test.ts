import { describe, expect, it } from 'vitest'
import { type Additions, addedIn, addedPaths, isFree, withAdditions } from './additions.ts'
import { canonical } from './canonical.ts'
import { type AuditEvent, asRevision, sealedPart } from './event.ts'

const sealed: AuditEvent = {
  '@timestamp': '2026-01-01T00:00:00.000Z',
  audit: { category: 'view' },
  event: { id: 'x' },
  source: { ip: '81.2.69.142' },
  user_agent: { name: 'Edge', original: 'Mozilla/5.0' },
}
const additions: Additions = {
  related: { ip: ['81.2.69.142'] },
  source: { as: { number: 20712 }, geo: { country_iso_code: 'GB', location: { lat: 51.5, lon: -0.1 } } },
  user_agent: { os: { name: 'Windows' } },
}

describe('what is added to an event', () => {
  it('is read from the shown event again, and makes the same of the sealed one', () => {
    const own = { ...sealed, related: { user: ['joe'] } }
    const all: (Additions | null)[] = [null, additions, { related: null }, { user_agent: { version: '9' } }]
    for (const event of [sealed, own])
      for (const added of all) {
        // Related values are only added to an event that has none.
        if (event === own && added === additions) continue
        const shown = withAdditions(event, added)
        expect(withAdditions(event, addedIn(shown, sealedPart(shown)))).toEqual(shown)
      }
    expect(addedIn(withAdditions(sealed, null), sealed)).toBeNull()
    expect(addedIn(withAdditions(sealed, { related: null }), sealed)).toEqual({ related: null })
    const place = { source: { geo: { country_iso_code: 'AT' } } }
    expect(addedIn(withAdditions(sealed, place), sealed)).toEqual(place)
  })

  it('is shown with it, and named', () => {
    expect(withAdditions(sealed, additions)).toEqual({
      ...sealed,
      audit: {
        category: 'view',
        derived: [
          'related.ip',
          'source.as.number',
          'source.geo.country_iso_code',
          'source.geo.location',
          'user_agent.os.name',
        ],
      },
      related: { ip: ['81.2.69.142'] },
      source: {
        ip: '81.2.69.142',
        as: { number: 20712 },
        geo: { country_iso_code: 'GB', location: { lat: 51.5, lon: -0.1 } },
      },
      user_agent: { name: 'Edge', original: 'Mozilla/5.0', os: { name: 'Windows' } },
    })
  })

  it('comes off again, to the byte, also from a revision', () => {
    const shown = withAdditions(sealed, additions)
    expect(canonical(sealedPart(shown))).toBe(canonical(sealed))
    expect(canonical(sealedPart(asRevision(shown, 'its own')))).toBe(canonical(sealed))
  })

  it('never takes the place of what was sealed', () => {
    const shown = withAdditions(sealed, { user_agent: { name: 'Chrome' }, source: { ip: '1.1.1.1' } })
    expect(shown).toMatchObject({ user_agent: { name: 'Edge' }, source: { ip: '81.2.69.142' } })
  })

  it('goes only where nothing is, and into no empty object', () => {
    const event = { a: {}, b: { c: 1 }, user_agent: { original: 'x', os: {} }, related: null }
    expect(isFree(event, 'user_agent.name')).toBe(true)
    expect(isFree(event, 'source.geo.city_name')).toBe(true)
    expect(isFree(event, 'user_agent.os.name')).toBe(false)
    expect(isFree(event, 'user_agent.original')).toBe(false)
    expect(isFree(event, 'related.user')).toBe(false)
    expect(isFree(event, 'a.x')).toBe(false)
  })

  it('is `related` too, where the event has none: it follows from it', () => {
    const event = {
      audit: { entity: { id: 'CUST-1' }, parent: { id: 'P-2' }, payload: { related: { user: ['x'] } } },
      host: { name: 'web-1' },
      source: { ip: '10.0.0.1' },
      user: { id: 'u-1', name: 'jane', target: { name: 'amir' }, effective: { name: 'jane' }, email: '' },
    }
    const shown = withAdditions(event, null)
    expect(shown.related).toEqual({
      entity: ['CUST-1', 'P-2'],
      hosts: ['web-1'],
      ip: ['10.0.0.1'],
      user: ['u-1', 'jane', 'amir'],
    })
    expect(shown.audit).toMatchObject({
      derived: ['related.entity', 'related.hosts', 'related.ip', 'related.user'],
    })
    expect(canonical(sealedPart(shown))).toBe(canonical(event))
    const own = { ...event, related: { user: ['only this'] } }
    expect(withAdditions(own, null)).toEqual(own)
    expect(withAdditions(event, { related: null })).toEqual(event)
    expect(withAdditions({ message: 'x' }, null)).toEqual({ message: 'x' })
  })

  it('is of the closed list only', () => {
    expect(addedPaths({ user: { name: 'mallory' }, related: { user: ['x'] } })).toEqual(['related.user'])
  })
})

describe('a forger who names a field as derived', () => {
  it('can have nothing left out that agents seal', () => {
    const forged = {
      ...sealed,
      user: { name: 'mallory' },
      audit: { category: 'view', derived: ['user.name', 'event.id', 'user'] },
    }
    expect(sealedPart(forged)).toMatchObject({ user: { name: 'mallory' }, event: { id: 'x' } })
  })

  it('breaks the seal by naming one that was sealed', () => {
    const forged = { ...sealed, audit: { category: 'view', derived: ['user_agent.name'] } }
    expect(canonical(sealedPart(forged))).not.toBe(canonical(sealed))
  })
})
