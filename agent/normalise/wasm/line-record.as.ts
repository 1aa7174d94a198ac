import { NONE, piece } from './records.as'
import { escaped, holds } from './text.as'

/** Writes a line as a JSON object of one member, which `begins` begins; gives where it ends, or -1 where the line has a NUL. */
export function readLine(begins: usize, from: i32, until: i32, out: i32): i32 {
  if (holds(from, until, 0, 0)) return NONE
  const at = escaped(from, until, piece(begins, 0, out))
  // "}
  store<u16>(at, 0x7d22)
  return at + 2
}
