import type { Cell } from '../read/formats/index.ts'
import { secretsOfCommand } from './commands.ts'
import { isJson, maskValue } from './json.ts'
import type { Marks } from './marks.ts'
import { type Edit, edited } from './marks.ts'
import { isKeyId, type SecretNames } from './names.ts'
import type { Search } from './text.ts'
import { isChangedSecret, isSecret } from './values.ts'

/** Masks the secrets in a record of named values (columns, pairs). */
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
    if (name !== null && names.isNamer(name)) named ??= names.kindOf(value)
  }
  const changed = changeIn(cells, names)
  const edits: Edit[] = []
  const said = saidByCommands(cells, marks)
  let passed = false
  for (const cell of cells) {
    const { name, from, to, astray, written = asItIs } = cell
    const value = said.get(cell) ?? cell.value
    if (name !== null) {
      passed ||= name === columns[secretColumn]
      const kind =
        names.kindOf(name) ??
        (astray === 'merged' || (astray === 'shifted' && passed) ? secretKind : null) ??
        names.kindOf(labels.get(name) ?? '') ??
        (names.isValue(name) ? named : null)
      if (kind !== null) {
        if (isSecret(value.trim(), kind)) edits.push({ from, to, by: written(marks.of(kind, value.trim())) })
        continue
      }
    }
    if (changed?.values.has(cell) === true && isChangedSecret(value.trim(), changed.kind)) {
      edits.push({ from, to, by: written(marks.of(changed.kind, value.trim())) })
      continue
    }
    const inner = changed !== null && isJson(value) ? changed.kind : null
    const masked = name !== null && isKeyId(name, value) ? value : maskValue(value, search, marks, 0, inner)
    if (masked !== cell.value) edits.push({ from, to, by: written(masked) })
  }
  return edited(text, edits)
}

interface Change {
  readonly kind: string
  readonly values: ReadonlySet<Cell>
}

/** Finds the changed secret that a cell names (`Password changed`), and the cells with values whose field no cell names. */
function changeIn(cells: readonly Cell[], names: SecretNames): Change | null {
  let kind: string | null = null
  for (const { name, value } of cells) if (name !== null) kind ??= names.kindOfChange(name, value.trim())
  if (kind === null) return null
  const isNamed = cells.some(
    ({ name, value }) => name !== null && value.trim() !== '' && names.isFieldName(name, false),
  )
  const values = cells.filter(({ name }) => name !== null && names.loneness(name) !== null)
  const isPair = values.length > 1 || values.some(({ name }) => names.loneness(name!) === 'value')
  return { kind, values: new Set(isNamed || !isPair ? [] : values) }
}

/** Masks cells that are consecutive arguments of a command, by the command's options. */
function saidByCommands(cells: readonly Cell[], marks: Marks): ReadonlyMap<Cell, string> {
  const said = new Map<Cell, string>()
  let command: Cell[] = []
  const end = (): void => {
    let at = 0
    const args = command.map(({ value }) => {
      const arg = { text: value, from: at }
      at += value.length + 1
      return arg
    })
    for (const { from, to } of secretsOfCommand(args)) {
      const i = args.findLastIndex((arg) => arg.from <= from)
      const { text, from: begin } = args[i]!
      const secret = text.slice(from - begin, to - begin)
      said.set(
        command[i]!,
        text.slice(0, from - begin) + marks.of('password', secret) + text.slice(to - begin),
      )
    }
    command = []
  }
  for (const cell of cells) {
    if (cell.isArgument === true) command.push(cell)
    else if (command.length > 0) end()
  }
  if (command.length > 0) end()
  return said
}

const asItIs = (value: string): string => value
