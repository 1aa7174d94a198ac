/** A column: a text for each of some lines. */
export interface Column {
  readonly id: number
  /** Ascending numbers of lines. */
  readonly lines: readonly number[]
  readonly texts: readonly string[]
  /** Of what the column shows in figures: the radix. */
  readonly radix: number
}

/** The earlier columns by their texts on one line. */
export interface Index {
  readonly line: number
  readonly byText: Map<string, Column[]>
  /** Those that show numbers, by these. */
  readonly byNumber: Map<number, Column[]>
}

export function enter(index: Index, column: Column): void {
  const row = rowOf(column.lines, index.line)
  if (row === -1) return
  const text = column.texts[row]!
  list(index.byText, text, column)
  if (column.radix > 0) list(index.byNumber, Number.parseInt(text, column.radix), column)
}

function list<Key>(map: Map<Key, Column[]>, key: Key, column: Column): void {
  const known = map.get(key)
  if (known === undefined) map.set(key, [column])
  else known.push(column)
}

function rowOf(lines: readonly number[], line: number): number {
  let low = 0
  let high = lines.length - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    const there = lines[middle]!
    if (there === line) return middle
    if (there < line) low = middle + 1
    else high = middle - 1
  }
  return -1
}

/** Whether the column has these texts on these lines. */
export function isSame(column: Column, texts: readonly string[], lines: readonly number[]): boolean {
  if (column.lines === lines) {
    for (let row = 0; row < lines.length; row++) if (column.texts[row] !== texts[row]) return false
    return true
  }
  let at = 0
  for (let row = 0; row < lines.length; row++) {
    while (column.lines[at]! < lines[row]!) at++
    if (column.lines[at] !== lines[row] || column.texts[at] !== texts[row]) return false
    at++
  }
  return true
}

export function isSameNumber(column: Column, values: readonly number[], lines: readonly number[]): boolean {
  let at = 0
  for (let row = 0; row < lines.length; row++) {
    while (column.lines[at]! < lines[row]!) at++
    if (column.lines[at] !== lines[row]) return false
    if (Number.parseInt(column.texts[at]!, column.radix) !== values[row]) return false
    at++
  }
  return true
}
