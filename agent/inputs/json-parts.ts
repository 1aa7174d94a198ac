/** Parts of a JSON document as the bytes that they have in it. The document must be valid. */

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const OPEN = [0x7b, 0x5b]
const CLOSE = [0x7d, 0x5d]
const OPEN_BRACE = 0x7b
const OPEN_BRACKET = 0x5b
const isBlank = (byte: number | undefined): boolean =>
  byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09

/** The value at a path of member names; null if there is none. */
export function valueIn(bytes: Buffer, path: readonly string[]): Buffer | null {
  let value: Buffer | null = bytes.subarray(skipBlanks(bytes, 0))
  for (const name of path) {
    if (value === null || value[0] !== OPEN_BRACE) return null
    value = memberIn(value, name)
  }
  return value
}

/** The items of a list; none if the value is no list. */
export function itemsIn(bytes: Buffer): Buffer[] {
  const items: Buffer[] = []
  let at = skipBlanks(bytes, 0)
  if (bytes[at] !== OPEN_BRACKET) return items
  at = skipBlanks(bytes, at + 1)
  while (at < bytes.length && !CLOSE.includes(bytes[at]!)) {
    const end = valueEnd(bytes, at)
    items.push(bytes.subarray(at, end))
    at = skipBlanks(bytes, end)
    if (bytes[at] === COMMA) at = skipBlanks(bytes, at + 1)
  }
  return items
}

function memberIn(object: Buffer, name: string): Buffer | null {
  let found: Buffer | null = null
  let at = skipBlanks(object, 1)
  while (at < object.length && object[at] === QUOTE) {
    const nameEnd = valueEnd(object, at)
    const isIt = JSON.parse(object.toString('utf8', at, nameEnd)) === name
    at = skipBlanks(object, nameEnd)
    if (object[at] === COLON) at = skipBlanks(object, at + 1)
    const end = valueEnd(object, at)
    // The last of several is the one that a parser takes.
    if (isIt) found = object.subarray(at, end)
    at = skipBlanks(object, end)
    if (object[at] === COMMA) at = skipBlanks(object, at + 1)
  }
  return found
}

function skipBlanks(bytes: Buffer, from: number): number {
  let at = from
  while (isBlank(bytes[at])) at++
  return at
}

function textEnd(bytes: Buffer, from: number): number {
  let at = from + 1
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1
  return at + 1
}

function valueEnd(bytes: Buffer, from: number): number {
  if (bytes[from] === QUOTE) return textEnd(bytes, from)
  let depth = 0
  let at = from
  while (at < bytes.length) {
    const byte = bytes[at]!
    if (byte === QUOTE) {
      at = textEnd(bytes, at)
      continue
    }
    if (OPEN.includes(byte)) depth++
    else if (CLOSE.includes(byte)) {
      if (depth === 0) return at
      if (--depth === 0) return at + 1
    } else if (depth === 0 && (byte === COMMA || isBlank(byte))) return at
    at++
  }
  return at
}
