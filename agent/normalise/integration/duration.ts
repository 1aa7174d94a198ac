/** The units of a duration, in nanoseconds. */
const UNITS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  sec: 1e9,
  m: 60e9,
  min: 60e9,
  h: 3600e9,
  hr: 3600e9,
  d: 86_400e9,
}
const WORDS: Readonly<Record<string, string>> = {
  millisecond: 'ms',
  microsecond: 'us',
  nanosecond: 'ns',
  second: 's',
  minute: 'min',
  hour: 'h',
  day: 'd',
}

const CLOCK = /^(\d{1,6}):([0-5]\d):([0-5]\d)(?:[.,](\d{1,9}))?$/
const ISO =
  /^P(?:(\d{1,9})D)?(?:T(?:(\d{1,9}(?:\.\d{1,9})?)H)?(?:(\d{1,9}(?:\.\d{1,9})?)M)?(?:(\d{1,9}(?:\.\d{1,9})?)S)?)?$/
const PART = /(\d{1,15}(?:\.\d{1,9})?) ?([a-zµ]{1,16}) ?,? ?/gy
const LONGEST = 64

/** Returns the nanoseconds of a duration as people and programs write it: `145ms`, `4.5 hours`, `1h 30m`, `PT1H30M`, `01:30:00`. */
export function nanosecondsOf(text: string): number | undefined {
  if (text.length === 0 || text.length > LONGEST) return undefined
  const sum = clock(text) ?? iso(text) ?? parts(text.toLowerCase())
  if (sum === undefined) return undefined
  const rounded = Math.round(sum)
  return Number.isSafeInteger(rounded) ? rounded : undefined
}

function clock(text: string): number | undefined {
  const found = CLOCK.exec(text)
  if (found === null) return undefined
  const [, hours, minutes, seconds, fraction = '0'] = found
  return (+hours! * 3600 + +minutes! * 60 + +seconds! + +`0.${fraction}`) * 1e9
}

function iso(text: string): number | undefined {
  const found = ISO.exec(text)
  if (found === null || text.length < 3 || text.endsWith('T')) return undefined
  const [, days = 0, hours = 0, minutes = 0, seconds = 0] = found
  return (+days * 86_400 + +hours * 3600 + +minutes * 60 + +seconds) * 1e9
}

function parts(text: string): number | undefined {
  let sum = 0
  let end = 0
  for (const { 0: whole, 1: number, 2: word, index } of text.matchAll(PART)) {
    const unit = UNITS[word!] ?? UNITS[WORDS[word!.replace(/s$/, '')] ?? word!.replace(/s$/, '')]
    if (unit === undefined) return undefined
    sum += +number! * unit
    end = index + whole.length
  }
  return end === text.length && end > 0 ? sum : undefined
}
