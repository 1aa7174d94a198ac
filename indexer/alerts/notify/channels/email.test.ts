import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { CERT, KEY } from '../../../api/testing/certificate.ts'
import { news } from '../testing/news.ts'
import { partOf, smtpError, smtpServer } from '../testing/smtp.ts'
import { World } from '../testing/world.ts'

const folder = mkdtempSync(join(tmpdir(), 'waybill-mail-'))
afterAll(() => rmSync(folder, { recursive: true }))
const ca = join(folder, 'ca.pem')
writeFileSync(ca, CERT)
const tls = { key: KEY, cert: CERT }

const PASSWORD = 'a-password-for-mails'
const mailTo = (port: number, more: object = {}) => ({
  host: '127.0.0.1',
  port,
  tls: 'none' as const,
  from: 'Waybill <waybill@acme.example>',
  ...more,
})
const security = (...email: string[]) => ({ security: { to: [{ email }] } })

async function told(mail: ReturnType<typeof mailTo>, ...to: string[]) {
  const world = await World.open({ mail, channels: security(...to) })
  const notifier = await world.notifier()
  await notifier.tell(news())
  await notifier.work()
  return { world, notifier, outbox: await notifier.outbox() }
}

describe('a mail', () => {
  it('reaches each recipient alone, with a subject, plain text, HTML and links', async () => {
    const server = await smtpServer()
    const { outbox } = await told(mailTo(server.port), 'soc@acme.example', 'duty@acme.example')
    expect(outbox.map(({ to, state }) => [to, state]).sort()).toEqual([
      ['duty@acme.example', 'sent'],
      ['soc@acme.example', 'sent'],
    ])
    expect(server.mails.map(({ from, to }) => [from, to])).toEqual([
      ['waybill@acme.example', ['soc@acme.example']],
      ['waybill@acme.example', ['duty@acme.example']],
    ])
    const raw = server.mails[0]?.raw ?? ''
    expect(raw).toMatch(/^Subject: High: 17 attempts on 6 accounts from 203\.0\.113\.45, 1 success\r$/m)
    expect(raw).toMatch(/^Auto-Submitted: auto-generated\r$/m)
    expect(raw).toMatch(/^References: <incident\.incident-1@acme\.example>\r$/m)
    expect(partOf(raw, 'text/plain')).toContain(
      'jane failed to sign in 17 times within 10 minutes, last from 203.0.113.45',
    )
    for (const type of ['text/plain', 'text/html'] as const) {
      expect(partOf(raw, type)).toContain('https://audit.example/incidents/incident-1')
      expect(partOf(raw, type)).toContain('https://audit.example/alerts/alert-1')
      expect(partOf(raw, type)).toMatch(/https:\/\/audit\.example\/acknowledge\?token=[\w.-]+/)
      expect(partOf(raw, type)).toContain('Ask the user whether it was they.')
    }
  })

  it('keeps its Message-ID when it is sent again, so that programs drop the second', async () => {
    let isFirst = true
    const server = await smtpServer({
      acceptMessage() {
        const refused = isFirst ? smtpError(451, 'try later') : null
        isFirst = false
        return refused
      },
    })
    const ids: string[] = []
    const { world, notifier, outbox } = await told(mailTo(server.port), 'soc@acme.example')
    expect(outbox).toMatchObject([
      { state: 'waiting', attempts: 1, reason: expect.stringContaining('try later') },
    ])
    world.now += 60_000
    await notifier.work()
    expect(await notifier.outbox()).toMatchObject([{ state: 'sent', attempts: 2, reason: null }])
    for (const { raw } of server.mails) ids.push(/^Message-ID: (.*)\r$/m.exec(raw)?.[1] ?? '')
    expect(ids).toEqual([`<${outbox[0]?.id}@acme.example>`])
  })
})

describe('a mail server', () => {
  it.each(['starttls', 'implicit'] as const)('gets the password only after %s', async (how) => {
    const server = await smtpServer({
      secure: how === 'implicit',
      ...tls,
      authOptional: false,
      onAuth({ username, password }, _session, done) {
        if (username === 'waybill' && password === PASSWORD) done(null, { user: 'waybill' })
        else done(smtpError(535, 'no such user'))
      },
    })
    const more = { tls: how, ca, user: 'waybill', password: PASSWORD }
    const { outbox } = await told(mailTo(server.port, more), 'soc@acme.example')
    expect(outbox).toMatchObject([{ state: 'sent' }])
    expect(server.mails).toMatchObject([{ secure: true, user: 'waybill' }])
  })

  it.each(['starttls', 'implicit'] as const)(
    'with a certificate that nobody vouches for gets nothing by %s',
    async (how) => {
      const server = await smtpServer({ secure: how === 'implicit', ...tls })
      const { outbox } = await told(mailTo(server.port, { tls: how }), 'soc@acme.example')
      expect(outbox).toMatchObject([
        { state: 'waiting', attempts: 1, reason: expect.stringMatching(/certificate/i) },
      ])
      expect(server.mails).toEqual([])
    },
  )

  it('without STARTTLS gets nothing if the settings ask for it', async () => {
    const server = await smtpServer({ hideSTARTTLS: true, disabledCommands: ['STARTTLS'] })
    const { outbox } = await told(mailTo(server.port, { tls: 'starttls' }), 'soc@acme.example')
    expect(outbox).toMatchObject([{ state: 'waiting', attempts: 1 }])
    expect(server.mails).toEqual([])
  })

  it('that refuses the sign-in is asked again, and the reason has no password', async () => {
    const server = await smtpServer({
      ...tls,
      onAuth({ password }, _session, done) {
        done(smtpError(535, `wrong password ${password}`))
      },
    })
    const more = { tls: 'starttls', ca, user: 'waybill', password: PASSWORD }
    const { outbox, world } = await told(mailTo(server.port, more), 'soc@acme.example')
    expect(outbox).toMatchObject([
      { state: 'waiting', reason: expect.stringContaining('wrong password [secret]') },
    ])
    expect(JSON.stringify([world.log, world.acts])).not.toContain(PASSWORD)
  })

  it('that refuses one recipient for good holds up no other, and the refusal is reported', async () => {
    const server = await smtpServer({
      accept: (to) => (to.startsWith('gone@') ? smtpError(550, 'no such mailbox') : null),
    })
    const { outbox, world } = await told(mailTo(server.port), 'gone@acme.example', 'soc@acme.example')
    expect(Object.fromEntries(outbox.map(({ to, state }) => [to, state]))).toEqual({
      'gone@acme.example': 'failed',
      'soc@acme.example': 'sent',
    })
    expect(world.acts.map(({ action }) => action)).toContain('notification-failed')
    expect(server.mails.map(({ to }) => to)).toEqual([['soc@acme.example']])
  })

  it('that puts a recipient off is asked again', async () => {
    const server = await smtpServer({ accept: () => smtpError(450, 'mailbox busy') })
    const { outbox } = await told(mailTo(server.port), 'soc@acme.example')
    expect(outbox).toMatchObject([{ state: 'waiting', attempts: 1 }])
  })
})
