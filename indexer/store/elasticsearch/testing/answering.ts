import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { BulkSink } from '../bulk.ts'
import { connect } from '../client.ts'

/** A server on a real socket that gives a test's answers in place of a cluster, and a client of it. */
export interface Answering {
  readonly server: Server
  readonly client: ReturnType<typeof connect>
  end(): Promise<void>
}

export async function answering(
  answer: (body: Buffer, response: ServerResponse, request: IncomingMessage) => void,
): Promise<Answering> {
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part)
    response.setHeader('x-elastic-product', 'Elasticsearch')
    response.setHeader('content-type', 'application/json')
    answer(Buffer.concat(parts), response, request)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect({ nodes: [`http://127.0.0.1:${(server.address() as AddressInfo).port}`] })
  return {
    server,
    client,
    async end() {
      await client.close()
      server.closeAllConnections()
      server.close()
    },
  }
}

/** A sink whose pauses take no time but on its own clock, which begins with the test. */
export function sinkOf({ client }: Answering): BulkSink {
  let now = 0
  return new BulkSink(client, {
    patience: 20_000,
    requestTime: 5_000,
    clock: () => now,
    pause: async (ms) => {
      now += ms
    },
  })
}
