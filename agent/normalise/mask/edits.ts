/** A piece of a text that is written anew. */
export interface Edit {
  readonly from: number
  readonly to: number
  readonly by: string
}

/** The text with its edits, which don't overlap. */
export function edited(text: string, edits: readonly Edit[]): string {
  if (edits.length === 0) return text
  let result = ''
  let done = 0
  for (const { from, to, by } of edits.toSorted((a, b) => a.from - b.from)) {
    result += text.slice(done, from) + by
    done = to
  }
  return result + text.slice(done)
}
