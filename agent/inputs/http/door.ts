import type { IncomingHttpHeaders } from 'node:http'

/** The beginning of a request: all that decides whether its body is read. */
export interface Head {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
}

export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
}

/** A record of a request, as it goes to the journal. */
export interface Taken {
  readonly bytes: Uint8Array
  /** Which of the door's integrations reads it; empty if the door has one only. */
  readonly route: string
  /** What the source itself identifies it by; empty if it names nothing. */
  readonly key: readonly string[]
}

export interface Body {
  readonly bytes: Buffer
  /** Resolves when these records are on the disk; until then nothing must be acknowledged. Throws a `Refused` if there is no room. */
  store(records: readonly Taken[]): Promise<void>
}

/** What an input does with requests. The listener reads them, and bounds their size, their number and their memory. */
export interface Door {
  /** Answers without reading a body; null if the body is needed. Throws a `Refused` for requests that may not send one. */
  admit(head: Head): Answer | null
  answer(head: Head, body: Body): Promise<Answer>
  /** The answer to a request that was refused, in the form that its senders understand. */
  refusal(refused: Refused, head: Head): Answer
}

/** Why a request is not taken. */
export class Refused extends Error {
  readonly status: number
  /** After how many seconds it may come again, as it is. */
  readonly retryAfter: number | null

  constructor(status: number, sentence: string, retryAfter: number | null = null) {
    super(sentence)
    this.status = status
    this.retryAfter = retryAfter
  }
}

export const jsonAnswer = (status: number, value: unknown, headers: Record<string, string> = {}): Answer => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(value),
})
