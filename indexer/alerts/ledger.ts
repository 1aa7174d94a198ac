import type { Alert, LedgerCondition, LedgerSample, Rule } from './rule.ts'

/** Judges what is known of agents and store from moment to moment, by one rule. */
export function ledgerAlerts(
  rule: Rule,
  condition: LedgerCondition,
  samples: readonly LedgerSample[],
): Alert[] {
  const alerts: Alert[] = []
  const quietUntil = new Map<string, number>()
  const seen: LedgerSample[] = []
  for (const sample of samples) {
    seen.push(sample)
    for (const { group, count } of found(condition, seen, sample)) {
      const key = JSON.stringify(group)
      if (sample.at < (quietUntil.get(key) ?? Number.NEGATIVE_INFINITY)) continue
      quietUntil.set(key, sample.at + rule.throttle)
      const message = rule.message
        .map((part) =>
          typeof part === 'string' ? part : part.name === 'count' ? count : (group[part.name] ?? '?'),
        )
        .join('')
      alerts.push({ rule: rule.id, at: sample.at, group, count, message, events: [] })
    }
  }
  return alerts
}

interface Found {
  readonly group: Readonly<Record<string, string>>
  readonly count: number
}

function found(condition: LedgerCondition, seen: readonly LedgerSample[], now: LedgerSample): Found[] {
  switch (condition.kind) {
    case 'agent-silent':
      return now.agents
        .filter(({ lastSeen }) => now.at - lastSeen >= condition.for)
        .map(({ id, lastSeen }) => ({ group: { 'agent.id': id }, count: minutes(now.at - lastSeen) }))
    case 'waybills-missing':
      return now.agents.flatMap(({ id, missingSince }) =>
        missingSince === null || now.at - missingSince < condition.for
          ? []
          : [{ group: { 'agent.id': id }, count: minutes(now.at - missingSince) }],
      )
    case 'dead-letters': {
      const window = seen.filter(({ at }) => now.at - at <= condition.within)
      const rise = now.deadLetters - Math.min(...window.map(({ deadLetters }) => deadLetters))
      return rise >= condition.atLeast ? [{ group: {}, count: rise }] : []
    }
  }
}

const minutes = (ms: number): number => Math.floor(ms / 60_000)
