import { type Members, newMembers } from '../../integration/members.ts'
import { PATTERN_REACH, wholePattern } from '../../integration/pattern.ts'
import type { Format } from './format.ts'

/** Lines of a form of their own: the first pattern that fits the whole record names its parts. */
export function regex(patterns: readonly string[]): Format {
  const compiled = patterns.map(wholePattern)
  const membersOf = (text: string): Members | null => {
    for (const pattern of compiled) {
      const groups = pattern.exec(text)
      if (groups === null) continue
      const members: Members = newMembers()
      for (const [name, value] of groups) members[name] = value
      return members
    }
    return null
  }
  return {
    begin() {},
    looksLike: (text) => membersOf(text) !== null,
    cells: () => null,
    read(text) {
      const members = membersOf(text)
      if (members !== null) return { members, flags: 0 }
      return {
        problem:
          text.length > PATTERN_REACH
            ? `The record has ${text.length} characters; patterns are tried on at most ${PATTERN_REACH}.`
            : `None of the integration's ${patterns.length} patterns fits the record.`,
      }
    },
  }
}
