import { describe, expect, it } from 'vitest'
import { fixedAddress } from './fixed-address.ts'

const NOW = Date.UTC(2026, 10, 30, 12)
const HOUR = 3_600_000

describe('a link to what is shown', () => {
  it.each([
    ['a moving period', '/events', '?q=a&range=now-24h', `?q=a&range=${NOW - 24 * HOUR}..${NOW}`],
    ['the first period of a screen', '/people', '?user=anna', `?user=anna&range=${NOW - 720 * HOUR}..${NOW}`],
    [
      'a second period',
      '/people',
      '?range=1767225600000..1767312000000&with-range=now-1h',
      `?range=1767225600000..1767312000000&with-range=${NOW - HOUR}..${NOW}`,
    ],
    [
      'the open entry with its tab, and the moment of its history',
      '/events',
      '?range=1767225600000..1767312000000&event=e-1&tab=history&at=e-0',
      '?range=1767225600000..1767312000000&event=e-1&tab=history&at=e-0',
    ],
    ['all time', '/events', '?range=all', '?range=all'],
    ['an entry', '/events/e-1', '?tab=proof', '?tab=proof'],
    ['alerts', '/alerts', '?state=any', '?state=any'],
  ])('names %s by its two moments, and keeps the rest', (_, path, search, fixed) => {
    expect(decodeURIComponent(fixedAddress(path, search, NOW).address)).toBe(path + fixed)
  })

  it('has the columns that the browser of its sender keeps, unless the address names some', () => {
    const shared = (search: string): string =>
      decodeURIComponent(fixedAddress('/events', search, NOW, ['user.name', 'message']).address)
    expect(shared('?range=all')).toBe('/events?range=all&columns=user.name,message')
    expect(shared('?range=all&columns=message')).toBe('/events?range=all&columns=message')
  })

  it('does not follow, since new events are outside of its period', () => {
    expect(fixedAddress('/events', '?follow=yes&range=now-1h', NOW)).toEqual({
      address: `/events?range=${NOW - HOUR}..${NOW}`,
      period: { from: NOW - HOUR, to: NOW },
    })
  })
})
