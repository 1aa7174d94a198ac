import { Client, type ClientOptions, Transport } from '@elastic/elasticsearch'

export interface ConnectionOptions {
  /** URLs of nodes; those that answer are used in turn. */
  readonly nodes: readonly string[]
  readonly apiKey?: string
  readonly username?: string
  readonly password?: string
  /** PEM of the authority that signed the nodes' certificates. */
  readonly ca?: string
  /** How long a request may take before it is given up, ms. */
  readonly requestTime?: number
}

type TransportOptions = ConstructorParameters<typeof Transport>[0]

/**
 * Asks each cluster for the REST API of Elasticsearch 8, which 8.x speaks and 9.x keeps for those who ask for it by these headers.
 * The client of version 9 would ask for that of 9, and 8.x refuses it.
 */
class CompatibleTransport extends Transport {
  constructor(options: TransportOptions) {
    super({
      ...options,
      vendoredHeaders: {
        jsonContentType: 'application/vnd.elasticsearch+json; compatible-with=8',
        ndjsonContentType: 'application/vnd.elasticsearch+x-ndjson; compatible-with=8',
        accept: 'application/vnd.elasticsearch+json; compatible-with=8,text/plain',
      },
    })
  }
}

/** The request options that end a request, in the cluster too, when its client has gone away. */
export const until = (gone: AbortSignal | undefined): { signal?: AbortSignal } =>
  gone === undefined ? {} : { signal: gone }

/** Longer than any single request of ours takes on a cluster that is only busy. */
export const REQUEST_TIME = 30_000

export function connect({
  nodes,
  apiKey,
  username,
  password,
  ca,
  requestTime = REQUEST_TIME,
}: ConnectionOptions): Client {
  const auth: ClientOptions['auth'] =
    apiKey !== undefined
      ? { apiKey }
      : username !== undefined && password !== undefined
        ? { username, password }
        : undefined
  return new Client({
    nodes: [...nodes],
    Transport: CompatibleTransport,
    requestTimeout: requestTime,
    // The caller knows better which requests it may retry; see bulk.ts and failures.ts.
    maxRetries: 0,
    // Headers and bodies of failed requests may hold credentials and events.
    redaction: { type: 'remove' },
    ...(auth !== undefined && { auth }),
    ...(ca !== undefined && { tls: { ca } }),
  })
}
