import { expect, it } from 'vitest'
import { matches } from './matches.ts'

it.each([
  ['', 'Overview', true],
  ['dead let', 'Dead letters', true],
  ['let dead', 'Dead letters', true],
  ['AUD', 'Audit of the auditor', true],
  ['etters', 'Dead letters', false],
  ['night', 'failed sign-ins: last night', true],
  ['sign', 'failed sign-ins: last night', true],
])('%s finds %s: %s', (typed, name, isFound) => {
  expect(matches(typed, name)).toBe(isFound)
})
