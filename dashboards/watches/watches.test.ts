import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type ParsedRule, parseRule, readRules } from '../../indexer/alerts/index.ts'
import { justWhat } from '../../indexer/store/elasticsearch/index.ts'
import { MOST_TOLD } from '../../schema/api/index.ts'
import { notForWatcher, watchesFor } from './index.ts'
import { SCRIPT, TELL_SCRIPT } from './script.ts'

const { rules } = readRules(join(import.meta.dirname, '../../config/rules'))
const queryOf = ({ query }: ParsedRule) => justWhat(query)
const options = { namespace: 'default', zone: 'Europe/Berlin' }
const { watches, left } = watchesFor(rules, queryOf, options)
const watchFor = (rule: string, more = {}) =>
  watchesFor(rules, queryOf, { ...options, ...more }).watches.find((one) => one.rule === rule)!.watch

describe('rules as watches', () => {
  it('a rule is a watch, or one of those that nobody runs', () => {
    const inWatcher = new Set(watches.map(({ rule }) => rule))
    const others = new Set(left.map(({ rule }) => rule))
    for (const rule of rules) {
      expect(Number(inWatcher.has(rule.id)) + Number(others.has(rule.id)), rule.id).toBe(1)
    }
    expect(rules.filter((rule) => notForWatcher(rule) === null).map(({ id }) => id)).toEqual([...inWatcher])
  })

  it('a rule whose query the cluster can only narrow down is no watch', () => {
    const text = `name: n
about: a
query: "audit.changes: { field: credit_limit and new: 1* }"
condition: event
priority: low
channels: [admin]
message: m
throttle: 1m
response: r
examples:
  - { is: one, fires: 1, events: [{ at: 2026-01-22T10:00:00Z }] }
  - { is: none, fires: 0 }
`
    const found = watchesFor([parseRule(text, 'limits.yml')], queryOf, options)
    expect(found.watches).toEqual([])
    expect(found.left[0]?.why).toContain('only narrow down')
  })

  it('select by when an event arrived, and count by when it happened', () => {
    const text = JSON.stringify(watchFor('failed-logins-user').input)
    const last = 'ctx.payload.last.hits.hits'
    expect(text).toContain(
      `{"event.ingested":{"gte":"{{#${last}}}{{_source.value}}{{/${last}}}{{^${last}}}{{ctx.trigger.scheduled_time}}||-90s{{/${last}}}"`,
    )
    expect(text).toContain('||-600s')
  })

  it('say the throttle of each action', () => {
    const channels = { security: { email: ['soc@acme.example'], slack: ['#security'] } }
    for (const { watch } of watchesFor(rules, queryOf, { ...options, channels }).watches)
      for (const [name, action] of Object.entries(watch.actions))
        expect(action.throttle_period, name).toMatch(/^\d+m?s$/)
    expect(watchFor('failed-logins-user', { channels }).actions.email?.throttle_period).toBe('1800000ms')
  })

  it('reach people only where their channel is set up', () => {
    expect(Object.keys(watchFor('failed-logins-user').actions)).toEqual(['keep', 'seen'])
    const channels = { security: { email: ['soc@acme.example'] }, admin: { email: ['it@acme.example'] } }
    const { actions } = watchFor('failed-logins-user', { channels })
    expect(Object.keys(actions)).toEqual(['keep', 'email', 'seen'])
    expect(actions.email?.email?.to).toEqual(['soc@acme.example'])
  })

  it('tell the indexer where it can be reached, with the token of watches alone', () => {
    const webhook = { url: 'https://indexer.example:8600/v1/alerts', token: 'a-token-of-watches' }
    for (const { rule, watch } of watchesFor(rules, queryOf, { ...options, webhook }).watches) {
      expect(Object.keys(watch.actions)).toEqual(['keep', 'tell', 'seen'])
      const { tell } = watch.actions
      expect(tell?.webhook).toMatchObject({
        method: 'post',
        url: webhook.url,
        headers: { 'Content-Type': 'application/json' },
        auth: { basic: { username: 'watcher', password: 'a-token-of-watches' } },
        body: '{{#toJson}}ctx.payload{{/toJson}}',
      })
      // An action of its own transform: what is kept and mailed stays whole.
      expect(tell?.transform).toEqual({
        script: { lang: 'painless', source: TELL_SCRIPT, params: { rule, ...MOST_TOLD } },
      })
      expect(watch.transform).toMatchObject({ script: { source: SCRIPT } })
    }
    expect(JSON.stringify(watches)).not.toContain('webhook')
  })

  it('have all that match counted, whatever one run looks at', () => {
    for (const { rule, watch } of watches) {
      const text = JSON.stringify(watch.input)
      // The first search is for the record of the last run.
      expect(text.match(/"track_total_hits":true/g)?.length, rule).toBe(text.match(/"search":/g)!.length - 1)
    }
    expect(SCRIPT).toContain('found.total - looked')
  })
})
