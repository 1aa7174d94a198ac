import { closed, NONE } from './records.as'
import { copy, escaped, holds } from './text.as'

// What is known of a table's rows, at `table` (`table-rows.ts` writes it).
const COLUMNS: usize = 0
const DELIMITER: usize = 4
const MARK: usize = 8
const HEADER_FROM: usize = 12
const HEADER_TO: usize = 16
/** By column: its name as JSON with the colon, and its length; 1 where an empty cell says something. */
const FIRST: usize = 20
const COLUMN: i32 = 12

/**
 * Writes a row as a JSON object. Gives where that ends, or -1 where it is no row of the common form: the header again, blank, more
 * cells than columns, a quote that is not closed or has something behind it.
 */
export function readRow(table: usize, from: i32, until: i32, out: i32): i32 {
  if (isHeader(table, from, until) || holds(from, until, 0, 0) || isBlank(from, until)) return NONE
  const columns = load<i32>(table, COLUMNS)
  const delimiter: u8 = load<u8>(table, DELIMITER)
  const mark: u8 = load<u8>(table, MARK)
  let column: usize = table + FIRST
  let at = out
  store<u8>(at++, 0x7b)
  let cell = from
  for (let i = 0; ; i++) {
    if (i == columns) return NONE
    const isQuoted = cell < until && load<u8>(cell) == mark
    const start = isQuoted ? cell + 1 : cell
    let end = start
    let doubled = false
    if (isQuoted) {
      for (; end < until; end++) {
        if (load<u8>(end) != mark) continue
        if (end + 1 >= until || load<u8>(end + 1) != mark) break
        doubled = true
        end++
      }
      if (end >= until) return NONE
    } else while (end < until && load<u8>(end) != delimiter) end++
    if (end > start || load<i32>(column, 8) == 1) {
      const name = load<i32>(column)
      at = copy(name, name + load<i32>(column, 4), at)
      store<u8>(at, 0x22)
      at = doubled ? undoubled(start, end, mark, at + 1) : escaped(start, end, at + 1)
      store<u16>(at, 0x2c22)
      at += 2
    }
    column += COLUMN
    cell = isQuoted ? end + 1 : end
    if (cell == until) break
    if (load<u8>(cell) != delimiter) return NONE
    cell++
  }
  return closed(out, at)
}

function isHeader(table: usize, from: i32, until: i32): bool {
  const header = load<i32>(table, HEADER_FROM)
  if (load<i32>(table, HEADER_TO) - header != until - from) return false
  for (let i = 0; i < until - from; i++) if (load<u8>(from + i) != load<u8>(header + i)) return false
  return true
}

/** Perhaps: whether nothing printable of ASCII is in it. */
function isBlank(from: i32, until: i32): bool {
  for (let at = from; at < until; at++) {
    const byte = load<u8>(at)
    if (byte > 0x20 && byte < 0x7f) return false
  }
  return true
}

/** A cell in which each quote stands for one of two. */
function undoubled(from: i32, until: i32, mark: u8, out: i32): i32 {
  let at = out
  let start = from
  for (let i = from; i < until; i++) {
    if (load<u8>(i) != mark) continue
    at = escaped(start, i + 1, at)
    start = ++i + 1
  }
  return escaped(start, until, at)
}
