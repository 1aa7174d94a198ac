import { lookup } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { Agent, request } from 'undici'
import { isLoopbackHost } from '../../../../config/index.ts'
import { clean, cut } from '../content.ts'
import { type Outcome, SENT } from './sender.ts'

const PATIENCE = 20_000
const MOST_ANSWER = 64 * 1024
const LONGEST_WAIT = 3_600_000

/** Services that give credentials to any program on the machine, and addresses that no receiver has. */
const NEVER = new BlockList()
NEVER.addSubnet('169.254.0.0', 16)
NEVER.addSubnet('0.0.0.0', 8)
NEVER.addSubnet('224.0.0.0', 3)
NEVER.addAddress('100.100.100.200')
NEVER.addAddress('192.0.0.192')
NEVER.addSubnet('fe80::', 10, 'ipv6')
NEVER.addSubnet('ff00::', 8, 'ipv6')
NEVER.addAddress('fd00:ec2::254', 'ipv6')
NEVER.addAddress('::', 'ipv6')
const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8)
LOOPBACK.addAddress('::1', 'ipv6')

/** Why nothing is sent to an address; null if it is allowed. A name outside must not lead to this machine, one of this machine may. */
export function whyNot(address: string, host: string): string | null {
  const kind = isIP(address) === 6 ? 'ipv6' : 'ipv4'
  if (NEVER.check(address, kind)) return `${host} is ${address}, to which nothing is sent`
  if (LOOPBACK.check(address, kind) && !isLoopbackHost(host))
    return `${host} leads to this machine (${address}): write 127.0.0.1 if that is meant`
  return null
}

const guarded: LookupFunction = (host, options, done) => {
  lookup(host, { ...options, all: true }, (error, found) => {
    if (error !== null) return done(error, [])
    const refused = found.map(({ address }) => whyNot(address, host)).find((one) => one !== null)
    if (refused !== undefined) return done(new Error(refused), [])
    if (options.all === true) return done(null, found)
    const [first] = found
    return done(null, first?.address ?? '', first?.family ?? 0)
  })
}

/** Posts JSON. It follows no redirect: the secret in a request is for the host of the settings only. */
export async function post(
  url: string,
  body: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Outcome> {
  const host = new URL(url).hostname
  const literal = host.replace(/^\[(.*)\]$/, '$1')
  const refused = isIP(literal) === 0 ? null : whyNot(literal, host)
  if (refused !== null) return { kind: 'later', reason: refused }
  const dispatcher = new Agent({ connect: { timeout: PATIENCE, lookup: guarded }, pipelining: 0 })
  try {
    const answer = await request(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'waybill', ...headers },
      body,
      dispatcher,
      headersTimeout: PATIENCE,
      bodyTimeout: PATIENCE,
      signal,
    })
    let text = ''
    for await (const part of answer.body) {
      if (text.length < MOST_ANSWER) text += String(part)
      else break
    }
    return outcomeOf(answer.statusCode, answer.headers, text)
  } finally {
    await dispatcher.destroy()
  }
}

/** The message itself is wrong; whatever else is wrong may be put right within two days. */
const FINAL: ReadonlySet<number> = new Set([400, 413, 422])

function outcomeOf(
  status: number,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  text: string,
): Outcome {
  if (status >= 200 && status < 300) return SENT
  const said = cut(clean(text.trim()), 200)
  const reason =
    status >= 300 && status < 400
      ? `it answers with a redirect (${status}), which is not followed: write the final address`
      : `it answers ${status}${said === '' ? '' : `: ${said}`}`
  if (FINAL.has(status)) return { kind: 'refused', reason }
  const seconds = Number(headers['retry-after'])
  const retryAfter = Number.isFinite(seconds) && seconds > 0 ? Math.min(LONGEST_WAIT, seconds * 1000) : 0
  return { kind: 'later', reason, retryAfter }
}
