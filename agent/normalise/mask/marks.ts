/**
 * The replacements of a record's secrets. The same secret always gets the same mark and another secret gets another mark, so that a
 * changed password still shows as changed. The marks start anew with each record and reveal nothing else.
 */
export class Marks {
  readonly #known = new Map<string, Map<string, string>>()

  get isEmpty(): boolean {
    return this.#known.size === 0
  }

  /** The number of different secrets, by kind. */
  get kinds(): ReadonlyMap<string, number> {
    return new Map([...this.#known].map(([kind, secrets]) => [kind, secrets.size]))
  }

  of(kind: string, secret: string): string {
    let secrets = this.#known.get(kind)
    if (secrets === undefined) {
      secrets = new Map()
      this.#known.set(kind, secrets)
    }
    let mark = secrets.get(secret)
    if (mark === undefined) {
      mark = secrets.size === 0 ? `[masked:${kind}]` : `[masked:${kind}#${secrets.size + 1}]`
      secrets.set(secret, mark)
    }
    return mark
  }
}

/** A part of a text, with its replacement. */
export interface Edit {
  readonly from: number
  readonly to: number
  readonly by: string
}

/** The text with its edits, which don't overlap. */
export function edited(text: string, edits: readonly Edit[]): string {
  if (edits.length === 0) return text
  let result = ''
  let done = 0
  for (const { from, to, by } of edits.toSorted((a, b) => a.from - b.from)) {
    result += text.slice(done, from) + by
    done = to
  }
  return result + text.slice(done)
}
