const QUARTER_MS = 15 * 60_000
const pad = (value: number): string => String(value).padStart(2, '0')

/** Times on the clock of one zone. A million rows ask it, so it asks Intl once for a quarter of an hour: no zone changes within one. */
export class Clock {
  readonly zone: string
  readonly #offsets: Intl.DateTimeFormat
  #quarter = Number.NaN
  #offset = 0
  #suffix = ''

  constructor(zone: string) {
    this.zone = zone
    this.#offsets = new Intl.DateTimeFormat('en-GB', { timeZone: zone, timeZoneName: 'longOffset' })
  }

  /** The difference from UTC at this time, ms. */
  offsetAt(at: number): number {
    const quarter = Math.floor(at / QUARTER_MS)
    if (quarter !== this.#quarter) this.#look(quarter, at)
    return this.#offset
  }

  /** `2026-03-01T09:30:00.000+01:00`. */
  iso(at: number): string {
    const offset = this.offsetAt(at)
    return `${new Date(at + offset).toISOString().slice(0, -1)}${this.#suffix}`
  }

  /** `2026-03-01 09:30:00`, for tables that name the zone. */
  shown(at: number): string {
    return new Date(at + this.offsetAt(at)).toISOString().slice(0, 19).replace('T', ' ')
  }

  /** `1 March 2026, 09:30`. */
  words(at: number): string {
    const there = new Date(at + this.offsetAt(at))
    const day = `${there.getUTCDate()} ${MONTHS[there.getUTCMonth()]} ${there.getUTCFullYear()}`
    return `${day}, ${pad(there.getUTCHours())}:${pad(there.getUTCMinutes())}`
  }

  /** `UTC+01:00` at this time. */
  offsetText(at: number): string {
    this.offsetAt(at)
    return this.#suffix === 'Z' ? 'UTC' : `UTC${this.#suffix}`
  }

  /** The parts of the clock's face. */
  face(at: number): Date {
    return new Date(at + this.offsetAt(at))
  }

  #look(quarter: number, at: number): void {
    const name = this.#offsets.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? 'GMT'
    const found = /^GMT([+-])(\d\d):(\d\d)(?::(\d\d))?$/.exec(name)
    const seconds =
      found === null ? 0 : Number(found[2]) * 3600 + Number(found[3]) * 60 + Number(found[4] ?? 0)
    this.#offset = (found?.[1] === '-' ? -1 : 1) * seconds * 1000
    this.#suffix = found === null || seconds === 0 ? 'Z' : `${found[1]}${found[2]}:${found[3]}`
    this.#quarter = quarter
  }
}

export const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const
