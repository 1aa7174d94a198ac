import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { mmdbOf } from '../indexer/enrich/testing/mmdb.ts'

const place = (
  city: string,
  region: string,
  [code, country]: readonly [string, string],
  [latitude, longitude]: readonly [number, number],
) => ({
  city: { names: { en: city } },
  country: { iso_code: code, names: { en: country } },
  location: { latitude, longitude },
  subdivisions: [{ iso_code: region.slice(0, 2).toUpperCase(), names: { en: region } }],
})

/** The places of the example addresses (RFC 5737) in the demo's scenario; they have no other places. */
export const DEMO_NETWORKS = {
  '192.0.2.0/25': place('New York', 'New York', ['US', 'United States'], [40.7128, -74.006]),
  '192.0.2.128/25': place('Berlin', 'Berlin', ['DE', 'Germany'], [52.52, 13.405]),
  '198.51.100.0/24': place('Chicago', 'Illinois', ['US', 'United States'], [41.8781, -87.6298]),
  '203.0.113.0/24': place('Almaty', 'Almaty', ['KZ', 'Kazakhstan'], [43.2389, 76.8897]),
}

if (import.meta.main) await writeFile(join(import.meta.dirname, '../demo/places.mmdb'), mmdbOf(DEMO_NETWORKS))
