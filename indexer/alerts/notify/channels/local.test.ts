import { createSocket } from 'node:dgram'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { CERT, KEY } from '../../../api/testing/certificate.ts'
import { type Content, cleaned, contentOf, NO_LINKS } from '../content.ts'
import { anAlert, anIncident, START } from '../testing/news.ts'
import { settingsOf } from '../testing/world.ts'
import { commandSender } from './command.ts'
import { fileSender } from './file.ts'
import type { Outgoing } from './sender.ts'
import { syslogSender } from './syslog.ts'

const folder = mkdtempSync(join(tmpdir(), 'waybill-local-'))
afterAll(() => rmSync(folder, { recursive: true }))

const outgoing = (more: Partial<Content> = {}): Outgoing => ({
  id: 'a-message-id',
  to: '',
  content: cleaned({ ...contentOf({ alert: anAlert(), incident: anIncident() }, START), ...more }),
  links: NO_LINKS,
  zone: 'UTC',
})
const soon = () => AbortSignal.timeout(20_000)

describe('syslog', () => {
  /** RFC 5424: priority, version, time, host, program, process, message id, structured data, and UTF-8 with its mark. */
  const LINE =
    /^<(\d{1,3})>1 (\S+) ([!-~]{1,255}) waybill - alert \[waybill@32473((?: [a-z]+="(?:[^"\\\]]|\\["\\\]])*")+)\] \ufeff([^\p{Cc}]*)$/u

  const received = async (server: Server): Promise<{ port: number; frames: string[] }> => {
    const frames: string[] = []
    const take = (socket: Socket): void => {
      const parts: Buffer[] = []
      socket.on('error', () => {})
      socket.on('data', (part) => parts.push(Buffer.from(part)))
      socket.on('end', () => {
        const [length = '', ...rest] = Buffer.concat(parts).toString().split(' ')
        const frame = rest.join(' ')
        if (Buffer.byteLength(frame) === Number(length)) frames.push(frame)
        socket.end()
      })
    }
    server.on('connection', take)
    server.on('secureConnection', take)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    return { port: (server.address() as AddressInfo).port, frames }
  }
  const settings = (more: object) => {
    const { channels } = settingsOf({
      channels: { it: { to: [{ syslog: { host: '127.0.0.1', ...more } }] } },
    } as Parameters<typeof settingsOf>[0])
    return channels.it!.to[0]!.syslog!
  }

  it('over TCP has the length before each message', async () => {
    const { port, frames } = await received(createServer({ allowHalfOpen: true }))
    expect(await syslogSender(settings({ port, over: 'tcp' }))(outgoing(), soon())).toEqual({ kind: 'sent' })
    const [, priority, time, , data, text] = LINE.exec(frames[0] ?? '') ?? []
    // Log audit, error.
    expect([priority, time]).toEqual([String(13 * 8 + 3), '2026-01-22T10:00:00.000Z'])
    expect(data).toContain('rule="failed-logins-user" user="jane" address="203.0.113.45"')
    expect(text).toContain('High: 17 attempts on 6 accounts')
  })

  it('over TLS goes only to a server that its authority vouches for', async () => {
    const ca = join(folder, 'ca.pem')
    writeFileSync(ca, CERT)
    const server = createTlsServer({ key: KEY, cert: CERT, allowHalfOpen: true })
    server.on('tlsClientError', () => {})
    const frames: string[] = []
    server.on('secureConnection', (socket) => {
      let text = ''
      socket.on('error', () => {})
      socket.setEncoding('utf8').on('data', (part) => {
        text += part
      })
      socket.on('end', () => {
        frames.push(text.slice(text.indexOf(' ') + 1))
        socket.end()
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo
    expect(await syslogSender(settings({ port, ca }))(outgoing(), soon())).toEqual({ kind: 'sent' })
    await expect.poll(() => frames).toEqual([expect.stringMatching(LINE)])
    await expect(syslogSender(settings({ port }))(outgoing(), soon())).rejects.toThrow(/certificate/)
  })

  it('over UDP is one datagram', async () => {
    const socket = createSocket('udp4')
    const got = new Promise<string>((resolve) => socket.once('message', (bytes) => resolve(bytes.toString())))
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
    onTestFinished(() => void socket.close())
    const { port } = socket.address()
    await syslogSender(settings({ port, over: 'udp' }))(outgoing(), soon())
    expect(await got).toMatch(LINE)
  })

  it('stays one line with its members, whatever an event holds', async () => {
    const { port, frames } = await received(createServer({ allowHalfOpen: true }))
    const hostile = '"] evil="1" \\ \n<34>1 - forged'
    const sent = outgoing({ users: [hostile], summary: `${hostile}${'x'.repeat(100_000)}`, message: hostile })
    await syslogSender(settings({ port, over: 'tcp' }))(sent, soon())
    expect(frames[0]).toMatch(LINE)
    expect(Buffer.byteLength(frames[0] ?? '')).toBeLessThan(8192)
    expect(frames[0]).toContain('user="\\"\\] evil=\\"1\\" \\\\ <34>1 - forged"')
  })

  it('that nobody receives is tried again', async () => {
    const server = createServer()
    const { port } = await received(server)
    await new Promise<void>((resolve) => void server.close(() => resolve()))
    await expect(syslogSender(settings({ port, over: 'tcp' }))(outgoing(), soon())).rejects.toThrow(
      /ECONNREFUSED/,
    )
  })
})

describe('a file', () => {
  it('gets one line of JSON a message, which only its owner can read', async () => {
    const path = join(folder, 'alerts.jsonl')
    for (const summary of ['one\ntwo', 'three']) await fileSender(path)(outgoing({ summary }), soon())
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line).data.incident.summary)).toEqual(['one two', 'three'])
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })
})

describe('a command', () => {
  const node = (script: string, ...args: string[]): string[] => [
    process.execPath,
    '-e',
    script,
    '--',
    ...args,
  ]

  it('gets the message on its input, its arguments as written, and nothing of the environment', async () => {
    const out = join(folder, 'out.json')
    const script = `let t='';process.stdin.on('data',d=>t+=d).on('end',()=>require('fs').writeFileSync(${JSON.stringify(out)},JSON.stringify({t,args:process.argv.slice(1),env:Object.keys(process.env)})))`
    process.env.WAYBILL_TEST_SECRET = 'x'
    onTestFinished(() => void delete process.env.WAYBILL_TEST_SECRET)
    const outcome = await commandSender(node(script, '$(id)', '; ls', '`id`'))(outgoing(), soon())
    expect(outcome).toEqual({ kind: 'sent' })
    const { t, args, env } = JSON.parse(readFileSync(out, 'utf8'))
    expect(JSON.parse(t)).toMatchObject({ type: 'incident.opened', data: { incident: { id: 'incident-1' } } })
    expect(args).toEqual(['$(id)', '; ls', '`id`'])
    expect(env.sort()).toEqual(['PATH', 'WAYBILL_MESSAGE'])
  })

  it('that fails is run again later, and what it says is the reason', async () => {
    const outcome = await commandSender(node('console.error("no pager"); process.exit(3)'))(
      outgoing(),
      soon(),
    )
    expect(outcome).toEqual({ kind: 'later', reason: `${process.execPath} ended with 3: no pager` })
    expect(await commandSender(['/no/such/program'])(outgoing(), soon())).toEqual({
      kind: 'later',
      reason: "/no/such/program can't be run (ENOENT)",
    })
  })

  it('that hangs is ended with all that it started', async () => {
    const mark = join(folder, 'alive')
    const child = `setInterval(()=>require('fs').writeFileSync(${JSON.stringify(mark)},String(Date.now())),50)`
    const script = `require('child_process').spawn(process.execPath,['-e',${JSON.stringify(child)}],{stdio:'ignore'});setInterval(()=>{},1000)`
    const running = commandSender(node(script), 3000)(outgoing(), soon())
    await expect.poll(() => existsSync(mark)).toBe(true)
    expect(await running).toMatchObject({
      kind: 'later',
      reason: expect.stringContaining('was stopped after 3 s'),
    })
    const last = await settled(() => readFileSync(mark, 'utf8'))
    expect(readFileSync(mark, 'utf8')).toBe(last)
  })

  /** The value once it has not changed for a while. */
  async function settled(read: () => string): Promise<string> {
    for (let before = ''; ; ) {
      const now = read()
      if (now === before) return now
      before = now
      await new Promise((resolve) => setTimeout(resolve, 300))
    }
  }
})
