import type { Finding, FindingWeight } from '../../../schema/api/index.ts'

/** The most findings of a report. A store that is wholly damaged has millions. */
const MOST = 1000

export interface SavedFindings {
  readonly byWeight: Record<FindingWeight, Finding[]>
  readonly counts: Record<FindingWeight, number>
}

/** The findings of a verification, the worst first. */
export class Findings {
  readonly #byWeight: Record<FindingWeight, Finding[]> = { wrong: [], unproved: [], explained: [] }
  readonly #counts: Record<FindingWeight, number> = { wrong: 0, unproved: 0, explained: 0 }

  add(...findings: readonly Finding[]): void {
    for (const finding of findings) {
      this.#counts[finding.weight]++
      if (this.#byWeight[finding.weight].length < MOST) this.#byWeight[finding.weight].push(finding)
    }
  }

  /** All that a later process needs to go on. */
  get saved(): SavedFindings {
    return { byWeight: this.#byWeight, counts: this.#counts }
  }

  restore({ byWeight, counts }: SavedFindings): void {
    Object.assign(this.#byWeight, byWeight)
    Object.assign(this.#counts, counts)
  }

  end(): { listed: Finding[]; more: number; worst: FindingWeight | null } {
    const { wrong, unproved, explained } = this.#byWeight
    const listed = [...wrong, ...unproved, ...explained].slice(0, MOST)
    const all = this.#counts.wrong + this.#counts.unproved + this.#counts.explained
    const worst =
      this.#counts.wrong > 0
        ? 'wrong'
        : this.#counts.unproved > 0
          ? 'unproved'
          : this.#counts.explained > 0
            ? 'explained'
            : null
    return { listed, more: all - listed.length, worst }
  }
}
