import { type AuditEvent, textAt } from '../../schema/index.ts'
import { RuleJudge } from './evaluate.ts'
import { ledgerAlerts } from './ledger.ts'
import { type Alert, type Example, isLedgerCondition, type Rule } from './rule.ts'

export interface Verdict {
  readonly example: Example
  readonly alerts: readonly Alert[]
  readonly asSaid: boolean
}

/** What a rule says of its own examples. */
export const tryExamples = (rule: Rule, { zone }: { zone: string }): Verdict[] =>
  rule.examples.map((example) => {
    const alerts = isLedgerCondition(rule.condition)
      ? ledgerAlerts(rule, rule.condition, example.ledger)
      : alertsOf(rule, example.events, { zone })
    return { example, alerts, asSaid: alerts.length === example.fires }
  })

/** What a rule says of events, in whatever order they come: its windows are of `@timestamp`. */
export function alertsOf(rule: Rule, events: readonly AuditEvent[], { zone }: { zone: string }): Alert[] {
  const judge = new RuleJudge(rule, { zone })
  const time = (event: AuditEvent): number => Date.parse(textAt(event, '@timestamp') ?? '')
  return events.toSorted((a, b) => time(a) - time(b)).flatMap((event) => judge.judge(event) ?? [])
}
