import { Journal, type JournalContext, type JournalOptions, type JournalStatus } from './journal.ts'
import { type ListenerStatus, listenText, type SyslogListening } from './options.ts'
import { secureOptions } from './refusal.ts'
import { Shares } from './shares.ts'
import { StreamListener } from './streams.ts'
import { DatagramListener } from './udp.ts'

export interface ReceptionStatus {
  readonly listeners: readonly ListenerStatus[]
  readonly journal: JournalStatus
}

type Listener = StreamListener | DatagramListener

/** The memory for incomplete messages, for all connections together. */
const PARTIAL_BYTES = 16 * 1024 * 1024

/** The reception of syslog: the open addresses and the journal that they write. */
export class Reception {
  readonly #journal: Journal
  readonly #context: JournalContext
  readonly #memory = new Shares(PARTIAL_BYTES)
  #listeners = new Map<string, Listener>()

  private constructor(journal: Journal, context: JournalContext) {
    this.#journal = journal
    this.#context = context
  }

  /** Opens the journal; nothing is received before `listen`. */
  static async open(options: JournalOptions, context: JournalContext): Promise<Reception> {
    return new Reception(await Journal.open(options, context), context)
  }

  /**
   * Listens on exactly these addresses. An address that is already open stays open, with all its connections. If one cannot be opened,
   * none is changed.
   */
  async listen(
    entries: readonly SyslogListening[],
    bounds: Pick<JournalOptions, 'limit' | 'syncEvery'>,
  ): Promise<void> {
    for (const { tls } of entries) if (tls !== null) secureOptions(tls)
    await this.#closeChanged(entries)
    const next = new Map<string, Listener>()
    const opened: Listener[] = []
    try {
      for (const entry of entries) {
        for (const listen of entry.listens) {
          const name = nameOf(listen, entry)
          const open = this.#listeners.get(name) ?? (await this.#open(listen, entry))
          if (!this.#listeners.has(name)) opened.push(open)
          next.set(name, open)
        }
      }
    } catch (error) {
      await Promise.all(opened.map((one) => one.close()))
      throw error
    }
    for (const entry of entries) {
      for (const listen of entry.listens) {
        const open = next.get(nameOf(listen, entry))
        if (open instanceof StreamListener) open.adjust(entry.limits, tlsFor(listen, entry))
      }
    }
    this.#journal.adjust(bounds)
    const gone = [...this.#listeners].filter(([name]) => !next.has(name))
    this.#listeners = next
    await Promise.all(gone.map(([, one]) => one.close()))
  }

  status(): ReceptionStatus {
    return {
      listeners: [...this.#listeners.values()].map((one) => one.status()),
      journal: this.#journal.status(),
    }
  }

  /** Stops listening, and writes all received messages to the disk. */
  async close(): Promise<void> {
    await Promise.all([...this.#listeners.values()].map((one) => one.close()))
    this.#listeners.clear()
    await this.#journal.close()
  }

  /** Closes addresses whose client authentication changes: they have to be opened again. */
  async #closeChanged(entries: readonly SyslogListening[]): Promise<void> {
    const names = new Set(entries.flatMap((entry) => entry.listens.map((listen) => nameOf(listen, entry))))
    const addresses = new Set(entries.flatMap(({ listens }) => listens.map(listenText)))
    for (const [name, one] of this.#listeners) {
      if (names.has(name) || !addresses.has(listenText(one.listen))) continue
      this.#listeners.delete(name)
      await one.close()
    }
  }

  #open(listen: SyslogListening['listens'][number], entry: SyslogListening): Promise<Listener> {
    const { clock, log } = this.#context
    const parts = { journal: this.#journal, clock, log, memory: this.#memory }
    return listen.transport === 'udp'
      ? DatagramListener.open(listen, parts)
      : StreamListener.open(listen, entry.limits, tlsFor(listen, entry), parts)
  }
}

const tlsFor = (
  listen: SyslogListening['listens'][number],
  entry: SyslogListening,
): SyslogListening['tls'] => (listen.transport === 'tls' ? entry.tls : null)

/** The request for client certificates is fixed when an address is opened, so it is part of the name. */
const nameOf = (listen: SyslogListening['listens'][number], entry: SyslogListening): string =>
  `${listenText(listen)} ${tlsFor(listen, entry)?.client ?? ''}`
