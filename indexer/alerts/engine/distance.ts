import { type AuditEvent, valueAt } from '../../../schema/index.ts'

export interface Place {
  readonly lat: number
  readonly lon: number
}

export function placeOf(event: AuditEvent): Place | undefined {
  const lat = valueAt(event, 'source.geo.location.lat')
  const lon = valueAt(event, 'source.geo.location.lon')
  return typeof lat === 'number' && typeof lon === 'number' ? { lat, lon } : undefined
}

const EARTH_KILOMETRES = 6371
const radians = (degrees: number): number => (degrees * Math.PI) / 180

/** Over the ground, in kilometres. */
export function kilometres(a: Place, b: Place): number {
  const half = (x: number, y: number): number => Math.sin(radians(y - x) / 2) ** 2
  const chord = half(a.lat, b.lat) + Math.cos(radians(a.lat)) * Math.cos(radians(b.lat)) * half(a.lon, b.lon)
  return 2 * EARTH_KILOMETRES * Math.asin(Math.min(1, Math.sqrt(chord)))
}
