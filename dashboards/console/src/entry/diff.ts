/** A part of a comparison of lines, or of words. */
export interface Step {
  readonly kind: 'same' | 'old' | 'new'
  readonly text: string
}

/** A comparison takes the product of both lengths: over this, a difference is shown as a replacement. */
const MOST = 1_000_000

/** The shortest edit from one list of texts to another. */
export function difference(before: readonly string[], after: readonly string[]): Step[] {
  let start = 0
  while (start < before.length && start < after.length && before[start] === after[start]) start++
  let end = 0
  while (
    end < before.length - start &&
    end < after.length - start &&
    before[before.length - 1 - end] === after[after.length - 1 - end]
  )
    end++
  const steps = (kind: Step['kind'], texts: readonly string[]): Step[] =>
    texts.map((text) => ({ kind, text }))
  return [
    ...steps('same', before.slice(0, start)),
    ...middle(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...steps('same', before.slice(before.length - end)),
  ]
}

function middle(before: readonly string[], after: readonly string[]): Step[] {
  const [rows, columns] = [before.length, after.length]
  const replaced: Step[] = [
    ...before.map((text): Step => ({ kind: 'old', text })),
    ...after.map((text): Step => ({ kind: 'new', text })),
  ]
  if (rows === 0 || columns === 0 || rows * columns > MOST) return replaced
  const width = columns + 1
  // The length of the common part of the two rests from here on.
  const common = new Uint32Array((rows + 1) * width)
  const at = (row: number, column: number): number => common[row * width + column] ?? 0
  for (let row = rows - 1; row >= 0; row--)
    for (let column = columns - 1; column >= 0; column--)
      common[row * width + column] =
        before[row] === after[column]
          ? at(row + 1, column + 1) + 1
          : Math.max(at(row + 1, column), at(row, column + 1))
  const steps: Step[] = []
  let [row, column] = [0, 0]
  while (row < rows || column < columns) {
    const [old, new_] = [before[row], after[column]]
    if (old !== undefined && old === new_) {
      steps.push({ kind: 'same', text: old })
      row++
      column++
    } else if (old !== undefined && (new_ === undefined || at(row + 1, column) >= at(row, column + 1))) {
      steps.push({ kind: 'old', text: old })
      row++
    } else {
      steps.push({ kind: 'new', text: new_ ?? '' })
      column++
    }
  }
  return steps
}

export interface Row {
  readonly old: string | null
  readonly new: string | null
}

/** Steps as rows of two columns: replaced text is beside its replacement. */
export function sideBySide(steps: readonly Step[]): Row[] {
  const rows: Row[] = []
  let olds: string[] = []
  let news: string[] = []
  const flush = (): void => {
    for (let index = 0; index < Math.max(olds.length, news.length); index++)
      rows.push({ old: olds[index] ?? null, new: news[index] ?? null })
    olds = []
    news = []
  }
  for (const { kind, text } of steps) {
    if (kind === 'old') olds.push(text)
    else if (kind === 'new') news.push(text)
    else {
      flush()
      rows.push({ old: text, new: text })
    }
  }
  flush()
  return rows
}

export const wordsOf = (line: string): string[] => line.match(/[\p{L}\p{N}_]+|\s+|[^\p{L}\p{N}_\s]/gu) ?? []

/** A value in lines: JSON with one member a line, so that a member that changed is one line that changed. */
export function linesOf(value: string): string[] {
  if (/^\s*[[{]/.test(value)) {
    try {
      return JSON.stringify(JSON.parse(value), null, 2).split('\n')
    } catch {
      // It only begins like JSON.
    }
  }
  return value.split(/\r?\n/)
}
