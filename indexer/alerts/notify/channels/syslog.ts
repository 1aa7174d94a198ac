import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect as connectTcp, isIP, isIPv6 } from 'node:net'
import { hostname } from 'node:os'
import { connect as connectTls } from 'node:tls'
import { type Content, clean, cut, titleOf } from '../content.ts'
import type { Target } from '../settings.ts'
import { type Outgoing, SENT, type Send } from './sender.ts'

type Settings = NonNullable<Target['syslog']>

const PORTS = { tls: 6514, tcp: 514, udp: 514 } as const
/** Facility 13 of RFC 5424: log audit. */
const FACILITY = 13
const SEVERITY = { low: 5, medium: 4, high: 3, critical: 2 } as const
const MOST = { message: 1500, value: 300, host: 255 } as const
const PATIENCE = 20_000
const SETTLE = 2_000

/** Syslog as RFC 5424: over TLS (RFC 5425) or TCP with the length before each message, over UDP in one datagram. */
export const syslogSender =
  (settings: Settings): Send =>
  async (message, signal) => {
    const { host, over } = settings
    const port = settings.port ?? PORTS[over]
    const line = Buffer.from(syslogLine(message, hostname()))
    if (over === 'udp') {
      await datagram(line, host, port)
      return SENT
    }
    const socket =
      over === 'tcp'
        ? connectTcp({ host, port })
        : connectTls({
            host,
            port,
            minVersion: 'TLSv1.2',
            // A name in the handshake is never an address (RFC 6066).
            ...(isIP(host) === 0 && { servername: host }),
            ...(settings.ca !== undefined && { ca: await readFile(settings.ca) }),
          })
    socket.setTimeout(PATIENCE, () => socket.destroy(new Error(`${host} does not answer`)))
    const stop = (): void => void socket.destroy(new Error('it took too long'))
    signal.addEventListener('abort', stop, { once: true })
    try {
      await once(socket, over === 'tcp' ? 'connect' : 'secureConnect')
      socket.resume()
      socket.end(Buffer.concat([Buffer.from(`${line.length} `), line]))
      await once(socket, 'finish')
      // This protocol has no acknowledgement. A receiver that refuses resets the connection; most others close it at once.
      await once(socket, 'end', { signal: AbortSignal.timeout(SETTLE) }).catch((thrown: unknown) => {
        if (!(thrown instanceof Error && thrown.name === 'AbortError')) throw thrown
      })
      return SENT
    } finally {
      signal.removeEventListener('abort', stop)
      socket.destroy()
    }
  }

async function datagram(line: Buffer, host: string, port: number): Promise<void> {
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4')
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.send(line, port, host, (error) => (error === null ? resolve() : reject(error)))
    })
  } finally {
    socket.close()
  }
}

export function syslogLine({ id, content, links }: Outgoing, host: string): string {
  const { priority, occasion, incident, alert, rule, at, users, addresses, message } = content
  const severity = occasion === 'resolved' || occasion === 'test' ? 6 : SEVERITY[priority]
  // 32473 is the number that RFC 5612 reserves for examples and private use without one's own.
  const data = Object.entries({
    id,
    occasion,
    priority,
    incident,
    alert,
    rule: rule.id,
    user: users.join(','),
    address: addresses.join(','),
    link: links.incident ?? '',
  })
    .filter(([, value]) => value !== '')
    .map(([name, value]) => ` ${name}="${quoted(cut(value, MOST.value))}"`)
    .join('')
  const header = [
    `<${FACILITY * 8 + severity}>1`,
    new Date(at).toISOString(),
    host.replace(/[^\x21-\x7e]/g, '-').slice(0, MOST.host) || '-',
    'waybill',
    '-',
    'alert',
  ].join(' ')
  const said = clean(textOf(content, message))
  // The mark says that the text is UTF-8.
  return `${header} [waybill@32473${data}] \ufeff${cut(said, MOST.message)}`
}

const textOf = (content: Content, message: string): string =>
  message === '' || message === content.summary ? titleOf(content) : `${titleOf(content)} - ${message}`

/** What may not be in a value of structured data without an escape. */
const quoted = (value: string): string => value.replace(/["\\\]]/g, (sign) => `\\${sign}`)
