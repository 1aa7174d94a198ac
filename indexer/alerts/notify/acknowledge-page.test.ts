import Fastify from 'fastify'
import { describe, expect, it, onTestFinished } from 'vitest'
import { serveAcknowledge } from './acknowledge-page.ts'
import { anIncident, news } from './testing/news.ts'
import { partOf, smtpServer } from './testing/smtp.ts'
import { World } from './testing/world.ts'

async function mailed(incident = anIncident()) {
  const server = await smtpServer()
  const mail = { host: '127.0.0.1', port: server.port, tls: 'none' as const, from: 'waybill@acme.example' }
  const world = await World.open({ mail, channels: { security: { to: [{ email: ['jane@acme.example'] }] } } })
  world.incidents.set('incident-1', incident)
  const notifier = await world.notifier({
    acknowledge: async (id, by) => {
      world.acknowledged.push({ incident: id, by })
      world.incidents.set(id, anIncident({ state: 'acknowledged' }))
    },
  })
  await notifier.tell(news())
  await notifier.work()
  const app = Fastify()
  serveAcknowledge(app, notifier)
  onTestFinished(() => app.close())
  const link = /https:\/\/audit\.example(\/acknowledge\?token=\S+)/.exec(
    partOf(server.mails[0]?.raw ?? '', 'text/plain'),
  )
  const path = link?.[1] ?? ''
  const form = (url = path) =>
    app.inject({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      payload: '',
    })
  return { world, app, path, open: (url = path) => app.inject({ method: 'GET', url }), form }
}

describe('the link of a mail', () => {
  it('shows the incident and asks; only the confirmation acknowledges, as the recipient', async () => {
    const { world, open, form } = await mailed()
    const page = await open()
    expect(page.statusCode).toBe(200)
    expect(page.body).toContain('17 attempts on 6 accounts from 203.0.113.45')
    expect(page.body).toContain('as jane@acme.example?')
    expect(page.body).toContain('<form method="post">')
    expect(world.acknowledged).toEqual([])
    const done = await form()
    expect(done.body).toContain('You have acknowledged this incident.')
    expect(world.acknowledged).toEqual([
      { incident: 'incident-1', by: { name: 'jane@acme.example', address: '127.0.0.1', channel: 'mail' } },
    ])
    // A second click, or a colleague's.
    expect((await form()).body).toContain('This incident is acknowledged.')
    expect(world.acknowledged).toHaveLength(1)
  })

  it('works for a day', async () => {
    const { world, open, form } = await mailed()
    world.now += 86_400_000 - 1
    expect((await open()).statusCode).toBe(200)
    world.now += 1
    expect([(await open()).statusCode, (await form()).statusCode]).toEqual([410, 410])
    expect(world.acknowledged).toEqual([])
  })

  it('is of no use if a sign of it is changed', async () => {
    const { world, form, path } = await mailed()
    const [claims = '', signature = ''] = path.replace('/acknowledge?token=', '').split('.')
    const other = Buffer.from(JSON.stringify(['incident-2', 'eve@evil.example', world.now + 1e9])).toString(
      'base64url',
    )
    for (const token of [
      `${other}.${signature}`,
      `${claims}.`,
      claims,
      `${claims}.${signature.slice(2)}AA`,
      'x.y.z',
    ])
      expect((await form(`/acknowledge?token=${token}`)).statusCode, token).toBe(404)
    expect(world.acknowledged).toEqual([])
  })

  it('of an incident that is over, or gone, says so', async () => {
    const { world, open, form } = await mailed()
    world.incidents.set('incident-1', anIncident({ state: 'resolved' }))
    expect((await form()).body).toContain('This incident is resolved already.')
    world.incidents.delete('incident-1')
    expect((await open()).statusCode).toBe(404)
    expect(world.acknowledged).toEqual([])
  })

  it('shows hostile texts as texts, and runs nothing', async () => {
    const { open } = await mailed(anIncident({ summary: '<script>alert(1)</script>"\u202e' }))
    const page = await open()
    expect(page.body).toContain('&lt;script&gt;alert(1)&lt;/script&gt;&quot;\\u202e')
    expect(page.headers['content-security-policy']).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self'/,
    )
  })
})
