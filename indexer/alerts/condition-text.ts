import { type Condition, DAYS, type Hours, isSingle, type Rule } from '../../schema/rule.ts'

/** When a rule fires, in words, such as `5 or more events within 10 minutes, for each source.ip`. */
export function conditionText({ condition, groupBy }: Pick<Rule, 'condition' | 'groupBy'>): string {
  const groups = groupBy.map(([first]) => first)
  const each = groups.length === 0 || isSingle(condition) ? '' : `, for each ${groups.join(' and ')}`
  return `${textOf(condition)}${each}`
}

function textOf(condition: Condition): string {
  switch (condition.kind) {
    case 'event':
      return 'each event'
    case 'count':
      return `${figure(condition.atLeast)} or more events within ${span(condition.within)}`
    case 'distinct':
      return `${figure(condition.atLeast)} or more values of ${condition.field} within ${span(condition.within)}`
    case 'sum':
      return `${condition.field} adds up to ${figure(condition.atLeast)} or more within ${span(condition.within)}`
    case 'schedule':
      return `each event ${hoursText(condition)}`
    case 'new-value': {
      const { field, within, atMost } = condition
      return atMost === undefined
        ? `a new value of ${field}, unseen for ${span(within)}`
        : `a value of ${field} seen at most ${times(atMost)} in ${span(within)}`
    }
    case 'ratio': {
      const { atLeast, minimum, weeks } = condition
      return `${figure(minimum)} or more events in an hour, ${times(atLeast)} as many as at this hour in the past ${weeks === 1 ? 'week' : `${weeks} weeks`}`
    }
    case 'lasting':
      return `${textOf(condition.of)}, lasting ${span(condition.for)}`
    case 'sequence': {
      const { next, within } = condition
      const others = next.length === 1 ? next.join('') : `${next.length} others in their order`
      return `each event that is followed within ${span(within)} by ${others}`
    }
    case 'absence':
      return `no event for ${span(condition.for)}`
    case 'all':
      return condition.of.map(textOf).join(', and ')
    case 'any':
      return condition.of.map(textOf).join(', or ')
    case 'not':
      return `not (${textOf(condition.of)})`
    case 'travel':
      return `two places too far apart to travel between at ${figure(condition.kilometresAnHour)} km/h`
    case 'agent-silent':
      return `an agent reports nothing for ${span(condition.for)}`
    case 'waybills-missing':
      return `waybills of an agent are missing for ${span(condition.for)}`
    case 'dead-letters':
      return `${figure(condition.atLeast)} or more new dead letters within ${span(condition.within)}`
  }
}

function hoursText({ from, to, days }: Hours): string {
  const on = days.length === 0 || days.length === DAYS.length ? '' : `, on ${days.map(named).join(', ')}`
  return `from ${clock(from)} to ${clock(to)}${on}`
}

const named = (day: string): string => `${day.charAt(0).toUpperCase()}${day.slice(1)}`
const clock = (minutes: number): string =>
  `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
const figure = (count: number): string => count.toLocaleString('en-US')
const times = (count: number): string => (count === 1 ? 'once' : `${figure(count)} times`)

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
] as const

/** A length of time in the largest unit that divides it. */
function span(ms: number): string {
  const [unit, length] = UNITS.find(([, one]) => ms >= one && ms % one === 0) ?? ['ms', 1]
  const count = ms / length
  if (unit === 'ms') return `${figure(count)} ms`
  return `${figure(count)} ${unit}${count === 1 ? '' : 's'}`
}
