import type { Framing } from '../../inputs/framing.ts'
import type { Integration } from './integration.ts'

/** How the files of an integration are cut into records, where the input doesn't say it. */
export function framingFor({ formats, records, join }: Integration): Framing {
  const hasJson = formats.includes('json')
  if (formats.includes('csv')) return { kind: 'csv', quote: '"', ...(hasJson ? { json: records } : {}) }
  if (formats.includes('journald')) return { kind: 'journald' }
  if (join !== null) return { kind: 'joined', pattern: join }
  return hasJson && records.length > 0 ? { kind: 'json-list', names: records } : { kind: 'lines' }
}
