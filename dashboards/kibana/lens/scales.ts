import { type Column, groups } from './columns.ts'

/** Values that mean good or bad: in this order, and in colours that say so, however many there are of each. */
export interface Scale {
  readonly column: Column
  readonly colours: readonly string[]
}

const GREEN = '#54B399'
const YELLOW = '#D6BF57'
const RED = '#E7664C'
const DARK_RED = '#AA3321'
const GREY = '#98A2B3'

function scale(label: string, field: string, colours: Readonly<Record<string, string>>): Scale {
  const conditions = Object.keys(colours).map((value) => [value, `${field}: ${value}`])
  return { column: groups(label, Object.fromEntries(conditions)), colours: Object.values(colours) }
}

export const OUTCOMES = scale('Outcome', 'event.outcome', { success: GREEN, failure: RED, unknown: GREY })
export const STATUSES = scale('Status', 'audit.status', { ok: GREEN, warning: YELLOW, error: RED })
export const RISKS = scale('Risk', 'audit.risk', {
  low: GREEN,
  medium: YELLOW,
  high: RED,
  critical: DARK_RED,
})
