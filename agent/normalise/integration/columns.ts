import { closest } from '../../../config/index.ts'
import { FIELDS, type FieldName } from '../../../schema/index.ts'
import type { PipelineSpec } from '../task.ts'
import { isField, namesIn } from './condition.ts'
import { type Captions, type FieldMapping, folded, type Integration } from './integration.ts'
import { isSettable } from './integration-file.ts'

/** Fields that accept only certain values. */
const LIMITED: readonly FieldName[] = ['event.outcome', 'audit.category']

/** Returns the problem of a name in `columns:`; null if it is usable. */
export function columnProblem(
  integration: Integration,
  name: string,
  format: readonly string[] = [],
): string | null {
  return nameProblem(integration, name) ?? (format.length > 0 ? notTimed(integration, name) : null)
}

/** Only a time may have a format. */
function notTimed({ fields }: Integration, name: string): string | null {
  const isTime = isField(name)
    ? FIELDS[name].type === 'date'
    : fields.some((field) => isTimeOf(field, new Set([folded(name)])))
  return isTime ? null : `only a time has a format, and ${name} is not a time: write the column only`
}

const isTimeOf = ({ to, from }: FieldMapping, names: { has(name: string): boolean }): boolean =>
  FIELDS[to].type === 'date' && from.some((name) => names.has(folded(name)))

function nameProblem(integration: Integration, name: string): string | null {
  if (!isField(name)) {
    const known = membersOf(integration)
    if (known.some((one) => folded(one) === folded(name))) return null
    const near = closest(name, [...known, ...Object.keys(FIELDS)])
    const hint = near === undefined ? '' : ` (did you mean ${near}?)`
    return `${name} is neither a field of the schema nor a name that ${integration.name} knows${hint}`
  }
  if (firstName(integration, name) !== null) return null
  if (!isSettable(name)) return `${name} is a field that Waybill fills itself`
  return LIMITED.includes(name)
    ? `${integration.name} doesn't define which texts mean which ${name}; write an integration.yml with values for it`
    : null
}

/** Adds the operator's columns to an integration. Such a column is another name for a member that the integration reads anyway. */
export function withColumns(integration: Integration, columns: PipelineSpec['columns']): Integration {
  if (columns === undefined || Object.keys(columns).length === 0) return integration
  const captions: Captions[] = []
  const fields: FieldMapping[] = []
  const formats = new Map<string, readonly string[]>()
  for (const [name, { names, format }] of Object.entries(columns)) {
    const member = isField(name) ? firstName(integration, name) : name
    if (member !== null) {
      captions.push({ name: member, captions: names })
      if (format.length > 0) formats.set(folded(member), format)
    } else if (isSettable(name)) fields.push(plainField(name, names, format))
  }
  const timed = integration.fields.map((field) =>
    isTimeOf(field, formats)
      ? {
          ...field,
          format: [...field.from.flatMap((name) => formats.get(folded(name)) ?? []), ...field.format],
        }
      : field,
  )
  return { ...integration, columns: captions, fields: [...fields, ...timed] }
}

/** The best name that an integration knows for a field. */
const firstName = (integration: Integration, field: FieldName): string | null =>
  integration.fields.find(({ to, from }) => to === field && from.length > 0)?.from[0] ?? null

const plainField = (to: FieldName, from: readonly string[], format: readonly string[]): FieldMapping => ({
  from,
  to,
  format: format.length > 0 ? format : ['auto'],
  values: null,
  keepOthers: false,
  keep: false,
  first: false,
  value: null,
  when: null,
})

/** All names of members that an integration reads. */
function membersOf({ fields, changes, unpack, extract, events, identity }: Integration): string[] {
  const conditions = [...fields.flatMap(({ when }) => when ?? []), ...events.map(({ when }) => when)]
  const { list, before, after, field, text } = changes
  return [
    ...new Set([
      ...fields.flatMap(({ from }) => from),
      ...[list, before, after, field, text].flat(),
      ...unpack,
      ...extract.flatMap(({ from }) => from),
      ...identity.flat().filter((name) => !isField(name)),
      ...conditions.flatMap(namesIn).filter((name) => !isField(name)),
    ]),
  ]
}
