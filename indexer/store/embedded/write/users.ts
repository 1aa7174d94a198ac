import { hashOf, TextNumbers } from '../index/index.ts'

/** More names are forgotten before the next batches. */
const MOST_KEPT = 16_384

/** Numbers of users: events are counted by them, so that a name is not made a string for each event. 0 is no user. */
export class Users {
  readonly #names = new TextNumbers()

  /** Begins a new group of events that are stored together: numbers from before are no longer valid. */
  begin(): void {
    if (this.#names.count > MOST_KEPT) this.#names.clear()
  }

  /** The number of a name in UTF-8. */
  of(bytes: Buffer, start: number, end: number): number {
    return start === end ? 0 : this.#names.of(hashOf(bytes, start, end), bytes, start, end)
  }

  ofName(name: string): number {
    const bytes = Buffer.from(name)
    return this.of(bytes, 0, bytes.length)
  }

  name(number: number): string {
    return number === 0 ? '' : this.#names.text(number)
  }
}
