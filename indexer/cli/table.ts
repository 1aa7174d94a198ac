import { columnsOf } from '../query/index.ts'
import { fitted, harmless, type Paint, wrapped } from './terminal.ts'

const GAP = '  '
const LEAST = 6

/** Columns are as wide as their content; if there is less room, the widest shrink first. */
export function widthsFor(rows: readonly (readonly string[])[], room: number | undefined): number[] {
  const count = Math.max(0, ...rows.map((row) => row.length))
  const widths = Array.from({ length: count }, (_, i) =>
    Math.max(...rows.map((row) => columnsOf(row[i] ?? ''))),
  )
  if (room === undefined) return widths
  const most = room - GAP.length * (count - 1)
  for (let over = widths.reduce((sum, width) => sum + width, -most); over > 0; ) {
    const widest = Math.max(...widths)
    if (widest <= LEAST) break
    const next = Math.max(LEAST, ...widths.filter((width) => width < widest))
    const give = widths.filter((width) => width === widest).length
    const step = Math.max(1, Math.min(widest - next, Math.ceil(over / give)))
    for (let i = 0; i < widths.length && over > 0; i++) {
      if (widths[i] !== widest) continue
      widths[i] = widest - step
      over -= step
    }
  }
  return widths
}

const lineOf = (row: readonly string[], widths: readonly number[]): string =>
  widths
    .map((width, i) => fitted(row[i] ?? '', width))
    .join(GAP)
    .trimEnd()

/** A whole table; cells that don't fit are cut. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  room: number | undefined,
  paint: Paint,
): string[] {
  const safe = rows.map((row) => row.map((cell) => harmless(cell)))
  const widths = widthsFor([head, ...safe], room)
  return [paint('bold', lineOf(head, widths)), ...safe.map((row) => lineOf(row, widths))]
}

/** A whole table in which nothing is cut: long cells continue below. */
export function tallTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  room: number | undefined,
  paint: Paint,
): string[] {
  const safe = rows.map((row) => row.map((cell) => harmless(cell)))
  const widths = widthsFor([head, ...safe], room)
  const lines = [paint('bold', lineOf(head, widths))]
  for (const row of safe) {
    const cells = row.map((cell, i) => wrapped(cell, widths[i] ?? LEAST))
    const height = Math.max(...cells.map((cell) => cell.length))
    for (let i = 0; i < height; i++)
      lines.push(
        lineOf(
          cells.map((cell) => cell[i] ?? ''),
          widths,
        ),
      )
  }
  return lines
}

/** A table whose rows keep coming: the first ones settle the widths. */
export class GrowingTable {
  readonly #head: readonly string[]
  readonly #room: number | undefined
  readonly #paint: Paint
  readonly #first: string[][] = []
  #widths: number[] | undefined

  constructor(head: readonly string[], room: number | undefined, paint: Paint) {
    this.#head = head
    this.#room = room
    this.#paint = paint
  }

  /** The lines that can be written now. */
  add(row: readonly string[], alarming = false): string[] {
    const safe = row.map((cell) => harmless(cell))
    if (this.#widths !== undefined) {
      const line = lineOf(safe, this.#widths)
      return [alarming ? this.#paint('red', line) : line]
    }
    this.#first.push(safe)
    if (alarming) this.#alarming.add(safe)
    return this.#first.length >= 100 ? this.settle() : []
  }

  readonly #alarming = new Set<string[]>()

  /** Nothing more comes for now: what has come is laid out. */
  settle(): string[] {
    if (this.#widths !== undefined || this.#first.length === 0) return []
    const widths = widthsFor([this.#head, ...this.#first], this.#room)
    this.#widths = widths
    const lines = this.#first.splice(0).map((row) => {
      const line = lineOf(row, widths)
      return this.#alarming.has(row) ? this.#paint('red', line) : line
    })
    this.#alarming.clear()
    return [this.#paint('bold', lineOf(this.#head, widths)), ...lines]
  }
}

export function spanText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`
  return `${Math.round(seconds / 86_400)} days`
}
