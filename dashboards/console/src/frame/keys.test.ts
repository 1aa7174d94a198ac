import { describe, expect, it } from 'vitest'
import { GROUPS, KEY_NAMES, KEYS } from './keys.ts'

/** The groups that work at the same time. */
const TOGETHER = [
  ['Everywhere', 'Go to', 'In a list', 'In an entry', 'Events'],
  ['Everywhere', 'Go to', 'In a list', 'Alerts'],
]

describe('the keys of the console', () => {
  it.each(TOGETHER)('that work at the same time are different: %s', (...groups: string[]) => {
    const presses = KEY_NAMES.map((name) => KEYS[name])
      .filter(({ group }) => groups.includes(group))
      .map(({ press }) => press)
    expect(presses.filter((press, index) => presses.indexOf(press) !== index)).toEqual([])
    // A key that begins another one would never wait for it.
    expect(presses.filter((press) => presses.some((other) => other.startsWith(`${press} `)))).toEqual([])
  })

  it('are all in a group of the list', () => {
    expect(KEY_NAMES.filter((name) => !GROUPS.includes(KEYS[name].group))).toEqual([])
  })
})
