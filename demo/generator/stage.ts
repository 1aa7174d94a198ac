import type { World } from './cast.ts'
import type { Random } from './random.ts'

export const SYSTEMS = ['creatio', 'erp', 'clockify', 'connexcs', 'strapi'] as const
export type System = (typeof SYSTEMS)[number]

/** One audit record, with the column names of the system that writes it. */
export interface Entry {
  readonly system: System
  readonly row: Readonly<Record<string, unknown>>
}

/** The context of a scene: the time of its next record, randomness, and the state of the systems. */
export interface Stage {
  readonly now: Date
  readonly random: Random
  readonly world: World
  /** Returns a number that no record had before, ascending with time, also from one run to the next. */
  number(): number
}

/** A few related records, each made when it is due. */
export type Play = (stage: Stage) => Generator<Entry, void>

export interface Scene {
  /** The number of copies in a deck: every deck holds every scene. */
  readonly times: number
  readonly play: Play
}

/** `2026-01-22 10:45:32`, in UTC. */
export const plainTime = (at: Date): string => at.toISOString().slice(0, 19).replace('T', ' ')

export const money = (amount: number): string =>
  `$${amount.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`
