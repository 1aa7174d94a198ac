/** An address to listen on. */
export interface Listen {
  readonly transport: 'udp' | 'tcp' | 'tls'
  readonly host: string
  /** 0 for one that the system chooses. */
  readonly port: number
}

export interface TlsOptions {
  /** Paths of PEM files. */
  readonly cert: string
  readonly key: string
  /** Who signs the certificates of clients; by default the authorities that Node knows. */
  readonly ca: string | null
  /** Whether clients must prove who they are. */
  readonly client: 'none' | 'optional' | 'required'
}

export interface StreamLimits {
  /** Connections at once, in all and of one address. */
  readonly connections: number
  readonly perPeer: number
  /** A connection on which nothing comes for so long is closed, ms. */
  readonly idle: number
}

/** One `syslog:` entry of the configuration, as far as receiving goes. */
export interface SyslogListening {
  readonly listens: readonly Listen[]
  readonly tls: TlsOptions | null
  readonly limits: StreamLimits
}

/** As it is written in settings, in the journal and in status: `tcp 127.0.0.1:5514`. */
export function listenText({ transport, host, port }: Listen): string {
  return `${transport} ${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** How it stands with one address. */
export interface ListenerStatus {
  readonly listen: string
  /** The address as it is, where the system chose the port. */
  readonly address: string
  /** Open now. */
  readonly connections: number
  readonly messages: number
  readonly bytes: number
  /** Messages that were lost, in the system's buffer or for want of room, since the start. */
  readonly dropped: number
  /** Connections that were not let in. */
  readonly refused: number
  /** Connections that are kept waiting now. */
  readonly waiting: number
}

export interface Log {
  info(sentence: string): void
  warn(sentence: string): void
  error(sentence: string): void
}
