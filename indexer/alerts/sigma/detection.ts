import { isRecord } from '../../../schema/index.ts'
import type { Query } from '../../query/index.ts'
import { conditionQuery } from './condition.ts'
import type { Mapping } from './mapping.ts'
import { type Path, Refused } from './refused.ts'
import { allOf, anyOf, valuesQuery } from './values.ts'

/** The query of a rule's `detection`, or of a `filter`: selections, and a condition on them. */
export function detectionQuery(given: unknown, mapping: Mapping, path: Path): Query {
  if (!isRecord(given)) throw new Refused(path, 'expected selections and a condition')
  const { condition, timeframe: _timeframe, rules: _rules, ...selections } = given
  const names = Object.keys(selections)
  const known = new Map<string, Query>()
  const queryOf = (name: string): Query => {
    const query = known.get(name) ?? selection(selections[name], mapping, [...path, name])
    known.set(name, query)
    return query
  }
  // A mistake in a selection that the condition does not name is one, too.
  for (const name of names) queryOf(name)
  const conditions: unknown[] = Array.isArray(condition) ? condition : [condition]
  const found = conditions.map((text) => {
    if (typeof text !== 'string') throw new Refused([...path, 'condition'], 'expected a condition')
    return conditionQuery(text, names, queryOf, [...path, 'condition'])
  })
  if (found.length === 0) throw new Refused([...path, 'condition'], 'expected a condition')
  return anyOf(found)
}

function selection(given: unknown, mapping: Mapping, path: Path): Query {
  if (Array.isArray(given)) {
    const parts: readonly unknown[] = given
    if (parts.length === 0) throw new Refused(path, 'the selection is empty')
    return anyOf(parts.map((part, index) => selection(part, mapping, [...path, index])))
  }
  if (!isRecord(given)) return valuesQuery(null, [], given, path)
  const members = Object.entries(given)
  if (members.length === 0) throw new Refused(path, 'the selection is empty')
  return allOf(
    members.map(([key, value]) => {
      const [field = '', ...modifiers] = key.split('|')
      const at = [...path, key]
      if (field === '') return valuesQuery(null, modifiers, value, at)
      const target = mapping.targetOf(field)
      if (target === null) throw new Refused(at, `Waybill has no field for "${field}" of this logsource`)
      return valuesQuery(target, modifiers, value, at)
    }),
  )
}
