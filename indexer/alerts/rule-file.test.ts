import { expect, it } from 'vitest'
import { ConfigError } from '../../config/index.ts'
import { parseRule } from './index.ts'

const TEXT = `name: Exports
about: Each export
query: "action: export"
group-by: [user.name]
condition: { count: { at-least: 5, within: 10m } }
priority: high
channels: [admin]
message: "{user.name} exported"
throttle: 1h
response: Ask them what for.
examples:
  - { is: five, fires: 1, events: [{ at: 2026-01-22T10:00:00Z, times: 5, set: { user.name: jane, event.action: export } }] }
  - { is: four, fires: 0, events: [{ at: 2026-01-22T10:00:00Z, times: 4 }] }
`

function problemsOf(text: string): string[] {
  try {
    parseRule(text, 'exports.yml')
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems.map(({ line, path, problem }) => `${line} ${path}: ${problem}`)
  }
}

it('reads a rule, and names it by its file', () => {
  const rule = parseRule(TEXT, '/etc/waybill/rules/exports.yml')
  expect(rule).toMatchObject({
    id: 'exports',
    groupBy: [['user.name']],
    condition: { kind: 'count', atLeast: 5, within: 600_000 },
    throttle: 3_600_000,
  })
  expect(rule.examples[0]?.events).toHaveLength(5)
})

it.each([
  ['a field that there is not', 'user.name]', 'usr.name]', /^4 group-by\[0\]: .*did you mean/],
  ['a field that tells nothing apart', 'user.name]', 'message]', /^4 group-by\[0\]: .*grouped by a text/],
  ['a query that can not be understood', '"action: export"', '"action: (export"', /^3 query: /],
  ['a condition of another kind', 'count:', 'counts:', /^5 condition.*"counts"/],
  ['a count of one', 'at-least: 5', 'at-least: 1', /^5 condition\.count\.at-least: /],
  ['a window without a unit', '10m', '10', /^5 condition\.count\.within: .*10/],
  ['a key that there is not', 'priority:', 'prio: low\npriority:', /^6 .*unknown key "prio"/],
  ['a name in the message', '{user.name} exp', '{who} exp', /^8 message: .*\{who\} is not a field/],
  [
    'a field in an example',
    'user.name: jane',
    'user.nme: jane',
    /^12 examples\[0\].*"user\.nme" is not a field/,
  ],
  ['examples that all fire', 'fires: 0', 'fires: 1', /^1[12] examples: .*one that does not/],
])('names the line of %s', (_, right, wrong, said) => {
  expect(problemsOf(TEXT.replace(right, wrong)).join('\n')).toMatch(said)
})

it('asks for a query where a rule is about events', () => {
  expect(problemsOf(TEXT.replace(/query.*\n/, '')).join()).toContain('a rule about events needs a query')
})
