/** Keeps the latest of what was asked for. */
export class Latest<Key, Value> {
  readonly #values = new Map<Key, Value>()
  readonly #room: number

  constructor(room: number) {
    this.#room = room
  }

  get(key: Key, make: () => Value): Value {
    let value = this.#values.get(key)
    if (value !== undefined) this.#values.delete(key)
    else {
      value = make()
      const oldest = this.#values.size >= this.#room ? this.#values.keys().next() : undefined
      if (oldest !== undefined && oldest.done !== true) this.#values.delete(oldest.value)
    }
    this.#values.set(key, value)
    return value
  }
}
