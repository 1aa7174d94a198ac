import { readFile } from 'node:fs/promises'
import { codeOf, memberOf, reasonOf } from '../../../../schema/index.ts'
import { cut, plainText, titleOf } from '../content.ts'
import { htmlMail } from '../mail.ts'
import type { MailSettings } from '../settings.ts'
import { type Outcome, SENT, type Send } from './sender.ts'

const PORTS = { starttls: 587, implicit: 465, none: 25 } as const
/** Each wait for the server. */
const PATIENCE = 20_000
/** A line of a header has 998 characters at most (RFC 5322), and nobody reads more than this. */
const SUBJECT = 180

/** A mail of ours, without what all have. */
export interface OwnMail {
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly html?: string
  /** Without the domain. */
  readonly id: string
  readonly at: number
  /** The id of the messages that it belongs to, without the domain. */
  readonly thread?: string
  readonly isUrgent?: boolean
  /** Files, with their bytes: nothing is read from a disk here. */
  readonly attachments?: readonly { readonly name: string; readonly type: string; readonly bytes: Buffer }[]
}

/** Sends a mail by SMTP; rejects with the server's reason. */
export async function sendMail(settings: MailSettings, mail: OwnMail, signal?: AbortSignal): Promise<void> {
  const { createTransport } = await import('nodemailer')
  const { host, tls, user, password, ca } = settings
  const transport = createTransport({
    host,
    port: settings.port ?? PORTS[tls],
    secure: tls === 'implicit',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    tls: { minVersion: 'TLSv1.2', ...(ca !== undefined && { ca: await readFile(ca) }) },
    ...(user !== undefined && password !== undefined && { auth: { user, pass: password.reveal() } }),
    connectionTimeout: PATIENCE,
    greetingTimeout: PATIENCE,
    socketTimeout: PATIENCE,
    // Only our own texts go out: nothing names a file or an address to attach.
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  const domain = settings.from.replace(/^.*@|>$/g, '')
  const { to, subject, text, html, id, at, thread, isUrgent, attachments = [] } = mail
  try {
    await transport.sendMail({
      from: settings.from,
      to: { name: '', address: to },
      subject: cut(subject, SUBJECT),
      text,
      ...(html !== undefined && { html }),
      messageId: `<${idText(id)}@${domain}>`,
      date: new Date(at),
      ...(thread !== undefined && {
        references: `<${idText(thread)}@${domain}>`,
        inReplyTo: `<${idText(thread)}@${domain}>`,
      }),
      ...(isUrgent === true && { priority: 'high' }),
      ...(attachments.length > 0 && {
        attachments: attachments.map(({ name, type, bytes }) => ({
          filename: name,
          contentType: type,
          content: bytes,
        })),
      }),
      ...(signal !== undefined && { signal }),
      headers: {
        // Out-of-office programs do not answer those (RFC 3834).
        'Auto-Submitted': 'auto-generated',
        'X-Waybill-Message': idText(id),
      },
    })
  } finally {
    transport.close()
  }
}

/** Mail by SMTP; one message a recipient, so that a refused address holds up nobody else. */
export function emailSender(settings: MailSettings): Send {
  return async ({ id, to, content, links, zone }, signal) => {
    try {
      const mail: OwnMail = {
        to,
        subject: titleOf(content),
        text: plainText(content, links, zone),
        html: htmlMail(content, links, zone),
        id,
        at: content.at,
        ...(content.incident !== '' && { thread: `incident.${content.incident}` }),
        isUrgent: content.priority === 'critical' && content.occasion !== 'resolved',
      }
      await sendMail(settings, mail, signal)
      return SENT
    } catch (thrown) {
      return outcomeOf(thrown)
    }
  }
}

const idText = (text: string): string => text.replace(/[^A-Za-z0-9._-]/g, '-').slice(0, 200)

/** A server's 5xx about the recipient or the message is final; one about us (sign-in, sender, TLS) can be put right. */
export function outcomeOf(thrown: unknown): Outcome {
  const reason = reasonOf(thrown)
  const isFinal = Number(memberOf(thrown, 'responseCode')) >= 500
  const isAboutMessage = codeOf(thrown) === 'EMESSAGE' || memberOf(thrown, 'command') === 'RCPT TO'
  return isFinal && isAboutMessage ? { kind: 'refused', reason } : { kind: 'later', reason }
}
