/** Describes the fault in a text that JSON.parse rejected, and the character (from 1): V8 gives the place only sometimes. */
export function jsonFault(text: string): string {
  const open: ('{' | '[')[] = []
  let wants: 'value' | 'first key' | 'key' | 'colon' | 'first item' | 'next' | 'nothing' = 'value'
  let at = 0
  for (;;) {
    while (at < text.length && ' \t\r\n'.includes(text[at]!)) at++
    const sign = signAt(text, at)
    if (sign === undefined) return ended(text.length, open.length > 0 ? open.at(-1)! : null)
    switch (wants) {
      case 'nothing':
        return `Not JSON: ${shown(sign)} behind the end of the value, at character ${at + 1}.`
      case 'colon':
        if (sign !== ':') return unexpected(sign, at, 'a colon')
        at++
        wants = 'value'
        continue
      case 'next':
        if (sign === ',') wants = open.at(-1) === '{' ? 'key' : 'value'
        else if (sign === (open.at(-1) === '{' ? '}' : ']')) {
          open.pop()
          wants = open.length > 0 ? 'next' : 'nothing'
        } else return unexpected(sign, at, `a comma or ${open.at(-1) === '{' ? '}' : ']'}`)
        at++
        continue
      case 'first key':
      case 'key':
        if (sign === '}' && wants === 'first key') {
          open.pop()
          at++
          wants = open.length > 0 ? 'next' : 'nothing'
          continue
        }
        if (sign !== '"') return unexpected(sign, at, 'a name in quotes')
        break
      case 'first item':
        if (sign === ']') {
          open.pop()
          at++
          wants = open.length > 0 ? 'next' : 'nothing'
          continue
        }
        break
      default:
    }
    if (sign === '{' || sign === '[') {
      open.push(sign)
      wants = sign === '{' ? 'first key' : 'first item'
      at++
      continue
    }
    const isKey = wants === 'first key' || wants === 'key'
    if (sign === '"') {
      const end = endOfText(text, at + 1)
      if (typeof end === 'string') return end
      at = end
    } else {
      const word =
        /^(?:-?(?:0|[1-9]\d{0,400})(?:\.\d{1,400})?(?:[eE][+-]?\d{1,400})?|true|false|null)(?![\w.+-])/.exec(
          text.slice(at, at + 1024),
        )
      if (word === null) return unexpected(sign, at, 'a value')
      at += word[0].length
    }
    if (isKey) wants = 'colon'
    else wants = open.length > 0 ? 'next' : 'nothing'
  }
}

/** Returns the place after the closing quote, or the fault. */
function endOfText(text: string, from: number): number | string {
  for (let at = from; at < text.length; at++) {
    const sign = text[at]!
    if (sign === '"') return at + 1
    if (sign < ' ') return `Not JSON: a control character (${shown(sign)}) in a text, at character ${at + 1}.`
    if (sign !== '\\') continue
    const escaped = text.slice(at + 1, at + 6)
    if (escaped === '') break
    if (/^["\\/bfnrt]/.test(escaped)) at++
    else if (/^u[0-9a-fA-F]{4}/.test(escaped)) at += 5
    else return `Not JSON: \\${signAt(text, at + 1)} is not an escape, at character ${at + 1}.`
  }
  return `Not JSON: the text that opens at character ${from} is not closed; the record ends at character ${text.length}.`
}

function ended(length: number, open: string | null): string {
  return open === null
    ? `Not JSON: the record ends at character ${length}, before a value.`
    : `Not JSON: the record ends at character ${length}, before the ${open} is closed.`
}

const unexpected = (sign: string, at: number, wanted: string): string =>
  `Not JSON: expected ${wanted}, found ${shown(sign)}, at character ${at + 1}.`

/** Returns a whole character: half of a surrogate pair cannot be written into an event. */
function signAt(text: string, at: number): string | undefined {
  const code = text.codePointAt(at)
  return code === undefined ? undefined : String.fromCodePoint(code)
}

const shown = (sign: string): string =>
  sign < ' ' || sign > '~' ? `U+${sign.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}` : sign
