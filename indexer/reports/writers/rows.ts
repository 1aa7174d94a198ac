import type { ReportRow, RowPages } from '../document.ts'
import type { WriteRequest } from './index.ts'

/** Rows of one piece of a text file. */
const PIECE_ROWS = 1000
const REPORT_MS = 250

type Asked = Pick<WriteRequest, 'signal' | 'report'> & { readonly rows: RowPages }

/** Gives each row to `write`, until somebody cancels; the number of rows. */
export function eachRow(asked: Asked, write: (row: ReportRow, index: number) => void): Promise<number> {
  let index = 0
  return eachPage(asked, (page) => {
    for (const row of page) write(row, index++)
  })
}

/** Gives each page to `write`, which may be waited for. */
export async function eachPage(
  { rows, signal, report }: Asked,
  write: (page: readonly ReportRow[]) => Promise<void> | void,
): Promise<number> {
  let count = 0
  let reported = Number.NEGATIVE_INFINITY
  signal.throwIfAborted()
  for await (const page of rows) {
    signal.throwIfAborted()
    await write(page)
    count += page.length
    const now = performance.now()
    if (now - reported > REPORT_MS) {
      reported = now
      report(count)
    }
  }
  signal.throwIfAborted()
  report(count)
  return count
}

/** Ends a piece after each thousand rows: call it after a row was written. */
export function cutAfter(output: { cut: (is: string) => void }, written: number): void {
  if (written % PIECE_ROWS === 0) output.cut(piecesName(written - PIECE_ROWS + 1, written))
}

/** Ends the last, shorter piece of rows. */
export function cutRest(output: { cut: (is: string) => void }, written: number): void {
  const rest = written % PIECE_ROWS
  if (rest > 0) output.cut(piecesName(written - rest + 1, written))
}

const piecesName = (first: number, last: number): string => `rows ${first} to ${last}`
