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

/** Whether folding leaves more than so many characters of a text: asked without folding it, which is dear for whole sentences. */
export function foldsLonger(text: string, than: number): boolean {
  let left = 0
  for (let i = 0; i < text.length && left <= than; i++) {
    const code = text.charCodeAt(i)
    if (code !== SPACE && code !== DASH && code !== LINE) left++
  }
  return left > than
}

const SPACE = 0x20
const DASH = 0x2d
const LINE = 0x5f

/** Names and kinds are few and come again and again: folding one costs ten times as much as finding it. */
const KNOWN = new Map<string, string>()
const MOST_KNOWN = 8192
const LONGEST_KNOWN = 64
