/** The words of names and texts as the mask compares them: in lower case, without marks. */

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

/** A text in lower case without marks. The kelvin sign does not count as `k`: otherwise bytes would have to be searched for it. */
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

/** A word without any removable mark, even if no secret's name contains the letter. */
export const unmarked = (word: string): string =>
  isAscii(word) ? word : word.normalize('NFD').replace(/\p{M}+/gu, '')
