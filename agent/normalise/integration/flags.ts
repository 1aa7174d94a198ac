/** The remarks of the agent about a record, written as `tags`; a set of flags is a number. */
export const FLAG = {
  timestamp_missing: 1,
  timestamp_invalid: 2,
  encoding_repaired: 4,
  value_cut: 8,
  payload_cut: 16,
  changes_cut: 32,
  identity_missing: 64,
  columns_beyond_header: 128,
  /** There is no syslog header, or a malformed one: the whole text is the message. */
  syslog_unparsed: 256,
  /** The connection ended within the message. */
  message_incomplete: 512,
  secret_masked: 1024,
  /** Used together with `timestamp_invalid`: the time is more than a day ahead. */
  timestamp_future: 2048,
} as const

const NAMES = Object.entries(FLAG)

/** The tags of an event: the operator's, then the flags; null if there are none. */
export class Tags {
  readonly #own: readonly string[]
  readonly #known = new Map<number, string | null>()

  constructor(own: readonly string[]) {
    this.#own = [...new Set(own)]
  }

  json(flags: number): string | null {
    let json = this.#known.get(flags)
    if (json === undefined) {
      const remarks = NAMES.filter(([, bit]) => flags & bit).map(([name]) => name)
      const all = [...new Set([...this.#own, ...remarks])]
      json = all.length === 0 ? null : JSON.stringify(all)
      this.#known.set(flags, json)
    }
    return json
  }
}
