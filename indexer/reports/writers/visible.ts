/**
 * What a page can show of a text. A character that nobody would see, or that would change the order of others, is shown as an escape like
 * <U+202E>: so no event can look like another one.
 */
const PLAIN = /^[\x20-\x7e]*$/
/** Control characters, marks of direction, what has no width, private use, halves of characters. Joiners are left to their cluster. */
const HIDDEN = new RegExp(
  [
    '[\\0-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\u00ad\\u061c\\u115f\\u1160\\u3164\\uffa0]',
    '[\\u034f\\u17b4\\u17b5\\u180b-\\u180f\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ufff0-\\uffff]',
    '[\\ud800-\\udfff\\ue000-\\uf8ff\\u{e0000}-\\u{e0fff}\\u{f0000}-\\u{10ffff}]',
  ].join('|'),
  'gu',
)

export const isPlain = (text: string): boolean => PLAIN.test(text)

/** Lines end with a newline, and all spaces are as wide. */
export function visible(text: string): string {
  if (PLAIN.test(text)) return text
  return unhidden(
    text
      .replace(/\r\n?/g, '\n')
      .replace(/\t/g, ' ')
      .replace(/[\u00a0\u2000-\u200a\u202f\u205f\u3000\u1680]/g, ' '),
  )
}

export const unhidden = (text: string): string => text.replace(HIDDEN, escaped)

export const escaped = (letter: string): string =>
  `<U+${letter.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}>`

/** The beginning of a long text, and the mark that says how long it is: nobody reads 100 KB in a cell. */
export function shortened(text: string, most: number): { beginning: string; mark: string } {
  const mark = `\u2026 (${text.length.toLocaleString('en')} characters)`
  if (text.length <= most) return { beginning: text, mark }
  // Not between the halves of a character.
  const end = /[\ud800-\udbff]/.test(text[most - 1]!) ? most - 1 : most
  return { beginning: text.slice(0, end) + mark, mark }
}
