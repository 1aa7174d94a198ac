import { expect, it } from 'vitest'
import { startWithAgent } from '../../cli/testing/indexer.ts'
import { askAt } from '../../ingest/testing.ts'
import { partOf, smtpServer } from './testing/smtp.ts'

it('an event that a rule is about becomes a mail, and its link acknowledges the incident', async () => {
  const server = await smtpServer()
  const settings = {
    'console-url': 'https://audit.example',
    mail: { host: '127.0.0.1', port: server.port, tls: 'none', from: 'waybill@acme.example' },
    channels: { admin: { to: [{ email: ['it@acme.example'] }] } },
  }
  const { indexer, store } = await startWithAgent(settings, { runsRules: true })
  try {
    await store({
      '@timestamp': new Date().toISOString(),
      event: { action: 'Export' },
      user: { name: 'sarah.jones' },
      audit: { record_count: 5000, entity: { type: 'Customer' } },
    })
    await expect.poll(() => server.mails.length).toBe(1)
    const raw = server.mails[0]?.raw ?? ''
    expect(raw).toMatch(/^Subject: High: /m)
    const text = partOf(raw, 'text/plain')
    expect(text).toContain('sarah.jones exported 5000 Customer records')
    // The console knows what to show there; a missing route would be answered in JSON.
    const shown = [...text.matchAll(/https:\/\/audit\.example(\/(?:alerts|incidents)\/\S+)/g)]
    expect(shown).toHaveLength(2)
    for (const [, path = ''] of shown)
      expect((await indexer.ask(path)).headers['content-type']).toMatch(/^text\//)
    const link = /https:\/\/audit\.example(\/acknowledge\?token=\S+)/.exec(text)?.[1] ?? ''
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    const done = await askAt(indexer.url, link, { method: 'POST', headers: form })
    expect(done.text).toContain('You have acknowledged this incident.')
    const { json } = await indexer.ask('/v1/incidents')
    expect(json).toMatchObject({ incidents: [{ state: 'acknowledged' }] })
    const trail = await indexer.ask(`/v1/search?q=${encodeURIComponent('user.name: "it@acme.example"')}`)
    expect(trail.json).toMatchObject({
      events: [{ event: { action: expect.stringContaining('acknowledge') } }],
    })
  } finally {
    await indexer.end()
  }
})
