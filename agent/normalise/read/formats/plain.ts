import type { Members } from '../../integration/members.ts'
import type { Format } from './format.ts'

/** A date and time as ISO 8601 writes it, at the line's start, bare or in brackets. */
const LEADING_TIME =
  /^[[(<]?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: ?(?:Z|UTC|GMT|[+-]\d\d:?\d\d)(?![\w:]))?)(?=$|[\s\])>,;|:-])/

/** A text without structure: `line` is all of it, `time` the time that it begins with. */
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
