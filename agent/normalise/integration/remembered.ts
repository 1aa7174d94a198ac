const MOST_KNOWN = 4096
const LONGEST_KNOWN = 64

/** The same function of texts that come again and again: names of actions, results, devices. What it gives is worked out once for each. */
export function remembered<Answer>(
  of: (text: string) => Answer,
  { longest = LONGEST_KNOWN }: { readonly longest?: number } = {},
): (text: string) => Answer {
  const known = new Map<string, { readonly answer: Answer }>()
  return (text) => {
    if (text.length > longest) return of(text)
    let entry = known.get(text)
    if (entry === undefined) {
      entry = { answer: of(text) }
      // Of a source whose texts are ever new it costs time, never memory.
      if (known.size >= MOST_KNOWN) known.clear()
      known.set(text, entry)
    }
    return entry.answer
  }
}
