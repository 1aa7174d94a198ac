import { hash, timingSafeEqual } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { reasonOf } from '../../schema/index.ts'
import { writeDurably } from '../ingest/index.ts'

/** In the data folder: `{ url, token }`. */
export const LOCAL_TOKEN_FILE = 'local-token'

/**
 * Stands for the operator of this machine. Whoever can read it can read the store's files as well, so it may do everything.
 * It is new at each start: while the indexer does not run another program can listen in its place, and what that is sent
 * by mistake opens nothing afterwards.
 */
export class LocalToken {
  readonly #file: string
  readonly #folder: string
  readonly #log: Logger
  readonly #secret: string
  readonly #digest: Buffer

  constructor(folder: string, random: (bytes: number) => Buffer, log: Logger) {
    this.#log = log
    this.#folder = folder
    this.#file = join(folder, LOCAL_TOKEN_FILE)
    this.#secret = `wbl_${random(32).toString('hex')}`
    this.#digest = hash('sha256', this.#secret, 'buffer')
  }

  matches(given: string): boolean {
    return timingSafeEqual(hash('sha256', given, 'buffer'), this.#digest)
  }

  /** Readable for the indexer's user only, once it is known where the indexer listens. */
  async publish(url: string): Promise<void> {
    try {
      await this.#write(url)
    } catch (error) {
      // On a full disk the indexer must come up all the same: it answers, and agents wait.
      this.#log.error(
        `${this.#file} could not be written (${reasonOf(error)}): commands on this machine need a sign-in.`,
      )
    }
  }

  async #write(url: string): Promise<void> {
    await writeDurably(
      this.#folder,
      this.#file,
      `${JSON.stringify({ url: fromHere(url), token: this.#secret })}\n`,
    )
  }

  async withdraw(): Promise<void> {
    await rm(this.#file, { force: true })
  }
}

/** Who listens everywhere listens on loopback, too, and only from there is the token taken. */
const fromHere = (url: string): string =>
  url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:')
