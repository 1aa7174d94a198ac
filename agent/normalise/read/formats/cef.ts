import { newMembers } from '../../integration/members.ts'
import type { Cell, Format } from './format.ts'

/** The text before a record, and the parts of its header, as members. */
export const CEF_PREFIX = 'prefix'
export const CEF_HEADER = [
  'version',
  'device_vendor',
  'device_product',
  'device_version',
  'signature_id',
  'name',
  'severity',
] as const
const CUSTOM = /^(?:c[nsf]p?|flexString|flexNumber|flexDate|deviceCustomDate|c6a|cs)\w*\d$/

/**
 * ArcSight's Common Event Format: seven parts between bars, then `key=value` pairs whose values may contain spaces. The text before `CEF:`
 * (a syslog header) is `prefix`. A custom field is named by its label: `cs1=x cs1Label=Policy` is the member `Policy`.
 */
export const cef: Format = {
  begin() {},
  looksLike: (text) => /^.{0,256}?CEF: ?\d/s.test(text),
  cells: (text) => cellsOf(text) ?? [],
  read(text) {
    const cells = cellsOf(text)
    if (cells === null)
      return { problem: 'Not CEF: no CEF:0| with seven parts between bars is in the record.' }
    const members = newMembers()
    const labels = labelsIn(cells)
    const taken = new Set<string>()
    for (const { name, value } of cells) {
      if (name === null || (labels !== null && isLabelOf(name, labels))) continue
      const label = labels?.get(name) ?? ''
      if (label === '') members[name] ??= value
      else if (!taken.has(name)) {
        taken.add(name)
        members[label] = value
      }
    }
    return { members, flags: 0 }
  },
}

const LABEL = 'Label'

const isLabelOf = (name: string, labels: ReadonlyMap<string, string>): boolean =>
  name.endsWith(LABEL) && labels.has(name.slice(0, -LABEL.length))

/** The label of each custom field; empty if the field cannot be named by it. Null if the record has no labels. */
function labelsIn(cells: readonly Cell[]): ReadonlyMap<string, string> | null {
  let labels: Map<string, string> | null = null
  const isThere = (name: string): boolean => cells.some((cell) => cell.name === name)
  for (const { name, value } of cells) {
    if (name === null || !name.endsWith(LABEL)) continue
    const field = name.slice(0, -LABEL.length)
    if (labels?.has(field) || !CUSTOM.test(field) || !isThere(field)) continue
    labels ??= new Map()
    labels.set(field, isThere(value) ? '' : value)
  }
  return labels
}

/** The parts of the header by their names, then the pairs of the extension; null if it is not CEF. */
function cellsOf(text: string): Cell[] | null {
  const begin = /CEF: ?(?=\d)/.exec(text)
  if (begin === null) return null
  const start = begin.index
  const cells: Cell[] = []
  if (text.slice(0, start).trim() !== '') {
    cells.push({ name: CEF_PREFIX, from: 0, to: start, value: text.slice(0, start).trim() })
  }
  let from = start + begin[0].length
  for (const name of CEF_HEADER) {
    let to = from
    while (to < text.length && text.charCodeAt(to) !== BAR) to += text.charCodeAt(to) === BACKSLASH ? 2 : 1
    if (to >= text.length && name !== 'severity') return null
    to = Math.min(to, text.length)
    const part = text.slice(from, to)
    const value = part.includes('\\') ? part.replace(/\\([\\|])/g, '$1') : part
    cells.push({ name, from, to, value })
    from = to + 1
  }
  let next = nameFrom(text, from, from)
  while (next !== null) {
    const { name, behind } = next
    next = nameFrom(text, behind, from)
    let end = next === null ? text.length : next.before
    while (end > behind && isBlank(text.charCodeAt(end - 1))) end--
    cells.push({ name, from: behind, to: end, value: unescaped(text.slice(behind, end)), written })
  }
  return cells
}

interface Name {
  readonly name: string
  /** The beginning of the white space before the name; the text before it is the value of the previous name. */
  readonly before: number
  /** The place after its assignment sign. */
  readonly behind: number
}

/** The next name from a place on, among pairs that begin at `first`: it follows white space and directly precedes an assignment sign. */
function nameFrom(text: string, from: number, first: number): Name | null {
  for (let equals = text.indexOf('=', from); equals !== -1; equals = text.indexOf('=', equals + 1)) {
    let start = equals
    while (start > from && IS_NAME[text.charCodeAt(start - 1)] === 1) start--
    if (start === equals) continue
    if (start === first) return { name: text.slice(start, equals), before: start, behind: equals + 1 }
    if (start > from && isSpace(text.charCodeAt(start - 1)))
      return { name: text.slice(start, equals), before: start - 1, behind: equals + 1 }
  }
  return null
}

const BAR = 0x7c
const BACKSLASH = 0x5c
/** By character: 1 if names may contain it. */
const IS_NAME = Uint8Array.from({ length: 128 }, (_, code) =>
  Number(/[\w.[\]-]/.test(String.fromCharCode(code))),
)

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09
const isSpace = (code: number): boolean =>
  code === 0x20 || (code >= 0x09 && code <= 0x0d) || (code > 127 && /\s/.test(String.fromCharCode(code)))

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r' }
const written = (value: string): string => value.replace(/[\\=]/g, '\\$&').replaceAll('\n', '\\n')

const unescaped = (text: string): string =>
  text.includes('\\') ? text.replace(/\\(.)/gs, (_, sign: string) => ESCAPES[sign] ?? sign) : text
