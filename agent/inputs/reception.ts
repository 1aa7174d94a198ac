import { setTimeout } from 'node:timers/promises'
import { ask, type Cursor, Fetcher, type FetcherStatus, type Source } from './fetch/index.ts'
import { type Door, GrpcListener, HttpListener, OtlpDoor } from './http/index.ts'
import {
  Journal,
  type JournalContext,
  type JournalOptions,
  type JournalStatus,
  Shares,
} from './journal/index.ts'
import {
  entryName,
  type Listen,
  type ListenerStatus,
  listenText,
  type StreamLimits,
  secureOptions,
  type TlsOptions,
} from './listen/index.ts'
import { DatagramListener, StreamListener } from './syslog/index.ts'

/** One entry of the configuration that listens. */
export interface Listening {
  readonly listens: readonly Listen[]
  readonly tls: TlsOptions | null
  readonly limits: StreamLimits
  /** What takes the requests; null for syslog. */
  readonly door: Door | null
}

/** One entry that fetches. */
export interface Fetching {
  readonly name: string
  /** The kind of its source: the cursor of another kind does not count. */
  readonly kind: string
  /** How often it asks when there is nothing more, in ms. */
  readonly every: number
  readonly source: Source
}

/** The durable table in which fetchers keep their places. */
export interface Places {
  get<Value>(key: string): Value | undefined
  write(changes: readonly { readonly key: string; readonly value: unknown }[]): Promise<void>
}

export interface ReceptionStatus {
  readonly fetchers: readonly FetcherStatus[]
  readonly listeners: readonly ListenerStatus[]
  readonly journal: JournalStatus
}

type Listener = StreamListener | DatagramListener | HttpListener | GrpcListener

/** The memory for incomplete messages of all connections together, and for the bodies of all requests. */
const PARTIAL_BYTES = 16 * 1024 * 1024
const BODY_BYTES = 96 * 1024 * 1024

/** What receives from the network: the open addresses and the journal that they write. */
export class Reception {
  readonly #journal: Journal
  readonly #context: JournalContext
  readonly #partial = new Shares(PARTIAL_BYTES)
  readonly #bodies = new Shares(BODY_BYTES)
  #listeners = new Map<string, Listener>()
  #fetchers: Fetcher[] = []

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
    entries: readonly Listening[],
    bounds: Pick<JournalOptions, 'limit' | 'syncEvery'>,
  ): Promise<void> {
    for (const entry of entries)
      if (entry.tls !== null)
        secureOptions(entry.tls, entry.listens[0] === undefined ? '' : entryName(entry.listens[0]))
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
        else if (open instanceof HttpListener && entry.door !== null)
          open.adjust({ ...entry, door: entry.door })
        else if (open instanceof GrpcListener && entry.door instanceof OtlpDoor)
          open.adjust({ ...entry, door: entry.door })
      }
    }
    this.#journal.adjust(bounds)
    const gone = [...this.#listeners].filter(([name]) => !next.has(name))
    this.#listeners = next
    await Promise.all(gone.map(([, one]) => one.close()))
  }

  /** Fetches exactly these, each from its place on. */
  async fetch(entries: readonly Fetching[], places: Places): Promise<void> {
    await Promise.all(this.#fetchers.map((one) => one.close()))
    const { clock, log } = this.#context
    this.#fetchers = entries.map(({ name, kind, every, source }) => {
      const cursors = placesOf(kind, places)
      return new Fetcher(name, source, every, { journal: this.#journal, clock, log, ask, pause, cursors })
    })
  }

  status(): ReceptionStatus {
    return {
      fetchers: this.#fetchers.map((one) => one.status()),
      listeners: [...this.#listeners.values()].map((one) => one.status()),
      journal: this.#journal.status(),
    }
  }

  /** Stops listening, and writes all received messages to the disk. */
  async close(): Promise<void> {
    await Promise.all([...this.#listeners.values(), ...this.#fetchers].map((one) => one.close()))
    this.#listeners.clear()
    this.#fetchers = []
    await this.#journal.close()
  }

  /** Closes addresses whose client authentication changes: they have to be opened again. */
  async #closeChanged(entries: readonly Listening[]): Promise<void> {
    const names = new Set(entries.flatMap((entry) => entry.listens.map((listen) => nameOf(listen, entry))))
    const addresses = new Set(entries.flatMap(({ listens }) => listens.map(listenText)))
    for (const [name, one] of this.#listeners) {
      if (names.has(name) || !addresses.has(listenText(one.listen))) continue
      this.#listeners.delete(name)
      await one.close()
    }
  }

  #open(listen: Listen, entry: Listening): Promise<Listener> {
    const { clock, log } = this.#context
    const parts = { journal: this.#journal, clock, log }
    if (entry.door instanceof OtlpDoor && listen.transport === 'otlp-grpc')
      return GrpcListener.open(listen, { ...entry, door: entry.door }, { ...parts, memory: this.#bodies })
    if (entry.door !== null)
      return HttpListener.open(listen, { ...entry, door: entry.door }, { ...parts, memory: this.#bodies })
    return listen.transport === 'udp'
      ? DatagramListener.open(listen, parts)
      : StreamListener.open(listen, entry.limits, tlsFor(listen, entry), { ...parts, memory: this.#partial })
  }
}

interface Place {
  readonly v: 1
  readonly kind: string
  readonly cursor: Cursor
}

const placesOf = (kind: string, places: Places) => ({
  get: (name: string): Cursor | null => {
    const place = places.get<Place>(`fetch/${name}`)
    return place?.v === 1 && place.kind === kind ? place.cursor : null
  },
  put: (name: string, cursor: Cursor): Promise<void> =>
    places.write([{ key: `fetch/${name}`, value: { v: 1, kind, cursor } satisfies Place }]),
})

/** Waits, but not beyond the signal. */
const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  setTimeout(ms, undefined, { signal, ref: false }).catch(() => {})

const tlsFor = (listen: Listen, entry: Listening): Listening['tls'] =>
  listen.transport === 'udp' || listen.transport === 'tcp' ? null : entry.tls

/** TLS and the request for client certificates are fixed when an address is opened, so they are part of the name. */
function nameOf(listen: Listen, entry: Listening): string {
  const tls = tlsFor(listen, entry)
  return `${listenText(listen)} ${tls === null ? '' : `tls ${tls.client}`}`
}
