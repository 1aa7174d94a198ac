/** Compares a count with that of an earlier time, in words; `then` is the name of that time, such as `this time yesterday`. */
export function comparison(count: number, earlier: number, then: string): string {
  if (earlier === 0) return `no events by ${then}`
  const share = Math.round(((count - earlier) / earlier) * 100)
  if (share === 0) return `same as by ${then}`
  return share >= TIMES
    ? `${Math.round(count / earlier)} times as many as by ${then}`
    : `${share > 0 ? '+' : '−'}${Math.abs(share)} % compared with ${then}`
}

/** From this percentage on, a factor is easier to read. */
const TIMES = 400
