const QUOTE = 0x22
const COMMA = 0x2c
const BACKSLASH = 0x5c
const OPEN = 0x7b
const OPEN_LIST = 0x5b
const CLOSE = 0x7d
const CLOSE_LIST = 0x5d

const RELATED = Buffer.from('"related":{')
const SOURCE = Buffer.from('"source":')
const USER_AGENT = Buffer.from('"user_agent":')

/** Where an object stands; -1 is nowhere. */
export interface Place {
  open: number
  close: number
}

/**
 * The end of a line of canonical JSON: `related`, which agents give to nearly each event, and what the alphabet puts behind it. It is looked for from
 * the line's end, and the brackets from there on say on which level each member stands. So of a line of 1.5 KB some 300 bytes are looked at.
 */
export class LastMembers {
  readonly source: Place = { open: -1, close: -1 }
  readonly userAgent: Place = { open: -1, close: -1 }

  #lines: Buffer = Buffer.alloc(0)
  /** Bytes before their lines that searches may still look at. */
  #spare = 0

  begin(lines: Buffer): void {
    this.#lines = lines
    this.#spare = lines.length
  }

  /** Whether the line has `related`, an object of its top level; only then do the others say where they are. */
  read(start: number, end: number): boolean {
    const lines = this.#lines
    const found = this.#lastRelated(start, end)
    if (found < start) return false
    const open = found + RELATED.length - 1
    const { source, userAgent } = this
    source.open = source.close = userAgent.open = userAgent.close = -1
    /** The member of the top level that is being passed. */
    let at: Place | null = null
    let depth = 0
    let inText = false
    for (let i = open; i < end; i++) {
      const c = lines[i]!
      if (inText) {
        if (c === BACKSLASH) i++
        else if (c === QUOTE) inText = false
      } else if (c === QUOTE) inText = true
      else if (c === OPEN || c === OPEN_LIST) {
        if (depth === 0 && c === OPEN) {
          at = endsHere(SOURCE, lines, i) ? source : endsHere(USER_AGENT, lines, i) ? userAgent : null
          if (at !== null) at.open = i
        }
        depth++
      } else if (c === CLOSE || c === CLOSE_LIST) {
        depth--
        if (depth === 0 && at !== null) {
          at.close = i + 1
          at = null
        }
      }
    }
    // Only the line's own object is still open.
    return depth === -1
  }

  /**
   * The last place of `related` before the line's end. A search in all lines takes half the time of one in a view of the line, and goes on into the
   * lines before where this one has none: that may not happen all the time.
   */
  #lastRelated(start: number, end: number): number {
    const lines = this.#lines
    if (this.#spare <= 0) {
      const found = lines.subarray(start, end).lastIndexOf(RELATED)
      return found === -1 ? -1 : start + found
    }
    const found = lines.lastIndexOf(RELATED, end - 1)
    if (found < start) this.#spare -= start - found
    return found
  }
}

/** Whether a member's name and colon stand before this place, behind a comma or at the beginning of an object. */
function endsHere(name: Buffer, lines: Buffer, end: number): boolean {
  let at = end - name.length
  const before = lines[at - 1]
  if (before !== COMMA && before !== OPEN) return false
  for (let i = 0; i < name.length; i++) if (lines[at++] !== name[i]) return false
  return true
}
