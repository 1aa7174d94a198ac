import { foldKeyword } from '../../../schema/index.ts'
import { type Condition, windowOf } from '../../../schema/rule.ts'
import { kilometres } from './distance.ts'
import { amountAt, type Fact, valuesAt } from './facts.ts'
import { type Calendar, inHours, sameHours } from './time-of-day.ts'

/** Where a condition finds the facts before the one that it judges, by their numbers. */
export interface Seen {
  /** The number of the first fact that is still there. */
  readonly first: number
  at(number: number): Fact
}

/**
 * A condition that moves over the facts of a group in their order. `judge` returns the number of the first fact with which this one meets
 * the condition, or -1.
 */
export interface Judge {
  judge(fact: Fact, number: number, seen: Seen): number
  /** Tells of a value that the group had before all facts; null: of any. */
  recall?(field: number, value: string | null, at: number): void
  /** Tells how many facts the group had in the same hour of past weeks, on average; null if it had none in all these weeks. */
  recallMean?(hour: number, mean: number | null): void
}

const NOT = -1

export function judgeOf(condition: Condition, fields: readonly string[], calendar: Calendar): Judge {
  switch (condition.kind) {
    case 'event':
      return { judge: (_, number) => number }
    case 'schedule':
      return { judge: ({ at }, number) => (inHours(condition, at, calendar) ? number : NOT) }
    case 'count':
      return countJudge(condition.atLeast, condition.within)
    case 'distinct':
      return distinctJudge(condition, fields.indexOf(condition.field))
    case 'sum':
      return sumJudge(condition, fields.indexOf(condition.field))
    case 'new-value':
      return newValueJudge(condition, fields.indexOf(condition.field))
    case 'ratio':
      return ratioJudge(condition, calendar)
    case 'lasting':
      return lastingJudge(condition, judgeOf(condition.of, fields, calendar))
    case 'travel':
      return travelJudge(condition)
    case 'sequence':
      return sequenceJudge(condition.next.length, condition.within)
    case 'all':
    case 'any': {
      const parts = condition.of.map((part) => judgeOf(part, fields, calendar))
      return combined(parts, condition.kind === 'all')
    }
    case 'not': {
      const part = judgeOf(condition.of, fields, calendar)
      return {
        ...recallsOf([part]),
        judge: (fact, number, seen) => (part.judge(fact, number, seen) === NOT ? number : NOT),
      }
    }
    default:
      // Absence, and conditions on agents and the store, are no events.
      return { judge: () => NOT }
  }
}

/** Moves the beginning of a window up to the facts that are within it; `leave` is called for each that leaves it. */
function moved(start: number, fact: Fact, within: number, seen: Seen, leave?: (left: Fact) => void): number {
  let at = start
  if (at < seen.first) at = seen.first
  for (; fact.at - seen.at(at).at > within; at++) leave?.(seen.at(at))
  return at
}

function countJudge(atLeast: number, within: number): Judge {
  let start = 0
  return {
    judge(fact, number, seen) {
      start = moved(start, fact, within, seen)
      return number - start + 1 >= atLeast ? start : NOT
    },
  }
}

function distinctJudge(
  { atLeast, within }: Extract<Condition, { readonly kind: 'distinct' }>,
  field: number,
): Judge {
  /** The last fact of each value, the one that was seen longest ago first. */
  const last = new Map<string, number>()
  let start = 0
  return {
    judge(fact, _number, seen) {
      start = moved(start, fact, within, seen)
      for (const value of valuesAt(fact, field)) {
        last.delete(value)
        last.set(value, fact.at)
      }
      for (const [value, at] of last) {
        if (fact.at - at <= within) break
        last.delete(value)
      }
      return last.size >= atLeast ? start : NOT
    },
  }
}

function sumJudge({ atLeast, within }: Extract<Condition, { readonly kind: 'sum' }>, field: number): Judge {
  let start = 0
  let sum = 0
  return {
    judge(fact, _, seen) {
      start = moved(start, fact, within, seen, (left) => {
        sum -= amountAt(left, field)
      })
      sum += amountAt(fact, field)
      return sum >= atLeast ? start : NOT
    },
  }
}

function newValueJudge(
  { within, atMost = 0 }: Extract<Condition, { readonly kind: 'new-value' }>,
  field: number,
): Judge {
  /** The last times of each value, one more than it may have had, the oldest first. */
  const last = new Map<string, number[]>()
  let lastAny = Number.NEGATIVE_INFINITY
  const keep = (value: string | null, at: number): void => {
    lastAny = Math.max(lastAny, at)
    if (value === null) return
    const folded = foldKeyword(value)
    const times = [...(last.get(folded) ?? []), at].toSorted((a, b) => a - b).slice(-atMost - 1)
    last.set(folded, times)
  }
  return {
    judge(fact, number) {
      const values = valuesAt(fact, field)
      const hadOthers = fact.at - lastAny <= within
      const isNew = values.some((value) => {
        const before = last.get(foldKeyword(value)) ?? []
        return before.filter((at) => fact.at - at <= within).length <= atMost
      })
      for (const value of values) keep(value, fact.at)
      return isNew && hadOthers ? number : NOT
    },
    recall(of, value, at) {
      if (of === field) keep(value, at)
    },
  }
}

function ratioJudge(
  { atLeast, minimum, weeks }: Extract<Condition, { readonly kind: 'ratio' }>,
  calendar: Calendar,
): Judge {
  let start = 0
  const means = new Map<number, number | null>()
  /** Facts by hour, where nothing is recalled: then all facts of the past weeks come by. */
  const counts = new Map<number, number>()
  const meanOf = (hour: number, before: readonly number[]): number | null => {
    for (const known of counts.keys()) if (known < before.at(-1)!) counts.delete(known)
    const sum = before.reduce((all, one) => all + (counts.get(one) ?? 0), 0)
    return [...counts.keys()].some((known) => known < hour) ? sum / weeks : null
  }
  return {
    judge(fact, number, seen) {
      const { hour, before } = sameHours(fact.at, weeks, calendar)
      if (start < seen.first) start = seen.first
      while (seen.at(start).at < hour) start++
      if (!means.has(hour)) means.set(hour, meanOf(hour, before))
      counts.set(hour, (counts.get(hour) ?? 0) + 1)
      const count = number - start + 1
      const mean = means.get(hour) ?? null
      return mean !== null && count >= minimum && count >= atLeast * mean ? start : NOT
    },
    recallMean(hour, mean) {
      means.set(hour, mean)
    },
  }
}

function lastingJudge(
  { for: span, of }: Extract<Condition, { readonly kind: 'lasting' }>,
  part: Judge,
): Judge {
  const gap = windowOf(of)
  let begun: number | null = null
  let last = Number.NEGATIVE_INFINITY
  return {
    ...recallsOf([part]),
    judge(fact, number, seen) {
      const start = part.judge(fact, number, seen)
      if (start === NOT) {
        begun = null
        return NOT
      }
      if (begun === null || fact.at - last > gap) begun = fact.at
      last = fact.at
      return fact.at - begun >= span ? start : NOT
    },
  }
}

function travelJudge({ kilometresAnHour, atLeast }: Extract<Condition, { readonly kind: 'travel' }>): Judge {
  let before = NOT
  return {
    judge(fact, number, seen) {
      const last = before < seen.first ? undefined : seen.at(before)
      before = number
      if (last?.place === undefined || fact.place === undefined) return NOT
      const distance = kilometres(last.place, fact.place)
      const isTooFar = distance >= atLeast && distance > (kilometresAnHour * (fact.at - last.at)) / 3_600_000
      return isTooFar ? number - 1 : NOT
    },
  }
}

function sequenceJudge(lastStep: number, within: number): Judge {
  /** For each step the latest fact with which a sequence began that has come so far. */
  const begun = new Array<number>(lastStep + 1).fill(NOT)
  return {
    judge(fact, number, seen) {
      const is = (step: number): boolean => (fact.steps & (1 << step)) !== 0
      let met = NOT
      // From the last step on: an event is not its own successor.
      for (let step = lastStep; step > 0; step--) {
        const start = begun[step - 1]!
        if (!is(step) || start < seen.first || fact.at - seen.at(start).at > within) continue
        begun[step] = Math.max(begun[step]!, start)
        if (step === lastStep) met = start
      }
      if (is(0)) begun[0] = number
      return met
    },
  }
}

const recallsOf = (parts: readonly Judge[]): Required<Pick<Judge, 'recall' | 'recallMean'>> => ({
  recall(field, value, at) {
    for (const part of parts) part.recall?.(field, value, at)
  },
  recallMean(hour, mean) {
    for (const part of parts) part.recallMean?.(hour, mean)
  },
})

function combined(parts: readonly Judge[], all: boolean): Judge {
  return {
    ...recallsOf(parts),
    judge(fact, number, seen) {
      let first = number
      let met = 0
      // Each part has to see each fact, also once the answer is certain.
      for (const part of parts) {
        const start = part.judge(fact, number, seen)
        if (start === NOT) continue
        met++
        if (start < first) first = start
      }
      return met > 0 && (!all || met === parts.length) ? first : NOT
    },
  }
}
