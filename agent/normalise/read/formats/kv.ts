import { type Members, newMembers } from '../../integration/members.ts'
import type { Cell, Format } from './format.ts'

export interface KvOptions {
  /** The separator of pairs; null: white space, commas or semicolons. */
  readonly between: string | null
  readonly assign: string
}

const SPACES = ' \t\r\n'

/**
 * `key=value` pairs. A value may be in single or double quotes, with backslash escapes; words without an assignment sign belong to `text`.
 */
export function kv({ between, assign }: KvOptions): Format {
  const separators = between ?? ' \t\r\n,;'
  const cells = (text: string): Cell[] => {
    const found: Cell[] = []
    let at = 0
    while (at < text.length) {
      while (at < text.length && (separators.includes(text[at]!) || SPACES.includes(text[at]!))) at++
      const from = at
      while (at < text.length && text[at] !== assign && !separators.includes(text[at]!)) at++
      if (text[at] !== assign || at === from) {
        if (at > from) found.push({ name: null, from, to: at, value: text.slice(from, at) })
        else at++
        continue
      }
      const name = text.slice(from, at).trim()
      at++
      const quote = text[at]
      if (quote === '"' || quote === "'") {
        const start = ++at
        while (at < text.length && text[at] !== quote) at += text[at] === '\\' ? 2 : 1
        const end = Math.min(at, text.length)
        found.push({ name, from: start, to: end, value: unescaped(text.slice(start, end)), written })
        at = end + 1
      } else {
        const start = at
        while (at < text.length && !separators.includes(text[at]!)) at++
        found.push({ name, from: start, to: at, value: text.slice(start, at) })
      }
    }
    return found
  }
  return {
    begin() {},
    looksLike: (text) => cells(text).some(({ name }) => name !== null),
    cells,
    read(text) {
      const members: Members = newMembers()
      const words: string[] = []
      let pairs = 0
      for (const { name, value } of cells(text)) {
        if (name === null) {
          words.push(value)
          continue
        }
        pairs++
        // A repeated key gets its number.
        members[Object.hasOwn(members, name) ? `${name}_${pairs}` : name] = value
      }
      if (pairs === 0) return { problem: `Not key-value pairs: no key${assign}value is in the record.` }
      if (words.length > 0) members.text ??= words.join(' ')
      return { members, flags: 0 }
    },
  }
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' }

const written = (value: string): string => value.replace(/[\\"']/g, '\\$&').replaceAll('\n', '\\n')

const unescaped = (text: string): string =>
  text.includes('\\') ? text.replace(/\\(.)/gs, (_, sign: string) => ESCAPES[sign] ?? sign) : text
