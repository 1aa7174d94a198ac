/**
 * What stands in place of a record's secrets. The same secret gets the same mark and another one another, so that a changed password
 * still shows as changed; the marks begin anew with each record, and say nothing else.
 */
export class Marks {
  readonly #known = new Map<string, Map<string, string>>()

  get isEmpty(): boolean {
    return this.#known.size === 0
  }

  /** By kind, how many different secrets there were. */
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
