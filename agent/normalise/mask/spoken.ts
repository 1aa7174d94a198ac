/** The context of a word in prose: sign-ins contain it often, and no rule of `told.ts` treats the word as a secret's name. */
const BEFORE_WORD = [Buffer.from('failed '), Buffer.from('accepted ')]
const FOR = Buffer.from(' for ')
const LONGEST_WORD = 32

/**
 * Whether a secret's word that begins at `start` does not name a secret: `Failed password for jane`. A record that may contain a secret
 * takes ten times as long as one that cannot.
 */
export function isSpoken(bytes: Uint8Array, start: number, from: number, to: number): boolean {
  if (
    !BEFORE_WORD.some((word) => start - word.length >= from && standsAt(word, bytes, start - word.length, to))
  )
    return false
  const most = Math.min(to, start + LONGEST_WORD)
  let end = start
  while (end < most && isLetter(bytes[end]!)) end++
  return standsAt(FOR, bytes, end, to)
}

/** The context of the folder that `sudo` was called in: `jane : TTY=pts/0 ; PWD=/home/jane ; USER=root ; COMMAND=...`. */
const BEFORE_FOLDER = Buffer.from(' ; PWD=/')
const BEHIND_FOLDER = Buffer.from(' ; USER=')
const LONGEST_FOLDER = 512

/**
 * Whether `PWD` at `start` is the folder of a command, in texts that may contain it (`mask: { keep: [pwd] }`). The text after it continues
 * the same text with another word, so that it is no field's name either: the last word of a name decides whether it is a secret's.
 */
export function isFolder(bytes: Uint8Array, start: number, from: number, to: number): boolean {
  const begin = start - BEFORE_FOLDER.indexOf('PWD')
  if (begin < from || !standsAt(BEFORE_FOLDER, bytes, begin, to)) return false
  const most = Math.min(to, start + LONGEST_FOLDER)
  let end = begin + BEFORE_FOLDER.length
  while (end < most && isOfPath(bytes[end]!)) end++
  return standsAt(BEHIND_FOLDER, bytes, end, to)
}

function standsAt(text: Uint8Array, bytes: Uint8Array, at: number, to: number): boolean {
  if (at + text.length > to) return false
  for (let i = 0; i < text.length; i++)
    if (bytes[at + i] !== text[i] && !isCapitalOf(bytes[at + i]!, text[i]!)) return false
  return true
}

const isCapitalOf = (byte: number, small: number): boolean =>
  isLetter(small) && small >= 0x61 && byte === small - 0x20

const SLASH = 0x2f
const DOT = 0x2e
const DASH = 0x2d
const LOW_LINE = 0x5f
const isOfPath = (byte: number): boolean =>
  isInWord(byte) || byte === SLASH || byte === DOT || byte === DASH || byte === LOW_LINE
const isLetter = (byte: number): boolean => (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a
const isInWord = (byte: number): boolean => isLetter(byte) || (byte >= 0x30 && byte <= 0x39)
