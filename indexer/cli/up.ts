import {
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  X509Certificate,
} from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { request as plainRequest } from 'node:http'
import { request } from 'node:https'
import { hostname } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Argv } from 'yargs'
import {
  giveToService,
  hasService,
  isAgreed,
  quoted,
  systemctl,
  writeSettings,
} from '../../config/service.ts'
import { OperatorError, parsedJson, reasonOf } from '../../schema/index.ts'
import { folderOf, type IndexerConfig, isLoopback, readIndexerConfig } from '../config.ts'
import { signedCertificate } from '../x509.ts'
import { UsageError, writeLines } from './output.ts'
import { closing } from './usage.ts'

const SERVICE = 'waybill-indexer.service'
const ROOT = process.getuid?.() === 0
const RETENTION = fileURLToPath(new URL('../../config/retention.yml', import.meta.url))
const DAY = 86_400_000

export function options(cli: Argv) {
  const text = { type: 'string', requiresArg: true } as const
  return cli
    .option('config', {
      ...text,
      alias: 'c',
      default: ROOT ? '/etc/waybill/indexer.yml' : 'indexer.yml',
      describe: 'The settings to write; settings that are there stay as they are',
    })
    .option('listen', {
      ...text,
      default: 'https://0.0.0.0:8600',
      describe: 'Where agents and browsers reach it; http only on loopback',
    })
    .option('name', {
      type: 'string',
      array: true,
      requiresArg: true,
      default: [] as string[],
      describe: 'A host name or address in the certificate, besides those of this host; may be repeated',
    })
    .option('cert', { ...text, describe: 'Your own certificate, PEM, in place of one of a new authority' })
    .option('key', { ...text, describe: 'The key of --cert' })
    .option('store', {
      ...text,
      defaultDescription: ROOT ? '/var/lib/waybill/store' : 'data/store beside the settings',
      describe: 'The folder of the embedded store',
    })
    .option('elasticsearch', {
      ...text,
      describe:
        'Store in this cluster instead; its API key is in WAYBILL_ES_API_KEY (`waybill setup` makes one)',
    })
    .option('dry-run', { type: 'boolean', default: false, describe: 'Only show what it would do' })
    .option('yes', { type: 'boolean', alias: 'y', default: false, describe: 'Do it without asking' })
    .option('within', { type: 'number', default: 60, describe: 'Give up after this number of seconds' })
    .option('json', { type: 'boolean', default: false, describe: 'Print JSON for programs' })
    .epilogue(
      closing(
        [
          ['waybill up', 'Asks, and starts an indexer with TLS and an authority of its own'],
          ['waybill up --yes --json', 'For cloud-init and Ansible'],
          ['waybill up --listen http://127.0.0.1:8600', 'For this machine alone, without TLS'],
        ],
        'It prints the first sign-in and the line that sets up an agent. Without a systemd service it goes on running here. Exit codes: 0 done; 1 failed or refused; 2 wrong command line or settings.',
      ),
    )
}

interface Given {
  readonly config: string
  readonly listen: string
  readonly name: readonly string[]
  readonly cert?: string | undefined
  readonly key?: string | undefined
  readonly store?: string | undefined
  readonly elasticsearch?: string | undefined
  readonly dryRun: boolean
  readonly yes: boolean
  readonly within: number
  readonly json: boolean
}

interface Plan {
  readonly config: string
  readonly listen: URL
  /** The folder of the new authority and its certificate; null: none is made. */
  readonly tls: { readonly folder: string; readonly names: readonly string[] } | null
  /** The settings to write; null: the file is there, and stays. */
  readonly text: string | null
}

export async function run(given: Given): Promise<void> {
  const plan = planOf(given)
  const say = (line: string): void => {
    if (!given.json) process.stdout.write(`${line}\n`)
  }
  if (plan.text === null) say(`${plan.config} is there, and stays as it is.`)
  else {
    say(`${plan.config}:\n\n${plan.text.replace(/^/gm, '  ').trimEnd()}\n`)
    if (plan.tls !== null)
      say(`A new authority in ${plan.tls.folder} certifies ${plan.tls.names.join(', ')}.\n`)
  }
  if (given.dryRun) {
    process.stderr.write('Nothing was changed.\n')
    return
  }
  if (!given.yes && !(await isAgreed('Write the settings and start?'))) return
  await write(plan)
  if (plan.text === null && (await renewed(plan.config))) say('The certificate was renewed.')
  const config = await readIndexerConfig(plan.config)
  if (await hasService(SERVICE)) {
    const folder = folderOf(config)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const keys = plan.tls === null ? [] : [join(plan.tls.folder, 'server-key.pem')]
    await giveToService(SERVICE, { settings: plan.config, owned: [folder, ...keys] })
    say(`Starting ${SERVICE} ...`)
    await systemctl('enable', '--now', SERVICE)
    // It takes up a renewed certificate.
    await systemctl('reload', SERVICE)
    await announce(given, plan, config, say)
    return
  }
  // Loaded only here: the server is large.
  const { runIndexer } = await import('../server.ts')
  const running = runIndexer(plan.config)
  const ended = running.then((code) => {
    process.exitCode = code
    return 'ended' as const
  })
  const done = await Promise.race([announce(given, plan, config, say), ended])
  if (done !== 'ended')
    say(`The indexer runs here until Ctrl-C; later start it with: waybill indexer --config ${plan.config}`)
  await ended
}

function planOf(given: Given): Plan {
  const config = resolve(given.config)
  const listen = URL.parse(given.listen)
  if (listen === null || !/^https?:$/.test(listen.protocol) || listen.pathname !== '/')
    throw new UsageError(`--listen: "${given.listen}" is no address such as https://0.0.0.0:8600`)
  if (existsSync(config)) return { config, listen, tls: null, text: null }
  if ((given.cert === undefined) !== (given.key === undefined))
    throw new UsageError('--cert and --key go together: name both')
  const isPlain = listen.protocol === 'http:'
  if (isPlain && !isLoopback(listen.hostname))
    throw new UsageError(
      `--listen: ${given.listen} would let others read everything; write https, or an address on loopback`,
    )
  if (isPlain && given.cert !== undefined)
    throw new UsageError('--cert needs an address with https: --listen')
  const own = !isPlain && given.cert === undefined
  const tls = own
    ? {
        folder: join(dirname(config), 'tls'),
        names: [...new Set([...given.name, hostname(), 'localhost', '127.0.0.1', '::1'])],
      }
    : null
  return { config, listen, tls, text: settingsText(given, config, listen, tls) }
}

function settingsText(given: Given, config: string, listen: URL, tls: Plan['tls']): string {
  const folder = ROOT ? '/var/lib/waybill' : join(dirname(config), 'data')
  const files =
    tls !== null
      ? { cert: join(tls.folder, 'server.pem'), key: join(tls.folder, 'server-key.pem') }
      : given.cert !== undefined && given.key !== undefined
        ? { cert: resolve(given.cert), key: resolve(given.key) }
        : null
  const store =
    given.elasticsearch === undefined
      ? [`store: { embedded: { path: ${quoted(resolve(given.store ?? join(folder, 'store')))} } }`]
      : [
          'store:',
          '  elasticsearch:',
          `    nodes: [${quoted(given.elasticsearch)}]`,
          '    api-key: ${env:WAYBILL_ES_API_KEY}',
          `    path: ${quoted(join(folder, 'indexer'))}`,
        ]
  return [
    '# Written by waybill up. config/indexer.yml of Waybill lists all settings.',
    `listen: ${listen.origin}`,
    ...(files === null ? [] : [`tls: { cert: ${quoted(files.cert)}, key: ${quoted(files.key)} }`]),
    ...store,
    `retention: ${quoted(retentionFile(config))}`,
    '',
  ].join('\n')
}

const retentionFile = (config: string): string => join(dirname(config), 'retention.yml')

async function write({ config, tls, text }: Plan): Promise<void> {
  if (text === null) return
  await writeSettings(config, text, async () => {
    if (tls !== null) await writeCertificates(tls)
    if (!existsSync(retentionFile(config))) await copyFile(RETENTION, retentionFile(config))
  })
}

const AUTHORITY = 'Waybill'
const CA_KEY = 'ca-key.pem'
/** Apple's systems refuse a longer one. */
const SERVER_LIFETIME = 820 * DAY
const RENEWED_BEFORE = 90 * DAY
const AUTHORITY_LIFETIME = 3650 * DAY

interface Pair {
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

const newPair = (): Pair => generateKeyPairSync('ec', { namedCurve: 'P-256' })

/** Makes the authority and its first certificate. */
async function writeCertificates({ folder, names }: NonNullable<Plan['tls']>): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o755 })
  const authority = newPair()
  const from = Date.now() - 3_600_000
  const ca = await signedCertificate(
    {
      ...{ subject: AUTHORITY, issuer: AUTHORITY, publicKey: authority.publicKey },
      ...{ from, until: from + AUTHORITY_LIFETIME, use: 'authority' },
    },
    { key: authority.privateKey, serial: randomBytes(16) },
  )
  await writeFile(join(folder, 'ca.pem'), ca.toString(), { mode: 0o644 })
  await writeFile(join(folder, CA_KEY), pemOf(authority.privateKey), { mode: 0o600 })
  const server = newPair()
  await writeFile(join(folder, 'server-key.pem'), pemOf(server.privateKey), { mode: 0o600 })
  await certify(folder, names, server.publicKey, authority.privateKey)
}

const pemOf = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' })

async function certify(
  folder: string,
  names: readonly string[],
  publicKey: KeyObject,
  authority: KeyObject,
): Promise<void> {
  const from = Date.now() - 3_600_000
  const certificate = await signedCertificate(
    {
      ...{ subject: names[0] ?? hostname(), issuer: AUTHORITY, publicKey },
      ...{ from, until: from + SERVER_LIFETIME, use: { names } },
    },
    { key: authority, serial: randomBytes(16) },
  )
  const ca = readFileSync(join(folder, 'ca.pem'), 'utf8')
  await writeFile(join(folder, 'server.pem'), `${certificate}${ca}`, { mode: 0o644 })
}

/** Renews a certificate that `up` made, for the same key and names, if it ends soon; the running indexer takes it up with SIGHUP. */
async function renewed(config: string): Promise<boolean> {
  const folder = join(dirname(config), 'tls')
  if (!existsSync(join(folder, CA_KEY))) return false
  const certificate = new X509Certificate(readFileSync(join(folder, 'server.pem')))
  if (Date.parse(certificate.validTo) - Date.now() > RENEWED_BEFORE) return false
  const names = (certificate.subjectAltName ?? '').split(', ').map((name) => name.replace(/^.*?:/, ''))
  const authority = createPrivateKey(readFileSync(join(folder, CA_KEY)))
  await certify(folder, names, certificate.publicKey, authority)
  return true
}

const LOOK_MS = 200

/** Waits until the indexer answers, and says how to go on. */
async function announce(
  given: Given,
  { config: file, tls }: Plan,
  config: IndexerConfig,
  say: (line: string) => void,
): Promise<'announced'> {
  const folder = folderOf(config)
  const { host, port, secure } = config.listen
  const local = `${secure ? 'https' : 'http'}://${isLoopback(host) ? (host.includes(':') ? `[${host}]` : host) : '127.0.0.1'}:${port}`
  const ends = performance.now() + given.within * 1000
  // The indexer on this machine presents this very certificate: whoever issued it, nothing else needs to be trusted.
  const ca = config.tls === undefined ? undefined : readFileSync(config.tls.cert)
  let problem = 'it does not answer yet'
  for (;;) {
    try {
      const answer = await ask(`${local}/readyz`, { ca })
      if (answer.status === 200) break
      problem = `it answers ${answer.status}: ${answer.body}`
    } catch (error) {
      problem = reasonOf(error)
    }
    if (performance.now() > ends)
      throw new OperatorError(
        'WB-NO-INDEXER',
        `The indexer was not ready within ${given.within} s: ${problem}. The settings stay: correct it, and start it again with waybill up --config ${file}.`,
      )
    await setTimeout(LOOK_MS)
  }
  const { token } = await tokenAt(local, folder, ca)
  const name = tls?.names[0] ?? (isLoopback(host) ? host : hostname())
  const address = `${secure ? 'https' : 'http'}://${name}:${port}`
  const sign = firstSignIn(folder)
  const agentLine = `WAYBILL_TOKEN=${token} waybill-agent setup --indexer ${address}${tls === null ? '' : ' --ca ca.pem'}`
  if (given.json) {
    await writeLines([
      JSON.stringify({
        address,
        config: file,
        ca: tls === null ? null : join(tls.folder, 'ca.pem'),
        firstSignIn: sign,
        token,
      }),
    ])
    return 'announced'
  }
  say(`\nThe indexer is ready: ${address}`)
  if (sign !== null)
    say(`First sign-in: user ${sign.name}, password ${sign.password}. It works once; then choose your own.`)
  if (tls !== null)
    say(
      `Its authority is ${join(tls.folder, 'ca.pem')}: copy it to the agents, and let your browser trust it.`,
    )
  say(`An agent, within an hour: ${agentLine}`)
  return 'announced'
}

/** The name and password of the first administrator, until they were used; null after that. */
function firstSignIn(folder: string): { readonly name: string; readonly password: string } | null {
  const file = join(folder, 'first-sign-in')
  if (!existsSync(file)) return null
  const [, name = '', password = ''] = /^name: (.*)\npassword: (.*)\n/.exec(readFileSync(file, 'utf8')) ?? []
  return name === '' ? null : { name, password }
}

async function tokenAt(
  url: string,
  folder: string,
  ca: Buffer | undefined,
): Promise<{ readonly token: string }> {
  const { token } = parsedJson(readFileSync(join(folder, 'local-token'), 'utf8')) as { token: string }
  const answer = await ask(`${url}/v1/agents/tokens`, { ca, token, body: '{}' })
  if (answer.status >= 300)
    throw new OperatorError(
      'WB-REFUSED',
      `No enrolment token was made: ${answer.body}. waybill agents token makes one.`,
    )
  return parsedJson(answer.body) as { token: string }
}

/** One request to the indexer of this machine, which may have an authority that nobody else knows yet. */
function ask(
  url: string,
  { ca, token, body }: { ca: Buffer | undefined; token?: string; body?: string },
): Promise<{ status: number; body: string }> {
  const { promise, resolve: done, reject } = Promise.withResolvers<{ status: number; body: string }>()
  const asking = (url.startsWith('https:') ? request : plainRequest)(
    url,
    {
      method: body === undefined ? 'GET' : 'POST',
      ...(ca !== undefined && { ca, allowPartialTrustChain: true, checkServerIdentity: () => undefined }),
      timeout: 5000,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
    },
    (answer) => {
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', (part: string) => {
        text += part
      })
      answer.on('end', () => done({ status: answer.statusCode ?? 0, body: text }))
      answer.on('error', reject)
    },
  )
  asking.on('error', reject)
  asking.on('timeout', () => asking.destroy(new Error('it does not answer')))
  asking.end(body)
  return promise
}
