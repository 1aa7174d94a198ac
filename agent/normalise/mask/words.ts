/** The words of names and texts, as the mask compares them: in small letters, without marks. */

/** A name's words also begin at capitals: `smtpPassword`. */
export const WORD = /\p{Lu}+(?!\p{Ll})|\p{Lu}?\p{Ll}+|[\p{Lo}\p{Lm}\u30fc]+|\d+/gu
export const SEGMENT = /[\p{L}\p{N}\u30fc]+/gu
const PLAIN: Readonly<Record<string, string>> = {
  ...{
    ñ: 'n',
    ç: 'c',
    ł: 'l',
    ö: 'o',
    ő: 'o',
    ó: 'o',
    ô: 'o',
    õ: 'o',
    ü: 'u',
    ú: 'u',
    ä: 'a',
    á: 'a',
    à: 'a',
    ã: 'a',
  },
  ...{
    å: 'a',
    ậ: 'a',
    ẩ: 'a',
    é: 'e',
    è: 'e',
    ê: 'e',
    í: 'i',
    ş: 's',
    š: 's',
    ś: 's',
    ž: 'z',
    ć: 'c',
    č: 'c',
  },
}

/** In small letters without marks. The kelvin sign is no `k`, or bytes would have to be looked through for it. */
function plainly(text: string): string {
  if (isAscii(text)) return text.toLowerCase()
  return text
    .normalize('NFC')
    .replaceAll('\u212a', '\ufffd')
    .toLowerCase()
    .replace(/[^\x00-\x7f]/gu, (letter) => PLAIN[letter] ?? letter)
}

const isAscii = (text: string): boolean => /^[\x00-\x7f]*$/.test(text)

export const wordsOf = (name: string, pattern: RegExp): string[] =>
  (name.match(pattern) ?? []).map((word) => plainly(word))

/** Without any mark that can be taken off, also of letters that no secret's name has. */
export const unmarked = (word: string): string =>
  isAscii(word) ? word : word.normalize('NFD').replace(/\p{M}+/gu, '')
