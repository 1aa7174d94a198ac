import { type Members, newMembers } from '../members.ts'
import type { Cell, Format } from './format.ts'

const HEADER = [
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
 * ArcSight's Common Event Format: seven parts between bars, then `key=value` pairs whose values may hold spaces. What stands
 * before `CEF:` (a syslog header) is `prefix`. A custom field goes by its label: `cs1=x cs1Label=Policy` is the member `Policy`.
 */
export const cef: Format = {
  begin() {},
  looksLike: (text) => /^.{0,256}?CEF: ?\d/s.test(text),
  cells: (text) => cellsOf(text) ?? [],
  read(text) {
    const cells = cellsOf(text)
    if (cells === null)
      return { problem: 'Not CEF: no CEF:0| with seven parts between bars is in the record.' }
    const raw = new Map<string, string>()
    for (const { name, value } of cells) if (name !== null && !raw.has(name)) raw.set(name, value)
    const members: Members = newMembers()
    for (const [name, value] of raw) {
      if (name.endsWith('Label') && CUSTOM.test(name.slice(0, -5)) && raw.has(name.slice(0, -5))) continue
      const label = raw.get(`${name}Label`)
      const key = label !== undefined && label !== '' && CUSTOM.test(name) && !raw.has(label) ? label : name
      members[key] = value
    }
    return { members, flags: 0 }
  },
}

/** The parts of the header by their names, then the pairs of the extension; null where it is no CEF. */
function cellsOf(text: string): Cell[] | null {
  const begin = /CEF: ?(?=\d)/.exec(text)
  if (begin === null) return null
  const start = begin.index
  const cells: Cell[] = []
  if (text.slice(0, start).trim() !== '') {
    cells.push({ name: 'prefix', from: 0, to: start, value: text.slice(0, start).trim() })
  }
  let from = start + begin[0].length
  for (const name of HEADER) {
    let to = from
    while (to < text.length && text[to] !== '|') to += text[to] === '\\' ? 2 : 1
    if (to >= text.length && name !== 'severity') return null
    to = Math.min(to, text.length)
    cells.push({ name, from, to, value: text.slice(from, to).replace(/\\([\\|])/g, '$1') })
    from = to + 1
  }
  const pairs = [...text.slice(from).matchAll(/(?:^|\s)([\w.[\]-]+)=/g)].filter(
    ({ index, 0: whole }) => text[from + index + whole.length - 2] !== '\\',
  )
  pairs.forEach((pair, i) => {
    const begin = from + pair.index + pair[0].length
    const next = pairs[i + 1]
    let end = next === undefined ? text.length : from + next.index
    while (end > begin && ' \t'.includes(text[end - 1]!)) end--
    cells.push({ name: pair[1]!, from: begin, to: end, value: unescaped(text.slice(begin, end)), written })
  })
  return cells
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r' }
const written = (value: string): string => value.replace(/[\\=]/g, '\\$&').replaceAll('\n', '\\n')

const unescaped = (text: string): string =>
  text.includes('\\') ? text.replace(/\\(.)/gs, (_, sign: string) => ESCAPES[sign] ?? sign) : text
