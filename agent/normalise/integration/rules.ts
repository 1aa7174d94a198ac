import type { Check } from './condition.ts'
import { type Extraction, folded } from './integration.ts'
import type { Given } from './lookups.ts'
import { spellings } from './names.ts'
import { type Groups, wholePattern } from './pattern.ts'
import { remembered } from './remembered.ts'
import type { TimeReader } from './time.ts'

/** One field of the schema and its sources, the best first. */
export interface Rule {
  readonly leaf: number
  readonly type: 'time' | 'text' | 'ip' | 'long' | 'float' | 'boolean'
  readonly many: boolean
  readonly sources: readonly number[]
  readonly values: ValueTable | null
  /** A text that is not in `values` is taken as it is. */
  readonly keepsOthers: boolean
  /** For a list: take its first item. */
  readonly first: boolean
  /** Whether the taken member stays for later rules, and in the payload if none of these takes it. */
  readonly keep: boolean
  /** The constant value of the field, whatever the record says. */
  readonly constant: Given | null
  /** Whether the rule applies to the record; null if it always does. */
  readonly applies: Check | null
  readonly time: TimeReader | null
  /** The factor for a number. */
  readonly scale: number
  /** The notation of numbers: `1,000` is grouped, `145ms` and `4.5 hours` are durations. */
  readonly written: 'plain' | 'grouped' | 'duration'
}

/** Maps texts of a source to values of a field. */
export class ValueTable {
  /** The size of all its values. */
  readonly bytes: number
  readonly #byFold: ReadonlyMap<string, string>
  /** Texts as they occur, so that usual texts are not folded each time. */
  readonly #known = new Map<string, string>()

  constructor(values: Readonly<Record<string, readonly string[]>>) {
    this.bytes = Object.keys(values).reduce((sum, value) => sum + Buffer.byteLength(value), 0)
    this.#byFold = new Map(
      Object.entries(values).flatMap(([value, texts]) =>
        texts.flatMap(spellings).map((text) => [folded(text), value] as const),
      ),
    )
  }

  of(text: string): string | undefined {
    const known = this.#known.get(text)
    if (known !== undefined) return known
    const value = this.#byFold.get(folded(text))
    if (value !== undefined && this.#known.size < 256) this.#known.set(text, value)
    return value
  }
}

/** Folded names of the parts of one change. */
export interface ItemNames {
  readonly field: ReadonlySet<string>
  readonly old: ReadonlySet<string>
  readonly new: ReadonlySet<string>
}

/** A member that is split. */
export interface CompiledExtraction {
  readonly extraction: Extraction
  readonly groupsOf: GroupFinder
  readonly from: readonly { readonly source: number; readonly isNested: boolean }[]
  /** The sources of the groups, which become members. */
  readonly sourceOf: ReadonlyMap<string, number>
  /** The member that gets the name of the matching pattern; null if there is none. */
  readonly into: number | null
  /** Whether it applies; null if it always does. */
  readonly applies: Check | null
}

const LONGEST_TEXT = 40

/** Splits a text by the first pattern that matches; null if none does. */
export type GroupFinder = (text: string) => Groups | null

export const groupFinder = (extraction: Extraction): GroupFinder =>
  remembered(groupsFinder(extraction), { longest: LONGEST_TEXT })

function groupsFinder({ patterns, into }: Extraction): GroupFinder {
  const compiled = patterns.map(({ name, pattern }) => ({ name, pattern: wholePattern(pattern) }))
  return (text) => {
    for (const { name, pattern } of compiled) {
      const groups = pattern.exec(text)
      if (groups === null) continue
      const taken = groups.filter(([, value]) => value !== '')
      if (into !== null && name !== null) taken.push([into, name])
      return taken
    }
    return null
  }
}
