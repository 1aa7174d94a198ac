import type { Framing } from '../../inputs/framing.ts'
import { FLAG } from './flags.ts'
import type { Integration } from './integration.ts'
import { leafOf } from './layout.ts'

/** What an event may lack, as bits: it has no type, names no user, has no time, or its record was not understood. */
export const LACK = { type: 1, user: 2, time: 4, sense: 8 } as const
export type Lack = keyof typeof LACK

export const LACKS = Object.keys(LACK) as Lack[]

/** The number of records of an input, and of those that lacked something. */
export type Shape = { readonly records: number } & { readonly [lack in Lack]: number }

export const NO_SHAPE: Shape = { records: 0, type: 0, user: 0, time: 0, sense: 0 }

export const sumOfShapes = (a: Shape, b: Shape): Shape => ({
  records: a.records + b.records,
  type: a.type + b.type,
  user: a.user + b.user,
  time: a.time + b.time,
  sense: a.sense + b.sense,
})

/** Counts what events lack: in an array of numbers, since it is updated for each record. */
export class ShapeCount {
  readonly #counts = new Float64Array(16)

  add(lacks: number): void {
    this.#counts[lacks & 15]!++
  }

  /** Returns the counts since the last call, and resets them. */
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
 * What the records of an input should have. An audit trail of objects or rows names users. Logs of a system have many lines without a
 * user. An integration without a catalogue has no types, and most entries of a journal are not events of its catalogue.
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

/** Counts events by what they lack. */
export function shapeOf(lacks: readonly number[]): Shape {
  const count = new ShapeCount()
  for (const one of lacks) count.add(one)
  return count.take()
}

const FEWEST = 20

/** Returns what most of these records lack although they should have it. */
export const mostlyLacking = (shape: Shape, expected: number): Lack[] =>
  shape.records < FEWEST
    ? []
    : LACKS.filter((lack) => (expected & LACK[lack]) !== 0 && shape[lack] * 2 > shape.records)

/** The same for a sample that somebody inspects: of a few records, only what all of them lack. */
export const lackingInSample = (shape: Shape, expected: number): Lack[] =>
  shape.records === 0 || shape.records >= FEWEST
    ? mostlyLacking(shape, expected)
    : LACKS.filter((lack) => (expected & LACK[lack]) !== 0 && shape[lack] === shape.records)
