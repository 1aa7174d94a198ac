import { LiveRule } from '../indexer/alerts/engine/live-rule.ts'
import { Past } from '../indexer/alerts/engine/past.ts'
import { type ParsedRule, parseRule } from '../indexer/alerts/index.ts'
import { QueryIndex } from '../indexer/query/index.ts'
import type { AuditEvent } from '../schema/index.ts'

/**
 * The alert engine's evaluation: many rules over many events, and many groups in memory. Times are processor time, so that other work of
 * the machine counts little. `npm run bench:alerts [events]`.
 */
const EVENTS = Number(process.argv[2] ?? 1_000_000)
const RULES = 3_000
const WINDOWED = 500
const GROUPS = 100_000
const FACTS = 5

const START = Date.UTC(2026, 0, 22, 8)
const DISTINCT = 50_000

const ACTIONS = 600
const ACTORS = 2_000

/** Small numbers that look random, always the same. */
function sequence(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const ruleText = (query: string, condition: string): string => `name: Generated
about: generated
query: ${JSON.stringify(query)}
group-by: [user.name]
condition: ${condition}
priority: low
channels: [none]
message: "{user.name}"
throttle: 1h
response: none
examples:
  - { is: fires, fires: 1, events: [{ at: 2026-01-22T10:00:00Z }] }
  - { is: does not, fires: 0 }
`

/** Rules as detection rules are: an action, a word, an address or a file, with more conditions beside it. */
function generated(count: number, random: (below: number) => number): ParsedRule[] {
  return Array.from({ length: count }, (_, i) => {
    const action = `action-${random(ACTIONS * 4)}`
    const queries = [
      `event.action: ${action} and outcome: failure`,
      `event.action: ${action} and user.name: (admin* or root) and not source.ip: 10.0.0.0/8`,
      `"tool${random(4000)}" and event.category: process`,
      `process.executable: (/usr/bin/tool${random(4000)} or /opt/tool${random(4000)}) and event.action: exec`,
      `event.code: code-${random(5000)}`,
    ]
    return parseRule(ruleText(queries[i % queries.length]!, 'event'), `rule-${i}.yml`)
  })
}

function events(random: (below: number) => number, groups: number): AuditEvent[] {
  return Array.from({ length: DISTINCT }, (_, i) => ({
    '@timestamp': new Date(START + i * 20).toISOString(),
    event: {
      id: String(i).padStart(40, '0'),
      action: `action-${random(ACTIONS)}`,
      code: `code-${random(20_000)}`,
      category: [random(3) === 0 ? 'process' : 'authentication'],
      outcome: random(4) === 0 ? 'failure' : 'success',
      kind: 'event',
      module: 'bench',
    },
    message: `user ${random(groups)} did something with tool${random(20_000)}`,
    user: { name: `user-${random(groups)}` },
    source: { ip: `203.0.113.${random(256)}` },
    process: { executable: `/usr/bin/tool${random(20_000)}` },
    host: { name: `host-${random(200)}` },
    audit: { category: 'activity', entity: { type: 'File', id: String(random(10_000)) } },
  }))
}

const NO_PAST = new Past({
  search: async () => ({ events: [], next: null }),
  aggregate: async () => ({ count: 0, partial: null }),
})

async function judged(
  rules: readonly ParsedRule[],
  given: readonly AuditEvent[],
  count: number,
  every: number,
) {
  let now = START
  const lives = rules.map(
    (rule) => new LiveRule(rule, { calendar: { zone: 'UTC' }, past: NO_PAST, clock: () => now }),
  )
  for (const live of lives) await live.warm(START)
  const routes = new QueryIndex(lives.map((live) => [live, live.rule.query] as const))
  const begun = process.cpuUsage()
  let met = 0
  let looked = 0
  for (let i = 0; i < count; i++) {
    const event = given[i % given.length]!
    for (const live of routes.of(event)) {
      looked++
      const found = live.take(event)
      met += (found instanceof Promise ? await found : found).points.length
    }
    if (i % 50_000 === 49_999) {
      now += every * 50_000
      for (const live of lives) live.tidy()
    }
  }
  const { user, system } = process.cpuUsage(begun)
  const seconds = (user + system) / 1e6
  return {
    seconds,
    looked,
    met,
    facts: lives.reduce((sum, live) => sum + live.size, 0),
    groups: lives.reduce((sum, live) => sum + live.groups, 0),
  }
}

const rss = (): number => {
  globalThis.gc?.()
  return Math.round(process.memoryUsage().rss / 1024 / 1024)
}

const random = sequence(7)
const atStart = rss()
const many = generated(RULES, random)
const routed = await judged(many, events(random, ACTORS), EVENTS, 20)
console.log(
  `${RULES} rules, ${EVENTS} events: ${Math.round(EVENTS / routed.seconds)} events a second of one core, ${(routed.looked / EVENTS).toFixed(2)} rules an event looked at, ${routed.met} matches, RSS ${rss()} MiB (${atStart} before)`,
)

const windowed = Array.from({ length: WINDOWED }, (_, i) =>
  parseRule(
    ruleText(`event.action: action-${i}`, '{ count: { at-least: 50, within: 1h } }'),
    `window-${i}.yml`,
  ),
)
/** The events of one user match one rule, so there is one group for each user, with a few facts in each. */
const some = Array.from({ length: GROUPS * FACTS }, (_, i) => ({
  '@timestamp': new Date(START + i).toISOString(),
  event: { id: String(i).padStart(40, '0'), action: `action-${i % WINDOWED}`, kind: 'event' },
  user: { name: `user-${i % GROUPS}` },
}))
const before = rss()
const held = await judged(windowed, some, some.length, 0)
console.log(
  `${WINDOWED} rules with windows, ${held.groups} groups, ${held.facts} facts in memory: RSS ${rss()} MiB (${before} with the events alone)`,
)
