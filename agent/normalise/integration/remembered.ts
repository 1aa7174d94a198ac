const MOST_KNOWN = 4096
const LONGEST_KNOWN = 64

/** Caches a function of texts that repeat, such as names of actions, results and devices: it is computed once for each text. */
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
      // If a source always has new texts, this costs time but never memory.
      if (known.size >= MOST_KNOWN) known.clear()
      known.set(text, entry)
    }
    return entry.answer
  }
}
