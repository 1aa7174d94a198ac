import { columnsOf, columnsOfLetter } from '../query/index.ts'

/**
 * Event content comes from strangers: control characters and escape sequences drive a terminal, and marks of writing direction
 * reorder what is read. Each is shown by its escape instead.
 */
const HARMFUL = /[\p{Cc}\p{Cf}\u2028\u2029]|\p{Cs}/gu
const JOINERS = '\u200c\u200d'
const USUAL: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

export function harmless(text: string, kept = ''): string {
  return text.replace(HARMFUL, (sign) => {
    // Joiners are letters' own in several scripts, and only join.
    if (kept.includes(sign) || JOINERS.includes(sign)) return sign
    return USUAL[sign] ?? escaped(sign)
  })
}

/** A line of JSON with the same meaning, in which nothing drives a terminal. */
export function harmlessJson(line: string): string {
  return line.replace(HARMFUL, (sign) => [...unitsOf(sign)].join(''))
}

const escaped = (sign: string): string => {
  const code = sign.codePointAt(0) ?? 0
  return code < 0x100
    ? `\\x${hex(code, 2)}`
    : code < 0x10000
      ? `\\u${hex(code, 4)}`
      : `\\u{${code.toString(16)}}`
}

function* unitsOf(sign: string): Generator<string> {
  for (let i = 0; i < sign.length; i++) yield `\\u${hex(sign.charCodeAt(i), 4)}`
}

const hex = (code: number, digits: number): string => code.toString(16).padStart(digits, '0')

/** The number of columns to write in; undefined if there is no limit (a file, a pipe). */
export function terminalWidth(): number | undefined {
  const told = Number(process.env.COLUMNS)
  if (Number.isInteger(told) && told > 0) return told
  return process.stdout.isTTY ? process.stdout.columns : undefined
}

export type Paint = (style: 'bold' | 'dim' | 'red', text: string) => string

const CODES = { bold: '1', dim: '2', red: '31' } as const

/** Colours on a terminal, unless NO_COLOR forbids them (https://no-color.org). */
export function paintFor(stream: { isTTY?: boolean }): Paint {
  const colours = stream.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb'
  return (style, text) => (colours && text !== '' ? `\x1b[${CODES[style]}m${text}\x1b[0m` : text)
}

/** The text in just this many columns: cut, with … where something is left off, or filled up. */
export function fitted(text: string, width: number): string {
  const whole = columnsOf(text)
  if (whole <= width) return text + ' '.repeat(width - whole)
  let used = 0
  let kept = ''
  for (const letter of text) {
    const columns = columnsOfLetter(letter)
    if (used + columns > width - 1) break
    kept += letter
    used += columns
  }
  return `${kept}…${' '.repeat(Math.max(0, width - used - 1))}`
}

/** The text on as many lines as it needs, each of at most this many columns; broken at a space where one is near. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  let used = 0
  for (const letter of text) {
    const columns = columnsOfLetter(letter)
    if (used + columns > width && line !== '') {
      const space = line.lastIndexOf(' ')
      const cut = space > line.length / 2 ? space + 1 : line.length
      lines.push(line.slice(0, cut).trimEnd())
      line = line.slice(cut)
      used = columnsOf(line)
    }
    line += letter
    used += columns
  }
  lines.push(line)
  return lines
}
