import { describe, expect, it } from 'vitest'
import { placesOf } from './places.ts'

const address = (key: string, count: number, failed: number, geo: object) => ({
  key,
  count,
  latest: { source: { ip: key, geo } },
  split: { buckets: [{ key: 'failure', count: failed }], distinct: 1, others: 0, none: 0 },
})
const berlin = { city_name: 'Berlin', country_name: 'Germany', location: { lat: 52.5, lon: 13.4 } }

describe('the places of addresses', () => {
  it('have the events of all their addresses, the most frequent place first', () => {
    const almaty = { city_name: 'Almaty', country_name: 'Kazakhstan', location: { lat: 43.2, lon: 76.9 } }
    expect(
      placesOf([
        address('192.0.2.1', 5, 1, berlin),
        address('203.0.113.9', 9, 8, almaty),
        address('192.0.2.2', 7, 0, berlin),
      ]),
    ).toMatchObject([
      { name: 'Berlin, Germany', addresses: 2, count: 12, failed: 1 },
      { name: 'Almaty, Kazakhstan', addresses: 1, count: 9, failed: 8 },
    ])
  })

  it('are left out where an event says none, and called by their degrees where it says no name', () => {
    const nameless = { location: { lat: 1.5, lon: -2 } }
    expect(placesOf([address('10.0.0.1', 3, 0, {}), address('10.0.0.2', 3, 0, nameless)])).toMatchObject([
      { name: '1.5, -2', count: 3 },
    ])
  })
})
