/** A person's habits for dates and times: the order of a date's parts, and whether the clock has 12 hours. */
export interface Habits {
  readonly order: readonly ('day' | 'month' | 'year')[]
  /** Between the numbers of a date. */
  readonly separator: string
  readonly hour12: boolean
}

/** The habits of a language and country; by default those of the reader's browser. */
export function habitsOf(locale?: string): Habits {
  const format = new Intl.DateTimeFormat(locale, {
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: 'numeric',
    calendar: 'gregory',
    numberingSystem: 'latn',
  })
  const parts = format.formatToParts(new Date(2020, 11, 31, 13))
  const order = parts.flatMap(({ type }) =>
    type === 'day' || type === 'month' || type === 'year' ? [type] : [],
  )
  const first = parts.findIndex(({ type }) => type === order[0])
  const separator = parts[first + 1]?.value.trim() ?? '/'
  return {
    order,
    separator: /^[./-]$/.test(separator) ? separator : '/',
    hour12: format.resolvedOptions().hour12 ?? false,
  }
}

export const READER: Habits = habitsOf()

/** The screens are in English: of its several forms, the one with this order. */
export const englishOf = ({ order }: Habits): string =>
  order[0] === 'month' ? 'en-US' : order[0] === 'year' ? 'en-CA' : 'en-GB'

const two = (part: number): string => String(part).padStart(2, '0')

/** A minute as somebody types it: 31/12/2026, 14:30, or 12/31/2026, 2:30 PM. */
export function typed(at: Temporal.PlainDateTime, { order, separator, hour12 }: Habits): string {
  const parts = { day: two(at.day), month: two(at.month), year: String(at.year).padStart(4, '0') }
  const time = hour12
    ? `${at.hour % 12 || 12}:${two(at.minute)} ${at.hour < 12 ? 'AM' : 'PM'}`
    : `${two(at.hour)}:${two(at.minute)}`
  return `${order.map((part) => parts[part]).join(separator)}, ${time}`
}

const DATE = /^\s*(\d{1,4})\s*[./-]\s*(\d{1,2})\s*[./-]\s*(\d{1,4})\.?/
const TIME = /^[\s,T]*(?:(\d{1,2})(?::(\d{2})(?::\d{2})?)?\s*(?:([ap])\.?m\.?)?)?\s*$/i

/** Reads a typed date in this form or in ISO 8601; without a time it means the day's beginning. Null if it is no date. */
export function readTyped(text: string, { order }: Habits): Temporal.PlainDateTime | null {
  const date = DATE.exec(text)
  const time = TIME.exec(text.slice(date?.[0].length ?? 0))
  if (date === null || time === null) return null
  const given = [date[1] ?? '', date[2] ?? '', date[3] ?? '']
  const names = given[0]?.length === 4 ? (['year', 'month', 'day'] as const) : order
  const part = (name: (typeof order)[number]): string => given[names.indexOf(name)] ?? ''
  const hour = hourOf(time[1], time[3])
  if (part('year').length !== 4 || hour === null) return null
  try {
    return Temporal.PlainDateTime.from(
      {
        year: Number(part('year')),
        month: Number(part('month')),
        day: Number(part('day')),
        hour,
        minute: Number(time[2] ?? 0),
      },
      { overflow: 'reject' },
    )
  } catch {
    // The 30th of February.
    return null
  }
}

function hourOf(hour: string | undefined, half: string | undefined): number | null {
  const given = Number(hour ?? 0)
  if (half === undefined) return given
  if (given < 1 || given > 12) return null
  return (given % 12) + (half.toLowerCase() === 'p' ? 12 : 0)
}
