import type { Finding } from '../../../schema/api/index.ts'
import type { Category } from '../../../schema/index.ts'
import type { AbsentLine } from '../../store/port.ts'
import type { Counted } from './source.ts'

interface Lost {
  readonly name: string
  readonly events: number
  /** Lines that are missing since it is not there. */
  missing: number
}

/** Partitions that the source lists and that are not there: one finding each, not one for each of their events. */
export class LostPartitions {
  readonly #lost: readonly Lost[]
  /** All partitions by category, the newest first; null for one that is there. */
  readonly #begins = new Map<Category, { readonly begin: number; readonly lost: Lost | null }[]>()

  constructor(partitions: Counted['partitions']) {
    const all = partitions.map(({ name, category, events, isThere }) => {
      const lost: Lost | null = isThere ? null : { name, events, missing: 0 }
      return { category, begin: beginOf(name, category), lost }
    })
    this.#lost = all.flatMap(({ lost }) => (lost === null ? [] : [lost]))
    if (this.#lost.length === 0) return
    for (const { category, ...one } of all.sort((a, b) => b.begin - a.begin))
      this.#begins.set(category, [...(this.#begins.get(category) ?? []), one])
  }

  explains({ fate }: AbsentLine, received: number): boolean {
    if (fate === undefined || fate === null) return false
    const its = this.#begins.get(fate)?.find(({ begin }) => begin <= received)?.lost
    if (its == null) return false
    its.missing++
    return true
  }

  /** How many lines of each are missing so far, by name. */
  get saved(): ReadonlyMap<string, number> {
    return new Map(this.#lost.map(({ name, missing }) => [name, missing]))
  }

  restore(saved: LostPartitions['saved']): void {
    for (const one of this.#lost) one.missing = saved.get(one.name) ?? 0
  }

  *end(): Generator<Finding> {
    for (const { name, events, missing } of this.#lost)
      yield {
        kind: 'partition-missing',
        weight: 'wrong',
        partition: name,
        events,
        sentence: `Partition ${name} is missing: its file is not there or can't be read, and no expiry removed it. It had ${events} events; the hashes of ${missing} are kept. Restore it from a backup.`,
      }
  }
}

/** The beginning of a partition's window, ms, from its name: `view-2026-11-02`, or `view-2026-11-02T1230`. */
function beginOf(name: string, category: Category): number {
  const [, day = '', hours = '00', minutes = '00'] =
    /^(\d{4}-\d\d-\d\d)(?:T(\d\d)(\d\d))?$/.exec(name.slice(category.length + 1)) ?? []
  const begin = Date.parse(`${day}T${hours}:${minutes}:00Z`)
  return Number.isNaN(begin) ? Number.NEGATIVE_INFINITY : begin
}
