import type { Framing } from '../../inputs/framing.ts'
import { FLAG } from './flags.ts'
import type { Integration } from './integration.ts'
import { leafOf } from './layout.ts'

/** What an event may lack, as bits: it is of no type, names no user, says no time, or its record was not understood. */
export const LACK = { type: 1, user: 2, time: 4, sense: 8 } as const
export type Lack = keyof typeof LACK

export const LACKS = Object.keys(LACK) as Lack[]

/** How many records of an input there were, and how many of them lacked something. */
export type Shape = { readonly records: number } & { readonly [lack in Lack]: number }

export const NO_SHAPE: Shape = { records: 0, type: 0, user: 0, time: 0, sense: 0 }

export const sumOfShapes = (a: Shape, b: Shape): Shape => ({
  records: a.records + b.records,
  type: a.type + b.type,
  user: a.user + b.user,
  time: a.time + b.time,
  sense: a.sense + b.sense,
})

/** Counts what events lack, one after the other: a list of numbers, since it is asked for each record. */
export class ShapeCount {
  readonly #counts = new Float64Array(16)

  add(lacks: number): void {
    this.#counts[lacks & 15]!++
  }

  /** What was counted since it was taken the last time. */
  take(): Shape {
    const counts = [...this.#counts]
    this.#counts.fill(0)
    const withBit = (bit: number): number =>
      counts.reduce((sum, count, lacks) => ((lacks & bit) === 0 ? sum : sum + count), 0)
    return {
      records: counts.reduce((sum, count) => sum + count, 0),
      type: withBit(LACK.type),
      user: withBit(LACK.user),
      time: withBit(LACK.time),
      sense: withBit(LACK.sense),
    }
  }
}

export const USER_LEAVES: readonly number[] = (
  ['user.name', 'user.id', 'user.email', 'user.full_name'] as const
).map(leafOf)

export const TIMELESS = FLAG.timestamp_missing | FLAG.timestamp_invalid

const TABLES: readonly string[] = ['json', 'csv', 'kv']

/**
 * What the records of an input should have. An audit trail of objects or rows names users; logs of a system have many lines of nobody. An integration
 * without a catalogue has no types, and of a journal most entries are no events of it.
 */
export function expectedOf(
  { formats, envelope, events, fields }: Integration,
  { framing }: { readonly framing: Framing },
): number {
  const isTable =
    envelope === null && framing.kind !== 'journal' && formats.every((format) => TABLES.includes(format))
  const hasUser = fields.some(({ to, from }) => from.length > 0 && USER_LEAVES.includes(leafOf(to)))
  return (
    (events.length > 0 && !formats.includes('journald') ? LACK.type : 0) |
    (isTable && hasUser ? LACK.user : 0) |
    LACK.time |
    LACK.sense
  )
}

/** Of events whose lacks are known. */
export function shapeOf(lacks: readonly number[]): Shape {
  const count = new ShapeCount()
  for (const one of lacks) count.add(one)
  return count.take()
}

const FEWEST = 20

/** What most of these records lack, though they should have it. */
export const mostlyLacking = (shape: Shape, expected: number): Lack[] =>
  shape.records < FEWEST
    ? []
    : LACKS.filter((lack) => (expected & LACK[lack]) !== 0 && shape[lack] * 2 > shape.records)

/** The same of a sample that somebody looks at: of a few records, what all of them lack. */
export const lackingInSample = (shape: Shape, expected: number): Lack[] =>
  shape.records === 0 || shape.records >= FEWEST
    ? mostlyLacking(shape, expected)
    : LACKS.filter((lack) => (expected & LACK[lack]) !== 0 && shape[lack] === shape.records)
