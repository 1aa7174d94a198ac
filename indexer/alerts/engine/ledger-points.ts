import { type Found, ledgerMessage } from '../ledger.ts'
import type { ParsedRule } from '../rules.ts'
import { bareFact } from './facts.ts'
import type { Point } from './live-rule.ts'

/** The record of an alert that lasts is written this often. */
const EVERY = 5 * 60_000

/** Turns what a rule about agents and the store has found into points. What lasts without a break is one alert. */
export const ledgerPoints = (rule: ParsedRule, found: readonly Found[], now: number): Point[] =>
  found.map((one) => {
    const fact = bareFact(Math.floor(now / EVERY) * EVERY, String(now))
    return {
      rule,
      of: { key: JSON.stringify(one.group), group: one.group },
      met: { fact, from: one.since, count: one.count, facts: [] },
      event: null,
      message: ledgerMessage(rule, one),
    }
  })
