const ZERO = 48

/** The lengths of card numbers by scheme; the first digits show the scheme. */
const SCHEMES: readonly [prefix: RegExp, lengths: readonly number[]][] = [
  [/^4/, [13, 16, 19]],
  [/^(?:5[1-5]|2[2-7])/, [16]],
  [/^3[47]/, [15]],
  [/^3(?:0|6|8|9)/, [14]],
  [/^35/, [16, 17, 18, 19]],
  [/^6/, [16, 17, 18, 19]],
]

/** Consecutive digits, or groups as on cards; not within a word or a longer number. */
export const CARD =
  /(?<![\w.])(?:\d{13,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{4}(?:\1\d{3})?|\d{4}([ -])\d{6}\2\d{4,5})(?!\w|\.\d)/g

export const digitsOf = (number: string): string => number.replace(/[ -]/g, '')

/** The beginnings of all schemes. Times in microseconds, the most common long numbers, begin otherwise. */
const PERHAPS = /(?<![\w.])[2-6][\d -]{12}/

export function holdsCardNumber(text: string): boolean {
  if (!PERHAPS.test(text)) return false
  for (const [number] of text.matchAll(CARD)) if (isCardNumber(digitsOf(number))) return true
  return false
}

/** Whether digits can be a payment card's number: the length and prefix of a scheme, and Luhn's check digit. */
export function isCardNumber(digits: string): boolean {
  if (!SCHEMES.some(([prefix, lengths]) => lengths.includes(digits.length) && prefix.test(digits)))
    return false
  let sum = 0
  for (let i = 0; i < digits.length; i++) {
    let digit = digits.charCodeAt(digits.length - 1 - i) - ZERO
    if (i % 2 === 1) {
      digit *= 2
      if (digit > 9) digit -= 9
    }
    sum += digit
  }
  return sum % 10 === 0
}
