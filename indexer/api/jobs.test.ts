import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { JobShape } from '../../schema/api/index.ts'
import { smtpServer } from '../alerts/notify/testing/smtp.ts'
import { TestAgent } from '../ingest/testing.ts'
import { type Person, StrictIndexer } from './testing/people.ts'

let strict: StrictIndexer
let auditor: Person
let other: Person
let viewer: Person
/** Sees records of invoices only, and exports them. */
let clerk: Person
const IP = '203.0.113.9'
const MANY = 1500

beforeAll(async () => {
  strict = await StrictIndexer.start({ masked: { auditor: ['source.ip'] } })
  auditor = await strict.person('auditor-1', 'auditor')
  other = await strict.person('manager-1', 'manager')
  viewer = await strict.person('viewer-1', 'viewer')
  clerk = await strict.person('clerk', 'manager', { entities: ['Invoice'] })
  const agent = await TestAgent.enrolled(strict.indexer.url)
  const events = Array.from({ length: MANY }, (_, i) =>
    agent.event({
      user: { name: `user-${i % 7}` },
      source: { ip: IP },
      message: 'one of many',
      audit: { category: 'change', entity: { type: i % 3 === 0 ? 'Invoice' : 'Salary', id: `R-${i}` } },
    }),
  )
  const answer = await agent.send(strict.indexer.url, agent.seal(events))
  if (answer.json.stored !== MANY) throw new Error(answer.text)
})
afterAll(() => strict.end())

const QUERY = 'message: many and not event.module: waybill'

async function begun(person: Person, given: object = {}, formats = ['csv']): Promise<JobShape> {
  const { status, json, text } = await person.ask('/v1/jobs', {
    json: { makes: 'export', formats, export: { q: QUERY, ...given } },
  })
  expect(status, text).toBe(201)
  return json as unknown as JobShape
}

async function over(person: Person, { id }: JobShape): Promise<JobShape> {
  let job: JobShape | null = null
  await expect
    .poll(async () => {
      job = (await person.ask(`/v1/jobs/${id}`)).json as unknown as JobShape
      return job.state
    })
    .toMatch(/done|failed|cancelled/)
  return job!
}

const made = async (person: Person, given: object = {}, formats = ['csv']): Promise<JobShape> =>
  over(person, await begun(person, given, formats))

const download = (person: Person, { id }: JobShape, name: string, headers: Record<string, string> = {}) =>
  person.ask(`/v1/jobs/${id}/files/${name}`, { headers })

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

describe('an export as a job', () => {
  it('is made in the background, and its files are whole, with their hashes', async () => {
    const job = await begun(auditor, { columns: ['user', 'record', 'event.id'], order: 'oldest' }, [
      'csv',
      'ndjson',
    ])
    expect(job).toMatchObject({ makes: 'export', by: 'auditor-1', title: 'Export of events', query: QUERY })
    const done = await over(auditor, job)
    expect(done).toMatchObject({
      state: 'done',
      here: true,
      progress: { rows: 2 * MANY, of: 2 * MANY },
      reason: null,
    })
    expect(done.until).toBe(done.finished! + 7 * 86_400_000)
    for (const file of done.files) {
      const { status, text, headers } = await download(auditor, done, file.name)
      expect([status, headers.etag, headers['accept-ranges']]).toEqual([200, `"${file.sha256}"`, 'bytes'])
      expect(headers['content-length']).toBe(String(file.bytes))
      expect(file.rows).toBe(MANY)
      const lines = text.trim().split('\n')
      if (file.format === 'ndjson') {
        expect(sha256(text)).toBe(file.sha256)
        expect(new Set(lines.map((line) => JSON.parse(line).event.id)).size).toBe(MANY)
      } else {
        expect(lines[0]).toContain('User,')
        expect(lines).toHaveLength(MANY + 1)
      }
    }
  })

  it('shows what is masked as masked, and only records within the limits, in each format', async () => {
    const masked = await made(auditor, {}, ['csv', 'ndjson', 'json', 'html'])
    for (const { name, rows } of masked.files) {
      const { text } = await download(auditor, masked, name)
      expect(rows).toBe(MANY)
      expect(text).not.toContain(IP)
    }
    const limited = await made(clerk, {}, ['csv', 'ndjson', 'json', 'html'])
    for (const { name, rows } of limited.files) {
      expect(rows).toBe(MANY / 3)
      expect((await download(clerk, limited, name)).text).not.toContain('Salary')
    }
  })

  it('is refused at once with a sentence if it can not be made', async () => {
    for (const [given, status, said] of [
      [{ q: 'user:' }, 400, 'bad-query'],
      [{ columns: ['nonsense'] }, 400, 'nonsense'],
      [{ from: 'whenever' }, 400, 'from'],
      [{ columns: ['user'], preset: 'strapi' }, 400, '`preset`'],
      [{ q: 'source.ip: *' }, 403, 'source.ip'],
    ] as const) {
      const answer = await auditor.ask('/v1/jobs', { json: { makes: 'export', export: given } })
      expect([answer.status, answer.text]).toEqual([status, expect.stringContaining(said)])
    }
  })

  it('needs the permission to export, and is seen by its requester and by those who see all events', async () => {
    expect(await viewer.status('/v1/jobs', { json: { makes: 'export' } })).toBe(403)
    expect(await viewer.status('/v1/jobs')).toBe(403)
    const job = await made(auditor)
    const name = job.files[0]!.name
    for (const [person, status] of [
      [auditor, 200],
      [other, 200],
      [viewer, 403],
      [clerk, 404],
    ] as const) {
      expect(await person.status(`/v1/jobs/${job.id}`)).toBe(status)
      expect((await download(person, job, name)).status).toBe(status)
    }
  })

  it('goes on with a download that broke, and not with one of another file', async () => {
    const job = await made(auditor, {}, ['ndjson'])
    const file = job.files[0]!
    const whole = (await download(auditor, job, file.name)).text
    const etag = `"${file.sha256}"`
    const part = async (range: string, more: Record<string, string> = {}) => {
      const { status, headers, text } = await download(auditor, job, file.name, { range, ...more })
      return { status, said: headers['content-range'], text }
    }
    expect(await part('bytes=100-199')).toEqual({
      status: 206,
      said: `bytes 100-199/${file.bytes}`,
      text: whole.slice(100, 200),
    })
    expect(await part('bytes=100-', { 'if-range': etag })).toMatchObject({
      status: 206,
      text: whole.slice(100),
    })
    expect(await part('bytes=-10')).toMatchObject({ status: 206, text: whole.slice(-10) })
    expect(await part('bytes=100-', { 'if-range': '"another"' })).toMatchObject({ status: 200, text: whole })
    expect(await part('lines=1-2')).toMatchObject({ status: 200, text: whole })
    const outside = await download(auditor, job, file.name, { range: `bytes=${file.bytes}-` })
    expect([outside.status, outside.headers['content-range'], outside.json.error]).toEqual([
      416,
      `bytes */${file.bytes}`,
      'WB-RANGE',
    ])
  })

  it('tells in the trail who asked, what was made, and who took how much of it', async () => {
    const person = await strict.person('counter-1', 'auditor')
    const job = await made(person)
    const { name, bytes, sha256 } = job.files[0]!
    await download(person, job, name)
    await download(person, job, name, { range: 'bytes=0-9' })
    const events = async (action: string) =>
      (await strict.trail(`event.action: ${action} and audit.entity.id: ${job.id}`)).map(
        ({ audit, event }) => ({
          ...(audit as object),
          ...(event as object),
        }),
      )
    expect(await events('export-made')).toMatchObject([
      { record_count: MANY, outcome: 'success', payload: { query: QUERY, files: [name], sha256: [sha256] } },
    ])
    await expect
      .poll(() => events('download'))
      .toMatchObject([
        { payload: { file: name, bytes, from: 0, to: bytes, rows: MANY } },
        { payload: { file: name, bytes: 10, from: 0, to: 10 } },
      ])
    expect(await events('export-begin')).toHaveLength(1)
    await expect
      .poll(async () => (await person.ask(`/v1/jobs/${job.id}`)).json.downloads)
      .toMatchObject([{ by: 'counter-1', file: name }])
  })

  it('is no longer given to a requester whose limits have become narrower since', async () => {
    const person = await strict.person('narrowed', 'manager')
    const job = await made(person)
    const { name } = job.files[0]!
    expect((await download(person, job, name)).status).toBe(200)
    const headers = await strict.operator()
    const limit = (entities: string[] | null) =>
      strict.indexer.ask('/v1/users/narrowed/limits', { headers, json: { entities } })
    await limit(['Invoice'])
    const refused = await download(person, job, name)
    expect([refused.status, refused.text]).toEqual([403, expect.stringContaining('make it again')])
    const own = await made(person)
    expect((await download(person, own, own.files[0]!.name)).status).toBe(200)
    await limit(null)
    expect((await download(person, job, name)).status).toBe(200)
  })

  it('answers to HEAD with the size alone, and counts that as no download', async () => {
    const job = await made(auditor)
    const { name, bytes } = job.files[0]!
    const answer = await fetch(`${strict.indexer.url}/v1/jobs/${job.id}/files/${name}`, {
      method: 'HEAD',
      headers: { cookie: auditor.cookie },
    })
    expect([answer.status, answer.headers.get('content-length'), await answer.text()]).toEqual([
      200,
      String(bytes),
      '',
    ])
    expect(await strict.trail(`event.action: download and audit.entity.id: ${job.id}`)).toEqual([])
  })

  it('is removed with its files by hand, or when its time is over', async () => {
    const job = await made(auditor)
    const folder = strict.file(`reports/${job.id}`)
    expect(await readdir(folder)).toEqual([job.files[0]!.name, job.files[0]!.proof])
    expect(await auditor.status(`/v1/jobs/${job.id}`, { method: 'DELETE' })).toBe(204)
    expect([existsSync(folder), await auditor.status(`/v1/jobs/${job.id}`)]).toEqual([false, 404])

    const old = await made(auditor)
    strict.pass(7 * 86_400_000 + 61_000)
    const again = await strict.person('auditor-2', 'manager')
    await made(again)
    await expect.poll(() => existsSync(strict.file(`reports/${old.id}`))).toBe(false)
    expect((await again.ask(`/v1/jobs/${old.id}`)).json).toMatchObject({ state: 'done', files: [] })
    const gone = await download(again, old, old.files[0]!.name)
    expect([gone.status, gone.text]).toEqual([404, expect.stringContaining('its time is over')])
  })
})

describe('a schedule', () => {
  it('is made by whoever makes reports, and its report comes by mail to the users of a role', async () => {
    const server = await smtpServer()
    const mail = { host: '127.0.0.1', port: server.port, tls: 'none', from: 'waybill@acme.example' }
    const own = await StrictIndexer.start({ mail, 'console-url': 'https://audit.example' })
    onTestFinished(() => own.end())
    const operator = await own.operator()
    const json = { name: 'mia', role: 'manager', email: 'mia@acme.example' }
    expect((await own.indexer.ask('/v1/users', { headers: operator, json })).status).toBe(200)
    const reporter = await own.person('reporter', 'auditor')
    const onlooker = await own.person('onlooker', 'viewer')
    const limited = await own.person('limited', 'auditor', { entities: ['Invoice'] })
    const path = '/v1/report-schedules/daily'
    const body = {
      schedule: {
        title: 'Every day',
        report: 'admin-activity',
        covers: 'day',
        cron: '0 6 * * *',
        formats: ['csv'],
        to: [{ role: 'manager' }],
      },
    }
    const put = (person: Person, more: object = {}) =>
      person.ask(path, { method: 'PUT', json: { ...body, ...more } })
    expect((await put(onlooker)).status).toBe(403)
    const made = await put(reporter)
    expect([made.status, made.json]).toEqual([200, expect.objectContaining({ version: 1, by: 'reporter' })])
    expect((await put(reporter)).status).toBe(409)
    // What is shown to others may not be shown to somebody with limits.
    expect((await put(limited, { version: 1 })).status).toBe(403)
    expect((await limited.ask(`${path}/run`, { method: 'POST' })).status).toBe(403)

    const run = await reporter.ask(`${path}/run`, { method: 'POST' })
    expect(run.status, run.text).toBe(201)
    await expect.poll(() => server.mails.length).toBe(1)
    const { to, raw } = server.mails[0]!
    expect(to).toEqual(['mia@acme.example'])
    expect(raw).toMatch(/^Content-Disposition: attachment; filename=admin-activity-[\d-]+\.csv\r$/m)
    expect(raw.replaceAll('=\r\n', '')).toContain(`https://audit.example/reports/jobs/${run.json.id}`)
    await expect
      .poll(async () => (await reporter.ask(`/v1/jobs/${run.json.id}`)).json.deliveries)
      .toEqual([{ to: 'mia@acme.example', state: 'sent', reason: null }])

    await own.indexer.ask('/v1/users/reporter/role', { headers: operator, json: { role: 'viewer' } })
    const { json: now } = await own.indexer.ask(path, { headers: operator })
    expect(now.problem).toContain('reporter may not make this any more')
    const failed = await own.indexer.ask(`${path}/run`, { method: 'POST', headers: operator })
    expect(failed.status).toBe(403)
    await expect
      .poll(() => own.trail('event.action: report-delivery and event.outcome: success'))
      .toMatchObject([{ audit: { payload: { to: 'mia@acme.example' } } }])
  })

  it('can begin with a template, each of which can be made as it is', async () => {
    const headers = await strict.operator()
    const { json } = await strict.indexer.ask('/v1/report-schedules', { headers })
    const templates = json.templates as { id: string; schedule: object }[]
    expect(templates.map(({ id }) => id)).toEqual(['monthly-access', 'weekly-security', 'daily-admin'])
    for (const { id, schedule } of templates) {
      const put = await strict.indexer.ask(`/v1/report-schedules/${id}`, {
        method: 'PUT',
        headers,
        json: { schedule },
      })
      expect([put.status, put.json.problem], put.text).toEqual([200, null])
    }
  })

  it('of a token does not run when the token is gone', async () => {
    const headers = await strict.operator()
    const made = await strict.indexer.ask('/v1/tokens', {
      headers,
      json: { name: 'reporting', scopes: ['report'] },
    })
    expect(made.status, made.text).toBe(200)
    const path = '/v1/report-schedules/of-a-token'
    const schedule = { title: 'Access', report: 'user-access', covers: 'month', cron: '0 6 1 * *' }
    const put = await strict.indexer.ask(path, {
      method: 'PUT',
      headers: { authorization: `Bearer ${String(made.json.token)}` },
      json: { schedule },
    })
    expect([put.status, put.json.problem]).toEqual([200, null])
    const id = String(made.json.id)
    expect((await strict.indexer.ask(`/v1/tokens/${id}`, { method: 'DELETE', headers })).status).toBe(204)
    const { json } = await strict.indexer.ask(path, { headers })
    expect(json.problem).toContain('the token is gone')
  })

  it('sends an export to the requester who asked for a mail', async () => {
    const server = await smtpServer()
    const mail = { host: '127.0.0.1', port: server.port, tls: 'none', from: 'waybill@acme.example' }
    const own = await StrictIndexer.start({ mail })
    onTestFinished(() => own.end())
    const person = await own.person('ann', 'auditor')
    const ask = (more: object) => person.ask('/v1/jobs', { json: { makes: 'export', mail: true, ...more } })
    expect(await ask({})).toMatchObject({
      status: 400,
      text: expect.stringContaining('none is known of you'),
    })
    expect((await ask({ mailTo: 'a@b@c' })).status).toBe(400)
    expect((await ask({ mailTo: 'ann@acme.example' })).status).toBe(201)
    const json = { email: 'ann.own@acme.example' }
    await own.indexer.ask('/v1/users/ann/email', { headers: await own.operator(), json })
    expect((await ask({})).status).toBe(201)
    await expect
      .poll(() => server.mails.map(({ to }) => to[0]).toSorted())
      .toEqual(['ann.own@acme.example', 'ann@acme.example'])
  })
})

describe('the settings of reports', () => {
  it('apply at once, but for the folder, which needs a restart', async () => {
    const own = await StrictIndexer.start()
    onTestFinished(() => own.end())
    const { running } = own.indexer
    const settingsWith = (reports: object) => own.indexer.config({ read: 'token', manage: 'token', reports })
    expect(await running.reload(settingsWith({ keep: { exports: '1d' } }))).toEqual([])
    const person = await own.person('ann', 'auditor')
    const job = await made(person, { q: 'nothing' })
    expect(job.until! - job.finished!).toBe(86_400_000)
    expect(await running.reload(settingsWith({ folder: '/elsewhere' }))).toEqual(['reports.folder'])
  })
})
