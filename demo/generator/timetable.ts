import type { Random } from './random.ts'

const HOUR = 3_600_000
/** How busy each hour of the day (UTC) is, against the busiest. */
const BUSY = [2, 1, 1, 1, 1, 2, 4, 10, 25, 40, 40, 38, 30, 42, 45, 45, 40, 30, 18, 10, 6, 4, 3, 2]

/** Times between `from` and `to`, oldest first: many by day, few by night, fewer at weekends. */
export function busyTimes(random: Random, from: number, to: number, count: number): number[] {
  const hours: { start: number; length: number; weight: number }[] = []
  let total = 0
  for (let start = from; start < to; ) {
    const end = Math.min(to, (Math.floor(start / HOUR) + 1) * HOUR)
    const at = new Date(start)
    const weekend = at.getUTCDay() % 6 === 0
    const weight = (BUSY[at.getUTCHours()]! * (weekend ? 0.3 : 1) * (end - start)) / HOUR
    hours.push({ start, length: end - start, weight })
    total += weight
    start = end
  }
  const times: number[] = []
  for (let made = 0; made < count; made++) {
    let left = random.next() * total
    let hour = hours[0]
    for (const candidate of hours) {
      hour = candidate
      if (left < candidate.weight) break
      left -= candidate.weight
    }
    if (hour === undefined) break
    times.push(Math.floor(hour.start + random.next() * hour.length))
  }
  return times.sort((a, b) => a - b)
}

/** The last 02:11 (UTC) before `to`. */
export function lastNight(to: number): number {
  const at = new Date(to)
  const sameDay = Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate(), 2, 11)
  return sameDay + 20 * 60_000 < to ? sameDay : sameDay - 24 * HOUR
}
