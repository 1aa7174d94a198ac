import { type AuditEvent, RELATED_FROM, valuesOf } from '../../schema/index.ts'

/** What `related` is for an event that has none, filled as agents fill it; null where it names nothing. */
export function relatedOf(event: AuditEvent): Record<string, string[]> | null {
  if (Object.hasOwn(event, 'related')) return null
  const related: Record<string, string[]> = {}
  for (const [name, paths] of Object.entries(RELATED_FROM)) {
    const values = new Set(paths.flatMap((path) => valuesOf(event, path)))
    values.delete('')
    if (values.size > 0) related[name.slice('related.'.length)] = [...values]
  }
  return Object.keys(related).length === 0 ? null : related
}
