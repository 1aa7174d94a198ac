import { LIMITS } from '../../../../schema/index.ts'
import type { Received } from './reader.ts'

export type ReceivedMessage = Extract<Received, { kind: 'message' }>

/** Messages that are one record together, in the order in which they came. */
export interface Joined {
  readonly messages: readonly [ReceivedMessage, ...ReceivedMessage[]]
  /** Of the first. */
  readonly offset: number
}

const MOST = 256
const MOST_LENGTH = LIMITS.recordBytes / 4

/**
 * Messages that follow each other from one sender, for an integration whose records are several lines: those that its pattern finds the
 * same in are joined, as lines of a file are. What stands apart, or in another slice, stays a record of its own.
 */
export class Joining {
  readonly #pattern: RegExp
  #key: string | null = null
  #messages: ReceivedMessage[] = []
  #length = 0
  #offset = 0

  constructor(pattern: string) {
    this.#pattern = new RegExp(pattern)
  }

  /** Takes another message; gives what it does not belong to, which is over then. */
  take(message: ReceivedMessage, offset: number): Joined | null {
    const key = this.#keyOf(message)
    const length = this.#length + message.text.length
    if (key !== null && key === this.#key && this.#messages.length < MOST && length < MOST_LENGTH) {
      this.#messages.push(message)
      this.#length = length
      return null
    }
    const over = this.end()
    this.#key = key
    this.#messages = [message]
    this.#length = message.text.length
    this.#offset = offset
    return over
  }

  /** What is still at hand. */
  end(): Joined | null {
    const [first, ...others] = this.#messages
    this.#messages = []
    this.#key = null
    return first === undefined ? null : { messages: [first, ...others], offset: this.#offset }
  }

  #keyOf({ body, sender }: ReceivedMessage): string | null {
    const found = this.#pattern.exec(body)
    return found === null ? null : [sender, ...found.slice(1)].join('\n')
  }
}
