import { type Members, newMembers } from '../../integration/members.ts'
import { PATTERN_REACH, wholePattern } from '../../integration/pattern.ts'
import type { Format } from './format.ts'

/** Lines with their own form: the first pattern that matches the whole record names its parts. */
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

/** A date and time in ISO 8601 at the beginning of the line, bare or in brackets. */
const LEADING_TIME =
  /^[[(<]?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: ?(?:Z|UTC|GMT|[+-]\d\d:?\d\d)(?![\w:]))?)(?=$|[\s\])>,;|:-])/

/** A text without structure: `line` is all of it, `time` is the time at its beginning. */
export const plain: Format = {
  begin() {},
  looksLike: () => true,
  cells: () => null,
  read(text) {
    const members: Members = { line: text }
    const time = LEADING_TIME.exec(text)?.[1]
    if (time !== undefined) members.time = time
    return { members, flags: 0 }
  },
}
