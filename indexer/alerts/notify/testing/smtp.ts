import type { AddressInfo } from 'node:net'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { onTestFinished } from 'vitest'

export interface ReceivedMail {
  readonly from: string
  readonly to: string[]
  readonly secure: boolean
  readonly user: string | null
  /** Header and body as they came. */
  readonly raw: string
}

/** For tests only: a real SMTP server on a free port. */
export async function smtpServer(
  options: SMTPServerOptions & {
    readonly accept?: (to: string) => Error | null
    readonly acceptMessage?: (raw: string) => Error | null
  } = {},
): Promise<{ port: number; mails: ReceivedMail[]; attempts: () => number; close: () => Promise<void> }> {
  const mails: ReceivedMail[] = []
  let attempts = 0
  const { accept, acceptMessage, ...given } = options
  const server = new SMTPServer({
    authOptional: true,
    logger: false,
    ...given,
    onConnect(_session, done) {
      attempts++
      done()
    },
    onRcptTo({ address }, _session, done) {
      done(accept?.(address) ?? undefined)
    },
    onData(stream, session, done) {
      const parts: Buffer[] = []
      stream.on('data', (part: Buffer) => parts.push(part))
      stream.on('end', () => {
        const raw = Buffer.concat(parts).toString()
        const refused = acceptMessage?.(raw) ?? null
        if (refused !== null) return done(refused)
        const { mailFrom, rcptTo } = session.envelope
        mails.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          secure: session.secure,
          user: session.user === undefined ? null : String(session.user),
          raw,
        })
        done()
      })
    },
  })
  // Clients that end the handshake are what some tests are about.
  server.on('error', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = (): Promise<void> => new Promise((resolve) => server.close(() => resolve()))
  onTestFinished(close)
  const { port } = server.server.address() as AddressInfo
  return { port, mails, attempts: () => attempts, close }
}

/** An answer of an SMTP server that says no. */
export const smtpError = (code: number, text: string): Error =>
  Object.assign(new Error(text), { responseCode: code })

/** A part of a mail, decoded: nodemailer writes quoted-printable or Base64. */
export function partOf(raw: string, type: 'text/plain' | 'text/html'): string {
  const boundary = /boundary="([^"]+)"/.exec(raw)?.[1] ?? ''
  const part = raw.split(`--${boundary}`).find((one) => one.includes(`Content-Type: ${type}`)) ?? ''
  const [head = '', ...rest] = part.split('\r\n\r\n')
  const body = rest.join('\r\n\r\n')
  if (/base64/i.test(head)) return Buffer.from(body, 'base64').toString()
  if (!/quoted-printable/i.test(head)) return body
  const bytes = body
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString()
}
