import { KEY_FROM, KEY_TO, KIND, NODE, ROW } from '../wasm/rows.ts'
import type { Found } from './found.ts'

const UNDERSCORE = 0x5f

/**
 * Whether an entry of the journal's says just what its JSON says. Lists are texts that were written as bytes, or fields that came several
 * times; and what a program says under a name that only an underscore tells from one of journald's own is renamed: `formats/journald.ts`
 * reads these.
 */
export function isPlainEntry(found: Found): boolean {
  const { root, rows, bytes } = found
  const end = found.next(root)
  for (let row = root + ROW; row < end; row += ROW) if (found.kind(row) === KIND.array) return false
  for (let said = root + ROW; said < end; said = found.next(said)) {
    // Of names that are known none comes twice: the kernel declines that.
    if (rows[said + NODE] !== -1 || bytes[rows[said + KEY_FROM]!] === UNDERSCORE) continue
    for (let own = root + ROW; own < end; own = found.next(own)) {
      if (rows[own + NODE] !== -1 || bytes[rows[own + KEY_FROM]!] !== UNDERSCORE) continue
      if (sameName(found, said, own)) return false
    }
  }
  return true
}

/** As `folded` compares names. From their ends: there most differ at once. */
function sameName({ bytes, rows }: Found, a: number, b: number): boolean {
  const from = rows[a + KEY_FROM]!
  const otherFrom = rows[b + KEY_FROM]!
  let at = rows[a + KEY_TO]! - 1
  let other = rows[b + KEY_TO]! - 1
  for (;;) {
    while (at >= from && isSeparator(bytes[at]!)) at--
    while (other >= otherFrom && isSeparator(bytes[other]!)) other--
    if (at < from || other < otherFrom) return at < from && other < otherFrom
    if (lower(bytes[at--]!) !== lower(bytes[other--]!)) return false
  }
}

const isSeparator = (byte: number): boolean => byte === UNDERSCORE || byte === 0x2d || byte === 0x20
const lower = (byte: number): number => (byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte)
