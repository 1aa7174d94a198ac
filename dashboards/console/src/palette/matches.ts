/** Whether each typed word begins a word of the name, in any order; so `dead let` finds Dead letters. */
export function matches(typed: string, name: string): boolean {
  const words = wordsOf(name)
  return wordsOf(typed).every((one) => words.some((word) => word.startsWith(one)))
}

const wordsOf = (text: string): string[] =>
  text
    .toLowerCase()
    .split(/[\s:,./@_-]+/)
    .filter((word) => word !== '')
