import type { Extraction } from './integration.ts'
import { type Groups, wholePattern } from './pattern.ts'
import { remembered } from './remembered.ts'

const LONGEST_TEXT = 40

/** What the first pattern that fits takes a text apart into; null where none does. */
export type TakerApart = (text: string) => Groups | null

export const takerApart = (extraction: Extraction): TakerApart =>
  remembered(groupsFinder(extraction), { longest: LONGEST_TEXT })

function groupsFinder({ patterns, into }: Extraction): TakerApart {
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
