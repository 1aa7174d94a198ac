/** What stands behind a word that is only spoken of, between blanks. No name ends so: see `SecretNames`. */
const FOR = Buffer.from(' for ')
const BLANK = 0x20
const LONGEST_WORD = 32

/**
 * Whether a secret's word names none where it begins at `start`, between other words: `Failed password for jane`. Sign-ins are full of
 * them, and a record that may hold a secret takes ten times the time of one that can't. Right behind a sign of assignment it would be the
 * value of a pair, which may name what stands beside it.
 */
export function isSpoken(bytes: Uint8Array, start: number, from: number, to: number): boolean {
  if (start < from + 2 || bytes[start - 1] !== BLANK || !isInWord(bytes[start - 2]!)) return false
  const most = Math.min(to, start + LONGEST_WORD)
  let end = start
  while (end < most && isLetter(bytes[end]!)) end++
  const behind = end + FOR.length
  if (behind >= to || !isInWord(bytes[behind]!)) return false
  for (let i = 0; i < FOR.length; i++) if (bytes[end + i] !== FOR[i]) return false
  return true
}

const isLetter = (byte: number): boolean => (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a
const isInWord = (byte: number): boolean => isLetter(byte) || (byte >= 0x30 && byte <= 0x39)
