import { type AuditEvent, valuesOf } from '../../schema/index.ts'

/** A place is worked out from an address, and is often wrong by a city: that is said wherever one is shown. */
export const isEstimated = (path: string): boolean => path.startsWith('source.geo.')

/** What is written behind a value that the source did not give. */
export function markOf(event: AuditEvent, path: string): string {
  if (isEstimated(path)) return ' (estimated)'
  return valuesOf(event, 'audit.derived').includes(path) ? ' (derived)' : ''
}
