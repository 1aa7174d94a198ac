import type { Query } from '../../query/index.ts'
import { type Path, Refused } from './refused.ts'
import { allOf, anyOf } from './values.ts'

/** Parses a condition such as `selection and not 1 of filter_*`; `queryOf` returns the query of a selection. */
export function conditionQuery(
  text: string,
  names: readonly string[],
  queryOf: (name: string) => Query,
  path: Path,
): Query {
  const fail = (reason: string): never => {
    throw new Refused(path, `condition "${text}": ${reason}`)
  }
  if (text.includes('|')) return fail('aggregations after | are no longer part of Sigma; write a correlation')
  const tokens = text.match(/[()]|[^\s()]+/g) ?? []
  if (tokens.length > MOST_TOKENS) return fail(`it has more than ${MOST_TOKENS} words`)
  let at = 0
  const next = (): string => tokens[at++] ?? fail('something is missing at its end')
  const takes = (word: string): boolean => {
    const found = tokens[at]?.toLowerCase() === word
    if (found) at++
    return found
  }

  const either = (): Query => {
    const parts = [both()]
    while (takes('or')) parts.push(both())
    return anyOf(parts)
  }
  const both = (): Query => {
    const parts = [single()]
    while (takes('and')) parts.push(single())
    return allOf(parts)
  }
  const single = (): Query => {
    if (takes('not')) return { kind: 'not', of: single() }
    if (takes('(')) {
      const inside = either()
      if (!takes(')')) return fail('a ) is missing')
      return inside
    }
    const word = next()
    if (takes('of')) return several(word.toLowerCase(), next())
    if (!names.includes(word)) return fail(`there is no selection "${word}"`)
    return queryOf(word)
  }
  const several = (quantity: string, pattern: string): Query => {
    if (!['1', 'any', 'all'].includes(quantity))
      return fail(`"${quantity} of" can't be translated; allowed: 1 of, any of, all of`)
    const shape = new RegExp(`^${pattern.split('*').map(RegExp.escape).join('.*')}$`)
    // Names with _ at their beginning are for other conditions.
    const chosen = names.filter((name) =>
      pattern.toLowerCase() === 'them'
        ? !name.startsWith('_')
        : shape.test(name) && (pattern.startsWith('_') || !name.startsWith('_')),
    )
    if (chosen.length === 0) return fail(`no selection is called ${pattern}`)
    const found = chosen.map(queryOf)
    return quantity === 'all' ? allOf(found) : anyOf(found)
  }

  const query = either()
  return at < tokens.length ? fail(`"${tokens[at]}" is not expected here`) : query
}

const MOST_TOKENS = 500
