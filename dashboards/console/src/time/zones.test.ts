import { describe, expect, it } from 'vitest'
import { isZone, zonesLike } from './zones.ts'

describe('a time zone', () => {
  it('is found by its name, or by a part of it', () => {
    expect(zonesLike('berlin')).toEqual(['Europe/Berlin'])
    expect(zonesLike('new york')).toEqual(['America/New_York'])
    for (const zone of ['Asia/Kolkata', 'Europe/Kyiv', 'Asia/Kathmandu'])
      expect(zonesLike(zone)).toEqual([zone])
    expect(zonesLike('UTC')[0]).toBe('UTC')
    expect(zonesLike('').length).toBeGreaterThan(300)
    expect(zonesLike('atlantis')).toEqual([])
  })

  it('is one that the browser knows', () => {
    expect(['Asia/Tokyo', 'UTC', 'Nowhere/Here', '', null].map(isZone)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ])
  })
})
