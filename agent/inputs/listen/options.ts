/** The inputs that listen for HTTP. */
export type HttpDoorName = 'bulk' | 'webhook' | 'otlp'

/** An address to listen on. */
export interface Listen {
  readonly transport: 'udp' | 'tcp' | 'tls' | HttpDoorName | 'otlp-grpc'
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

/** The form of an address in settings, in the journal and in status: `tcp 127.0.0.1:5514`. */
export function listenText({ transport, host, port }: Listen): string {
  return `${transport} ${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** The same with its entry in the settings: `syslog: tcp 127.0.0.1:5514`, `bulk 127.0.0.1:9200`. */
export const listenName = (listen: Listen): string =>
  entryName(listen) === 'syslog' ? `syslog: ${listenText(listen)}` : listenText(listen)

/** The entry in the settings that an address belongs to. */
export function entryName({ transport }: Listen): 'syslog' | HttpDoorName {
  switch (transport) {
    case 'udp':
    case 'tcp':
    case 'tls':
      return 'syslog'
    case 'otlp-grpc':
      return 'otlp'
    default:
      return transport
  }
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
  /** Rejected connections, and rejected requests. */
  readonly refused: number
  /** The connections that are kept waiting now, and the requests that wait for their answer. */
  readonly waiting: number
}

export interface Log {
  info(sentence: string): void
  warn(sentence: string): void
  error(sentence: string): void
}
