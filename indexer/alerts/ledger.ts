import type { LedgerCondition, LedgerSample, Rule } from '../../schema/rule.ts'
import type { Alert } from './evaluate.ts'

/** What a rule finds in a sample of the agents and the store. */
export interface Found {
  readonly group: Readonly<Record<string, string>>
  readonly count: number
  /** Since when it lasts: what lasts without a break is one alert. */
  readonly since: number
}

/** Judges what is known of agents and store from moment to moment, by one rule. */
export function ledgerAlerts(
  rule: Rule,
  condition: LedgerCondition,
  samples: readonly LedgerSample[],
): Alert[] {
  const alerts: Alert[] = []
  const lastOf = new Map<string, number>()
  samples.forEach((sample, index) => {
    for (const found of foundIn(condition, samples.slice(0, index + 1))) {
      const key = JSON.stringify(found.group)
      const last = lastOf.get(key) ?? Number.NEGATIVE_INFINITY
      lastOf.set(key, sample.at)
      if (sample.at - last < rule.throttle) continue
      const { group, count } = found
      const message = ledgerMessage(rule, found)
      alerts.push({ rule: rule.id, at: sample.at, last: sample.at, group, count, message, events: [] })
    }
  })
  return alerts
}

export const ledgerMessage = ({ message }: Rule, { group, count }: Found): string =>
  message
    .map((part) =>
      typeof part === 'string' ? part : part.name === 'count' ? count : (group[part.name] ?? '?'),
    )
    .join('')

/** What a condition finds in the last of these samples; the earlier ones are for rates. */
export function foundIn(condition: LedgerCondition, samples: readonly LedgerSample[]): Found[] {
  const now = samples.at(-1)
  if (now === undefined) return []
  switch (condition.kind) {
    case 'agent-silent':
      return now.agents
        .filter(({ lastSeen }) => now.at - lastSeen >= condition.for)
        .map(({ id, lastSeen }) => found(id, now.at, lastSeen))
    case 'waybills-missing':
      return now.agents.flatMap(({ id, missingSince }) =>
        missingSince === null || now.at - missingSince < condition.for
          ? []
          : [found(id, now.at, missingSince)],
      )
    case 'dead-letters': {
      const window = samples.filter(({ at }) => now.at - at <= condition.within)
      const least = Math.min(...window.map(({ deadLetters }) => deadLetters))
      const rise = now.deadLetters - least
      return rise >= condition.atLeast ? [{ group: {}, count: rise, since: window[0]!.at }] : []
    }
  }
}

const found = (agent: string, now: number, since: number): Found => ({
  group: { 'agent.id': agent },
  count: Math.floor((now - since) / 60_000),
  since,
})
