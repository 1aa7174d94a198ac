import type { Answer } from '../api/ask.ts'
import { at, text } from '../events/event.ts'

export interface Place {
  readonly name: string
  readonly city: string
  readonly country: string
  readonly latitude: number
  readonly longitude: number
  readonly addresses: number
  readonly count: number
  readonly failed: number
}

type Addresses = NonNullable<Answer<'postAggregate'>['split']>['buckets']

/**
 * The places of addresses, each as its last event gives it: addresses of one place are combined, and the place with the most events is
 * first.
 */
export function placesOf(addresses: Addresses): Place[] {
  const places = new Map<string, Place>()
  for (const { count, latest, split } of addresses) {
    if (latest === undefined || latest === null) continue
    const [latitude, longitude] = [
      at(latest, 'source.geo.location.lat'),
      at(latest, 'source.geo.location.lon'),
    ]
    if (typeof latitude !== 'number' || typeof longitude !== 'number') continue
    const key = `${latitude} ${longitude}`
    const [city, country] = [text(latest, 'source.geo.city_name'), text(latest, 'source.geo.country_name')]
    const known = places.get(key)
    places.set(key, {
      name: [city, country].filter((part) => part !== '').join(', ') || `${latitude}, ${longitude}`,
      city,
      country,
      latitude,
      longitude,
      addresses: (known?.addresses ?? 0) + 1,
      count: (known?.count ?? 0) + count,
      failed:
        (known?.failed ?? 0) + (split?.buckets.find((outcome) => outcome.key === 'failure')?.count ?? 0),
    })
  }
  return [...places.values()].sort((a, b) => b.count - a.count)
}
