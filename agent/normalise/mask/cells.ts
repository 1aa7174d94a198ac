import type { Cell } from '../formats/index.ts'
import { type Edit, edited } from './edits.ts'
import { maskValue } from './json.ts'
import { isSecret, type Marks } from './marks.ts'
import { isNamer } from './names.ts'
import type { Search } from './text.ts'

/** A record of named values (columns, pairs) without its secrets. */
export function maskCells(
  text: string,
  cells: readonly Cell[],
  columns: readonly string[],
  search: Search,
  marks: Marks,
): string {
  const { names } = search
  const secretColumn = columns.findIndex((name) => names.kindOf(name) !== null)
  const secretKind = names.kindOf(columns[secretColumn] ?? '')
  const labels = new Map(
    cells.flatMap(({ name, value }) => (name?.endsWith('Label') ? [[name.slice(0, -5), value]] : [])),
  )
  let named: string | null = null
  for (const { name, value } of cells) {
    if (name !== null && isNamer(name)) named ??= names.kindOf(value)
  }
  const edits: Edit[] = []
  let passed = false
  for (const { name, from, to, value, astray, written = asItIs } of cells) {
    if (name !== null) {
      passed ||= name === columns[secretColumn]
      const kind =
        names.kindOf(name) ??
        (astray === 'merged' || (astray === 'shifted' && passed) ? secretKind : null) ??
        names.kindOf(labels.get(name) ?? '') ??
        (names.isValue(name) ? named : null)
      if (kind !== null) {
        if (isSecret(value.trim())) edits.push({ from, to, by: written(marks.of(kind, value.trim())) })
        continue
      }
    }
    const masked = maskValue(value, search, marks)
    if (masked !== value) edits.push({ from, to, by: written(masked) })
  }
  return edited(text, edits)
}

const asItIs = (value: string): string => value
