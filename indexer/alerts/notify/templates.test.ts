import { describe, expect, it } from 'vitest'
import type { AuditEvent } from '../../../schema/index.ts'
import { type ParsedRule, readRules, SUPPLIED_RULES } from '../index.ts'
import { parseMessage, worded } from '../message.ts'
import { cleaned, contentOf, NO_LINKS, plainText } from './content.ts'
import { htmlMail } from './mail.ts'
import { anAlert, anIncident, news, START } from './testing/news.ts'
import { partOf, smtpServer } from './testing/smtp.ts'
import { World } from './testing/world.ts'

const event: AuditEvent = {
  '@timestamp': '2026-01-22T10:00:00.000Z',
  user: { name: 'sarah.jones' },
  source: { ip: '203.0.113.45' },
  audit: { record_count: 5000, entity: { type: 'Customer' } },
}

describe('a template', () => {
  it.each([
    [
      '{user_name} exported {record_count} {entity_type} records',
      'sarah.jones exported 5000 Customer records',
    ],
    [
      '{user.name} from {source.ip} at {timestamp}',
      'sarah.jones from 203.0.113.45 at 2026-01-22T10:00:00.000Z',
    ],
    ['{audit_record_count} = {audit.record_count}, {count} times, {host_name}', '5000 = 5000, 3 times, ?'],
  ])('%s', (template, text) => {
    expect(worded({ message: parseMessage(template) }, event, 3)).toBe(text)
  })

  it('with a name that there is not says so', () => {
    expect(() => parseMessage('{user_nam} left')).toThrow('{user_nam} is not a field')
  })

  it('is previewed on an event, as the mail would be', async () => {
    const world = await World.open({ channels: {} })
    const notifier = await world.notifier()
    const rule = readRules(SUPPLIED_RULES).rules.find(({ id }) => id === 'mass-export') as ParsedRule
    const { message, subject, text, html } = notifier.preview(rule, event)
    expect(message).toContain('sarah.jones exported 5000 Customer records')
    expect(subject).toBe(`High: ${message}`)
    for (const form of [text, html]) {
      expect(form).toContain('sarah.jones exported 5000 Customer records')
      expect(form).toContain('Mass data export')
    }
  })
})

it('a message names the author of an imported rule', () => {
  const rule = { id: 'x', name: 'A rule', version: '1', author: 'Ada Example' }
  const content = cleaned(contentOf({ alert: anAlert({ rule }), incident: anIncident() }, START))
  expect(plainText(content, NO_LINKS, 'UTC')).toContain('Ada Example')
  expect(htmlMail(content, NO_LINKS, 'UTC')).toContain('Ada Example')
})

const HOSTILE =
  '</td><script>alert(1)</script><img src=x onerror="x">\r\nBcc: eve@evil.example\r\n\r\n\u202e@everyone'

describe('hostile texts in a mail', () => {
  it('are no HTML, no header and no other direction', async () => {
    const server = await smtpServer()
    const mail = { host: '127.0.0.1', port: server.port, tls: 'none' as const, from: 'waybill@acme.example' }
    const world = await World.open({
      mail,
      channels: { security: { to: [{ email: ['jane@acme.example'] }] } },
    })
    const notifier = await world.notifier()
    await notifier.tell(
      news('opened', {
        incident: { summary: HOSTILE, users: [HOSTILE], addresses: [HOSTILE] },
        alert: { message: HOSTILE, response: HOSTILE, rule: { id: 'x', name: HOSTILE, version: '1' } },
      }),
    )
    await notifier.work()
    expect(server.mails.map(({ to }) => to)).toEqual([['jane@acme.example']])
    const raw = server.mails[0]?.raw ?? ''
    const head = raw.slice(0, raw.indexOf('\r\n\r\n'))
    expect(head).not.toMatch(/^Bcc/im)
    expect(head.match(/^Subject:/gm)).toHaveLength(1)
    const html = partOf(raw, 'text/html')
    expect(html).not.toMatch(/<script|<img/)
    expect(html).toContain('&lt;script&gt;')
    for (const part of [html, partOf(raw, 'text/plain'), head]) expect(part).not.toContain('\u202e')
  })

  it('of 100 KB make a mail that people can still read', () => {
    const long = `<b>${'x'.repeat(100_000)}`
    const content = cleaned(
      contentOf(
        {
          alert: anAlert({ message: long, response: long, rule: { id: 'x', name: long, version: '1' } }),
          incident: anIncident({
            summary: long,
            users: Array(20).fill(long),
            addresses: Array(20).fill(long),
          }),
        },
        START,
      ),
    )
    expect(htmlMail(content, NO_LINKS, 'UTC').length).toBeLessThan(20_000)
    expect(plainText(content, NO_LINKS, 'UTC').length).toBeLessThan(12_000)
  })
})

it('a mail has nothing that is loaded from elsewhere, and no quote that ends a style', () => {
  const html = htmlMail(
    cleaned(contentOf({ alert: anAlert(), incident: anIncident() }, START)),
    NO_LINKS,
    'UTC',
  )
  expect(html).not.toMatch(/https?:|url\(|@import|<link|src=/)
  for (const [, style = ''] of html.matchAll(/style="([^"]*)"/g)) expect(style).toMatch(/^[^"<>]+$/)
  // Every attribute is closed where it was meant to be: a name, a value in quotes, and nothing else.
  for (const [tag] of html.replace(/<style>[\s\S]*?<\/style>|<!doctype html>/g, '').matchAll(/<[^>]*>/g))
    expect(tag).toMatch(/^<\/?[a-z1-6]+(?: [a-z-]+="[^"]*")*>$/)
})
