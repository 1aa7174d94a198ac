import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, isIPv6 } from 'node:net'
import { entryName, type Listen, type TlsOptions } from './options.ts'
import { bindRefusal, secureOptions } from './refusal.ts'

/** Opens and closes each address; a problem with one, or with a certificate, is an OperatorError. */
export async function tryListening(
  entries: readonly {
    readonly listens: readonly Listen[]
    readonly tls: TlsOptions | null
  }[],
  isTried: (listen: Listen) => boolean,
): Promise<void> {
  for (const { listens, tls } of entries) {
    if (tls !== null) secureOptions(tls, listens[0] === undefined ? '' : entryName(listens[0]))
    for (const listen of listens) if (isTried(listen)) await tryOne(listen)
  }
}

async function tryOne(listen: Listen): Promise<void> {
  const { host, port } = listen
  try {
    if (listen.transport === 'udp') {
      const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4')
      try {
        socket.bind({ port, address: host, exclusive: true })
        await once(socket, 'listening')
      } finally {
        socket.close()
      }
    } else {
      const server = createServer()
      server.listen({ port, host, exclusive: true })
      await once(server, 'listening')
      server.close()
    }
  } catch (error) {
    throw bindRefusal(listen, error)
  }
}
