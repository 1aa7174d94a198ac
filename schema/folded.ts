/**
 * Names and looked-up values compare without regard to case, `_`, `-` and spaces, so that `userName`, `user_name` and
 * `User Name` are one.
 */
export function folded(name: string): string {
  if (name.length > LONGEST_KNOWN) return fold(name)
  let known = KNOWN.get(name)
  if (known === undefined) {
    known = fold(name)
    if (KNOWN.size >= MOST_KNOWN) KNOWN.clear()
    KNOWN.set(name, known)
  }
  return known
}

const fold = (name: string): string =>
  name.replace(/[_\- ]/g, '').replace(/[A-Z]+/g, (upper) => upper.toLowerCase())

/** Names and kinds are few and come again and again: folding one costs ten times as much as finding it. */
const KNOWN = new Map<string, string>()
const MOST_KNOWN = 8192
const LONGEST_KNOWN = 64
