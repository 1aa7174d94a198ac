import type { AlertShape, IncidentShape } from '../../schema/api/index.ts'
import { foldKeyword } from '../../schema/index.ts'
import { PRIORITIES, type Priority } from '../../schema/rule.ts'

/** Alerts that name the same person or address, with no more than this time between them, in ms, are one incident. */
export const INCIDENT_SPAN = 3_600_000

/** Names and addresses that say nothing about who it was. */
const SHARED: ReadonlySet<string> = new Set([
  '-',
  '127.0.0.1',
  '::1',
  'anonymous',
  'root',
  'system',
  'unknown',
  'waybill',
])

/** The people and addresses by which alerts belong together. */
export function namesIn(
  of: readonly { readonly users: readonly string[]; readonly addresses: readonly string[] }[],
): Set<string> {
  const names = new Set<string>()
  for (const { users, addresses } of of)
    for (const name of [...users, ...addresses]) {
      const folded = foldKeyword(name)
      if (!SHARED.has(folded)) names.add(folded)
    }
  return names
}

const rank = (priority: Priority): number => PRIORITIES.indexOf(priority)
const MOST_NAMED = 100

/** The incident that these alerts are. */
export function incidentOf(given: readonly AlertShape[]): IncidentShape {
  const standing = given.filter(({ resolution }) => resolution?.by !== 'merged')
  const alerts = (standing.length === 0 ? given : standing).toSorted((a, b) => a.first - b.first)
  const serious = alerts.toSorted((a, b) => rank(b.priority) - rank(a.priority) || a.first - b.first)
  const union = (of: (alert: AlertShape) => readonly string[]): string[] =>
    [...new Set(alerts.flatMap(of))].slice(0, MOST_NAMED)
  const users = union(({ users }) => users)
  const addresses = union(({ addresses }) => addresses)
  return {
    id: alerts[0]!.incident,
    summary: summaryOf(
      serious,
      union(({ accounts }) => accounts),
      addresses,
    ),
    priority: serious[0]!.priority,
    state: alerts.some(({ state }) => state === 'open')
      ? 'open'
      : alerts.some(({ state }) => state === 'acknowledged')
        ? 'acknowledged'
        : 'resolved',
    alerts: alerts.map(({ id }) => id),
    rules: [...new Set(serious.map(({ rule }) => rule.name))],
    users,
    addresses,
    first: Math.min(...alerts.map(({ from }) => from)),
    last: Math.max(...alerts.map(({ last }) => last)),
  }
}

/** One line: what happened, how often, who and from where. */
function summaryOf(
  serious: readonly AlertShape[],
  accounts: readonly string[],
  addresses: readonly string[],
): string {
  const [worst] = serious
  if (serious.length === 1) return worst!.message
  const byRule = new Map<string, { alerts: number; events: number }>()
  for (const { rule, count } of serious) {
    const sum = byRule.get(rule.name) ?? { alerts: 0, events: 0 }
    byRule.set(rule.name, { alerts: sum.alerts + 1, events: sum.events + count })
  }
  const what = [...byRule].map(([name, { alerts, events }]) => {
    const often = events > alerts ? ` (${events} events)` : alerts > 1 ? ` (${alerts} times)` : ''
    return `${name}${often}`
  })
  const whom = [several(accounts, 'account', 'accounts'), several(addresses, 'address', 'addresses')].filter(
    (text) => text !== '',
  )
  return whom.length === 0 ? what.join(', ') : `${what.join(', ')}: ${whom.join(', ')}`
}

const several = (values: readonly string[], one: string, more: string): string =>
  values.length === 0
    ? ''
    : values.length <= 2
      ? `${values.length === 1 ? one : more} ${values.join(' and ')}`
      : `${values.length} ${more}`
