/** How a count stands against that of an earlier time, in words; `then` is how that time is called, such as `yesterday`. */
export function comparison(count: number, earlier: number, then: string): string {
  if (earlier === 0) return `none ${then}`
  const share = Math.round(((count - earlier) / earlier) * 100)
  if (share === 0) return `as ${then}`
  return share >= TIMES
    ? `${Math.round(count / earlier)} times that of ${then}`
    : `${share > 0 ? '+' : '−'}${Math.abs(share)} % on ${then}`
}

/** Beyond so many percent more, nobody reads percents. */
const TIMES = 400
