import * as z from 'zod'
import type { Manifest } from '../../schema/wire/index.ts'
import { type Links, type Records, SharedRecords } from '../store/index.ts'
import { isRecorded, type Recorded } from './recorded.ts'
import type { Trail } from './trail.ts'

/** A contradiction between a waybill and those that its chain binds it to: something was removed, added or changed between them. */
const breakSchema = z.object({
  agent: z.string(),
  incarnation: z.string(),
  /** The number of the waybill that names another one wrongly. */
  sequence: z.number(),
  at: z.number(),
  reason: z.string(),
})
export type Break = z.infer<typeof breakSchema>

const KIND = 'chain-break'
export const BREAK_ACTION = 'waybill-chain-break'
/** The most breaks that are kept of one agent; more are counted, and neither kept nor reported. */
const MOST_KEPT = 100

/** Finds the contradictions between a waybill and those that it names, and between it and its successor. */
export function brokenIn(
  { incarnation, sequence, previous, cites }: Manifest,
  hash: string,
  links: Links,
): readonly { readonly sequence: number; readonly reason: string }[] {
  const broken: { sequence: number; reason: string }[] = []
  const name = (number: number): string => `waybill ${number} of incarnation ${incarnation}`
  if (sequence === 1 && previous !== null)
    broken.push({ sequence, reason: `${name(1)} is the first and names one before it` })
  else if (sequence > 1 && previous === null)
    broken.push({ sequence, reason: `${name(sequence)} names none before it` })
  else if (links.before !== null && links.before !== previous)
    broken.push({
      sequence,
      reason: `${name(sequence)} follows ${previous}, and ${name(sequence - 1)} is ${links.before}`,
    })
  if (links.after !== undefined && links.after !== hash)
    broken.push({
      sequence: sequence + 1,
      reason: `${name(sequence + 1)} follows ${links.after ?? 'none'}, and ${name(sequence)} is ${hash}`,
    })
  if (cites !== null && (cites.sequence > 0 || cites.hash !== null)) {
    const cited = `waybill ${cites.sequence} of incarnation ${cites.incarnation}`
    if (links.cited === null)
      broken.push({ sequence, reason: `${name(sequence)} cites ${cited}, which is not stored` })
    else if (links.cited !== cites.hash)
      broken.push({
        sequence,
        reason: `${name(sequence)} cites ${cited} as ${cites.hash}, and that is ${links.cited}`,
      })
  }
  return broken
}

/** The breaks of all agents' chains: each is in the records, and in the audit trail once. */
export class Breaks {
  readonly #records: Records
  readonly #trail: Trail
  readonly #isRecorded: (asked: Recorded) => Promise<boolean>
  readonly #clock: () => number
  readonly #byAgent = new Map<string, Map<string, Break>>()

  private constructor(parts: Parts) {
    this.#records = parts.records
    this.#trail = parts.trail
    this.#isRecorded = (asked) => isRecorded(parts.store, asked)
    this.#clock = parts.clock
  }

  static async open(parts: Parts): Promise<Breaks> {
    const breaks = new Breaks(parts)
    await breaks.#readAll()
    if (parts.records instanceof SharedRecords) parts.records.follow(() => breaks.#readAll())
    return breaks
  }

  async #readAll(): Promise<void> {
    for (const { key, value } of await this.#records.list(KIND)) this.#remember(key, breakSchema.parse(value))
  }

  #remember(key: string, one: Break): void {
    const its = this.#byAgent.get(one.agent) ?? new Map<string, Break>()
    its.set(key, one)
    this.#byAgent.set(one.agent, its)
  }

  /** Oldest first. */
  of(agent: string): Break[] {
    return [...(this.#byAgent.get(agent)?.values() ?? [])].sort((a, b) => a.at - b.at)
  }

  get count(): number {
    return [...this.#byAgent.values()].reduce((sum, { size }) => sum + size, 0)
  }

  /** Checks a stored waybill before it is acknowledged. Returns the number of its breaks that were not known. */
  async look(manifest: Manifest, hash: string, links: Links, name: string): Promise<number> {
    const { agent, incarnation } = manifest
    let found = 0
    for (const { sequence, reason } of brokenIn(manifest, hash, links)) {
      const key = `${agent}/${incarnation}/${sequence}`
      const its = this.#byAgent.get(agent)
      if (its?.has(key) === true) continue
      found++
      const count = its?.size ?? 0
      if (count >= MOST_KEPT) continue
      const one = { agent, incarnation, sequence, at: this.#clock(), reason }
      this.#remember(key, one)
      await this.#record(key, one, { name, isLast: count === MOST_KEPT - 1 })
    }
    return found
  }

  async #record(key: string, one: Break, { name, isLast }: { name: string; isLast: boolean }): Promise<void> {
    // Record it in the trail first: after kill -9 the waybill comes again, and the trail shows whether it was recorded.
    if (!(await this.#isRecorded({ action: BREAK_ACTION, entity: key }))) {
      const more = isLast ? ' Further breaks of this agent are counted, but not listed.' : ''
      await this.#trail.record({
        action: BREAK_ACTION,
        category: 'security',
        message: `The chain of agent ${name} is broken: ${one.reason}.${more}`,
        outcome: 'failure',
        reason: one.reason,
        by: { name: 'agent' },
        entity: { type: 'waybill', id: key, name },
      })
    }
    await this.#records.put(KIND, key, one, null)
  }
}

interface Parts {
  readonly records: Records
  readonly store: Parameters<typeof isRecorded>[0]
  readonly trail: Trail
  readonly clock: () => number
}
