import { closest } from '../../config/index.ts'
import { FIELDS, type FieldName } from '../../schema/index.ts'
import { isField, namesIn } from './condition.ts'
import { type Captions, type FieldMapping, folded, type Integration } from './integration.ts'
import { isSettable } from './integration-file.ts'
import type { PipelineSpec } from './task.ts'

/** Only certain values go into these. */
const LIMITED: readonly FieldName[] = ['event.outcome', 'audit.category']

/** What is wrong with a name in `columns:`; null where it can be used. */
export function columnProblem(integration: Integration, name: string): string | null {
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
    ? `${integration.name} doesn't say which texts stand for which ${name}; write an integration.yml with values for it`
    : null
}

/** The integration for an input whose operator names columns. Such a column is another name for what the integration reads already. */
export function withColumns(integration: Integration, columns: PipelineSpec['columns']): Integration {
  if (columns === undefined || Object.keys(columns).length === 0) return integration
  const captions: Captions[] = []
  const fields: FieldMapping[] = []
  for (const [name, names] of Object.entries(columns)) {
    const member = isField(name) ? firstName(integration, name) : name
    if (member !== null) captions.push({ name: member, captions: names })
    else if (isSettable(name)) fields.push(plainField(name, names))
  }
  return {
    ...integration,
    columns: captions,
    fields: [...fields, ...integration.fields],
  }
}

/** The name by which an integration knows a field best. */
const firstName = (integration: Integration, field: FieldName): string | null =>
  integration.fields.find(({ to, from }) => to === field && from.length > 0)?.from[0] ?? null

const plainField = (to: FieldName, from: readonly string[]): FieldMapping => ({
  from,
  to,
  format: ['auto'],
  values: null,
  keepOthers: false,
  keep: false,
  first: false,
  value: null,
  when: null,
})

/** All names of members that an integration asks for. */
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
