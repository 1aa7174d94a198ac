import type { Content, Links } from '../content.ts'

/** A message on its way to one recipient. */
export interface Outgoing {
  /** The same for every attempt, so that receivers recognise a message that comes twice. */
  readonly id: string
  readonly to: string
  readonly content: Content
  readonly links: Links
  readonly zone: string
}

/** How an attempt ended. */
export type Outcome =
  | { readonly kind: 'sent' }
  /** It may work later: the receiver is away, busy, or does not accept our credentials now. */
  | { readonly kind: 'later'; readonly reason: string; readonly retryAfter?: number }
  /** The receiver will never accept this message. */
  | { readonly kind: 'refused'; readonly reason: string }

/** Sends one message, and gives up when the signal fires. A rejection counts as `later`. */
export type Send = (message: Outgoing, signal: AbortSignal) => Promise<Outcome>

export const SENT: Outcome = { kind: 'sent' }
