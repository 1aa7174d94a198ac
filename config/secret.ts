import { inspect } from 'node:util'
import * as z from 'zod'

/** A text that must not be shown: printing, logging or serialising it gives `[secret]`. */
export class Secret {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  /** The text itself, for the one place that needs it. */
  reveal(): string {
    return this.#text
  }

  toString(): string {
    return '[secret]'
  }

  toJSON(): string {
    return '[secret]'
  }

  [inspect.custom](): string {
    return '[secret]'
  }
}

/** A setting that is secret: mostly written as `${env:NAME}` or `${file:/path}`. */
export const secret = () =>
  z
    .string()
    .min(1, 'expected a secret that is not empty')
    .transform((text) => new Secret(text))

/** Whether the host name of a URL is this machine, and no other machine can reach it. */
export const isLoopbackHost = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname)
