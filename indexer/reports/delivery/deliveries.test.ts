import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { mailSchema } from '../../alerts/notify/settings.ts'
import { smtpError, smtpServer } from '../../alerts/notify/testing/smtp.ts'
import { hook, World } from '../../alerts/notify/testing/world.ts'
import type { Job, Jobs, NewJobRecord } from '../jobs/index.ts'
import { anExport, EVENTS, jobOf, newId, ReportWorld } from '../testing/world.ts'
import { Deliveries, type DeliveriesParts } from './deliveries.ts'
import { Places } from './places.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

interface Ground {
  readonly world: ReportWorld
  readonly jobs: Jobs
  readonly deliveries: Deliveries
  /** As after a restart. */
  again(): Deliveries
  /** A job that is done. */
  done(more: Partial<NewJobRecord>): Promise<string>
  states(id: string): Promise<[string, string][]>
}

async function ground(given: {
  port?: number
  attach?: number
  addresses?: Record<string, string[]>
  places?: Places
  more?: Partial<DeliveriesParts>
  channels?: object
}): Promise<Ground> {
  const world = await ReportWorld.open()
  const jobs = await world.jobs()
  const alerts = await World.open({ channels: given.channels ?? {} } as never)
  const notifier = await alerts.notifier()
  const mail =
    given.port === undefined
      ? undefined
      : mailSchema.parse({
          host: '127.0.0.1',
          port: given.port,
          tls: 'none',
          from: 'Waybill <waybill@acme.example>',
        })
  const open = (): Deliveries =>
    Deliveries.open({
      jobs,
      trail: world.trail,
      notifier: {
        post: async (...said) => {
          const ids = await notifier.post(...said)
          await notifier.work()
          return ids
        },
        outbox: () => notifier.outbox(),
      },
      places:
        given.places ??
        new Places(
          () => ({}),
          () => {
            throw new Error('no bucket')
          },
        ),
      settings: () => ({
        mail,
        console: 'https://audit.example',
        attach: given.attach ?? 1_000_000,
        zone: 'UTC',
      }),
      addressesOf: (role) => given.addresses?.[role] ?? [],
      clock: () => world.now,
      log: pino({ level: 'silent' }),
      worksAlone: false,
      ...given.more,
    })
  return {
    world,
    jobs,
    deliveries: open(),
    again: open,
    async done(more) {
      const id = newId()
      await jobs.add(id, anExport(more))
      await jobs.work()
      return id
    },
    async states(id) {
      return ((await jobOf(jobs, id)).deliveries ?? []).map(({ to, state }) => [to, state])
    },
  }
}

const actsOf = (world: ReportWorld) =>
  world.acts
    .filter(({ action }) => action.endsWith('-delivery'))
    .map(({ outcome, payload }) => [payload?.to, outcome])

/** An attachment of a mail, decoded. */
function attachment(raw: string, name: string): Buffer | null {
  const at = raw.indexOf(`filename=${name}`)
  if (at < 0) return null
  const body = raw.slice(raw.indexOf('\r\n\r\n', at) + 4)
  return Buffer.from(body.slice(0, body.indexOf('\r\n--')), 'base64')
}

describe('a mail', () => {
  it('has the files attached, byte for byte, and names their hashes and the link', async () => {
    const server = await smtpServer()
    const { world, jobs, deliveries, done, states } = await ground({ port: server.port })
    const id = await done({ recipients: [{ mail: 'anna@acme.example' }], formats: ['csv', 'ndjson'] })
    await deliveries.turn()
    expect(await states(id)).toEqual([['anna@acme.example', 'sent']])
    expect(server.mails).toMatchObject([{ to: ['anna@acme.example'] }])
    const raw = server.mails[0]!.raw
    const job = await jobOf(jobs, id)
    for (const { name, sha256 } of job.files) {
      const bytes = attachment(raw, name)
      expect(
        createHash('sha256')
          .update(bytes ?? '')
          .digest('hex'),
      ).toBe(sha256)
      expect(raw.replaceAll('=\r\n', '')).toContain(sha256)
    }
    expect(raw.replaceAll('=\r\n', '')).toContain(`https://audit.example/reports/jobs/${id}`)
    expect(actsOf(world)).toEqual([['anna@acme.example', 'success']])
    expect(world.acts.at(-1)).toMatchObject({ action: 'export-delivery', payload: { rows: EVENTS } })
    await deliveries.turn()
    expect(server.mails).toHaveLength(1)
  })

  it('has a link alone if the files are larger than the limit', async () => {
    const server = await smtpServer()
    const { deliveries, done } = await ground({ port: server.port, attach: 100 })
    const id = await done({ recipients: [{ mail: 'anna@acme.example' }] })
    await deliveries.turn()
    const raw = server.mails[0]!.raw.replaceAll('=\r\n', '')
    expect(raw).toContain(`Sign in to get the files: https://audit.example/reports/jobs/${id}`)
    expect(raw).not.toContain('number 7')
    expect(raw).not.toContain('attachment')
  })

  it('goes to the users of a role that have an address, each once, and says if there is none', async () => {
    const server = await smtpServer()
    const { world, deliveries, done, states } = await ground({
      port: server.port,
      addresses: { manager: ['m1@acme.example', 'm2@acme.example'] },
    })
    const id = await done({
      recipients: [{ role: 'manager' }, { mail: 'm1@acme.example' }, { role: 'admin' }],
    })
    await deliveries.turn()
    expect(await states(id)).toEqual([
      ['m1@acme.example', 'sent'],
      ['m2@acme.example', 'sent'],
      ['role admin', 'failed'],
    ])
    expect(server.mails.map(({ to }) => to)).toEqual([['m1@acme.example'], ['m2@acme.example']])
    expect(actsOf(world)).toEqual([
      ['role admin', 'failure'],
      ['m1@acme.example', 'success'],
      ['m2@acme.example', 'success'],
    ])
  })

  it('is tried for a day, ever more seldom, also after a restart, with the same id', async () => {
    let isAway = true
    const server = await smtpServer({ acceptMessage: () => (isAway ? smtpError(451, 'try later') : null) })
    const first = await ground({ port: server.port })
    const { world, jobs, done, states } = first
    let { deliveries } = first
    const id = await done({ recipients: [{ mail: 'anna@acme.example' }] })
    const tried: number[] = []
    let before = 0
    for (let n = 0; n < 120; n++) {
      if (n === 40) deliveries = first.again()
      await deliveries.turn()
      const { attempts } = (await jobOf(jobs, id)).deliveries![0]!
      if (attempts > before) tried.push(n)
      before = attempts
      world.now += MINUTE
    }
    expect(tried).toEqual([0, 1, 3, 7, 15, 31, 63])
    expect((await jobOf(jobs, id)).deliveries).toMatchObject([
      { state: 'waiting', reason: expect.stringContaining('try later') },
    ])
    isAway = false
    world.now += HOUR
    await deliveries.turn()
    expect(await states(id)).toEqual([['anna@acme.example', 'sent']])
    const ids = server.mails.map(({ raw }) => /^Message-ID: (.*)\r$/m.exec(raw)?.[1])
    expect(new Set(ids)).toEqual(new Set([`<report.${id}.0@acme.example>`]))
  })

  it('has failed after a day, or at once if the mailbox will never take it, and the others get theirs', async () => {
    const server = await smtpServer({
      accept: (to) =>
        to.startsWith('gone@')
          ? smtpError(550, 'no such mailbox')
          : to.startsWith('busy@')
            ? smtpError(450, 'busy')
            : null,
    })
    const { world, deliveries, done, states } = await ground({ port: server.port })
    const to = ['gone@acme.example', 'busy@acme.example', 'anna@acme.example']
    const id = await done({ recipients: to.map((mail) => ({ mail })) })
    await deliveries.turn()
    expect((await states(id)).map(([, state]) => state)).toEqual(['failed', 'waiting', 'sent'])
    for (let n = 0; n < 30; n++) {
      world.now += HOUR
      await deliveries.turn()
    }
    expect((await states(id)).map(([, state]) => state)).toEqual(['failed', 'failed', 'sent'])
    expect(actsOf(world).toSorted()).toEqual([
      ['anna@acme.example', 'success'],
      ['busy@acme.example', 'failure'],
      ['gone@acme.example', 'failure'],
    ])
  })
})

const filesUnder = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))

describe('a place', () => {
  it('that is a folder gets the files, whole', async () => {
    let folder = ''
    const places = new Places(
      () => ({ board: { folder } }),
      () => {
        throw new Error('no bucket')
      },
    )
    const { world, jobs, deliveries, done, states } = await ground({ places })
    folder = join(world.folder, 'board')
    const id = await done({ recipients: [{ place: 'board' }] })
    await deliveries.turn()
    expect(await states(id)).toEqual([['place board', 'sent']])
    const { name } = (await jobOf(jobs, id)).files[0]!
    const [file, ...others] = filesUnder(folder)
    expect([file, others]).toEqual([
      expect.stringMatching(new RegExp(`^exports/[\\d-]{10}-${id.slice(0, 8)}/${name}$`)),
      [],
    ])
    expect(readFileSync(join(folder, file!))).toEqual(readFileSync(jobs.pathOf(await jobOf(jobs, id), name)))
  })

  it('that the settings do not name any more is tried again, with the reason', async () => {
    const { jobs, deliveries, done } = await ground({})
    const id = await done({ recipients: [{ place: 'board' }] })
    await deliveries.turn()
    expect((await jobOf(jobs, id)).deliveries).toMatchObject([
      { state: 'waiting', reason: 'reports.places of indexer.yml has no place board' },
    ])
  })
})

describe('a channel', () => {
  it('gets a message with title, verdict and link, once', async () => {
    const receiver = await hook()
    const { deliveries, done, states, jobs } = await ground({
      channels: { board: { to: [receiver.target] } },
    })
    const id = await done({ recipients: [{ channel: 'board' }, { channel: 'none' }] })
    await deliveries.turn()
    expect(await states(id)).toEqual([
      ['channel board', 'sent'],
      ['channel none', 'failed'],
    ])
    expect(receiver.received).toHaveLength(1)
    expect(receiver.received[0]?.body).toMatchObject({
      type: 'report.made',
      data: {
        title: expect.stringContaining('Export of events'),
        alert: { message: expect.stringContaining('Verdict: complete') },
        links: { report: `https://audit.example/reports/jobs/${id}` },
      },
    })
    const job: Job = await jobOf(jobs, id)
    expect(job.deliveries?.[1]?.reason).toContain('no channel none')
  })
})
