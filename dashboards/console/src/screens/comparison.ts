/** How a count stands against that of the time before, in words. */
export function comparison(count: number, earlier: number): string {
  if (earlier === 0) return count === 0 ? 'as before' : 'none in the time before'
  const share = Math.round(((count - earlier) / earlier) * 100)
  if (share === 0) return 'as in the time before'
  return `${share > 0 ? '+' : '−'}${Math.abs(share)} % to the time before`
}
