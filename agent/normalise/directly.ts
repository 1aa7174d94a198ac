import { isField } from './condition.ts'
import type { Integration } from './integration.ts'

/** Whether the way over the bytes knows all that an integration asks for; where it doesn't, every record goes the plain way. */
export function goesDirectly(integration: Integration): boolean {
  const { changes } = integration
  return (
    integration.formats.includes('json') &&
    integration.events.length === 0 &&
    integration.unpack.length === 0 &&
    integration.extract.length === 0 &&
    integration.keep.length === 0 &&
    changes.text.length === 0 &&
    changes.unchanged === null &&
    !changes.emptyIsUnknown &&
    integration.identity.every((names) => names.length === 1 && !isField(names[0]!)) &&
    integration.fields.every(
      (field) => field.when === null && field.value === null && !field.first && !field.keepOthers,
    )
  )
}
