/** An address to listen on. */
export interface Listen {
  readonly transport: 'udp' | 'tcp' | 'tls'
  readonly host: string
  /** The port, or 0 if the system chooses it. */
  readonly port: number
}

export interface TlsOptions {
  /** Paths of PEM files. */
  readonly cert: string
  readonly key: string
  /** The authority of client certificates; by default the authorities that Node knows. */
  readonly ca: string | null
  /** Whether clients must prove who they are. */
  readonly client: 'none' | 'optional' | 'required'
}

export interface StreamLimits {
  /** The limits of simultaneous connections, in total and per address. */
  readonly connections: number
  readonly perPeer: number
  /** The time after which a silent connection is closed, in ms. */
  readonly idle: number
}

/** One `syslog:` entry of the configuration, as far as it concerns receiving. */
export interface SyslogListening {
  readonly listens: readonly Listen[]
  readonly tls: TlsOptions | null
  readonly limits: StreamLimits
}

/** The form of an address in settings, in the journal and in status: `tcp 127.0.0.1:5514`. */
export function listenText({ transport, host, port }: Listen): string {
  return `${transport} ${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** The state of one address. */
export interface ListenerStatus {
  readonly listen: string
  /** The actual address, if the system chose the port. */
  readonly address: string
  /** The open connections. */
  readonly connections: number
  readonly messages: number
  readonly bytes: number
  /** The messages that were lost since the start, in the system's buffer or for lack of room. */
  readonly dropped: number
  /** Rejected connections. */
  readonly refused: number
  /** The connections that are kept waiting now. */
  readonly waiting: number
}

export interface Log {
  info(sentence: string): void
  warn(sentence: string): void
  error(sentence: string): void
}
