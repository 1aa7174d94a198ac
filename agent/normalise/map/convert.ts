import { isIP } from 'node:net'
import { nanosecondsOf } from '../integration/duration.ts'
import { folded } from '../integration/integration.ts'
import type { Rule } from '../integration/rules.ts'
import { isoOf, isPlausible } from '../integration/time.ts'

const INTEGER = /^-?\d{1,15}$/
const DECIMAL = /^-?\d{1,15}(?:\.\d{1,15})?$/

/** `1,000`, `1.000`, `1 000`, `1,000 records`: digits in groups of three, and what is counted. */
const GROUPED = /^(-?\d{1,3}(?:([,. '\u00a0\u202f])\d{3})(?:\2\d{3}){0,4}|-?\d{1,15})(?: [a-z]{1,32})?$/i

function groupedNumber(text: string): number | undefined {
  const digits = GROUPED.exec(text)?.[1]
  return digits === undefined ? undefined : Number(digits.replace(/[^\d-]/g, '')) + 0
}

/** A text as a rule's field has it; undefined where it is none for that field. */
export function convert(rule: Rule, text: string, now: number): string | number | boolean | undefined {
  switch (rule.type) {
    case 'text':
      return text
    case 'time': {
      const time = rule.time!.read(text, now)
      if (Number.isNaN(time) || !isPlausible(time, now)) return undefined
      return isoOf(time)
    }
    case 'ip':
      return isIP(text) !== 0 && !text.includes('%') ? text : undefined
    case 'long': {
      if (rule.written === 'duration') return nanosecondsOf(text)
      if (rule.written === 'grouped') return groupedNumber(text)
      if (rule.scale === 1 ? !INTEGER.test(text) : !DECIMAL.test(text)) return undefined
      const value = Math.round(Number(text) * rule.scale)
      return Number.isSafeInteger(value) ? value + 0 : undefined
    }
    case 'float':
      return DECIMAL.test(text) ? Number(text) : undefined
    case 'boolean': {
      const fold = folded(text)
      return fold === 'true' ? true : fold === 'false' ? false : undefined
    }
  }
}
