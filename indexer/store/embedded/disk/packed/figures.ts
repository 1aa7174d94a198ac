import type { Sink } from './bytes.ts'

export const HEX = /^[0-9a-f]+$/
/** The digits of numbers that a double holds exactly; with 16 hexadecimal digits, only numbers that begin with three zeros. */
const MOST_DIGITS = 15
const HEX_DIGITS = 16
const HEX_ZEROS = '000'

/** Finds how all these texts show a number; the result has a width if there are leading zeros. */
export function figuresOf(
  texts: readonly string[],
): { radix: number; width: number; values: readonly number[] } | null {
  const values: number[] = []
  const width = texts[0]!.length
  const isHex = width <= HEX_DIGITS && texts[0]!.startsWith(HEX_ZEROS)
  let isPlain = true
  let isPadded = true
  for (const text of texts) {
    const { length } = text
    if (length === 0 || length > MOST_DIGITS) return isHex ? hexOf(texts, width) : null
    if (length !== width) isPadded = false
    let value = 0
    for (let at = 0; at < length; at++) {
      const digit = text.charCodeAt(at) - 0x30
      if (digit < 0 || digit > 9) return isHex ? hexOf(texts, width) : null
      value = value * 10 + digit
    }
    if (length > 1 && text.charCodeAt(0) === 0x30) isPlain = false
    if (!isPlain && !isPadded) return null
    values.push(value)
  }
  return { radix: 10, width: isPlain ? 0 : width, values }
}

function hexOf(
  texts: readonly string[],
  width: number,
): { radix: number; width: number; values: readonly number[] } | null {
  for (const text of texts)
    if (text.length !== width || !text.startsWith(HEX_ZEROS) || !HEX.test(text)) return null
  return { radix: 16, width, values: texts.map((text) => Number.parseInt(text, 16)) }
}

export function stepsOf(values: readonly number[]): number[] {
  const steps: number[] = []
  for (let row = 1; row < values.length; row++) steps.push(values[row]! - values[row - 1]!)
  return steps
}

const FEW_NUMBERS = 64

export function areFew(values: readonly number[]): boolean {
  const most = Math.min(FEW_NUMBERS, values.length / 8)
  const known = new Set<number>()
  for (const value of values) if (known.add(value).size > most) return false
  return true
}

interface Divided {
  readonly values: readonly number[]
  readonly least: number
  readonly by: number
  /** How many bytes the greatest number takes. */
  readonly bytes: number
  /** How many bits a number of about the usual size takes. */
  readonly bits: number
}

/** Numbers as they are above the least, divided by what divides all of them. */
export function divided(values: readonly number[]): Divided {
  let least = values[0] ?? 0
  for (const value of values) if (value < least) least = value
  let by = 0
  let most = 0
  let sum = 0
  for (const value of values) {
    const above = value - least
    if (above > most) most = above
    sum += above
    if (by !== 1) by = commonDivisor(above, by)
  }
  by ||= 1
  let bytes = 0
  for (let rest = most / by; rest >= 1; rest /= 256) bytes++
  const smaller: number[] = []
  for (const value of values) smaller.push((value - least) / by)
  return { values: smaller, least, by, bytes, bits: Math.log2(sum / by / Math.max(1, values.length) + 1) }
}

function commonDivisor(one: number, other: number): number {
  let [a, b] = [one, other]
  while (b !== 0) [a, b] = [b, a % b]
  return a
}

/** The lowest bytes of all numbers, then the next ones. */
export function planes(sink: Sink, values: readonly number[], bytes: number): void {
  const at = sink.extend(values.length * bytes)
  const all = sink.bytes
  for (let row = 0; row < values.length; row++) {
    let rest = values[row]!
    for (let plane = 0; plane < bytes; plane++) {
      const high = Math.floor(rest / 256)
      all[at + plane * values.length + row] = rest - high * 256
      rest = high
    }
  }
}
