import { LIMITS } from '../../../../schema/index.ts'
import type { Received } from './reader.ts'

export type ReceivedMessage = Extract<Received, { kind: 'message' }>

/** Messages that form one record, in the order of arrival. */
export interface Joined {
  readonly messages: readonly [ReceivedMessage, ...ReceivedMessage[]]
  /** The offset of the first message. */
  readonly offset: number
}

const MOST = 256
const MOST_LENGTH = LIMITS.recordBytes / 4

/**
 * Joins consecutive messages from one sender, for an integration whose records have several lines: messages in which its pattern finds the
 * same text are joined, like the lines of a file. Messages that are apart, or in another slice, remain separate records.
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

  /** Takes another message; returns the previous record if this message does not belong to it. */
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

  /** Returns the messages collected so far. */
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
