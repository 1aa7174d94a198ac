import { type Example, isLedgerCondition } from '../../schema/rule.ts'
import { type Alert, alertsOf } from './evaluate.ts'
import { ledgerAlerts } from './ledger.ts'
import type { ParsedRule } from './rules.ts'

export interface Verdict {
  readonly example: Example
  readonly alerts: readonly Alert[]
  readonly asSaid: boolean
}

/** Runs a rule on its own examples. */
export const tryExamples = (rule: ParsedRule, { zone }: { zone: string }): Verdict[] =>
  rule.examples.map((example) => {
    const alerts = isLedgerCondition(rule.condition)
      ? ledgerAlerts(rule, rule.condition, example.ledger)
      : alertsOf(rule, example.events, { zone, until: example.until ?? undefined })
    return { example, alerts, asSaid: alerts.length === example.fires }
  })
