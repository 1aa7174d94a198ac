import type { People } from '../people/index.ts'
import { accountOf } from '../people/index.ts'
import type { ParsedRule } from './rules.ts'

/** The rule with the persons that it names, and by which it groups, as they are now; the rule itself if it has none. */
export function ruleWithPeople(people: People): (rule: ParsedRule) => ParsedRule {
  const known = new WeakMap<ParsedRule, { readonly stamp: number; readonly rule: ParsedRule }>()
  return (rule) => {
    if (!rule.isAboutPersons) return rule
    const before = known.get(rule)
    if (before?.stamp === people.stamp) return before.rule
    const resolved: ParsedRule = {
      ...rule,
      query: people.resolved(rule.query),
      steps: rule.steps.map((step) => people.resolved(step)),
      persons: { stamp: people.stamp, of: (event) => people.personOf(event)?.id ?? accountOf(event) },
    }
    known.set(rule, { stamp: people.stamp, rule: resolved })
    return resolved
  }
}
