import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { notForWatcher } from '../../dashboards/watches/index.ts'
import { readRules, tryExamples } from './index.ts'

const { rules, problems } = readRules(join(import.meta.dirname, '../../config/rules'))

it('each rule that comes with Waybill can be read', () => expect(problems).toEqual([]))

describe('each rule says of its own examples what its file says', () => {
  it.each(rules.map((rule) => [rule.id, rule] as const))('%s', (_, rule) => {
    const wrong = tryExamples(rule, { zone: 'UTC' }).filter(({ asSaid }) => !asSaid)
    expect(
      wrong.map(({ example, alerts }) => `${example.is}: ${alerts.length}, not ${example.fires}`),
    ).toEqual([])
  })
})

describe('the rules that come with Waybill', () => {
  it('are those of an audit team', () => {
    expect(rules.map(({ id }) => id)).toEqual(
      expect.arrayContaining([
        'failed-logins-user',
        'failed-logins-address',
        'mass-export',
        'permission-escalation',
        'after-hours-access',
        'sensitive-data-access',
        'account-locked',
      ]),
    )
    expect(rules.length).toBeGreaterThanOrEqual(17)
  })

  it('say what to do, to somebody, and not too often', () => {
    for (const rule of rules) {
      expect(rule.response.length, rule.id).toBeGreaterThan(30)
      expect(rule.channels.length, rule.id).toBeGreaterThan(0)
      expect(rule.throttle, rule.id).toBeGreaterThanOrEqual(60_000)
    }
  })

  it('are for Watcher, but for those that have to remember or are about agents and the store', () => {
    const remembering = rules.filter((rule) => notForWatcher(rule) !== null).map(({ id }) => id)
    expect(remembering).toEqual([
      'agent-silent',
      'dead-letters-rising',
      'guessed-password',
      'impossible-travel',
      'new-address',
      'sequence-gap',
    ])
  })
})
